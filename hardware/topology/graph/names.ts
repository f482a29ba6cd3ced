import type { HardwareProblem } from "../../problem";
import { fnv64a, LABEL_VALUE_LIMIT, labelProblem } from "../renderers/labels";
import type { GraphSwitch } from "./model";

/** Sorts `n2` before `n10`: numbers count as numbers, everything else by code unit, never by locale. */
export function inNaturalOrder<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const keyed = items.map((item) => {
    const name = nameOf(item);
    return { item, name, key: name.replace(/\d+/g, (digits) => digits.padStart(16, "0")) };
  });
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name));
  return keyed.map(({ item }) => item);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a switch without a usable name is called: its id in ibnetdiscover's output. */
export function switchId(guid: string): string {
  return `S-${guid}`;
}

/**
 * A name for every switch, by GUID, all different and all fit for a node label: its own name; where several switches bear
 * it (the modules of a chassis, the chips of one box) the name and the module, `dir1-L01-U1`; else `S-<guid>`.
 */
export function switchNames(switches: readonly GraphSwitch[]): { names: Map<string, string>; warnings: HardwareProblem[] } {
  const plain = (at: GraphSwitch) => at.name;
  const withModule = (at: GraphSwitch) =>
    at.name !== undefined && at.module !== undefined ? `${at.name}-${at.module.replace(/\//g, "-")}` : undefined;
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const nameOf of [plain, withModule]) {
    const rest = switches.filter(({ guid }) => !names.has(guid));
    const bearers = new Map<string, number>();
    for (const at of rest) bearers.set(nameOf(at) ?? "", (bearers.get(nameOf(at) ?? "") ?? 0) + 1);
    for (const at of rest) {
      const name = nameOf(at);
      if (name === undefined || bearers.get(name) !== 1 || taken.has(name) || labelProblem(name)) continue;
      names.set(at.guid, name);
      taken.add(name);
    }
  }
  const warnings: HardwareProblem[] = [];
  for (const at of switches) {
    if (names.has(at.guid)) continue;
    names.set(at.guid, switchId(at.guid));
    warnings.push({
      path: at.path ?? "fabric",
      value: at.name ?? switchId(at.guid),
      message: `Switch ${switchId(at.guid)} is called by its GUID: ${whyNoName(at)}.`,
      allowed: "a name of its own of letters, digits, `-`, `_` and `.`",
      fix: "Name the switch, or write a node name map for the discovery (`ibnetdiscover --node-name-map`).",
    });
  }
  return { names, warnings };
}

function whyNoName({ name }: GraphSwitch): string {
  if (name === undefined) return "it has no name";
  const wrong = labelProblem(name);
  return wrong ? `its name ${JSON.stringify(name)} cannot be a node label (${wrong})` : `another switch is called ${name} too`;
}

/**
 * The name of a domain, from the names of its switches in natural order. One switch: its name. Several that differ in one
 * number: `su1-rail1` to `su1-rail8` are `su1-rail1..8`, `L-01-07`, `L-02-07` and `L-04-07` are `L-01..02_04-07`. Else the
 * names, neighbours in number folded, joined by `_`. A name that is too long for a node label becomes the first switch, how
 * many more there are, and a hash of them all. The same switches always give the same name, and no host or link takes part
 * in it.
 */
export function domainName(switches: readonly string[]): string {
  const folded = foldOneNumber(switches) ?? foldRuns(switches).join("_");
  if (folded.length <= LABEL_VALUE_LIMIT) return folded;
  const rest = switches.length === 1 ? "" : `-and-${switches.length - 1}-more`;
  const tail = `${rest}-${shortHash(switches)}`;
  return `${switches[0]!.slice(0, LABEL_VALUE_LIMIT - tail.length)}${tail}`;
}

/** One text for names that differ in one number only, or undefined. */
function foldOneNumber(names: readonly string[]): string | undefined {
  const parts = names.map((name) => name.split(/(\d{1,15})/));
  const [first] = parts;
  if (!first || names.length < 2 || parts.some(({ length }) => length !== first.length)) return undefined;
  const different = first.map((_, index) => index).filter((index) => parts.some((part) => part[index] !== first[index]));
  const [at] = different;
  if (different.length !== 1 || at === undefined || at % 2 === 0) return undefined;
  const numbers = foldRuns(parts.map((part) => part[at]!)).join("_");
  return [...first.slice(0, at), numbers, ...first.slice(at + 1)].join("");
}

/** Eight hexadecimal digits that tell lists of names apart. */
export function shortHash(names: readonly string[]): string {
  return fnv64a(names.join("\n")).toString(16).padStart(16, "0").slice(0, 8);
}

/** `["l1", "l2", "l3", "s9"]` → `["l1..3", "s9"]`. */
function foldRuns(names: readonly string[]): string[] {
  const folded: string[] = [];
  for (let from = 0; from < names.length;) {
    let to = from;
    while (to + 1 < names.length && names[to + 1] === successor(names[to]!)) to++;
    folded.push(to === from ? names[from]! : `${names[from]!}..${/\d+$/.exec(names[to]!)![0]}`);
    from = to + 1;
  }
  return folded;
}

/** `rail09` → `rail10`; nothing for names without a number at the end. */
function successor(name: string): string | undefined {
  const digits = /\d{1,15}$/.exec(name)?.[0];
  if (digits === undefined) return undefined;
  return name.slice(0, -digits.length) + String(Number(digits) + 1).padStart(digits.length, "0");
}
