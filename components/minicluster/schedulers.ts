import { createHash } from "node:crypto";
import type { ClusterContract } from "../contract/contract";
import { fluencePod, fluencePodGroup } from "../fluence/workload";
import { leafSelector } from "../fluence/leaves";
import { podGroup } from "../gang/objects";
import { POD_GROUP_LABEL, workPools } from "../gang/spec";
import { kueueParts } from "../kueue/parts";
import { poolSelector } from "../placement/pool";
import type { MiniClusterLayers, MiniClusterSpec } from "./spec";

/** What a scheduler needs to be told, and where a MiniCluster says it. */
export interface SchedulerParts {
  readonly schedulerName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly jobLabels: Readonly<Record<string, string>>;
  /** Leaves the operator's preferred affinities out; required ones with them, so places are node selectors everywhere. */
  readonly disableAffinity: boolean;
  /** The PodGroup to make before it. */
  readonly group?: ReturnType<typeof podGroup>;
}

const NOTHING = { labels: {}, annotations: {}, jobLabels: {}, disableAffinity: false };

/** What credentials for a namespace need to make and delete MiniClusters in it, beside what a gang's life needs. */
export function miniClusterRules() {
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
  return [{ apiGroups: ["flux-framework.org"], resources: ["miniclusters"], verbs }];
}

/** What is different for each scheduler; all of it is here. */
export function schedulerParts(
  contract: ClusterContract,
  layers: MiniClusterLayers,
  spec: MiniClusterSpec,
  pool: string,
  namespace: string,
): SchedulerParts {
  const nodeSelector = placeSelector(contract, spec, pool);
  switch (layers.scheduler) {
    case "gang": {
      const group = named(podGroup(contract, gangOf(spec), namespace));
      return { ...NOTHING, labels: { [POD_GROUP_LABEL]: group.metadata.name }, nodeSelector, group };
    }
    case "fluence": {
      // Its pool has no taint and all others have one: it sees no other nodes, so the pool needs no selector.
      const leaf = spec.leaf === undefined ? {} : (leafSelector(contract, "tier-0", spec.leaf) ?? {});
      const group = named(fluencePodGroup(contract, spec, namespace));
      return { ...NOTHING, ...fluencePod(group.metadata.name, leaf), disableAffinity: true, group };
    }
    case "kueue": {
      const several = workPools(contract).length > 1;
      const kueue = { queue: queueOf(layers, pool) ?? "", poolLabels: layers.poolLabels };
      const parts = kueueParts(contract, { ...spec, pool: several ? pool : undefined }, kueue);
      return { ...NOTHING, annotations: parts.podAnnotations, nodeSelector: parts.nodeSelector, jobLabels: parts.jobLabels };
    }
    case "default":
      return { ...NOTHING, nodeSelector };
    default:
      return layers.scheduler satisfies never;
  }
}

/** The LocalQueue of a pool's work. */
export function queueOf(layers: MiniClusterLayers, pool: string): string | undefined {
  return layers.queues?.[pool] ?? layers.queue;
}

/** Pool, where there are several, and leaf, where one is named: node selectors, which nothing in the operator takes away. */
function placeSelector(contract: ClusterContract, spec: MiniClusterSpec, pool: string): Record<string, string> {
  const several = workPools(contract).length > 1;
  const leaf = spec.leaf === undefined ? undefined : leafSelector(contract, "tier-0", spec.leaf);
  return { ...(several ? poolSelector(contract, pool) : {}), ...leaf };
}

/**
 * A PodGroup cannot be changed, and one under living pods cannot be deleted. So its name says what is in it: another one is made
 * beside it, the MiniCluster moves over, and the old one goes last, whatever an engine thinks of dependents.
 */
function named(group: ReturnType<typeof podGroup>): ReturnType<typeof podGroup> {
  const hash = createHash("sha256").update(JSON.stringify(group.spec)).digest("hex").slice(0, 6);
  const name = `${group.metadata.name}-${hash}`;
  return { ...group, metadata: { ...group.metadata, name, labels: { [POD_GROUP_LABEL]: name } } };
}

/** Pods find each other in a gang by the same description as a plain one. */
const gangOf = ({ name, nodes, within, pool, image }: MiniClusterSpec) => ({ name, nodes, within, pool, image });
