import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import type { Scheduler } from "../kubernetes/gates";
import { placeOf } from "../placement/problems";
import { whyNot } from "../placement/schedulers";

/** What of the layers' options does not depend on any one component. */
export interface LayersOptions {
  readonly scheduler: Scheduler;
  readonly topology: { readonly labels: boolean };
}

/** What this cluster cannot do of what the layers ask; all of it. */
export function layersProblems(contract: ClusterContract, { scheduler, topology }: LayersOptions): Problem[] {
  return [...schedulerProblems(contract, scheduler), ...labelProblems(contract, topology.labels)];
}

/** A scheduler that the contract does not offer, or offers although it cannot run there. */
export function schedulerProblems(contract: ClusterContract, scheduler: Scheduler): Problem[] {
  const { version, distribution, gangApi } = contract.kubernetes;
  const reasons: string[] = [];
  if (!contract.schedulers.includes(scheduler)) reasons.push("the cluster's contract does not offer it");
  if (scheduler === "gang" && !gangApi) reasons.push("the contract names no API version that serves PodGroup");
  const why = whyNot(placeOf(contract), scheduler);
  if (why !== undefined) reasons.push(why);
  if (reasons.length === 0) return [];
  return [
    {
      path: "layers.scheduler",
      value: scheduler,
      message: `it cannot run on cluster ${contract.name} (${distribution} ${version}): ${reasons.join("; ")}`,
      allowed: contract.schedulers.join(", ") || "none",
      fix: "use a scheduler that the cluster offers, or change the cluster stack (`kubernetes.gangs: true`, a version that can) and run `up` there",
    },
  ];
}

/** A provider's label that we would overwrite is refused: nodes that it replaces would come without ours. */
export function labelProblems(contract: ClusterContract, labels: boolean): Problem[] {
  if (!labels || contract.labelsBy === "layers" || contract.nodes.every((node) => Object.keys(node.labels).length === 0))
    return [];
  return [
    {
      path: "layers.topology.labels",
      value: labels,
      message: `on cluster ${contract.name} the provider sets the topology labels`,
      allowed: "false",
      fix: "set `topology.labels: false`; the gate then only waits for them",
    },
  ];
}
