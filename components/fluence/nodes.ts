import { createHash } from "node:crypto";
import type { ClusterContract } from "../contract/contract";

/** What Fluence's pods say in `schedulerName`; a pod that says it belongs on Fluence's nodes. */
export const FLUENCE_SCHEDULER = "fluence";
/** `"true"` on nodes that are Fluence's alone, `"false"` on the cluster's others. */
export const FLUENCE_NODE_LABEL = "turducken.dev/fluence";
/**
 * Hides a node from Fluence and from nothing else: every other pod gets the toleration when it is made. Fluence leaves out nodes
 * with any NoSchedule or NoExecute taint, and asks for no other property (converged-computing/fluence:pkg/fluence/fluence.go
 * `schedulableNodes`@e242622).
 */
export const HIDDEN_TAINT = { key: "turducken.dev/not-fluence", effect: "NoSchedule" } as const;
export const HIDDEN_TOLERATION = { key: HIDDEN_TAINT.key, operator: "Exists", effect: HIDDEN_TAINT.effect } as const;

export type ContractPool = ClusterContract["pools"][number];
export type ContractNode = ClusterContract["nodes"][number];

/** Names of the nodes that are Fluence's, sorted: those of its pools that can carry work. */
export function fluenceNodes(contract: ClusterContract, pools: readonly string[]): string[] {
  return contract.nodes
    .filter((node) => node.schedulable && pools.includes(node.pool))
    .map((node) => node.name)
    .sort();
}

/** Nodes that Fluence must not see, sorted: all others of the contract, out of use or not, because they may come back. */
export function hiddenNodes(contract: ClusterContract, pools: readonly string[]): string[] {
  const own = new Set(fluenceNodes(contract, pools));
  return contract.nodes
    .map((node) => node.name)
    .filter((name) => !own.has(name))
    .sort();
}

/**
 * Pools whose nodes must be tainted, in the contract's order: every other pool with nodes for work that the contract gives no taint.
 * Nodes that it knows by name are tainted by `hideNodes`; those of `nameless` pools must come with the taint.
 */
export function poolsToTaint(contract: ClusterContract, pools: readonly string[]): { named: string[]; nameless: string[] } {
  const others = contract.pools.filter((pool) => !pools.includes(pool.name) && !hasHardTaint(pool)).map((pool) => pool.name);
  const members = (name: string) => contract.nodes.filter((node) => node.pool === name);
  return {
    named: others.filter((name) => members(name).some((node) => node.schedulable)),
    nameless: others.filter((name) => members(name).length === 0),
  };
}

/** Whether pods need a toleration to run on a pool, by what the contract says. */
export function hasHardTaint(pool: ContractPool): boolean {
  return pool.tolerations.some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
}

/**
 * The label of every node that can carry work. Others than Fluence's get it too, with another value: a node that changes its pool
 * keeps the label of a patch that is gone.
 */
export function nodeMarks(
  contract: ClusterContract,
  pools: readonly string[],
): { name: string; labels: Record<string, string> }[] {
  const own = new Set(fluenceNodes(contract, pools));
  return contract.nodes
    .filter((node) => node.schedulable)
    .map(({ name }) => ({ name, labels: { [FLUENCE_NODE_LABEL]: String(own.has(name)) } }));
}

/**
 * Whether Fluence's nodes, in the order of their names, go through one domain of the nearest tier after another. Then `lonode` and
 * `first` fill a leaf before they touch the next; no more than that.
 */
export function namesFollowTopology(contract: ClusterContract, pools: readonly string[]): boolean {
  const tier = contract.topologyKeys[0]?.tier;
  if (tier === undefined) return true;
  const byName = new Map(contract.nodes.map((node) => [node.name, node.domains[tier]]));
  const domains = fluenceNodes(contract, pools).map((name) => byName.get(name));
  const runs = domains.filter((domain, index) => index === 0 || domain !== domains[index - 1]);
  return runs.length === new Set(domains).size;
}

/** Same set of names, same hash, whatever their order: 16 hex digits. */
export function nodeSetHash(names: readonly string[]): string {
  return shortHash([...new Set(names)].sort().join("\n"));
}

export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
