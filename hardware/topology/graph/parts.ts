import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import type { Wiring } from "./wiring";

/** Warns of fabrics in several parts, of which no part can be reached from another, and of switches without any cable. */
export function separateParts(wiring: Wiring, path: string, warnings: HardwareProblem[]): void {
  const { switches, trunks, hostLinks, compute, others } = wiring;
  const parent = switches.map((_, at) => at);
  const root = (at: number): number => {
    let top = at;
    while (parent[top] !== top) top = parent[top]!;
    while (parent[at] !== top) [parent[at], at] = [top, parent[at]!];
    return top;
  };
  for (const [at, cables] of trunks.entries()) for (const { to } of cables) parent[root(at)] = root(to);
  for (const links of hostLinks) for (const { to } of links) parent[root(links[0]!.to)] = root(to);

  const alone = switches.filter((_, at) => trunks[at]!.length === 0 && compute[at] === 0 && others[at] === 0);
  if (alone.length > 0) {
    warnings.push({
      path: alone[0]!.path ?? path,
      value: showNames(
        alone.map(({ name }) => name),
        Number.MAX_SAFE_INTEGER,
      ),
      message: `${alone.length === 1 ? "A switch has" : `${alone.length} switches have`} no cable, and so no place in the tree.`,
      fix: "Check its cables, or leave it.",
    });
  }
  const parts = new Map<number, number[]>();
  for (const [host, links] of hostLinks.entries()) {
    if (links.length === 0) continue;
    const part = root(links[0]!.to);
    const hosts = parts.get(part);
    if (hosts) hosts.push(host);
    else parts.set(part, [host]);
  }
  if (parts.size < 2) return;
  const sizes = [...parts.values()].map((hosts) => hosts.length).sort((a, b) => b - a);
  const smallest = [...parts.values()].reduce((least, hosts) => (hosts.length < least.length ? hosts : least));
  warnings.push({
    path: wiring.hosts[smallest[0]!]!.path ?? path,
    value: showNames(smallest.map((host) => wiring.hosts[host]!.name)),
    message: `The fabric is in ${parts.size} parts that cannot reach each other, of ${sizes.slice(0, 10).join(", ")}${sizes.length > 10 ? ", ..." : ""} hosts.`,
    fix: "Check the cables between them, or give each part a pool of its own.",
  });
}
