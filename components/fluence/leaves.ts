import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { tierKey, tiersOf } from "../gang/spec";

/** Work of one stack that wants its nodes in one domain. */
export interface LeafItem {
  readonly name: string;
  readonly nodes: number;
  /** Tier word, as everywhere: `leaf`, `spine`, … */
  readonly within: string;
  /** The domain that the user names. */
  readonly leaf?: string;
  /** The domain that an earlier run chose, from the stack file. */
  readonly kept?: string;
}

export interface LeafChoice {
  /** Item name → domain, in order of names. Items with a problem are not in it. */
  readonly leaves: ReadonlyMap<string, string>;
  readonly problems: Problem[];
}

interface Domain {
  readonly tier: string;
  readonly name: string;
  readonly nodes: ReadonlySet<string>;
  taken: number;
}

/**
 * Gives every item one domain of its tier. Those that the stack file keeps come first, then those that the user names, then the
 * others by name, each into the first domain, by name, with room in it and in every wider domain around it: so adding an item
 * moves no kept one, and the order of items has no effect.
 *
 * A node counts whole, because Fluence gives one pod a whole node. Domains nest as in a tree; where that is so, no more is given
 * out than all items can have at once.
 *
 * @param path of the items in the user's words
 */
export function assignLeaves(
  items: readonly LeafItem[],
  contract: ClusterContract,
  pool: string,
  path = "workload.miniclusters",
): LeafChoice {
  const domains = domainsOf(contract, pool);
  const leaves = new Map<string, string>();
  const problems: Problem[] = [];
  const names = items.map((item) => item.name);
  for (const item of [...items].sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name))) {
    const unique = names.indexOf(item.name) === names.lastIndexOf(item.name);
    const found = unique ? choose(item, contract, domains) : twice(item);
    if ("message" in found) problems.push({ ...found, path: `${path}[${item.name}].${found.path}` });
    else {
      for (const domain of around(found, domains)) domain.taken += item.nodes;
      leaves.set(item.name, found.name);
    }
  }
  return { leaves: new Map([...leaves].sort(([a], [b]) => compare(a, b))), problems };
}

/** What is there already comes before what the user names anew, and that before what may be anywhere. */
function rank({ leaf, kept }: LeafItem): number {
  if (kept !== undefined && (leaf === undefined || leaf === kept)) return 0;
  return leaf === undefined ? 2 : 1;
}

/** What a pod's `nodeSelector` says to stay in a domain; undefined when no node of the contract is in it. */
export function leafSelector(contract: ClusterContract, within: string, domain: string): Record<string, string> | undefined {
  const place = tierKey(contract, within);
  const node = contract.nodes.find((each) => place && domainAt(each, place.tier) === domain);
  if (!place || !node) return undefined;
  return { [place.key]: node.labels[place.key] ?? domain };
}

/** Domains of every tier that have nodes of the pool, by name; a node without the tier's label is in none. */
function domainsOf(contract: ClusterContract, pool: string): Domain[] {
  const nodes = contract.nodes.filter((node) => node.schedulable && node.pool === pool);
  return tiersOf(contract).flatMap((tier) => {
    const { key } = tierKey(contract, tier)!;
    const members = new Map<string, Set<string>>();
    for (const node of nodes.filter((each) => contract.labelsBy === "provider" || each.labels[key] !== undefined)) {
      const name = domainAt(node, tier);
      if (name === undefined) continue;
      members.set(name, (members.get(name) ?? new Set()).add(node.name));
    }
    return [...members].sort(([a], [b]) => compare(a, b)).map(([name, set]) => ({ tier, name, nodes: set, taken: 0 }));
  });
}

function choose(item: LeafItem, contract: ClusterContract, domains: readonly Domain[]): Domain | Problem {
  const tier = tierKey(contract, item.within)?.tier;
  const candidates = domains.filter((domain) => domain.tier === tier);
  if (tier === undefined || candidates.length === 0) return noTier(item, contract, tier);
  if (!Number.isInteger(item.nodes) || item.nodes < 1) return badCount(item);
  const wanted = item.leaf ?? item.kept;
  if (wanted !== undefined) return chosen(item, candidates, domains, wanted, tier);
  return candidates.find((domain) => room(domain, domains) >= item.nodes) ?? full(item, candidates, domains, tier);
}

function chosen(
  item: LeafItem,
  candidates: readonly Domain[],
  domains: readonly Domain[],
  wanted: string,
  tier: string,
): Domain | Problem {
  const field = item.leaf === undefined ? "kept" : "leaf";
  const again = "name another one, or take the line out and let one be chosen";
  const domain = candidates.find((each) => each.name === wanted);
  if (!domain) {
    const message = `there is no ${tier} of this name with nodes of the pool`;
    return { path: field, value: wanted, message, allowed: candidates.map((each) => each.name).join(", "), fix: again };
  }
  if (room(domain, domains) >= item.nodes) return domain;
  const message = `it does not fit: ${item.nodes} wanted, ${wanted} has ${domain.nodes.size} and ${room(domain, domains)} left`;
  return { path: field, value: wanted, message, allowed: left(candidates, domains), fix: again };
}

/** Itself and every domain that contains it: all of its nodes, whatever the tier. */
function around(inner: Domain, domains: readonly Domain[]): Domain[] {
  return domains.filter(
    (outer) => outer.nodes.size >= inner.nodes.size && [...inner.nodes].every((node) => outer.nodes.has(node)),
  );
}

/** How many more nodes can be given out in a domain: the least of what is left in it and around it. */
function room(domain: Domain, domains: readonly Domain[]): number {
  return Math.min(...around(domain, domains).map((each) => each.nodes.size - each.taken));
}

function full(item: LeafItem, candidates: readonly Domain[], domains: readonly Domain[], tier: string): Problem {
  const biggest = Math.max(...candidates.map((domain) => domain.nodes.size));
  const message =
    item.nodes > biggest
      ? `it can never fit within one ${tier}: the biggest has ${biggest} nodes of the pool`
      : `it does not fit within one ${tier} beside the rest of this stack`;
  const fix = `ask for fewer nodes or a wider \`within\`, or leave \`within\` out${item.nodes > biggest ? "" : ", or run it after another one is gone"}`;
  return { path: "nodes", value: item.nodes, message, allowed: left(candidates, domains), fix };
}

function left(candidates: readonly Domain[], domains: readonly Domain[]): string {
  return `left: ${candidates.map((domain) => `${domain.name} ${room(domain, domains)} of ${domain.nodes.size}`).join(", ")}`;
}

function noTier(item: LeafItem, contract: ClusterContract, tier: string | undefined): Problem {
  const message = tier === undefined ? "the cluster has no tier of this name" : `no node of the pool is in any ${tier}`;
  const tiers = tiersOf(contract).join(", ") || "none: the cluster's inventory gives no topology";
  return {
    path: "within",
    value: item.within,
    message,
    allowed: tiers,
    fix: "use a tier that the cluster has, or leave `within` out",
  };
}

function badCount(item: LeafItem): Problem {
  const fix = "say how many nodes start together";
  return { path: "nodes", value: item.nodes, message: "it has whole nodes", allowed: "1 or more", fix };
}

function twice(item: LeafItem): Problem {
  return { path: "name", value: item.name, message: "another one has this name", fix: "give every one a name of its own" };
}

function domainAt(node: ClusterContract["nodes"][number], tier: string): string | undefined {
  return tier === "accelerator" ? node.accelerator : node.domains[tier];
}

/** By code unit: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
