/** What `turducken topology` does with its arguments. */
import { renderProblems } from "../../components/config/problems";
import { expandHostlist, HostlistError } from "../../hardware/hostlist";
import type { HardwareProblem } from "../../hardware/problem";
import { completeness, describeCompleteness, type ExpectedNode } from "../../hardware/topology/completeness";
import { drawTree } from "../../hardware/topology/renderers/picture";
import { distancesOf, domainSizes } from "../../hardware/topology/tree";
import type { FabricTree } from "../../hardware/types";
import type { CheckOptions, ConvertOptions, DiffOptions, ShowOptions, SourceOptions } from "./command";
import { describeDiff, diffTrees, isSame } from "./diff";
import { CannotRead, nameOf, readInput, readText } from "./input";
import { readNames } from "./names";
import { writeError, writeOut, writeWarnings } from "./output";
import { adaptersNamed, adaptersOf, resourcesFor } from "./resources";
import { readTree, type ReadTree } from "./sources";
import { NEEDS_RESOURCES, writeTree } from "./targets";

/** The input is wrong; it has been said why. */
class WrongInput extends Error {}

/** @returns what the work returns; 1 when an input is wrong, 2 when it could not be read */
async function guarded(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WrongInput) return 1;
    if (!(error instanceof CannotRead)) throw error;
    writeError(`${error.message}\n`);
    return 2;
  }
}

/** Reads one tree and says everything that is wrong or doubtful with it. */
async function load(file: string, options: SourceOptions): Promise<ReadTree> {
  const { name, text } = await readInput(file);
  const read = readTree(text, {
    from: options.from,
    keys: options.keys,
    hcas: options.computeHcas === undefined ? adaptersOf(options.machineType) : adaptersNamed(options.computeHcas),
    ...(options.hosts === undefined ? {} : { hosts: hostsOf([{ text: options.hosts, from: "--hosts" }]) }),
    ...(options.names === undefined ? {} : { names: readNames(readText(options.names), options.names) }),
  });
  writeWarnings(read.warnings);
  refuse(name, read.problems);
  return read;
}

function refuse(subject: string, problems: readonly HardwareProblem[]): void {
  if (problems.length === 0) return;
  writeError(`${renderProblems(subject, problems)}\n`);
  throw new WrongInput();
}

export function showTopology(file: string, options: ShowOptions): Promise<number> {
  return guarded(async () => {
    const width = options.width === undefined ? (process.stdout.columns ?? 110) : wholeNumber("--width", options.width);
    const { tree } = await load(file, options);
    if (options.json) writeOut(`${JSON.stringify(tree, undefined, 2)}\n`);
    else writeOut(`${drawTree(tree, { width, ascii: options.ascii })}\n${countText(tree)}\n`);
    return 0;
  });
}

/** `6 nodes; 3 leaf domains of 1 to 3 nodes; 2 spine domains of 1 to 5 nodes; no leaf for 1 node`. */
function countText(tree: FabricTree): string {
  const nodes = (count: number) => `${count} ${count === 1 ? "node" : "nodes"}`;
  const parts = distancesOf(tree).map((distance) => {
    const sizes = [...domainSizes(tree, distance).values()];
    if (sizes.length === 0) return `no ${distance} domain is known`;
    const [least, most] = sizes.reduce(([low, high], size) => [Math.min(low, size), Math.max(high, size)], [Infinity, 0]);
    const lacking = tree.nodes.length - sizes.reduce((sum, size) => sum + size, 0);
    const range = least === most ? nodes(most) : `${least} to ${nodes(most)}`;
    const rest = lacking > 0 && distance !== "accelerator" ? `, ${nodes(lacking)} without` : "";
    return `${sizes.length} ${distance} ${sizes.length === 1 ? "domain" : "domains"} of ${range}${rest}`;
  });
  return [nodes(tree.nodes.length), ...parts].join("; ");
}

const NO_RESOURCES = { resources: new Map<string, never>(), problems: [] };

export function convertTopology(file: string, options: ConvertOptions): Promise<number> {
  return guarded(async () => {
    const read = await load(file, options);
    const { tree } = read;
    const { resources, problems } = NEEDS_RESOURCES.includes(options.to)
      ? resourcesFor(tree, read, {
          cores: options.cores === undefined ? undefined : wholeNumber("--cores", options.cores),
          gpus: options.gpus === undefined ? undefined : wholeNumber("--gpus", options.gpus),
          machineType: options.machineType,
        })
      : NO_RESOURCES;
    refuse(nameOf(file), problems);
    const written = writeTree(tree, options.to, { ...options, resources });
    writeWarnings(written.warnings);
    refuse(`${options.to} of ${nameOf(file)}`, written.problems);
    writeOut(written.output);
    return 0;
  });
}

export function checkTopology(file: string, options: CheckOptions): Promise<number> {
  return guarded(async () => {
    const { tree, pools, exempt } = await load(file, options);
    const expected = expectedNodes(tree, pools, options);
    const levels = options.levels?.split(",").map((level) => level.trim()) ?? tree.tiers;
    // A pool of nothing but control-plane hosts only has to be there.
    const placed = new Set(expected.filter(({ name }) => !exempt?.has(name)).map(({ pool }) => pool));
    const result = completeness(tree, expected, { levels: (pool) => (placed.has(pool) ? levels : []) });
    if (options.json) {
      const plain = result.pools.map((pool) => ({ ...pool, lacking: Object.fromEntries(pool.lacking) }));
      writeOut(`${JSON.stringify({ ...result, pools: plain }, undefined, 2)}\n`);
    } else {
      for (const line of describeCompleteness(result)) (result.complete ? writeOut : writeError)(`${line}\n`);
    }
    return result.complete ? 0 : 1;
  });
}

function expectedNodes(tree: FabricTree, pools: ReadonlyMap<string, string> | undefined, options: CheckOptions): ExpectedNode[] {
  const { nodes, nodesFile } = options;
  const poolOf = (name: string) => pools?.get(name) ?? "nodes";
  if (nodes === undefined && nodesFile === undefined) return tree.nodes.map(({ name }) => ({ name, pool: poolOf(name) }));
  const lists = [
    ...(nodes === undefined ? [] : [{ text: nodes, from: "--nodes" }]),
    ...(nodesFile === undefined ? [] : linesOf(readText(nodesFile), nodesFile)),
  ];
  return hostsOf(lists).map((name) => ({ name, pool: poolOf(name) }));
}

interface Hostlist {
  readonly text: string;
  /** Where it stands. */
  readonly from: string;
}

function hostsOf(lists: readonly Hostlist[]): string[] {
  const problems: HardwareProblem[] = [];
  const names = lists.flatMap(({ text, from }) => {
    try {
      return expandHostlist(text);
    } catch (error) {
      if (!(error instanceof HostlistError)) throw error;
      const message = `It is not a hostlist: character ${error.position + 1}: ${error.reason}.`;
      problems.push({ path: from, value: text, message, allowed: error.allowed, fix: "Correct the list." });
      return [];
    }
  });
  refuse("hostlists", problems);
  return names;
}

/** A hostlist a line; empty lines and comments after `#` are left out. */
function linesOf(text: string, file: string): Hostlist[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ text: line.replace(/#.*$/, "").trim(), from: `${file} line ${index + 1}` }))
    .filter((line) => line.text !== "");
}

export function diffTopologies(before: string, after: string, options: DiffOptions): Promise<number> {
  return guarded(async () => {
    if (before === "-" && after === "-")
      throw new CannotRead("only one of the two can be standard input. do: name a file for the other");
    const [first, second] = [await load(before, options), await load(after, options)];
    const diff = diffTrees(first.tree, second.tree);
    if (options.json) writeOut(`${JSON.stringify(diff, undefined, 2)}\n`);
    else for (const line of isSame(diff) ? ["no difference"] : describeDiff(diff)) writeOut(`${line}\n`);
    return isSame(diff) ? 0 : 1;
  });
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CannotRead(`${option} ${text} is no whole number`);
}
