import type { HardwareProblem } from "../../problem";
import { showNames } from "../../hostlist";
import type { Siblings } from "./siblings";
import type { Wiring } from "./wiring";

/** Names in a message or value are cut beyond this many characters only when nothing is lost by it. */
const ALL_NAMES = Number.MAX_SAFE_INTEGER;

/** A thing that has fewer links to a switch than its siblings. */
interface Lost {
  readonly member: number;
  readonly parent: number;
  readonly has: number;
  readonly typical: number;
}

/** How many links each thing has to each switch above it. */
type LinkCounts = (member: number) => ReadonlyMap<number, number>;

/** What is lost within one group, by parent and member; and the links to switches that are not the group's. */
function compare(group: Siblings, countsOf: LinkCounts): { lost: Lost[]; stray: { member: number; parent: number }[] } {
  const frequency = new Map<number, number>();
  const expected = new Set(group.parents);
  const stray: { member: number; parent: number }[] = [];
  const counts = new Map(group.members.map((member) => [member, countsOf(member)]));
  for (const [member, count] of counts) {
    for (const [parent, links] of count) {
      frequency.set(links, (frequency.get(links) ?? 0) + 1);
      if (!expected.has(parent)) stray.push({ member, parent });
    }
  }
  let typical = 1;
  for (const [links, times] of [...frequency].sort(([a], [b]) => b - a))
    if (times > (frequency.get(typical) ?? 0)) typical = links;
  const lost: Lost[] = [];
  for (const parent of group.parents) {
    for (const member of group.members) {
      const has = counts.get(member)!.get(parent) ?? 0;
      if (has < typical) lost.push({ member, parent, has, typical });
    }
  }
  return { lost, stray };
}

/** Warnings for hosts of one leaf group that lack links which their siblings have: one for each leaf, with the ports. */
export function lostHostLinks(wiring: Wiring, hosts: readonly number[], group: Siblings, warnings: HardwareProblem[]): void {
  const linksOf = (member: number) => wiring.hostLinks[hosts[member]!]!;
  const { lost, stray } = compare(group, (member) => countLinks(linksOf(member)));
  const byLeaf = new Map<number, Lost[]>();
  for (const one of lost) {
    const cases = byLeaf.get(one.parent);
    if (cases) cases.push(one);
    else byLeaf.set(one.parent, [one]);
  }
  for (const [leaf, cases] of byLeaf) {
    const devices = commonest(
      group.members.flatMap((member) => linksOf(member).filter(({ to }) => to === leaf)).map(({ device }) => device),
    );
    const ports = cases.map(({ member }) => {
      const used = new Set(linksOf(member).map(({ device }) => device));
      return { host: wiring.hosts[hosts[member]!]!, device: devices.find((device) => !used.has(device)) };
    });
    const { host, device } = ports[0]!;
    const { has, typical } = cases[0]!;
    const leafName = wiring.switches[leaf]!.name;
    const lack = has === 0 ? `no link to ${leafName}` : `${has} of ${typical} links to ${leafName}`;
    const which = device === undefined ? "" : `; with its siblings, ${device} is linked there`;
    warnings.push({
      path: host.path ?? "fabric",
      value: showNames(
        ports.map((port) => port.host.name),
        ALL_NAMES,
      ),
      message:
        ports.length === 1
          ? `Host ${host.name} has ${lack}, which its siblings have${which}.`
          : `${ports.length} hosts have fewer links to ${leafName} than their siblings; host ${host.name} has ${lack}${which}.`,
      fix: `Check ${device === undefined ? "the adapter" : device} and its cable to ${leafName}. The leaf domain of the host stays the same.`,
    });
  }
  for (const { member, parent } of stray) {
    const host = wiring.hosts[hosts[member]!]!;
    warnings.push(strayLink(`Host ${host.name}`, host.name, host.path, wiring.switches[parent]!.name));
  }
}

/** Warnings for switches of one level that lack links upwards which their siblings have: one for each pair, with the port. */
export function lostTrunks(
  wiring: Wiring,
  switches: readonly number[],
  group: Siblings,
  counts: LinkCounts,
  warnings: HardwareProblem[],
): void {
  const { lost, stray } = compare(group, counts);
  const members = new Set(group.members.map((member) => switches[member]!));
  for (const { member, parent, has, typical } of lost) {
    const at = switches[member]!;
    const { name, path = "fabric" } = wiring.switches[at]!;
    const above = wiring.switches[parent]!.name;
    const port = commonest(
      wiring.trunks[parent]!.filter(({ to }) => to !== at && members.has(to)).map(({ toPort }) => toPort),
    ).find((candidate) => !wiring.used[at]!.has(candidate));
    const which = port === undefined ? "" : `; with its siblings, port ${port} is linked there`;
    warnings.push({
      path,
      value: port === undefined ? name : `${name}[${port}]`,
      message: `Switch ${name} has ${has === 0 ? "no link" : `${has} of ${typical} links`} to ${above}, which its siblings have${which}.`,
      fix: `Check ${port === undefined ? "the ports" : `port ${port}`} of ${name} and the cable to ${above}. Domains stay the same.`,
    });
  }
  for (const { member, parent } of stray) {
    const { name, path } = wiring.switches[switches[member]!]!;
    warnings.push(strayLink(`Switch ${name}`, name, path, wiring.switches[parent]!.name));
  }
}

function strayLink(who: string, value: string, path: string | undefined, above: string): HardwareProblem {
  return {
    path: path ?? "fabric",
    value,
    message: `${who} has a link to ${above}, which none or few of its siblings have; it is not used for the tree.`,
    fix: "Check where this cable should go.",
  };
}

/** How many links go to each switch. */
export function countLinks(links: readonly { readonly to: number }[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { to } of links) counts.set(to, (counts.get(to) ?? 0) + 1);
  return counts;
}

/** Each value once, the most frequent first; of equals the smallest. */
function commonest<T extends string | number>(values: readonly T[]): T[] {
  const times = new Map<T, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return [...times].sort(([x, a], [y, b]) => b - a || (x < y ? -1 : 1)).map(([value]) => value);
}
