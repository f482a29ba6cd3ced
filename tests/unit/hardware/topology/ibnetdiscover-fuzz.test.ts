import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expandHostlist } from "../../../../hardware/hostlist";
import { treeFromIbnetdiscover, type IbnetdiscoverOptions } from "../../../../hardware/topology/sources/ibnetdiscover";
import { fabrics } from "../../../lab/ibsim/fabrics";

const FIXTURES = join(__dirname, "../../../fixtures/topology/ibnetdiscover");
const texts: readonly { options: IbnetdiscoverOptions; text: string }[] = fabrics.map(({ name, options = {} }) => ({
  options,
  text: readFileSync(join(FIXTURES, `${name}.txt`), "utf8"),
}));
/** A dump of a real fabric takes a hundred times as long, so only a few of the cases are made of it. */
const big: (typeof texts)[number] = { options: {}, text: readFileSync(join(FIXTURES, "dgx-racks.txt"), "utf8") };

/** Mulberry32: the same numbers on every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Damage = (text: string, random: (below: number) => number) => string;

const onLines =
  (change: (lines: string[], at: number, random: (below: number) => number) => void): Damage =>
  (text, random) => {
    const lines = text.split("\n");
    change(lines, random(lines.length), random);
    return lines.join("\n");
  };
const insert =
  (piece: (random: (below: number) => number) => string): Damage =>
  (text, random) => {
    const at = random(text.length + 1);
    return text.slice(0, at) + piece(random) + text.slice(at);
  };

const damages: readonly Damage[] = [
  onLines((lines, at, random) => lines.splice(at, 1 + random(12))),
  onLines((lines, at, random) => lines.splice(random(lines.length), 0, ...lines.slice(at, at + 1 + random(8)))),
  onLines((lines, at) => lines.splice(at, 2, `${lines[at]!}${lines[at + 1] ?? ""}`)),
  (text, random) => text.slice(0, random(text.length + 1)),
  (text, random) => text.slice(random(text.length + 1)),
  insert((random) => String.fromCharCode(random(256))),
  insert(() => "\u0000"),
  insert(() => '"'),
  insert(() => "\ufffd"),
  (text, random) => {
    const at = random(text.length);
    return text.slice(0, at) + String.fromCharCode(32 + random(95)) + text.slice(at + 1);
  },
  (text, random) => {
    const at = random(text.length);
    return text.slice(0, at) + text.slice(at).replace(/\d+/, (digits) => digits.repeat(1 + random(20)));
  },
  (text) => text.replace(/\n/g, "\r\n"),
  (text, random) => text.replace(/\n/g, (end) => (random(20) === 0 ? "\r\n" : end)),
];

/** Host names in the lines that are an adapter's head beyond doubt, read in a way of their own. */
function hostsNamedIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const host = /^Ca\t1 "H-[0-9a-f]{16}"\t\t# "([a-z][a-z0-9-]*\d) (?:mlx5_|HCA-)\d"$/.exec(line)?.[1];
    if (host !== undefined) names.add(host);
  }
  return names;
}

/** Every name that problems and warnings mention: in their values, hostlists included, and in their messages. */
function namesMentioned(reports: readonly { readonly value?: unknown; readonly message: string }[]): Set<string> {
  const names = new Set<string>();
  for (const { value, message } of reports) {
    for (const word of message.split(/[^A-Za-z0-9.-]+/)) names.add(word.replace(/\.$/, ""));
    if (typeof value !== "string") continue;
    for (const word of value.split(/[^A-Za-z0-9.-]+/)) names.add(word);
    if (/^[^\s"\\]+$/.test(value)) {
      try {
        for (const name of expandHostlist(value)) names.add(name);
      } catch {
        // Not a list of hosts.
      }
    }
  }
  return names;
}

describe("ibnetdiscover's output with faults", () => {
  const CASES = 3000;

  test(`gives a tree in ${CASES} cases, with a line and a reason for each problem and every host accounted for`, () => {
    const start = Date.now();
    const wrong: string[] = [];
    let withProblems = 0;
    let named = 0;
    for (let seed = 0; seed < CASES; seed++) {
      const random = seeded(seed);
      const original = seed % 50 === 49 ? big : texts[seed % texts.length]!;
      const options: IbnetdiscoverOptions = seed % 3 === 0 ? {} : original.options;
      let { text } = original;
      for (let faults = 1 + random(4); faults > 0; faults--) text = damages[random(damages.length)]!(text, random);
      const { tree, problems, warnings } = treeFromIbnetdiscover(text, options);
      if (problems.length > 0) withProblems++;
      const lines = text.split("\n").length;
      for (const { path, message, fix } of [...problems, ...warnings]) {
        const line = Number(/^line (\d+)$/.exec(path)?.[1]);
        if (!(line >= 1 && line <= lines) || message.length < 20 || fix === "") wrong.push(`case ${seed}: ${path}: ${message}`);
      }
      for (const { name, chain } of tree.nodes)
        if (chain.length !== tree.tiers.length) wrong.push(`case ${seed}: ${name} is ragged`);
      const found = new Set(tree.nodes.map(({ name }) => name));
      const mentioned = namesMentioned([...problems, ...warnings]);
      for (const host of hostsNamedIn(text)) {
        named++;
        const called = options.renamed?.[host] ?? host;
        if (!found.has(called) && !mentioned.has(called)) wrong.push(`case ${seed}: ${host} is dropped`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(withProblems).toBeGreaterThan(CASES / 2);
    expect(named).toBeGreaterThan(CASES * 3);
    expect(Date.now() - start).toBeLessThan(30_000);
  }, 60_000);
});
