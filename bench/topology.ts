import { join } from "node:path";
import type { ResourcesByNode } from "../hardware/topology/renderers/nodes";
import type { FabricTree } from "../hardware/types";
import { jgfText, renderJgf } from "../hardware/topology/renderers/jgf";
import { renderFluxR, renderFluxResourceConfig } from "../hardware/topology/renderers/flux-r";
import { renderKueueTopology } from "../hardware/topology/renderers/kueue";
import { nodeLabels } from "../hardware/topology/renderers/labels";
import { LABEL_PROFILES } from "../hardware/topology/renderers/profiles";
import { renderSlurmTopology } from "../hardware/topology/renderers/slurm";
import { treeFromAwsTopology } from "../hardware/topology/sources/aws";
import { treeFromNodeLabels } from "../hardware/topology/sources/labels";
import { treeFromSlurmTopology } from "../hardware/topology/sources/slurm";
import { placementQuality } from "../hardware/topology/placement";
import { median, measure } from "./measure";

const repository = join(__dirname, "..");

/** 10,000 nodes: each under 1 s and 500 MB. 100,000: under 10 s, so no more than ten times as long and some for luck. */
const SMALL = 10_000;
const LARGE = 100_000;

/** Leaves of 32 nodes, spines of 16 leaves, cores of 8 spines. */
function bigTree(count: number): FabricTree {
  return {
    tiers: ["leaf", "spine", "core"],
    nodes: Array.from({ length: count }, (_, index) => ({
      name: `n${String(index).padStart(6, "0")}`,
      chain: [`l${index >> 5}`, `s${index >> 9}`, `c${index >> 12}`],
      padded: [],
    })),
  };
}

function resources(tree: FabricTree): ResourcesByNode {
  return new Map(tree.nodes.map(({ name }) => [name, { cores: 96, gpus: 8 }]));
}

/** What is measured: a preparation, which is not, and the work. Both give texts, because a consumer reads a text. */
type Work = (tree: FabricTree) => () => number;

const labelled = (tree: FabricTree, profile: (typeof LABEL_PROFILES)[number]): string =>
  JSON.stringify({
    kind: "List",
    items: tree.nodes.map(({ name }) => ({ kind: "Node", metadata: { name, labels: nodeLabels(tree, name, profile) } })),
  });

/** `pooled` is a graph for placing nodes; `each` has a vertex for each core, and is measured with 8 cores and no GPU. */
const works: Record<string, Work> = {
  "labels, topograph": (tree) => () => labelled(tree, "topograph").length,
  "labels, aws": (tree) => () => labelled(tree, "aws").length,
  "JGF, cores pooled": (tree) => {
    const given = resources(tree);
    return () => jgfText(renderJgf(tree, given, { cores: "pooled" }).output).length;
  },
  "JGF, 8 cores each": (tree) => {
    const given: ResourcesByNode = new Map(tree.nodes.map(({ name }) => [name, { cores: 8 }]));
    return () => renderJgf(tree, given).output.graph.nodes.length;
  },
  "Flux R": (tree) => {
    const given = resources(tree);
    return () => JSON.stringify(renderFluxR(tree, given).output).length;
  },
  "Flux resource.config": (tree) => {
    const given = resources(tree);
    return () => renderFluxResourceConfig(tree, given, { cores: "pooled" }).output.toml.length;
  },
  "Slurm, tree": (tree) => () => renderSlurmTopology(tree, { plugin: "tree" }).output.length,
  "Slurm, block": (tree) => () => renderSlurmTopology(tree, { plugin: "block" }).output.length,
  Kueue: (tree) => () => JSON.stringify(renderKueueTopology(tree).output).length,
  placement: (tree) => {
    const names = tree.nodes.filter((_, index) => index % 7 === 0).map(({ name }) => name);
    return () => placementQuality(tree, names).sentence.length;
  },
  "read Slurm": (tree) => {
    const text = renderSlurmTopology(tree, { plugin: "tree" }).output;
    return () => treeFromSlurmTopology(text).tree.nodes.length;
  },
  "read node labels": (tree) => {
    const text = labelled(tree, "topograph");
    return () => treeFromNodeLabels(text).tree.nodes.length;
  },
  "read AWS topology": (tree) => {
    const Instances = tree.nodes.map(({ name, chain: [leaf, spine, core] }) => ({
      InstanceId: name,
      InstanceType: "p5.48xlarge",
      NetworkNodes: [core, spine, leaf],
    }));
    const text = JSON.stringify({ Instances });
    return () => treeFromAwsTopology(text).tree.nodes.length;
  },
};

interface Figures {
  /** Processor time with garbage collection, all threads: other work on the machine does not change it, and on an idle one it is no less than the time one waits. */
  readonly seconds: number;
  /** Peak resident memory of a process that does this and nothing else, Node.js and the tree included. */
  readonly peakMiB: number;
  readonly result: number;
}

/** Each line is measured in three processes of its own, so that neither memory nor compiled code is left from another. */
export async function benchTopology(): Promise<void> {
  console.log(`${"".padEnd(22)}${SMALL} nodes            ${LARGE} nodes          ratio`);
  for (const name of Object.keys(works)) {
    const small = await figures(name, SMALL, 3);
    const large = await figures(name, LARGE, 1);
    const show = ({ seconds, peakMiB }: Figures) => `${seconds.toFixed(3).padStart(7)} s ${peakMiB.toFixed(0).padStart(5)} MiB`;
    const verdict = small.seconds < 1 && small.peakMiB < 500 && large.seconds < 10 ? "" : "  over the goal";
    const ratio = large.seconds / small.seconds;
    console.log(`${name.padEnd(22)}${show(small)}     ${show(large)}     ${ratio.toFixed(1).padStart(5)}${verdict}`);
  }
}

async function figures(name: string, count: number, runs: number): Promise<Figures> {
  const all: Figures[] = [];
  for (let run = 0; run < runs; run++) {
    const { code, output } = await measure(process.execPath, ["--import", "tsx", __filename, name, String(count)], {
      cwd: repository,
    });
    if (code !== 0) throw new Error(`${name} for ${count} nodes ended with ${code}:\n${output.slice(-2000)}`);
    all.push(JSON.parse(output.trim().split("\n").pop()!) as Figures);
  }
  const middle = (pick: (each: Figures) => number) => median(all.map(pick));
  return { seconds: middle((each) => each.seconds), peakMiB: middle((each) => each.peakMiB), result: all[0]!.result };
}

/** In the child: does one thing once, cold, as a command line does. */
function child(name: string, count: number): void {
  const work = works[name]!(bigTree(count));
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  console.log(JSON.stringify({ seconds, peakMiB: process.resourceUsage().maxRSS / 1024, result } satisfies Figures));
}

if (require.main === module) child(process.argv[2]!, Number(process.argv[3]));
