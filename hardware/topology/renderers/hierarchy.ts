import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import type { FabricTree, TierName, TreeNode } from "../../types";

/** One domain with what is below it. Children and nodes are in the order in which the tree names them first. */
export interface Domain {
  readonly tier: TierName;
  /** Undefined where the tree does not know it: see {@link UnknownDomains}. */
  readonly name: string | undefined;
  /** Domains of the next nearer tier; none at tier 0. */
  readonly children: readonly Domain[];
  /** Only at tier 0. */
  readonly nodes: readonly TreeNode[];
}

/**
 * What stands for domains that the tree does not know.
 * - `apart`: one for each thing below it, so that no two are taken for neighbours that nobody says are neighbours;
 * - `together`: one for all under the same parent.
 */
export type UnknownDomains = "apart" | "together";

export interface Hierarchy {
  /** Domains of the outermost tier; none when the tree has no tiers. */
  readonly roots: readonly Domain[];
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}

interface Building {
  readonly tier: TierName;
  readonly name: string | undefined;
  readonly children: Building[];
  readonly nodes: TreeNode[];
  readonly index: Map<string, Building>;
}

/** `undefined` where unknown, nearest tier first. */
type Chain = readonly (string | undefined)[];

/**
 * The tree as domains within domains. Every node is in it exactly once and at the same depth.
 *
 * A domain is known by its name, as it is in node labels. Where some of its nodes do not say what is above it and the
 * others agree, these are believed for all (a warning). A domain under two parents is a problem, and drawn under both.
 */
export function hierarchyOf(tree: FabricTree, unknown: UnknownDomains): Hierarchy {
  const problems: HardwareProblem[] = [];
  const warnings: HardwareProblem[] = [];
  const chains = completeChains(tree, problems, warnings);
  const roots: Building[] = [];
  const index = new Map<string, Building>();
  for (const [position, node] of tree.nodes.entries()) {
    const chain = chains[position]!;
    const keys = keysOf(node, chain, unknown);
    let siblings = { list: roots, index };
    for (let tier = tree.tiers.length - 1; tier >= 0; tier--) {
      let domain = siblings.index.get(keys[tier]!);
      if (!domain) {
        domain = { tier: tree.tiers[tier]!, name: chain[tier], children: [], nodes: [], index: new Map() };
        siblings.index.set(keys[tier]!, domain);
        siblings.list.push(domain);
      }
      if (tier === 0) domain.nodes.push(node);
      siblings = { list: domain.children, index: domain.index };
    }
  }
  return { roots, problems, warnings };
}

/** All domains below and with these, outer ones first. */
export function* walk(domains: readonly Domain[]): Generator<Domain> {
  for (const domain of domains) {
    yield domain;
    yield* walk(domain.children);
  }
}

/** How renderers call a domain that the tree does not know; a number follows where there can be several. */
export function unknownName(tier: TierName): string {
  return `unknown-${tier}`;
}

/** What tells siblings apart. Names of domains and what stands for unknown ones can never be equal. */
function keysOf(node: TreeNode, chain: Chain, unknown: UnknownDomains): string[] {
  const keys: string[] = [];
  let below = node.name;
  for (const name of chain) {
    below = name !== undefined ? `=${name}` : unknown === "together" ? "?" : `?${below}`;
    keys.push(below);
  }
  return keys;
}

function completeChains(tree: FabricTree, problems: HardwareProblem[], warnings: HardwareProblem[]): Chain[] {
  const chains = tree.nodes.map((node) =>
    tree.tiers.map((tier, index) => (node.padded.includes(tier) ? undefined : node.chain[index])),
  );
  // What is above a domain can be known where something between them is not; so each pair of tiers, nearer ones first.
  for (let upper = 1; upper < tree.tiers.length; upper++) {
    for (let lower = upper - 1; lower >= 0; lower--) completePair(tree, chains, { lower, upper }, problems, warnings);
  }
  return chains;
}

/** Fills in the domain of the upper tier where others of the same lower domain say it, and nothing is known between the two. */
function completePair(
  tree: FabricTree,
  chains: (string | undefined)[][],
  { lower, upper }: { lower: number; upper: number },
  problems: HardwareProblem[],
  warnings: HardwareProblem[],
): void {
  const words = { child: tree.tiers[lower]!, parent: tree.tiers[upper]! };
  const parents = new Map<string, Set<string>>();
  const open = new Map<string, number[]>();
  for (const [index, chain] of chains.entries()) {
    const [child, parent] = [chain[lower], chain[upper]];
    if (child === undefined || chain.slice(lower + 1, upper).some((name) => name !== undefined)) continue;
    if (parent === undefined) append(open, child, index);
    else parents.set(child, (parents.get(child) ?? new Set()).add(parent));
  }
  for (const [child, known] of parents) if (known.size > 1) problems.push(twoParents(words, child, [...known]));
  for (const [child, indexes] of open) {
    const [parent, ...others] = parents.get(child) ?? [];
    if (parent === undefined || others.length > 0) continue;
    for (const index of indexes) chains[index]![upper] = parent;
    const names = indexes.map((index) => tree.nodes[index]!.name);
    warnings.push(believed(words, child, parent, names));
  }
}

function append(lists: Map<string, number[]>, key: string, value: number): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

interface Words {
  readonly child: TierName;
  readonly parent: TierName;
}

function twoParents({ child, parent }: Words, name: string, parents: readonly string[]): HardwareProblem {
  return {
    path: `topology.${child}.${name}`,
    value: parents.join(", "),
    message: `The ${child} ${name} is under ${parents.length} of tier ${parent}: ${showNames(parents)}.`,
    allowed: `one ${parent} for each ${child}`,
    fix: `If these are different domains of one name, give each its own name; else correct what is above it.`,
  };
}

function believed({ child, parent }: Words, name: string, above: string, nodes: readonly string[]): HardwareProblem {
  return {
    path: `topology.${child}.${name}`,
    value: showNames(nodes),
    message: `${nodes.length === 1 ? "A node" : `${nodes.length} nodes`} of ${child} ${name} ${nodes.length === 1 ? "does" : "do"} not say which ${parent} is above it; the others say ${above}, which is taken for all.`,
    fix: `Give these nodes the ${parent} ${above}.`,
  };
}
