import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { gangJob, gangService, podGroup } from "./objects";
import type { GangSpec } from "./spec";

export interface GangArgs {
  readonly contract: ClusterContract;
  readonly gang: GangSpec;
  readonly namespace: string;
}

/**
 * Pods that start together or not at all, one on each node, in one domain of the network if asked. Check the gang with
 * `checkGang` first, for all gangs at once.
 *
 * Children: `<name>-group` (PodGroup), `<name>-names` (headless Service), `<name>-job` (Indexed Job). Deletion goes the other
 * way: the Job with its pods first, because a PodGroup under living pods stays Terminating. Nearly everything in them is
 * immutable, so a change replaces.
 */
export class Gang extends pulumi.ComponentResource {
  static readonly type = "turducken:gang:Gang";
  readonly job: k8s.batch.v1.Job;

  constructor(name: string, args: GangArgs, options: pulumi.ComponentResourceOptions) {
    super(Gang.type, name, {}, options);
    const { contract, gang, namespace } = args;
    const replace = { deleteBeforeReplace: true, replaceOnChanges: ["spec"] };
    const group = newPodGroup(`${name}-group`, contract, podGroup(contract, gang, namespace), { parent: this, ...replace });
    const names = new k8s.core.v1.Service(`${name}-names`, gangService(gang, namespace), { parent: this });
    // The group's name as its output: replacing the group then replaces the Job, and takes its pods away before.
    const job = gangJob(contract, gang, namespace, group.metadata.name);
    this.job = new k8s.batch.v1.Job(`${name}-job`, job, { parent: this, dependsOn: [group, names], ...replace });
    this.registerOutputs({});
  }
}

/** The two classes take the same manifest; which of them the cluster serves is in its contract. */
export function newPodGroup(
  name: string,
  contract: ClusterContract,
  manifest: ReturnType<typeof podGroup>,
  options: pulumi.CustomResourceOptions,
): k8s.scheduling.v1alpha2.PodGroup | k8s.scheduling.v1beta1.PodGroup {
  const api = contract.kubernetes.gangApi;
  switch (api) {
    case "scheduling.k8s.io/v1alpha2":
      return new k8s.scheduling.v1alpha2.PodGroup(name, manifest, options);
    case "scheduling.k8s.io/v1beta1":
      return new k8s.scheduling.v1beta1.PodGroup(name, manifest, options);
    case undefined:
      throw new Error(`cluster ${contract.name} serves no PodGroup`);
    default:
      return api satisfies never;
  }
}
