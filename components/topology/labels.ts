import type { ClusterContract } from "../contract/contract";

/** Owner of the topology labels in every node's `managedFields`. */
export const TOPOLOGY_FIELD_MANAGER = "turducken-topology";

export type ContractNode = ClusterContract["nodes"][number];

/** What a gate compares a pool's nodes with. */
export interface ExpectedPool {
  readonly name: string;
  /** So many of them are enough when the time is over. */
  readonly minReady: number;
  /** Node name → its topology labels. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Nodes that get labels: those where work can be placed. A host that is down or lost may have no Node object, and a patch of
 * nothing fails; a control plane carries no work.
 */
export function labelledNodes(contract: ClusterContract): ContractNode[] {
  if (contract.labelsBy !== "layers") return [];
  return contract.nodes.filter((node) => node.schedulable && Object.keys(node.labels).length > 0);
}

/** All label keys that say where a node is; a node must not carry one that its place in the tree does not give it. */
export function topologyLabelKeys(contract: ClusterContract): string[] {
  return [...contract.topologyKeys.map((each) => each.key), ...(contract.acceleratorKey ? [contract.acceleratorKey] : [])];
}

/** Pools with nodes known by name, in the contract's order. */
export function expectedPools(contract: ClusterContract): ExpectedPool[] {
  return contract.pools
    .map((pool) => {
      const nodes = contract.nodes.filter((node) => node.pool === pool.name && node.schedulable);
      return {
        name: pool.name,
        minReady: Math.min(pool.minReady, nodes.length),
        nodes: Object.fromEntries(nodes.map((node) => [node.name, node.labels])),
      };
    })
    .filter((pool) => Object.keys(pool.nodes).length > 0);
}
