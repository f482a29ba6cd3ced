import { showNames } from "../../hostlist";
import { nearestNames } from "../../nearest";
import type { HardwareProblem } from "../../problem";
import { theNodes, TIER_LIMIT, tierName, type Place } from "./chains";
import { slurmProblem } from "./slurm-lines";

/** A switch or block line with its lists expanded; a list that is missing is undefined. */
export interface SlurmSwitch {
  readonly name: string;
  readonly line: number;
  readonly nodes?: readonly string[];
  readonly children?: readonly string[];
}

/** The nodes of the switches, in the order of the file, each with the switches above it by level. */
export function placesOfSwitches(
  lines: readonly SlurmSwitch[],
  problems: HardwareProblem[],
  warnings: HardwareProblem[],
): Place[] {
  const switches = distinct(lines, problems);
  for (const each of switches.values()) checkChildren(each, problems, warnings);
  const parentOf = parents(switches, problems);
  const levels = levelsOf(switches, parentOf);
  const depth = [...switches.values()].reduce(
    (top, each) => Math.max(top, each.nodes?.length ? topLevel(each, levels, parentOf) + 1 : 0),
    0,
  );
  if (depth > TIER_LIMIT) {
    const [first] = lines;
    const message = `The switches have more than ${TIER_LIMIT} levels; only the ${TIER_LIMIT} nearest the nodes are kept.`;
    problems.push(
      slurmProblem(first!.line, depth, message, `at most ${TIER_LIMIT} levels`, "Remove levels that hold one switch only."),
    );
  }
  const tiers = Math.min(depth, TIER_LIMIT);
  const places = [...switches.values()].flatMap((each) => {
    if (!each.nodes || each.nodes.length === 0) return [];
    const domains = chainOf(each.name, levels, parentOf, tiers);
    return each.nodes.map((name): Place => ({ name, domains, path: `line ${each.line}` }));
  });
  warnings.push(...unequalDepths(places, tiers));
  return places;
}

/** Switches by name. Slurm refuses a name twice; here the second adds to the first, so that no node is lost. */
function distinct(lines: readonly SlurmSwitch[], problems: HardwareProblem[]): Map<string, SlurmSwitch> {
  const switches = new Map<string, SlurmSwitch>();
  for (const each of lines) {
    const before = switches.get(each.name);
    if (!before) {
      switches.set(each.name, each);
      continue;
    }
    const message = `The switch ${each.name} is there already, in line ${before.line}.`;
    problems.push(
      slurmProblem(each.line, each.name, message, "each switch once", "Give it another name, or put the lists together."),
    );
    const nodes = [...(before.nodes ?? []), ...(each.nodes ?? [])];
    const children = [...(before.children ?? []), ...(each.children ?? [])];
    switches.set(each.name, {
      ...before,
      ...(before.nodes || each.nodes ? { nodes } : {}),
      ...(before.children || each.children ? { children } : {}),
    });
  }
  return switches;
}

function checkChildren(each: SlurmSwitch, problems: HardwareProblem[], warnings: HardwareProblem[]): void {
  const { name, line, nodes, children } = each;
  if (nodes && children) {
    const message = `The switch ${name} has nodes and switches; Slurm takes one of them.`;
    problems.push(slurmProblem(line, name, message, "Nodes= or Switches=", "Put the nodes on a leaf switch of their own."));
  }
  if (!nodes && !children) {
    const message = `The switch ${name} has nothing under it; older versions of Slurm refuse that.`;
    warnings.push({ path: `line ${line}`, value: name, message, fix: "Add its nodes or switches, or remove it." });
  }
}

/** Switch → the switch above it. Who is named by two keeps the first; links that close a circle are left out. */
function parents(switches: ReadonlyMap<string, SlurmSwitch>, problems: HardwareProblem[]): Map<string, string> {
  const parentOf = new Map<string, string>();
  let unknown = 0;
  for (const { name, line, children } of switches.values()) {
    for (const child of new Set(children)) {
      const before = parentOf.get(child);
      if (!switches.has(child)) {
        // Looking for the nearest takes time with the number of switches; a few hints are enough.
        const [nearest] = ++unknown <= 10 ? nearestNames(child, switches.keys(), 1) : [];
        const fix = nearest ? `Did you mean ${nearest}?` : "Add a line for it, or remove it here.";
        const message = `The switch ${name} has the child ${child}, which no line defines.`;
        problems.push(slurmProblem(line, child, message, "switches that have a line", fix));
      } else if (before !== undefined) {
        const message = `The switch ${child} is under two: ${before} (line ${switches.get(before)!.line}) and ${name}.`;
        problems.push(slurmProblem(line, child, message, "one switch above each", "Remove it from one of them."));
      } else {
        parentOf.set(child, name);
      }
    }
  }
  for (const circle of circles(parentOf)) {
    const { name, line } = switches.get(circle[0]!)!;
    const message = `These switches are above each other, so that there is no root: ${[...circle, name].slice(0, 12).join(" < ")}.`;
    problems.push(slurmProblem(line, name, message, "a tree", "Remove one of the links."));
    parentOf.delete(circle[circle.length - 1]!);
  }
  return parentOf;
}

/** Each circle of the links once, from the switch of it that was met first. */
function circles(parentOf: ReadonlyMap<string, string>): string[][] {
  const found: string[][] = [];
  const visited = new Set<string>();
  for (const start of parentOf.keys()) {
    const path: string[] = [];
    const here = new Map<string, number>();
    let at: string | undefined = start;
    while (at !== undefined && !visited.has(at)) {
      visited.add(at);
      here.set(at, path.length);
      path.push(at);
      at = parentOf.get(at);
    }
    if (at !== undefined && here.has(at)) found.push(path.slice(here.get(at)));
  }
  return found;
}

/** A switch's level: 0 without switches below it, else one more than its highest child's. */
function levelsOf(switches: ReadonlyMap<string, SlurmSwitch>, parentOf: ReadonlyMap<string, string>): Map<string, number> {
  const levels = new Map<string, number>();
  const waiting = new Map<string, number>();
  for (const parent of parentOf.values()) waiting.set(parent, (waiting.get(parent) ?? 0) + 1);
  const ready = [...switches.keys()].filter((name) => !waiting.has(name));
  for (const name of ready) levels.set(name, 0);
  for (let index = 0; index < ready.length; index++) {
    const parent = parentOf.get(ready[index]!);
    if (parent === undefined) continue;
    levels.set(parent, Math.max(levels.get(parent) ?? 0, levels.get(ready[index]!)! + 1));
    const left = waiting.get(parent)! - 1;
    waiting.set(parent, left);
    if (left === 0) ready.push(parent);
  }
  return levels;
}

function topLevel({ name }: SlurmSwitch, levels: ReadonlyMap<string, number>, parentOf: ReadonlyMap<string, string>): number {
  let at = name;
  // Levels rise on the way up, so that a long way is seen before it is walked to the end.
  for (let up = parentOf.get(at); up !== undefined && levels.get(at)! <= TIER_LIMIT; up = parentOf.get(at)) at = up;
  return levels.get(at)!;
}

function chainOf(
  name: string,
  levels: ReadonlyMap<string, number>,
  parentOf: ReadonlyMap<string, string>,
  tiers: number,
): (string | undefined)[] {
  const domains = Array.from({ length: tiers }, (): string | undefined => undefined);
  for (let at: string | undefined = name; at !== undefined && levels.get(at)! < tiers; at = parentOf.get(at)) {
    domains[levels.get(at)!] = at;
  }
  return domains;
}

function unequalDepths(places: readonly Place[], tiers: number): HardwareProblem[] {
  return Array.from({ length: tiers }, (_, tier) => tier).flatMap((tier) => {
    const without = places.filter(({ domains }) => domains[tier] === undefined);
    if (without.length === 0) return [];
    const names = without.map(({ name }) => name);
    return [
      {
        path: without[0]!.path,
        value: showNames(names),
        message: `Branches are of unequal depth: no ${tierName(tier)} switch is above ${theNodes(names)}.`,
        fix: "Nothing, when the network is so; else add the switch.",
      },
    ];
  });
}
