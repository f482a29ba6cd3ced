import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import { TIER_NAMES, type FabricTree, type TierName, type TreeNode } from "../../types";
import { labelClashes, labelProblem } from "../renderers/labels";
import { UNKNOWN_DOMAIN } from "../tree";
import type { SourceTree } from "./result";

/** More tiers than this no fabric has, and Kueue takes no more levels: a longer chain is a mistake in the input. */
export const TIER_LIMIT = 16;

/** Where one node is, as a source understood it: the common step of all sources that learn each node's chain by itself. */
export interface Place {
  readonly name: string;
  /** `domains[t]` is the domain of tier t, undefined where it was not given; the end may be left out. */
  readonly domains: readonly (string | undefined)[];
  readonly accelerator?: string;
  /** Where the input speaks of this node, e.g. `Instances[3]` or `line 17`. */
  readonly path: string;
}

export function tierName(index: number): TierName {
  return TIER_NAMES[index] ?? `tier-${index}`;
}

export function tierNames(count: number): TierName[] {
  return Array.from({ length: count }, (_, index) => tierName(index));
}

/**
 * The tree of these places, after checks that every source needs: each node once, each domain under one parent, names that
 * can be labels. Problems and warnings that the source found itself come first.
 *
 * @param tiers number of tiers; by default as many as the longest chain has
 */
export function treeFromPlaces(
  places: readonly Place[],
  found: { readonly problems: readonly HardwareProblem[]; readonly warnings: readonly HardwareProblem[] },
  tiers = places.reduce((most, { domains }) => Math.max(most, domains.length), 0),
): SourceTree {
  const problems = [...found.problems];
  const warnings = [...found.warnings];
  const once = withoutRepeats(places, problems, warnings);
  const names = tierNames(tiers);
  const tree: FabricTree = { tiers: names, nodes: once.map((place) => treeNode(place, names)) };
  problems.push(...twoParents(once, names), ...badNames(once, names));
  problems.push(...labelClashes(tree).map((clash) => ({ ...clash, path: firstPath(once, String(clash.value)) })));
  return { tree, problems, warnings };
}

function treeNode(place: Place, tiers: readonly TierName[]): TreeNode {
  const { name, domains, accelerator } = place;
  return {
    name,
    chain: tiers.map((_, tier) => domains[tier] ?? UNKNOWN_DOMAIN),
    padded: tiers.filter((_, tier) => domains[tier] === undefined),
    ...(accelerator === undefined ? {} : { accelerator }),
  };
}

/** Keeps the first of each name. Saying the same twice is a warning, saying two things a problem; one for each pair of places. */
function withoutRepeats(places: readonly Place[], problems: HardwareProblem[], warnings: HardwareProblem[]): Place[] {
  const first = new Map<string, Place>();
  const pairs = new Map<string, { readonly before: Place; readonly place: Place; readonly names: string[] }>();
  for (const place of places) {
    const before = first.get(place.name);
    if (!before) {
      first.set(place.name, place);
      continue;
    }
    const key = JSON.stringify([before.path, place.path, describe(before), describe(place)]);
    const pair = pairs.get(key);
    if (pair) pair.names.push(place.name);
    else pairs.set(key, { before, place, names: [place.name] });
  }
  for (const { before, place, names } of pairs.values()) {
    const same = describe(before) === describe(place);
    const subject = `The ${theNodes(names)} ${names.length === 1 ? "is" : "are"}`;
    (same ? warnings : problems).push({
      path: place.path,
      value: showNames(names),
      message: same
        ? `${subject} listed twice (first at ${before.path}).`
        : `${subject} in two places: ${describe(before)} (${before.path}) and ${describe(place)}.`,
      allowed: "each node once",
      fix: "Remove one of them.",
    });
  }
  return [...first.values()];
}

function describe({ domains, accelerator }: Place): string {
  const chain = domains.map((domain) => domain ?? UNKNOWN_DOMAIN).join(" < ") || "no domain";
  return accelerator === undefined ? chain : `${chain}, accelerator domain ${accelerator}`;
}

/** Domains that have two parents at a higher tier, each once, at the lowest tier where they have. */
function twoParents(places: readonly Place[], tiers: readonly TierName[]): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  for (let low = 0; low < tiers.length; low++) {
    const told = new Set<string>();
    for (let high = low + 1; high < tiers.length; high++) {
      const torn = domainsWithTwoParents(places, low, high);
      for (const domain of told) torn.delete(domain);
      if (torn.size === 0) continue;
      for (const [domain, parents] of membersByParent(places, low, high, torn)) {
        told.add(domain);
        problems.push(twoParentsProblem(domain, tiers[low]!, tiers[high]!, parents));
      }
    }
  }
  return problems;
}

function domainsWithTwoParents(places: readonly Place[], low: number, high: number): Set<string> {
  const parentOf = new Map<string, string>();
  const torn = new Set<string>();
  for (const { domains } of places) {
    const [domain, parent] = [domains[low], domains[high]];
    if (domain === undefined || parent === undefined) continue;
    const before = parentOf.get(domain);
    if (before === undefined) parentOf.set(domain, parent);
    else if (before !== parent) torn.add(domain);
  }
  return torn;
}

function membersByParent(
  places: readonly Place[],
  low: number,
  high: number,
  torn: ReadonlySet<string>,
): Map<string, Map<string, Place[]>> {
  const members = new Map<string, Map<string, Place[]>>();
  for (const place of places) {
    const [domain, parent] = [place.domains[low], place.domains[high]];
    if (domain === undefined || parent === undefined || !torn.has(domain)) continue;
    const byParent = members.get(domain) ?? new Map<string, Place[]>();
    members.set(domain, byParent);
    const siblings = byParent.get(parent);
    if (siblings) siblings.push(place);
    else byParent.set(parent, [place]);
  }
  return members;
}

function twoParentsProblem(
  domain: string,
  child: TierName,
  parent: TierName,
  parents: ReadonlyMap<string, readonly Place[]>,
): HardwareProblem {
  const sides = [...parents].map(([name, members]) => `${name} (${showNames(members.map((member) => member.name))})`);
  const second = [...parents.values()][1]![0]!;
  return {
    path: second.path,
    value: domain,
    message: `The ${child} ${domain} is under ${parents.size === 2 ? "two" : parents.size}: ${sides.join(" and ")}.`,
    allowed: `one ${parent} for each ${child}`,
    fix: `Correct the ${parent} of the nodes on one side.`,
  };
}

/** Names of domains that cannot be label values. Nothing is changed silently: two names could become one. */
function badNames(places: readonly Place[], tiers: readonly TierName[]): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  const seen = [...tiers, "accelerator domain"].map(() => new Set<string>());
  const check = (index: number, name: string | undefined, path: string) => {
    if (name === undefined || seen[index]!.has(name)) return;
    seen[index]!.add(name);
    const wrong = labelProblem(name);
    if (!wrong) return;
    problems.push({
      path,
      value: name,
      message: `This name of a ${tiers[index] ?? "accelerator domain"} cannot be a node label: ${wrong}.`,
      allowed: "letters, digits, `-`, `_` and `.`, a letter or digit first and last",
      fix: "Choose another name.",
    });
  };
  for (const { domains, accelerator, path } of places) {
    for (let tier = 0; tier < tiers.length; tier++) check(tier, domains[tier], path);
    check(tiers.length, accelerator, path);
  }
  return problems;
}

function firstPath(places: readonly Place[], domain: string): string {
  return places.find((place) => place.domains.includes(domain) || place.accelerator === domain)?.path ?? "nodes";
}

/** `node n01`, `nodes n[01-05]`: the subject of many sentences. */
export function theNodes(names: readonly string[]): string {
  return `${names.length === 1 ? "node" : "nodes"} ${showNames(names)}`;
}
