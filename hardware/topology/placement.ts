import { showNames } from "../hostlist";
import { nearestNames } from "../nearest";
import type { HardwareProblem } from "../problem";
import type { FabricTree, TreeNode } from "../types";
import type { LatencyProfile } from "./latency";
import { distancesOf, domainOf, type Distance } from "./tree";

/** How a placement lies in one tier, or in accelerator domains. */
export interface Span {
  readonly distance: Distance;
  /** Known domains with how many of the nodes each has, most first (of equals the first in the tree). */
  readonly domains: readonly { readonly name: string; readonly nodes: number }[];
  /** Nodes whose domain is not known; they are in none of the domains. */
  readonly unknown: number;
  /**
   * The fewest domains of this tier that have room for as many nodes, or undefined when all its domains together have not.
   * Counted for this tier alone: the fewest leaves need not lie in the fewest spines.
   */
  readonly fewest: number | undefined;
}

/** Means over all pairs of nodes, µs. */
export interface PredictedLatency {
  readonly profile: LatencyProfile;
  readonly mean: number;
  /** Of the pair that is furthest apart. */
  readonly worst: number;
  /** Mean of the best placement of as many nodes; undefined when the leaves have no room for them. */
  readonly best: number | undefined;
}

export interface PlacementQuality {
  /** Different nodes that are in the tree. */
  readonly nodes: number;
  /** Nearest first; accelerator domains before tiers, when there are any. */
  readonly spans: readonly Span[];
  /** Share of pairs of nodes known to share a leaf, 0 to 1; 1 for a single node. */
  readonly nearPairs: number;
  readonly latency?: PredictedLatency;
  readonly sentence: string;
  readonly problems: readonly HardwareProblem[];
}

export interface PlacementOptions {
  /** Adds a predicted latency; {@link LATENCY_PROFILES} has measured ones. */
  readonly latency?: LatencyProfile;
  /** Nodes that the best placement may use, e.g. those of a pool. @default all of the tree */
  readonly eligible?: (name: string) => boolean;
}

/**
 * How near to each other nodes are, and how near they could be.
 *
 * The best placement fills the largest leaf, then the next: no other uses fewer leaves, and none has more pairs in one leaf
 * (the sum of squares is greatest where the parts are most unequal). It looks at sizes only, not at what is busy.
 *
 * @param names node names; one that stands there twice (two pods on a node) counts once
 */
export function placementQuality(tree: FabricTree, names: readonly string[], options: PlacementOptions = {}): PlacementQuality {
  const { nodes, problems } = pick(tree, names);
  const eligible = tree.nodes.filter(({ name }) => options.eligible?.(name) ?? true);
  const spans = distancesOf(tree).map((distance) => spanOf(tree, nodes, eligible, distance));
  const leaf = spans.find(({ distance }) => distance === tree.tiers[0]);
  const near = leaf
    ? nearShare(
        leaf.domains.map((domain) => domain.nodes),
        nodes.length,
      )
    : nodes.length <= 1
      ? 1
      : 0;
  const latency =
    options.latency && leaf ? predict(options.latency, near, nodes.length, bestShare(tree, eligible, nodes.length)) : undefined;
  return {
    nodes: nodes.length,
    spans,
    nearPairs: near,
    ...(latency ? { latency } : {}),
    sentence: sentence(nodes.length, spans, latency),
    problems,
  };
}

function pick(tree: FabricTree, names: readonly string[]): { nodes: TreeNode[]; problems: HardwareProblem[] } {
  const wanted = new Set(names);
  const nodes = tree.nodes.filter(({ name }) => wanted.has(name));
  for (const { name } of nodes) wanted.delete(name);
  const strangers = [...wanted];
  if (strangers.length === 0) return { nodes, problems: [] };
  const near =
    strangers.length === 1
      ? nearestNames(
          strangers[0]!,
          tree.nodes.map(({ name }) => name),
          1,
        )
      : [];
  return {
    nodes,
    problems: [
      {
        path: "nodes",
        value: showNames(strangers),
        message: `The fabric tree has no ${strangers.length === 1 ? "such node" : "such nodes"}; the rest is judged without.`,
        fix: near.length > 0 ? `Did you mean ${near[0]!}?` : "Use the tree of the cluster that these nodes are in.",
      },
    ],
  };
}

function spanOf(tree: FabricTree, nodes: readonly TreeNode[], eligible: readonly TreeNode[], distance: Distance): Span {
  const sizes = sizesIn(tree, nodes, distance);
  const domains = [...sizes].map(([name, count]) => ({ name, nodes: count })).sort((a, b) => b.nodes - a.nodes);
  const unknown = nodes.length - domains.reduce((sum, domain) => sum + domain.nodes, 0);
  return { distance, domains, unknown, fewest: fill(sizesIn(tree, eligible, distance), nodes.length)?.length };
}

function sizesIn(tree: FabricTree, nodes: readonly TreeNode[], distance: Distance): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const node of nodes) {
    const domain = domainOf(tree, node, distance);
    if (domain !== undefined) sizes.set(domain, (sizes.get(domain) ?? 0) + 1);
  }
  return sizes;
}

/** How many nodes the largest domains take in turn, or undefined when there is not room for all. */
function fill(sizes: ReadonlyMap<string, number>, count: number): number[] | undefined {
  const parts: number[] = [];
  let left = count;
  for (const size of [...sizes.values()].sort((a, b) => b - a)) {
    if (left === 0) break;
    parts.push(Math.min(size, left));
    left -= parts[parts.length - 1]!;
  }
  return left === 0 ? parts : undefined;
}

/** Pairs within the parts, of all pairs. */
function nearShare(parts: readonly number[], count: number): number {
  if (count <= 1) return 1;
  return parts.reduce((sum, part) => sum + part * (part - 1), 0) / (count * (count - 1));
}

function bestShare(tree: FabricTree, eligible: readonly TreeNode[], count: number): number | undefined {
  const parts = fill(sizesIn(tree, eligible, tree.tiers[0]!), count);
  return parts && nearShare(parts, count);
}

function predict(profile: LatencyProfile, near: number, count: number, best: number | undefined): PredictedLatency | undefined {
  if (count <= 1) return undefined;
  const mean = (share: number): number => profile.near * share + profile.far * (1 - share);
  return {
    profile,
    mean: mean(near),
    worst: near === 1 ? profile.near : profile.far,
    best: best === undefined ? undefined : mean(best),
  };
}

const PLURALS: Readonly<Record<string, string>> = { leaf: "leaves", accelerator: "accelerator domains" };

function counted(count: number, distance: Distance): string {
  if (count === 1) return distance === "accelerator" ? "1 accelerator domain" : `1 ${distance}`;
  return `${count} ${PLURALS[distance] ?? (distance.startsWith("tier-") ? `domains of ${distance}` : `${distance}s`)}`;
}

/** E.g. `8 nodes span 2 leaves (1 would do) and 1 spine; 19.9 µs between two of them on average, 19.1 µs at best.` */
function sentence(count: number, spans: readonly Span[], latency: PredictedLatency | undefined): string {
  const who = `${count} node${count === 1 ? "" : "s"}`;
  if (spans.length === 0) return `${who}; where they are in the network is not known.`;
  const parts = spans.map(({ distance, domains, unknown, fewest }) => {
    const better = fewest !== undefined && unknown === 0 && fewest < domains.length ? ` (${fewest} would do)` : "";
    const lost = unknown > 0 ? ` (not known for ${unknown})` : "";
    return `${counted(domains.length, distance)}${better}${lost}`;
  });
  const list = parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]!}`;
  const first = `${who} span${count === 1 ? "s" : ""} ${list}`;
  if (!latency) return `${first}.`;
  const best = latency.best === undefined ? "" : `, ${microseconds(latency.best)} at best`;
  return `${first}; ${microseconds(latency.mean)} between two of them on average${best} (${latency.profile.name}).`;
}

function microseconds(value: number): string {
  return `${value.toFixed(1)} µs`;
}
