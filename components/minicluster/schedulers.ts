import type { ClusterContract } from "../contract/contract";
import { fluencePod, fluencePodGroup } from "../fluence/workload";
import { leafSelector } from "../fluence/leaves";
import { podGroup } from "../gang/objects";
import { POD_GROUP_LABEL, tierKey, workPools } from "../gang/spec";
import { poolSelector } from "../placement/pool";
import type { MiniClusterLayers, MiniClusterSpec } from "./spec";

/** https://kueue.sigs.k8s.io/docs/reference/labels-and-annotations/; kubernetes-sigs/kueue:apis/kueue/v1beta1/topology_types.go@v0.19.2 */
export const QUEUE_LABEL = "kueue.x-k8s.io/queue-name";
const TOPOLOGY = "kueue.x-k8s.io/podset-";

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
    case "gang":
      return {
        ...NOTHING,
        labels: { [POD_GROUP_LABEL]: spec.name },
        nodeSelector,
        group: podGroup(contract, gangOf(spec), namespace),
      };
    case "fluence": {
      // Its pool has no taint and all others have one: it sees no other nodes, so the pool needs no selector.
      const leaf = spec.leaf === undefined ? {} : (leafSelector(contract, "tier-0", spec.leaf) ?? {});
      const pod = fluencePod(spec.name, leaf);
      return { ...NOTHING, ...pod, disableAffinity: true, group: fluencePodGroup(contract, spec, namespace) };
    }
    case "kueue":
      return {
        ...NOTHING,
        annotations: kueueAnnotations(contract, spec),
        nodeSelector,
        jobLabels: { [QUEUE_LABEL]: queueOf(layers, pool) ?? "" },
      };
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

/** Pods find each other in a gang by the same description as a plain one. */
const gangOf = ({ name, nodes, within, pool, image }: MiniClusterSpec) => ({ name, nodes, within, pool, image });

/** One of required and preferred; `pack` alone is a wish for the nearest tier. Slices come on top. */
function kueueAnnotations(contract: ClusterContract, spec: MiniClusterSpec): Record<string, string> {
  const key = (tier: string) => tierKey(contract, tier)?.key ?? tier;
  const { within, slices } = spec;
  const preferred = spec.preferred ?? (spec.pack && within === undefined ? "tier-0" : undefined);
  return {
    ...(within === undefined ? {} : { [`${TOPOLOGY}required-topology`]: key(within) }),
    ...(preferred === undefined ? {} : { [`${TOPOLOGY}preferred-topology`]: key(preferred) }),
    ...(slices === undefined
      ? {}
      : { [`${TOPOLOGY}slice-required-topology`]: key(slices.within), [`${TOPOLOGY}slice-size`]: String(slices.size) }),
  };
}
