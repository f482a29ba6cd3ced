import type { ClusterContract } from "../contract/contract";
import { podGroup } from "../gang/objects";
import { POD_GROUP_LABEL } from "../gang/spec";
import { FLUENCE_SCHEDULER } from "./nodes";

/** Upstream's webhook writes it on PodGroups that it made; Fluence deletes those when their pods are done. */
export const CREATED_BY_ANNOTATION = "fluence.flux-framework.org/created-by";
/** Fluence writes the numbers of a gang's allocations here; they are freed when the PodGroup is deleted. */
export const JOBID_ANNOTATION = "fluence.flux-framework.org/jobid";

/**
 * The PodGroup of a gang that Fluence places: gang.objects' without a topology, which Fluence does not read. It must not carry
 * `created-by`: Fluence would delete what the stack declares.
 *
 * Its nodes stay allocated until it is deleted, however long its pods are done. Delete what has the pods first, then this: under
 * living pods it stays Terminating.
 */
export function fluencePodGroup(contract: ClusterContract, gang: { name: string; nodes: number }, namespace: string) {
  return podGroup(contract, { name: gang.name, nodes: gang.nodes, image: "" }, namespace);
}

/** What the pods of such a gang say. No label of Fluence's own: those are for its webhook. */
export function fluencePod(group: string, selector: Readonly<Record<string, string>> = {}) {
  return { schedulerName: FLUENCE_SCHEDULER, labels: { [POD_GROUP_LABEL]: group }, nodeSelector: { ...selector } };
}

/**
 * The most memory that a pod can ask for, in MiB: Fluence counts nodes in MiB and requests in millions of bytes and compares the
 * numbers, so 4.6 % of every node are out of reach (pkg/cluster/cluster.go `memoryMB`, pkg/placement/placement.go@e242622).
 */
export function largestMemoryMiB(allocatableMiB: number): number {
  return Math.floor((Math.floor(allocatableMiB) * 1_000_000) / 2 ** 20);
}
