import type { ClusterContract } from "../contract/contract";
import { labelledByNobody, nodesOf, type NodeMatch, type Toleration } from "../devices/nodes";
import { workPools } from "../gang/spec";
import type { Scheduler } from "../kubernetes/gates";

/** An API that something needs, and what to do where it is not served. */
export interface NeededApi {
  /** `group/version` */
  readonly api: string;
  readonly kind: string;
  readonly remedy: string;
}

export interface PreflightPool {
  readonly name: string;
  readonly arch: string;
  /** So many nodes as the contract says are enough. */
  readonly minReady: number;
  /** Nodes known by name → the label keys that each must have; nothing where the cloud makes nodes. */
  readonly nodes?: Readonly<Record<string, readonly string[]>>;
  /** Where the cloud makes nodes: how they are found. */
  readonly match?: NodeMatch;
  /** Label keys of every node that is found by `match`. */
  readonly keys: readonly string[];
  /** Extended resource → least count on each node. */
  readonly resources: Readonly<Record<string, number>>;
  readonly tolerations: readonly Toleration[];
}

/** What `turducken gate preflight` reads from standard input. */
export interface LivePreflightRequest {
  readonly kubeconfig: string;
  /** What the contract says, `1.36` or `1.36.3`. */
  readonly version: string;
  readonly apis: readonly NeededApi[];
  readonly pools: readonly PreflightPool[];
  readonly timeoutSeconds: number;
}

/** Everything but the kubeconfig; a pure function of the contract. */
export function livePreflightRequest(
  contract: ClusterContract,
  scheduler: Scheduler,
  timeoutSeconds: number,
): Omit<LivePreflightRequest, "kubeconfig"> {
  return {
    version: contract.kubernetes.version,
    apis: neededApis(contract, scheduler),
    pools: workPools(contract).map((pool) => preflightPool(contract, pool)),
    timeoutSeconds,
  };
}

/** APIs of Kubernetes itself; those of operators are waited for where the operators are. */
export function neededApis(contract: ClusterContract, scheduler: Scheduler): NeededApi[] {
  const { gangApi } = contract.kubernetes;
  if (scheduler !== "gang" && scheduler !== "fluence") return [];
  return [
    ...(gangApi
      ? [
          {
            api: gangApi,
            kind: "PodGroup",
            remedy: `the API server needs --runtime-config=${gangApi}=true: set \`kubernetes.gangs\` in the cluster stack`,
          },
        ]
      : []),
    {
      api: "admissionregistration.k8s.io/v1",
      kind: "MutatingAdmissionPolicy",
      remedy: "Kubernetes serves it from 1.36 on: use such a version",
    },
  ];
}

function preflightPool(contract: ClusterContract, pool: ClusterContract["pools"][number]): PreflightPool {
  const { name, arch, extendedResources: resources, tolerations } = pool;
  const members = contract.nodes.filter((node) => node.pool === name && node.schedulable);
  if (members.length > 0) {
    const nodes = Object.fromEntries(members.map((node) => [node.name, keysOf(contract, node)]));
    return { name, arch, minReady: Math.min(pool.minReady, members.length), nodes, keys: [], resources, tolerations };
  }
  const match = nodesOf(contract, [pool]);
  const keys = contract.topologyKeys.map(({ key }) => key);
  // One pool is all nodes, whatever their labels.
  const alone = contract.pools.length === 1 && labelledByNobody(contract, match);
  return { name, arch, minReady: pool.minReady, ...(alone ? {} : { match }), keys, resources, tolerations };
}

/** The keys of the tiers where the contract knows the node; which value is right, the label gate asks. */
function keysOf(contract: ClusterContract, node: ClusterContract["nodes"][number]): string[] {
  return contract.topologyKeys.filter(({ tier }) => node.domains[tier] !== undefined).map(({ key }) => key);
}
