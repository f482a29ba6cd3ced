import type { HardwareProblem } from "../../problem";
import { showNames } from "../../hostlist";
import { distinct, type Wiring } from "./wiring";

/** How far up each switch is. */
export interface Levels {
  /** Per switch: 0 for leaves, 1 for what is above them, and so on; -1 for what is not above any leaf. */
  readonly of: readonly number[];
  /** The highest level whose switches are not linked with each other throughout; tiers above it mean nothing. */
  readonly top: number;
}

/**
 * Finds the levels of a fabric, from below: switches with compute adapters are leaves, and what is next to a level and not
 * below it is the next one. A switch that hangs beside its own neighbours because it has a few links further down (a spine
 * with one host, a core with one leaf of its own) is moved up to where most of its links say it is.
 */
export function findLevels(wiring: Wiring, problems: HardwareProblem[], warnings: HardwareProblem[]): Levels {
  const of: number[] = wiring.switches.map(() => -1);
  let candidates = indexes(wiring, (at) => wiring.compute[at]! > 0);
  let down: readonly number[] = wiring.compute;
  const aside = new Set<number>();
  for (let level = 0; candidates.length > 0; level++) {
    const postponed = higherOnes(wiring, candidates, down);
    const here = candidates.filter((at) => !postponed.has(at));
    for (const at of here) of[at] = level;
    if (level === 0) for (const at of sideLeaves(wiring, of)) aside.add(at);
    const links = new Map<number, number>();
    for (const at of here) {
      for (const { to } of wiring.trunks[at]!) if (of[to] === -1 && !aside.has(to)) links.set(to, (links.get(to) ?? 0) + 1);
    }
    candidates = distinct(links.keys());
    down = wiring.switches.map((_, at) => links.get(at) ?? 0);
  }
  return { of, top: judgeSideways(wiring, of, problems, warnings) };
}

function indexes(wiring: Wiring, which: (at: number) => boolean): number[] {
  return wiring.switches.map((_, at) => at).filter(which);
}

/**
 * Candidates that belong further up: linked to two or more other candidates that have, by the median, at least twice as
 * many links down. Those with most such neighbours are judged first, because one that is moved no longer counts.
 */
function higherOnes(wiring: Wiring, candidates: readonly number[], down: readonly number[]): Set<number> {
  const among = new Set(candidates);
  const neighbours = new Map(
    candidates.map((at) => [at, distinct(wiring.trunks[at]!.map(({ to }) => to).filter((to) => among.has(to)))]),
  );
  const suspects = candidates.filter((at) => neighbours.get(at)!.length >= 2);
  suspects.sort((a, b) => neighbours.get(b)!.length - neighbours.get(a)!.length || down[a]! - down[b]! || a - b);
  const postponed = new Set<number>();
  for (const at of suspects) {
    const others = neighbours.get(at)!.filter((to) => !postponed.has(to));
    if (others.length < 2) continue;
    const links = others.map((to) => down[to]!).sort((a, b) => a - b);
    if (down[at]! * 2 <= links[Math.floor((links.length - 1) / 2)]!) postponed.add(at);
  }
  return postponed;
}

/**
 * Leaves of storage and management only: they would look like a level above the spines they hang under. At least a quarter
 * of their links goes to end nodes, and no compute leaf is next to them.
 */
function sideLeaves(wiring: Wiring, of: readonly number[]): number[] {
  return indexes(
    wiring,
    (at) =>
      of[at] === -1 &&
      wiring.compute[at] === 0 &&
      wiring.others[at]! > 0 &&
      wiring.others[at]! * 4 >= wiring.trunks[at]!.length &&
      !wiring.trunks[at]!.some(({ to }) => of[to] === 0),
  );
}

/** Links within one level: a few are stray cables, many mean that the fabric has no levels there. */
function judgeSideways(wiring: Wiring, of: readonly number[], problems: HardwareProblem[], warnings: HardwareProblem[]): number {
  const highest = of.reduce((high, level) => Math.max(high, level), -1);
  const sideways: [number, number][][] = Array.from({ length: highest + 1 }, () => []);
  const upwards = Array.from({ length: highest + 1 }, () => 0);
  for (const [at, trunks] of wiring.trunks.entries()) {
    const level = of[at]!;
    if (level < 0) continue;
    for (const { to } of trunks) {
      if (of[to] === level && at < to) sideways[level]!.push([at, to]);
      else if (of[to]! > level) upwards[level]!++;
    }
  }
  for (const [level, links] of sideways.entries()) {
    if (links.length === 0) continue;
    const ends = distinct(links.flat());
    const value = showNames(
      ends.map((at) => wiring.switches[at]!.name),
      2000,
    );
    const path = wiring.switches[ends[0]!]!.path ?? "fabric";
    if (links.length * 4 > upwards[level]!) {
      problems.push({
        path,
        value,
        message: `${ends.length} switches with the same number of hops to the hosts are linked with each other, so the fabric has no levels there (a dragonfly, a torus, a mesh, or switches in a row?).`,
        allowed: "a fat tree (folded Clos): links go up or down, none sideways",
        fix: "Give the topology of this fabric in the inventory.",
      });
      return level;
    }
    warnings.push({
      path,
      value,
      message: `${links.length === 1 ? "A link joins" : `${links.length} links join`} switches of one level; it is not used for the tree.`,
      allowed: "links that go up or down",
      fix: "Check the cabling of these switches.",
    });
  }
  return highest;
}
