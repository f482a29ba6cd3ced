/** What moved between two fabric trees. Pure. */
import { showNames } from "../../hardware/hostlist";
import { distancesOf, domainOf, type Distance } from "../../hardware/topology/tree";
import type { FabricTree, TreeNode } from "../../hardware/types";

/** A domain whose members are the same under another name. */
export interface RenamedDomain {
  readonly tier: Distance;
  readonly before: string;
  readonly after: string;
  readonly nodes: number;
}

/** A node that is in another domain than before; undefined: in none that is known. */
export interface MovedNode {
  readonly name: string;
  readonly tier: Distance;
  readonly before?: string;
  readonly after?: string;
}

export interface TreeDiff {
  /** Tiers that only one of the trees has. */
  readonly tiersAdded: readonly Distance[];
  readonly tiersRemoved: readonly Distance[];
  /** In the order of the tree they are in. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly renamed: readonly RenamedDomain[];
  /** Nearest tier first; a node is named at each tier at which it moved. */
  readonly moved: readonly MovedNode[];
}

/**
 * Compares two trees by the nodes that both have. A domain of which all nodes are together in one new domain, and nobody
 * else is, has been renamed; only what is not explained so is a move.
 */
export function diffTrees(before: FabricTree, after: FabricTree): TreeDiff {
  const old = new Map(before.nodes.map((node) => [node.name, node]));
  const now = new Map(after.nodes.map((node) => [node.name, node]));
  const common = before.nodes.flatMap((node) => {
    const same = now.get(node.name);
    return same ? [{ before: node, after: same }] : [];
  });
  const tiers = { before: distancesOf(before), after: distancesOf(after) };
  const shared = tiers.before.filter((tier) => tiers.after.includes(tier));
  const renamed: RenamedDomain[] = [];
  const moved: MovedNode[] = [];
  for (const tier of shared) compareTier(tier, common, { before, after }, renamed, moved);
  return {
    tiersAdded: tiers.after.filter((tier) => !tiers.before.includes(tier)),
    tiersRemoved: tiers.before.filter((tier) => !tiers.after.includes(tier)),
    added: after.nodes.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.nodes.filter(({ name }) => !now.has(name)).map(({ name }) => name),
    renamed,
    moved,
  };
}

interface Pair {
  readonly before: TreeNode;
  readonly after: TreeNode;
}

function compareTier(
  tier: Distance,
  common: readonly Pair[],
  trees: { readonly before: FabricTree; readonly after: FabricTree },
  renamed: RenamedDomain[],
  moved: MovedNode[],
): void {
  const places = common.map((pair) => ({
    name: pair.before.name,
    before: domainOf(trees.before, pair.before, tier),
    after: domainOf(trees.after, pair.after, tier),
  }));
  const forward = partners(places.map(({ before, after }) => [before, after]));
  const backward = partners(places.map(({ before, after }) => [after, before]));
  const sizes = new Map<string, number>();
  for (const { before } of places) if (before !== undefined) sizes.set(before, (sizes.get(before) ?? 0) + 1);
  const told = new Set<string>();
  for (const { name, before, after } of places) {
    if (before === after) continue;
    const same =
      before !== undefined && after !== undefined && forward.get(before)?.size === 1 && backward.get(after)?.size === 1;
    if (!same) {
      moved.push({ name, tier, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) });
    } else if (!told.has(before)) {
      told.add(before);
      renamed.push({ tier, before, after, nodes: sizes.get(before)! });
    }
  }
}

/** Domain → the domains on the other side that its nodes are in; `undefined` counts as one. */
function partners(pairs: readonly (readonly [string | undefined, string | undefined])[]): Map<string, Set<string | undefined>> {
  const found = new Map<string, Set<string | undefined>>();
  for (const [one, other] of pairs) {
    if (one === undefined) continue;
    const known = found.get(one);
    if (known) known.add(other);
    else found.set(one, new Set([other]));
  }
  return found;
}

export function isSame(diff: TreeDiff): boolean {
  return Object.values(diff).every((list: readonly unknown[]) => list.length === 0);
}

/** One sentence for each kind of difference; nodes that moved alike share one. */
export function describeDiff(diff: TreeDiff): string[] {
  const lines: string[] = [];
  const names = (list: readonly string[]) => showNames(list, Infinity);
  if (diff.tiersRemoved.length > 0) lines.push(`tiers removed: ${diff.tiersRemoved.join(", ")}`);
  if (diff.tiersAdded.length > 0) lines.push(`tiers added: ${diff.tiersAdded.join(", ")}`);
  if (diff.removed.length > 0) lines.push(`nodes removed: ${names(diff.removed)}`);
  if (diff.added.length > 0) lines.push(`nodes added: ${names(diff.added)}`);
  for (const { tier, before, after, nodes } of diff.renamed)
    lines.push(`${tier} renamed: ${before} is now ${after} (${nodes} ${nodes === 1 ? "node" : "nodes"})`);
  const groups = new Map<string, string[]>();
  for (const { name, tier, before, after } of diff.moved) {
    const key = `${tier} ${before ?? "unknown"} to ${after ?? "unknown"}`;
    const group = groups.get(key);
    if (group) group.push(name);
    else groups.set(key, [name]);
  }
  for (const [way, group] of groups) lines.push(`moved from ${way}: ${names(group)}`);
  return lines;
}
