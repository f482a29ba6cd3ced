import type { ClusterContract } from "../contract/contract";
import { tierKey } from "../gang/spec";
import { leafSelector, poolSelector } from "../placement/pool";
import type { PlacementRequest } from "../placement/table";

/** kubernetes-sigs/kueue:apis/kueue/v1beta2/topology_types.go@v0.19.2 and pkg/controller/constants. */
export const QUEUE_LABEL = "kueue.x-k8s.io/queue-name";
export const REQUIRED_TOPOLOGY = "kueue.x-k8s.io/podset-required-topology";
export const PREFERRED_TOPOLOGY = "kueue.x-k8s.io/podset-preferred-topology";
export const UNCONSTRAINED_TOPOLOGY = "kueue.x-k8s.io/podset-unconstrained-topology";
export const SLICE_TOPOLOGY = "kueue.x-k8s.io/podset-slice-required-topology";
export const SLICE_SIZE = "kueue.x-k8s.io/podset-slice-size";

/** What a workload must know of the queues; nothing secret. */
export interface KueueSummary {
  readonly queue: string;
  /** Pool → labels of its nodes. @default what the layers or the provider set */
  readonly poolLabels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface KueueParts {
  /** On the Job; a MiniCluster's `jobLabels`. */
  readonly jobLabels: Readonly<Record<string, string>>;
  /** On the Job's pods. */
  readonly podAnnotations: Readonly<Record<string, string>>;
  /** On the Job's pods. */
  readonly nodeSelector: Readonly<Record<string, string>>;
}

/**
 * What makes a Job one of Kueue's, in its place. Check the request with placementProblems first.
 *
 * @throws Error when the request names a tier that the cluster does not have
 */
export function kueueParts(
  contract: ClusterContract,
  request: PlacementRequest & { readonly pool?: string },
  kueue: KueueSummary,
): KueueParts {
  const pool = request.pool === undefined ? {} : (kueue.poolLabels?.[request.pool] ?? poolSelector(contract, request.pool));
  const leaf = request.leaf === undefined ? {} : leafSelector(contract, request.leaf);
  return {
    jobLabels: { [QUEUE_LABEL]: kueue.queue },
    podAnnotations: { ...mainTopology(contract, request), ...sliceTopology(contract, request) },
    nodeSelector: { ...pool, ...leaf },
  };
}

/** What a workload's account may look at beside its own: why a job still waits is said in its Workload. */
export function kueueRules() {
  return [{ apiGroups: ["kueue.x-k8s.io"], resources: ["localqueues", "workloads"], verbs: ["get", "list", "watch"] }];
}

/** One of three annotations, or none: slices alone are a request of their own. */
function mainTopology(contract: ClusterContract, request: PlacementRequest): Record<string, string> {
  const { within, preferred, pack, slices } = request;
  if (within !== undefined) return { [REQUIRED_TOPOLOGY]: keyOf(contract, within) };
  if (preferred !== undefined) return { [PREFERRED_TOPOLOGY]: keyOf(contract, preferred) };
  if (pack !== undefined) return { [PREFERRED_TOPOLOGY]: packLevel(contract, slices?.within) };
  return slices ? {} : { [UNCONSTRAINED_TOPOLOGY]: "true" };
}

/** The leaf, or the slices' own tier where that is broader: Kueue refuses slices above the level of the job. */
function packLevel(contract: ClusterContract, slices = "tier-0"): string {
  const position = contract.topologyKeys.findIndex(({ key }) => key === keyOf(contract, slices));
  return contract.topologyKeys[Math.max(0, position)]!.key;
}

function sliceTopology(contract: ClusterContract, { slices }: PlacementRequest): Record<string, string> {
  if (!slices) return {};
  return { [SLICE_TOPOLOGY]: keyOf(contract, slices.within), [SLICE_SIZE]: String(slices.size) };
}

function keyOf(contract: ClusterContract, tier: string): string {
  const place = tierKey(contract, tier);
  if (!place) throw new Error(`no tier ${tier} in cluster ${contract.name}`);
  return place.key;
}
