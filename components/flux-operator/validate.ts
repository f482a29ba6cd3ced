import { configProblems, mergeProblems, salvage } from "../config/parse";
import type { Problem } from "../config/problems";
import { API_VERSION, KIND, miniClusterSchema, type MiniClusterObject } from "./model/spec";
import { Check } from "./rules/check";
import { checkContainers } from "./rules/containers";
import { checkFlux } from "./rules/flux";
import { checkNames } from "./rules/names";
import { checkPod } from "./rules/pod";
import { checkSizes } from "./rules/sizes";
import { checkVolumes } from "./rules/volumes";

/**
 * Everything that is wrong with a MiniCluster, at once: what the API server would refuse, what the operator only prints to its
 * log (it has no webhook and writes no status), what it leaves out without a word, and what would make the API server refuse the
 * objects it makes, so that it tries for ever. Read from flux-framework/flux-operator@0d75cef8: api/v1alpha2, controllers/flux,
 * pkg/flux.
 *
 * Of an object that is no MiniCluster in part, the rest is still looked at.
 *
 * @param path the object in the user's words, e.g. `workload.miniClusters.lammps`
 * @returns empty when the operator would make a MiniCluster of it
 */
export function validateMiniClusterObject(object: unknown, path = "miniCluster"): Problem[] {
  const shape = configProblems(miniClusterSchema, object, path);
  const draft = salvage(miniClusterSchema, completed(object)) as MiniClusterObject | undefined;
  return draft === undefined ? shape : mergeProblems(shape, ruleProblems(draft, path));
}

/** The rules alone, for an object of the right shape. */
export function ruleProblems(cluster: MiniClusterObject, path: string): Problem[] {
  const check = new Check(path);
  checkNames(cluster, check);
  checkSizes(cluster, check);
  checkContainers(cluster, check);
  checkVolumes(cluster, check);
  checkPod(cluster, check);
  checkFlux(cluster, check);
  return check.problems;
}

/** A required field that is missing would take all around it out of the draft. */
function completed(object: unknown): unknown {
  if (!isObject(object)) return object;
  const { metadata, spec } = object;
  return {
    ...object,
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: isObject(metadata) && typeof metadata.name === "string" ? metadata : { name: "x" },
    spec: isObject(spec) && !Array.isArray(spec.containers) ? { ...spec, containers: [] } : spec,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
