import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import { TIER_NAMES, type FabricTree, type TierName } from "../../types";
import type { SourceTree } from "../sources/result";
import { UNKNOWN_DOMAIN } from "../tree";
import { chooseHosts } from "./hosts";
import { findLevels, type Levels } from "./levels";
import { countLinks, lostHostLinks, lostTrunks } from "./lost";
import type { FabricGraph } from "./model";
import { domainName, shortHash } from "./names";
import { separateParts } from "./parts";
import { groupSiblings } from "./siblings";
import { distinct, wire, type Wiring } from "./wiring";

export interface GraphTreeOptions {
  /**
   * The nodes that the tree should have, in its order. Those that the fabric does not show are in the tree without any
   * domain, and hosts of the fabric that are not among them are left out; both are warnings. @default every host with a
   * compute adapter, in natural order (`n2` before `n10`)
   */
  readonly nodes?: readonly string[];
  /** Path of problems that no single place is to blame for. @default `fabric` */
  readonly path?: string;
}

/** Hosts that are one domain so far, and the switches that make it one. */
interface Unit {
  readonly name: string;
  readonly switches: readonly number[];
  readonly hosts: number[];
}

/** What the climb has found: per host and tier its domain. */
interface Climb {
  readonly wiring: Wiring;
  readonly levels: Levels;
  readonly chains: (string | undefined)[][];
  readonly warnings: HardwareProblem[];
}

/**
 * The tree of a discovered fabric. Tier 0 are hosts under the same set of leaves, so that eight rails are one domain; tier
 * n+1 are domains of tier n under the same switches of the next level, where a switch counts when it joins two domains
 * (above a single leaf all spines count). A lost link changes no domain and is a warning that names its port; so are stray
 * links. Hosts in other parts of the fabric, or nearer to its top than the rest, are padded where they have no domain.
 * Domains are named after their switches, see {@link domainName}. The result does not depend on the order of hosts,
 * switches and links. Never throws; takes time in proportion to the links.
 */
export function treeFromGraph(graph: FabricGraph, options: GraphTreeOptions = {}): SourceTree {
  const problems: HardwareProblem[] = [];
  const warnings: HardwareProblem[] = [];
  const path = options.path ?? "fabric";
  const { nodes, graph: chosen } = chooseHosts(graph, options.nodes, path, warnings);
  const wiring = wire(chosen, warnings);
  const levels = findLevels(wiring, problems, warnings);
  const climb: Climb = { wiring, levels, chains: wiring.hosts.map(() => []), warnings };
  let units = leafDomains(climb);
  for (let level = 1; level <= levels.top; level++) units = climbTo(level, units, climb);
  reportUnplaced(climb, path);
  separateParts(wiring, path, warnings);
  return { tree: asTree(nodes, climb), problems, warnings };
}

/** Tier 0: hosts by the set of their leaves. */
function leafDomains(climb: Climb): Unit[] {
  const { wiring, levels, warnings } = climb;
  const hosts = wiring.hosts.map((_, host) => host).filter((host) => lowestLevel(climb, host) === 0);
  const leavesOf = (host: number) => distinct(wiring.hostLinks[host]!.map(({ to }) => to).filter((to) => levels.of[to] === 0));
  const nameFor = domainNamer(wiring);
  return groupSiblings(hosts.map(leavesOf)).map((group) => {
    lostHostLinks(wiring, hosts, group, warnings);
    const unit = { name: nameFor(group.parents), switches: group.parents, hosts: group.members.map((member) => hosts[member]!) };
    for (const host of unit.hosts) climb.chains[host]![0] = unit.name;
    return unit;
  });
}

/** The lowest level that a host hangs under, or -1 when it hangs under no switch. */
function lowestLevel({ wiring, levels }: Climb, host: number): number {
  let lowest = -1;
  for (const { to } of wiring.hostLinks[host]!) {
    const level = levels.of[to]!;
    if (level >= 0 && (lowest < 0 || level < lowest)) lowest = level;
  }
  return lowest;
}

/**
 * One tier up. Switches first: those under the same upper switches, so that a lost link is seen where it is and the domain
 * still counts as linked. Then domains, by all upper switches that their switches have together: the rails of a scalable
 * unit may go to different spines. Domains that nothing joins stay as they are and may be joined further up.
 */
function climbTo(level: number, units: readonly Unit[], climb: Climb): Unit[] {
  const { wiring, warnings } = climb;
  const joining = joiningSwitches(level, units, climb);
  const below = distinct(units.flatMap(({ switches }) => switches));
  const counts = below.map((at) => countLinks(wiring.trunks[at]!.filter(({ to }) => joining.has(to))));
  const above = new Map<number, readonly number[]>();
  for (const group of groupSiblings(counts.map((count) => distinct(count.keys())))) {
    lostTrunks(wiring, below, group, (member) => counts[member]!, warnings);
    for (const member of group.members) above.set(below[member]!, group.parents);
  }
  const late = lateHosts(level, climb);
  const items = [...units, ...late];
  const parents = items.map((unit) =>
    unit.name === "" ? unit.switches : distinct(unit.switches.flatMap((at) => above.get(at) ?? [])),
  );
  const nameFor = domainNamer(wiring);
  const joined: Unit[] = groupSiblings(parents).map((group) => {
    const hosts = group.members.flatMap((member) => items[member]!.hosts);
    reportNarrow(
      group.members.map((member) => ({ unit: items[member]!, reached: parents[member]! })),
      group.parents,
      climb,
    );
    const unit = { name: nameFor(group.parents), switches: group.parents, hosts };
    for (const host of hosts) climb.chains[host]![level] = unit.name;
    return unit;
  });
  return [...joined, ...units.filter((_, index) => parents[index]!.length === 0)];
}

/** Switches of a level that join two domains or more; for a leaf domain that none joins, all above it that serve no others. */
function joiningSwitches(level: number, units: readonly Unit[], { wiring, levels }: Climb): Set<number> {
  const reached = units.map(({ switches }) =>
    distinct(switches.flatMap((at) => wiring.trunks[at]!.map(({ to }) => to)).filter((to) => levels.of[to] === level)),
  );
  const domains = new Map<number, number>();
  for (const switches of reached) for (const at of switches) domains.set(at, (domains.get(at) ?? 0) + 1);
  const joining = new Set([...domains].filter(([, count]) => count >= 2).map(([at]) => at));
  for (const switches of reached) {
    if (level > 1 || switches.some((at) => domains.get(at)! >= 2)) continue;
    for (const at of switches) if (wiring.others[at] === 0 || wiring.compute[at]! > 0) joining.add(at);
  }
  return joining;
}

/** Hosts that hang directly under switches of a level above the leaves, as nameless units of one host. */
function lateHosts(level: number, climb: Climb): Unit[] {
  const { wiring, levels, warnings } = climb;
  const late = wiring.hosts.map((_, host) => host).filter((host) => lowestLevel(climb, host) === level);
  if (late.length > 0) {
    warnings.push({
      path: wiring.hosts[late[0]!]!.path ?? "fabric",
      value: showNames(
        late.map((host) => wiring.hosts[host]!.name),
        Number.MAX_SAFE_INTEGER,
      ),
      message: `${late.length === 1 ? "A host hangs" : `${late.length} hosts hang`} directly under ${tierName(level)} switches, and so has no domain in the tiers below.`,
      fix: "Leave it if it is meant; such nodes cannot be asked for by leaf.",
    });
  }
  return late.map((host) => ({
    name: "",
    switches: distinct(wiring.hostLinks[host]!.map(({ to }) => to).filter((to) => levels.of[to] === level)),
    hosts: [host],
  }));
}

/** Domains that reach fewer upper switches than their siblings although no single switch lacks a link: a switch is missing. */
function reportNarrow(
  members: readonly { readonly unit: Unit; readonly reached: readonly number[] }[],
  parents: readonly number[],
  { wiring, warnings }: Climb,
): void {
  for (const { unit, reached } of members) {
    if (unit.name === "") continue;
    const has = new Set(reached);
    const missing = parents.filter((at) => !has.has(at));
    if (missing.length === 0) continue;
    warnings.push({
      path: wiring.switches[unit.switches[0]!]!.path ?? "fabric",
      value: unit.name,
      message: `Domain ${unit.name} has no way to ${showNames(missing.map((at) => wiring.switches[at]!.name))}, which its siblings have.`,
      fix: "Check whether one of its switches is down or not cabled.",
    });
  }
}

/** Names domains of one tier after their switches, all differently. */
function domainNamer({ switches }: Wiring): (members: readonly number[]) => string {
  const taken = new Set<string>();
  return (members) => {
    let name = domainName(members.map((at) => switches[at]!.name));
    if (taken.has(name)) name = `${name.slice(0, 54)}-${shortHash(members.map((at) => switches[at]!.guid))}`;
    taken.add(name);
    return name;
  };
}

function reportUnplaced({ wiring, chains, warnings }: Climb, path: string): void {
  const lost = wiring.hosts.filter((_, host) => chains[host]!.every((domain) => domain === undefined));
  if (lost.length === 0) return;
  warnings.push({
    path: lost[0]!.path ?? path,
    value: showNames(
      lost.map(({ name }) => name),
      Number.MAX_SAFE_INTEGER,
    ),
    message: `${lost.length === 1 ? "A host has" : `${lost.length} hosts have`} no compute link to any switch, and so no place in the fabric.`,
    fix: "Check the adapters and cables, or where the discovery was started.",
  });
}

function tierName(level: number): TierName {
  return TIER_NAMES[level] ?? `tier-${level}`;
}

/** Tiers in which no host has a domain are left out, the others padded. */
function asTree(nodes: readonly string[], { wiring, chains }: Climb): FabricTree {
  const depth = chains.reduce((most, chain) => Math.max(most, chain.length), 0);
  const used = Array.from({ length: depth }, (_, level) => level).filter((level) =>
    chains.some((chain) => chain[level] !== undefined),
  );
  const tiers = used.map((_, index) => tierName(index));
  const chainOf = new Map(wiring.hosts.map(({ name }, host) => [name, chains[host]!]));
  return {
    tiers,
    nodes: nodes.map((name) => {
      const domains = used.map((level) => chainOf.get(name)?.[level]);
      return {
        name,
        chain: domains.map((domain) => domain ?? UNKNOWN_DOMAIN),
        padded: tiers.filter((_, index) => domains[index] === undefined),
      };
    }),
  };
}
