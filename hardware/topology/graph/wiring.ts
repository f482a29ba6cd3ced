import type { HardwareProblem } from "../../problem";
import type { FabricGraph, GraphHost, GraphSwitch } from "./model";
import { inNaturalOrder, switchNames } from "./names";

/** A cable seen from one switch; `to` is the number of the other switch. */
export interface Trunk {
  readonly to: number;
  readonly port: number;
  readonly toPort: number;
}

/** A cable seen from a host's compute adapter. */
export interface HostLink {
  readonly to: number;
  /** The adapter's device name, or its GUID where that is not known. */
  readonly device: string;
  readonly toPort: number;
}

/** A graph with numbers instead of GUIDs. Switches are numbered in natural order of their names, whatever order they came in. */
export interface Wiring {
  readonly switches: readonly (GraphSwitch & { readonly name: string })[];
  readonly hosts: readonly GraphHost[];
  /** Per switch, its cables to other switches. */
  readonly trunks: readonly (readonly Trunk[])[];
  /** Per host, the cables of its compute adapters. */
  readonly hostLinks: readonly (readonly HostLink[])[];
  /** Per switch, how many cables of compute adapters it has. */
  readonly compute: readonly number[];
  /** Per switch, how many other end nodes it has: storage, adapters without a name, routers. */
  readonly others: readonly number[];
  /** Per switch, the ports that have a cable. */
  readonly used: readonly ReadonlySet<number>[];
}

/** What an end of a cable is. */
type End = { readonly at: number } | { readonly host: number; readonly device: string } | "other";

/** Numbers everything, with a warning for each switch without a usable name and each cable whose end is not described. */
export function wire(graph: FabricGraph, warnings: HardwareProblem[]): Wiring {
  const named = switchNames(graph.switches);
  warnings.push(...named.warnings);
  const switches = inNaturalOrder(
    graph.switches.map((at) => ({ ...at, name: named.names.get(at.guid)! })),
    ({ name }) => name,
  );
  const ends = new Map<string, End>();
  for (const guid of graph.others ?? []) ends.set(guid, "other");
  for (const [host, { adapters }] of graph.hosts.entries()) {
    for (const { guid, device = guid, use } of adapters) ends.set(guid, use === "compute" ? { host, device } : "other");
  }
  for (const [at, { guid }] of switches.entries()) ends.set(guid, { at });

  const trunks: Trunk[][] = switches.map(() => []);
  const hostLinks: HostLink[][] = graph.hosts.map(() => []);
  const compute = switches.map(() => 0);
  const others = switches.map(() => 0);
  const used = switches.map(() => new Set<number>());
  for (const { ends: pair, path = "fabric" } of graph.links) {
    for (const [from, to] of [pair, [pair[1], pair[0]]] as const) {
      const near = ends.get(from.guid);
      const far = ends.get(to.guid);
      if (near === undefined) {
        warnings.push({
          path,
          value: from.guid,
          message: "A link ends at something that is not described.",
          fix: "Describe it.",
        });
      } else if (near !== "other" && "at" in near) {
        used[near.at]!.add(from.port);
        if (far === undefined || far === "other") others[near.at]!++;
        else if ("at" in far) trunks[near.at]!.push({ to: far.at, port: from.port, toPort: to.port });
        else compute[near.at]!++;
      } else if (near !== "other" && far !== undefined && far !== "other" && "at" in far) {
        hostLinks[near.host]!.push({ to: far.at, device: near.device, toPort: to.port });
      }
    }
  }
  return { switches, hosts: graph.hosts, trunks, hostLinks, compute, others, used };
}

/** Each number once, ascending. */
export function distinct(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
