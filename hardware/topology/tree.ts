import { nearestNames } from "../nearest";
import type { FabricTree, TierName, TreeNode } from "../types";

/** Stands in a chain where no domain was given. Angle brackets cannot be part of a label value, so it is never a name. */
export const UNKNOWN_DOMAIN = "<unknown>";

/** What a gang can be placed within: a network tier, or the accelerator (NVLink) domain. */
export type Distance = TierName | "accelerator";

/** Trees do not change, so the way from a name to its node is built once. */
const indexes = new WeakMap<FabricTree, Map<string, TreeNode>>();

/**
 * The node of that name.
 *
 * @throws RangeError that lists the nearest names when there is none
 */
export function nodeOf(tree: FabricTree, name: string): TreeNode {
  let index = indexes.get(tree);
  if (!index) {
    index = new Map(tree.nodes.map((node) => [node.name, node]));
    indexes.set(tree, index);
  }
  const node = index.get(name);
  if (node) return node;
  const near = nearestNames(name, index.keys());
  throw new RangeError(`the fabric tree has no node ${name}${near.length > 0 ? `; nearest: ${near.join(", ")}` : ""}`);
}

/** The domain a node is in at a tier, or undefined where none was given. */
export function domainOf(tree: FabricTree, node: TreeNode, distance: Distance): string | undefined {
  if (distance === "accelerator") return node.accelerator;
  if (node.padded.includes(distance)) return undefined;
  return node.chain[tierIndex(tree, distance)];
}

/** Tier words of the tree nearest first, and `accelerator` before them when any node has such a domain. */
export function distancesOf(tree: FabricTree): Distance[] {
  return [...(tree.nodes.some((node) => node.accelerator !== undefined) ? (["accelerator"] as const) : []), ...tree.tiers];
}

/**
 * How many nodes each domain of a tier has, in inventory order; nodes without a domain there are not counted.
 *
 * @param counts which nodes count, e.g. only those that pods may run on. @default all
 * @throws RangeError that lists the tiers there are when the tree does not have this one
 */
export function domainSizes(
  tree: FabricTree,
  distance: Distance,
  counts: (name: string) => boolean = () => true,
): Map<string, number> {
  if (distance !== "accelerator") tierIndex(tree, distance);
  const sizes = new Map<string, number>();
  for (const node of tree.nodes) {
    const domain = domainOf(tree, node, distance);
    if (domain !== undefined && counts(node.name)) sizes.set(domain, (sizes.get(domain) ?? 0) + 1);
  }
  return sizes;
}

/** The domain with the most nodes at a tier (the first of equals), or undefined when the tier has none. Parameters and errors as {@link domainSizes}. */
export function biggestDomain(
  tree: FabricTree,
  distance: Distance,
  counts?: (name: string) => boolean,
): { readonly domain: string; readonly size: number } | undefined {
  let biggest: { domain: string; size: number } | undefined;
  for (const [domain, size] of domainSizes(tree, distance, counts)) {
    if (!biggest || size > biggest.size) biggest = { domain, size };
  }
  return biggest;
}

function tierIndex(tree: FabricTree, tier: TierName): number {
  const index = tree.tiers.indexOf(tier);
  if (index < 0) throw new RangeError(`the fabric tree has no tier ${tier}; it has: ${tree.tiers.join(", ") || "none"}`);
  return index;
}
