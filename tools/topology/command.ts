import { Option, type Command } from "commander";
import type { ReadProfile } from "../../hardware/topology/sources/labels-profiles";
import type { SourceName } from "./sources";
import type { TargetName } from "./targets";

/** Names stand here once more, so that `--help` loads no parser; the types keep both lists alike. */
const SOURCES: readonly (SourceName | "auto")[] = ["auto", "inventory", "aws", "gke", "labels", "ibnetdiscover", "slurm"];
const TARGETS: readonly TargetName[] = ["labels", "jgf", "flux-r", "slurm", "kueue"];
const PROFILES = ["topograph", "aws", "gke"] as const;
const KEYS: readonly ReadProfile[] = [...PROFILES, "topograph-v0"];

export interface SourceOptions {
  readonly from: SourceName | "auto";
  /** Machine type whose adapters ibnetdiscover's tree is made of, and whose cores and GPUs nodes have. */
  readonly machineType?: string;
  /** File: name in the source → node name. */
  readonly names?: string;
  readonly keys?: ReadProfile;
  /** Devices with commas between them. */
  readonly computeHcas?: string;
  /** Hostlist. */
  readonly hosts?: string;
}

export interface ShowOptions extends SourceOptions {
  readonly json?: boolean;
  readonly ascii?: boolean;
  readonly width?: string;
}

export interface ConvertOptions extends SourceOptions {
  readonly to: TargetName;
  readonly profile: (typeof PROFILES)[number];
  readonly plugin: "tree" | "block";
  readonly cores?: string;
  readonly gpus?: string;
  readonly scheduling?: boolean;
  readonly root?: string;
  readonly within?: string;
}

export interface CheckOptions extends SourceOptions {
  readonly nodes?: string;
  readonly nodesFile?: string;
  readonly levels?: string;
  readonly json?: boolean;
}

export interface DiffOptions extends SourceOptions {
  readonly json?: boolean;
}

/** `turducken topology`: fabric trees from any source, for any consumer, beside anybody's cluster. */
export function register(program: Command): void {
  const topology = program
    .command("topology")
    .description("show, convert, check and compare fabric topologies; files or standard input");
  withSource(topology.command("show"))
    .argument("[file]", "what to read; - or nothing for standard input", "-")
    .description("draw the fabric as nested boxes and count its domains")
    .option("--json", "write the tree as JSON instead")
    .option("--ascii", "draw with +, - and |")
    .option("--width <columns>", "characters a line may have; default: the terminal's, else 110")
    .addHelpText("after", "\nExit: 0 shown, 1 the input is wrong, 2 it could not be read.")
    .action(async (file: string, options: ShowOptions) => {
      process.exitCode = await (await import("./run")).showTopology(file, options);
    });
  addConvert(topology);
  withSource(topology.command("check"))
    .argument("[file]", "what to read; - or nothing for standard input", "-")
    .description("check that nodes have their place in the network; names those that have not")
    .option("--nodes <hostlist>", "the nodes that should be there, e.g. n[01-18]; default: those in the input")
    .option("--nodes-file <file>", "a file with them: a hostlist on each line")
    .option("--levels <names>", "levels that each must have, e.g. leaf,spine; default: all tiers found")
    .option("--json", "write the answer as JSON")
    .addHelpText("after", "\nExit: 0 complete, 1 incomplete or the input is wrong, 2 it could not be checked.")
    .action(async (file: string, options: CheckOptions) => {
      process.exitCode = await (await import("./run")).checkTopology(file, options);
    });
  withSource(topology.command("diff"))
    .argument("<before>", "a file, or - for standard input")
    .argument("<after>", "a file, or - for standard input")
    .description(
      "say which nodes were added, removed or moved; domains with the same members under another name are only renamed",
    )
    .option("--json", "write the differences as JSON")
    .addHelpText("after", "\nExit: 0 alike, 1 different or an input is wrong, 2 they could not be compared.")
    .action(async (before: string, after: string, options: DiffOptions) => {
      process.exitCode = await (await import("./run")).diffTopologies(before, after, options);
    });
}

function addConvert(topology: Command): void {
  withSource(topology.command("convert"))
    .argument("[file]", "what to read; - or nothing for standard input", "-")
    .description("write the fabric in the form of a consumer")
    .addOption(new Option("--to <form>", "what to write").choices(TARGETS).makeOptionMandatory())
    .addOption(new Option("--profile <name>", "whose label keys, for labels and kueue").choices(PROFILES).default("topograph"))
    .addOption(new Option("--plugin <name>", "for slurm").choices(["tree", "block"]).default("tree"))
    .option("--root <name>", "for slurm's tree: one more switch above all, so that jobs may span them")
    .option("--within <tier>", "for slurm's blocks: what is a block, e.g. accelerator; default: leaf")
    .option("--cores <number>", "cores of each node, for jgf and flux-r")
    .option("--gpus <number>", "GPUs of each node, for jgf and flux-r")
    .option("--scheduling", "put the resource graph into R as well, for flux-r")
    .addHelpText(
      "after",
      "\nExit: 0 written, 1 the input is wrong or cannot be written so, 2 it could not be read or resources are not given.",
    )
    .action(async (file: string, options: ConvertOptions) => {
      process.exitCode = await (await import("./run")).convertTopology(file, options);
    });
}

function withSource(command: Command): Command {
  return command
    .addOption(new Option("--from <source>", "what the input is").choices(SOURCES).default("auto"))
    .option("--machine-type <name>", "machine type of the nodes: their cores and GPUs, and which adapters count")
    .option("--compute-hcas <devices>", "for ibnetdiscover: adapters that carry jobs, e.g. mlx5_0,mlx5_3; others do not count")
    .option("--hosts <hostlist>", "for ibnetdiscover: hosts that the tree has, in this order; default: all found")
    .addOption(
      new Option("--keys <profile>", "for labels: whose keys to read; default: the one profile they carry").choices(KEYS),
    )
    .option(
      "--names <file>",
      "for aws and ibnetdiscover: JSON object from names in the input to node names, or nodes as kubectl gives them",
    );
}
