import { expandHostlist, HostlistError } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import { treeFromPlaces, type Place } from "./chains";
import type { SourceTree } from "./result";
import { slurmLines, slurmProblem, type SlurmLine } from "./slurm-lines";
import { placesOfSwitches, type SlurmSwitch } from "./slurm-switches";

export interface SlurmTree extends SourceTree {
  /** Which topology plugin the file is for; undefined when it has neither switches nor blocks. */
  readonly plugin?: "tree" | "block";
  /** `BlockSizes` of the block plugin, in nodes; empty when the file does not say. */
  readonly blockSizes: readonly number[];
}

/** More names than this in one file is taken for a typing error in a range. */
const NODE_LIMIT = 1_000_000;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  switchname: ["switchname", "switches", "nodes", "linkspeed"],
  blockname: ["blockname", "nodes"],
  blocksizes: ["blocksizes"],
};
const ALLOWED_LINES = "lines with SwitchName, BlockName or BlockSizes";

/**
 * The tree of a Slurm `topology.conf`, of the tree plugin (`SwitchName=`, `Switches=`, `Nodes=`, `LinkSpeed=`) or the block
 * plugin (`BlockName=`, `Nodes=`, `BlockSizes=`). Rules are Slurm's own (SchedMD/slurm:src/plugins/topology/tree/
 * switch_record.c@0c9a3f7 and src/plugins/topology/block/block_record.c@01cec7f), and stricter where Slurm keeps quiet: a
 * switch under two others, a node on two switches.
 *
 * A switch's level is one more than its highest child's, as in Slurm; nodes below a shorter branch are padded where no switch
 * is, with a warning. A block is a tier-0 domain; the groups of blocks that `BlockSizes` makes have no names and are no tier.
 *
 * Never throws; paths are `line 17`, the first line of a continued one.
 */
export function treeFromSlurmTopology(text: string): SlurmTree {
  const problems: HardwareProblem[] = [];
  const warnings: HardwareProblem[] = [];
  const lines = slurmLines(text, problems).filter((line) => isKnown(line, problems));
  const expand = boundedExpansion(problems);
  const switches = lines.filter(({ pairs }) => pairs.has("switchname")).map((line) => switchOf(line, expand, problems));
  const blocks = lines.filter(({ pairs }) => pairs.has("blockname")).map((line) => switchOf(line, expand, problems));
  const sizes = lines.filter(({ pairs }) => pairs.has("blocksizes"));
  if (switches.length > 0 && blocks.length + sizes.length > 0) {
    const other = blocks[0]?.line ?? sizes[0]!.line;
    const message = `Switches (line ${switches[0]!.line}) and blocks are for different plugins; both are read as far as they go.`;
    problems.push(slurmProblem(other, undefined, message, "switches or blocks", "Keep those of the plugin in slurm.conf."));
  }
  if (switches.length + blocks.length === 0) {
    const message = "There is no switch and no block.";
    problems.push(slurmProblem(1, undefined, message, ALLOWED_LINES, "Give the topology.conf of the tree or block plugin."));
  }
  const places = [...placesOfSwitches(switches, problems, warnings), ...placesOfBlocks(blocks, problems)];
  const blockSizes = sizes.flatMap((line) => readBlockSizes(line, problems));
  problems.push(...smallBlocks(blocks, blockSizes[0]));
  const plugin = switches.length > 0 ? ("tree" as const) : blocks.length > 0 ? ("block" as const) : undefined;
  return { ...treeFromPlaces(places, { problems, warnings }), blockSizes, ...(plugin ? { plugin } : {}) };
}

function isKnown({ line, pairs }: SlurmLine, problems: HardwareProblem[]): boolean {
  const kind = Object.keys(KEYS).find((key) => pairs.has(key));
  if (!kind) {
    if (pairs.size > 0) {
      const value = showPairs(pairs);
      problems.push(
        slurmProblem(line, value, "This line is neither a switch nor a block.", ALLOWED_LINES, "Correct or remove it."),
      );
    }
    return false;
  }
  const strange = [...pairs].filter(([key]) => !KEYS[kind]!.includes(key));
  if (strange.length > 0) {
    const names = strange.map(([key]) => key).join(", ");
    const value = showPairs(new Map(strange));
    problems.push(
      slurmProblem(line, value, `Slurm does not know ${names} here.`, KEYS[kind]!.join(", "), "Correct or remove it."),
    );
  }
  return true;
}

function showPairs(pairs: ReadonlyMap<string, string>): string {
  return [...pairs].map(([key, value]) => `${key}=${value}`).join(" ");
}

type Expand = (text: string | undefined, line: number) => string[] | undefined;

/** Expands hostlists, up to a number of names in all, so that one wrong digit cannot fill the memory. */
function boundedExpansion(problems: HardwareProblem[]): Expand {
  let left = NODE_LIMIT;
  return (text, line) => {
    if (text === undefined) return undefined;
    try {
      const names = expandHostlist(text);
      left -= names.length;
      if (left >= 0) return names;
      const message = `The file names more than ${NODE_LIMIT} nodes and switches.`;
      problems.push(slurmProblem(line, text, message, `at most ${NODE_LIMIT} names`, "Look for a wrong digit in a range."));
    } catch (error) {
      if (!(error instanceof HostlistError)) throw error;
      const message = `This is not a hostlist: ${error.reason} (character ${error.position + 1}).`;
      problems.push(slurmProblem(line, text, message, error.allowed, "Correct the list."));
    }
    return [];
  };
}

function switchOf({ line, pairs }: SlurmLine, expand: Expand, problems: HardwareProblem[]): SlurmSwitch {
  const name = pairs.get("switchname") ?? pairs.get("blockname")!;
  const speed = pairs.get("linkspeed");
  if (speed !== undefined && !/^\d+$/.test(speed)) {
    problems.push(slurmProblem(line, speed, `LinkSpeed of ${name} is not a number.`, "a whole number", "Correct or remove it."));
  }
  const [nodes, children] = [expand(pairs.get("nodes"), line), expand(pairs.get("switches"), line)];
  return { name, line, ...(nodes ? { nodes } : {}), ...(children ? { children } : {}) };
}

function placesOfBlocks(blocks: readonly SlurmSwitch[], problems: HardwareProblem[]): Place[] {
  const lineOf = new Map<string, number>();
  return blocks.flatMap(({ name, line, nodes }) => {
    const before = lineOf.get(name);
    if (before !== undefined) {
      const message = `The block ${name} is there already, in line ${before}.`;
      problems.push(slurmProblem(line, name, message, "each block once", "Give it another name, or put the nodes together."));
    }
    lineOf.set(name, before ?? line);
    if (!nodes) {
      problems.push(slurmProblem(line, name, `The block ${name} has no nodes.`, "Nodes= for each block", "Add its nodes."));
    }
    return (nodes ?? []).map((node): Place => ({ name: node, domains: [name], path: `line ${line}` }));
  });
}

/** Sizes that Slurm takes: the first is the base, the others are the base times a power of two. */
function readBlockSizes({ line, pairs }: SlurmLine, problems: HardwareProblem[]): number[] {
  const text = pairs.get("blocksizes")!;
  const sizes = text.split(",").map((each) => (/^[1-9]\d{0,8}$/.test(each.trim()) ? Number(each) : NaN));
  const right = sizes.every((size) => Number.isInteger(Math.log2(size / sizes[0]!)) && size >= sizes[0]!);
  if (right) return sizes;
  const allowed = "whole numbers with commas, each the first times a power of two";
  problems.push(slurmProblem(line, text, "Slurm does not take these block sizes.", allowed, "Correct them."));
  return [];
}

function smallBlocks(blocks: readonly SlurmSwitch[], base: number | undefined): HardwareProblem[] {
  if (base === undefined) return [];
  return blocks
    .filter(({ nodes }) => nodes !== undefined && nodes.length > 0 && nodes.length < base)
    .map(({ name, line, nodes }) => {
      const message = `The block ${name} has ${nodes!.length} nodes, fewer than the base block size of ${base}.`;
      return slurmProblem(line, name, message, `at least ${base} nodes`, "Add nodes, or make BlockSizes smaller.");
    });
}
