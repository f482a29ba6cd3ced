import type { HardwareProblem } from "../../../../hardware/problem";
import type { SourceTree } from "../../../../hardware/topology/sources/result";

/** A small seeded generator (mulberry32), so that a failing case can be made again from its number. */
export function seeded(seed: number): (below: number) => number {
  let state = seed * 0x9e3779b1 + 1;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = ["", "\\", "\\\n", "#", '"', ",", "[", "]", "{", "}", ":", "=", " ", "\n", "\r", "\u0000", "é", "null", "-1", "1e9", "0", "999", "[1-900]", "]]", "Nodes=", "Switches=", "Include x\n", "__proto__"]; // prettier-ignore

/** A text with one to three faults of the kinds that files get: characters lost, lines doubled, moved, cut or run together. */
export function damagedText(text: string, seed: number): string {
  const random = seeded(seed);
  let damaged = text;
  for (let faults = 1 + random(3); faults > 0; faults--) damaged = damageOnce(damaged, random);
  return damaged;
}

function damageOnce(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  const lines = text.split("\n");
  const [one, two] = [random(lines.length), random(lines.length)];
  switch (random(8)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random(12));
    case 1:
      return text.slice(0, at) + PIECES[random(PIECES.length)]! + text.slice(at);
    case 2:
      return text.slice(0, at);
    case 3:
      return [...lines.slice(0, one), ...lines.slice(one + 1 + random(4))].join("\n");
    case 4:
      return [...lines.slice(0, one), ...lines.slice(two, two + 1 + random(8)), ...lines.slice(one)].join("\n");
    case 5:
      [lines[one], lines[two]] = [lines[two]!, lines[one]!];
      return lines.join("\n");
    case 6:
      return [...lines.slice(0, one), lines.slice(one, one + 2).join(""), ...lines.slice(one + 2)].join("\n");
    default:
      return text.slice(0, at) + text.slice(at).replace(/\d/, String(random(10)));
  }
}

const VALUES: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  1e9,
  "",
  " ",
  "x y",
  "<unknown>",
  "é",
  [],
  {},
  [[]],
  [null],
  { a: 1 },
];

/** A copy of a value in which one to three parts are something else, gone, doubled, or a copy of another part. */
export function damagedValue(value: unknown, seed: number): unknown {
  const random = seeded(seed);
  const copy: unknown = structuredClone(value);
  for (let faults = 1 + random(3); faults > 0; faults--) {
    const parent = somePart(copy, random);
    if (!parent) return VALUES[random(VALUES.length)];
    const keys = Object.keys(parent);
    const key = keys[random(keys.length)]!;
    const fault = random(4);
    if (fault === 0) parent[key] = structuredClone(VALUES[random(VALUES.length)]);
    else if (fault === 1) delete parent[key];
    else if (fault === 2) parent[key] = structuredClone(parent[keys[random(keys.length)]!]);
    else if (typeof parent[key] === "string") parent[key] = damageOnce(parent[key], random);
  }
  return copy;
}

/** Some object or array of a value that is not empty, deeper ones as likely as shallow ones. */
function somePart(value: unknown, random: (below: number) => number): Record<string, unknown> | undefined {
  let found: Record<string, unknown> | undefined;
  let here = value;
  for (let depth = 1 + random(6); depth > 0 && typeof here === "object" && here !== null; depth--) {
    const keys = Object.keys(here);
    if (keys.length === 0) break;
    found = here as Record<string, unknown>;
    here = found[keys[random(keys.length)]!];
  }
  return found;
}

/** What is wrong with a source's answer as such, whatever was read: shapes of chains, and problems that do not say enough. */
export function faultsOf({ tree, problems, warnings }: SourceTree): string[] {
  const faults: string[] = [];
  const names = new Set<string>();
  for (const { name, chain, padded } of tree.nodes) {
    if (names.has(name)) faults.push(`${name} twice`);
    names.add(name);
    if (chain.length !== tree.tiers.length) faults.push(`${name} has ${chain.length} domains`);
    const unknown = tree.tiers.filter((_, tier) => chain[tier] === "<unknown>");
    if (problems.length === 0 && unknown.join() !== padded.join()) faults.push(`${name} is padded wrongly`);
  }
  for (const each of [...problems, ...warnings]) {
    if (each.path === "" || !/[.!]$|: .+$/.test(each.message) || each.fix === "") faults.push(JSON.stringify(each));
  }
  return faults;
}

export function textOf({ problems, warnings }: SourceTree): string {
  return JSON.stringify([...problems, ...warnings]);
}

export const lineOrPath = /^(line \d+$|\[|Instances|InstanceId|items|nodes$|profile$|metadata\.)/;

export const messages = (problems: readonly HardwareProblem[]) => problems.map(({ path, message }) => `${path}: ${message}`);
