import { KUEUE_MISSING_LEVEL } from "../../hardware";
import type { ClusterContract } from "../contract/contract";
import { poolLabelKey, POOL_LABEL, withPoolLabels } from "../placement/pool";

export const HOSTNAME_KEY = "kubernetes.io/hostname";

type ContractNode = ClusterContract["nodes"][number];

interface Level {
  readonly key: string;
  /** A node's domain; undefined when it is in none. */
  readonly domain: (node: ContractNode) => string | undefined;
}

/**
 * Label keys of a pool's levels, broadest first, the host name last. Kueue leaves out every node that lacks the label of one
 * level, so a level that no node of the pool has is not among them.
 */
export function poolLevels(contract: ClusterContract, pool: string): string[] {
  return [...levelsOf(contract, pool).map(({ key }) => key), HOSTNAME_KEY];
}

function levelsOf(contract: ClusterContract, pool: string): Level[] {
  const nodes = workNodes(contract, pool);
  const known = contract.nodes.length > 0;
  const tiers = contract.topologyKeys
    .map(({ tier, key }): Level => ({ key, domain: (node) => node.domains[tier] }))
    .filter(({ domain }) => !known || nodes.some((node) => domain(node) !== undefined));
  const near = acceleratorLevel(contract, pool, tiers);
  if (!near) return tiers.reverse();
  // Accelerator domains stand just inside the nearest tier that no domain of theirs reaches across.
  const around = known ? tiers.findIndex((tier) => nests(nodes, near, tier)) : 0;
  tiers.splice(around < 0 ? tiers.length : around, 0, near);
  return tiers.reverse();
}

/** Where nodes are not known by name, only pools with GPUs are taken to be in accelerator domains. */
function acceleratorLevel(contract: ClusterContract, pool: string, tiers: readonly Level[]): Level | undefined {
  const key = contract.acceleratorKey;
  if (key === undefined || tiers.some((tier) => tier.key === key)) return undefined;
  const has =
    contract.nodes.length > 0
      ? workNodes(contract, pool).some((node) => node.accelerator !== undefined)
      : contract.pools.some((each) => each.name === pool && each.gpus > 0);
  return has ? { key, domain: (node) => node.accelerator } : undefined;
}

function nests(nodes: readonly ContractNode[], inner: Level, outer: Level): boolean {
  const seen = new Map<string, string | undefined>();
  return nodes.every((node) => {
    const domain = inner.domain(node);
    if (domain === undefined) return true;
    if (!seen.has(domain)) seen.set(domain, outer.domain(node));
    return seen.get(domain) === outer.domain(node);
  });
}

export function workNodes(contract: ClusterContract, pool: string): ContractNode[] {
  return contract.nodes.filter((node) => node.schedulable && node.pool === pool);
}

/** Node → label keys of levels that others of its pool have and it has not. */
export function missingLevels(contract: ClusterContract): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  for (const { name: pool } of contract.pools) {
    const levels = levelsOf(contract, pool);
    for (const node of workNodes(contract, pool)) {
      const keys = levels.filter(({ domain }) => domain(node) === undefined).map(({ key }) => key);
      if (keys.length > 0) missing.set(node.name, keys);
    }
  }
  return missing;
}

/**
 * The contract with all that Kueue needs on the nodes: the pool, and a constant where a level is missing. What writes the
 * topology labels gets this one, so that the label gate expects them, too.
 */
export function withKueueLabels(contract: ClusterContract): ClusterContract {
  if (contract.labelsBy !== "layers") return contract;
  const missing = missingLevels(contract);
  const labelled = poolLabelKey(contract) === POOL_LABEL ? withPoolLabels(contract) : contract;
  const nodes = labelled.nodes.map((node) => {
    const fills = (missing.get(node.name) ?? []).map((key) => [key, KUEUE_MISSING_LEVEL] as const);
    return fills.length === 0 ? node : { ...node, labels: { ...Object.fromEntries(fills), ...node.labels } };
  });
  return { ...labelled, nodes };
}
