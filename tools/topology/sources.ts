/** Which parser reads which input. */
import type { HardwareProblem } from "../../hardware/problem";
import { treeFromAwsTopology } from "../../hardware/topology/sources/aws";
import { treeFromComputeInstances, treeFromPhysicalHosts } from "../../hardware/topology/sources/gke";
import { treeFromIbnetdiscover } from "../../hardware/topology/sources/ibnetdiscover";
import { treeFromNodeLabels } from "../../hardware/topology/sources/labels";
import type { ReadProfile } from "../../hardware/topology/sources/labels-profiles";
import type { SourceTree } from "../../hardware/topology/sources/result";
import { treeFromSlurmTopology } from "../../hardware/topology/sources/slurm";
import type { InfiniBandHca, MachineType } from "../../hardware/types";
import { detectSource } from "./detect";
import { treeFromInventoryFile } from "./inventory-file";

export const SOURCE_NAMES = ["inventory", "aws", "gke", "labels", "ibnetdiscover", "slurm"] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

export interface ReadOptions {
  readonly from: SourceName | "auto";
  /** Adapters of the nodes' machine type; those for storage do not count in ibnetdiscover's fabric. */
  readonly hcas?: readonly InfiniBandHca[];
  /** Hosts that ibnetdiscover's tree has, in its order. @default all that are found */
  readonly hosts?: readonly string[];
  /** Whose keys to read from node labels. @default those of the one profile that they carry */
  readonly keys?: ReadProfile;
  /** Name in the source → name of the node: instance ids of AWS's answer, hosts that a fabric knows by an older name. */
  readonly names?: ReadonlyMap<string, string>;
}

export interface ReadTree extends SourceTree {
  readonly from?: SourceName;
  /** Node → machine type and pool, where the source names them. */
  readonly machineTypes?: ReadonlyMap<string, string>;
  readonly pools?: ReadonlyMap<string, string>;
  /** Machine types that the source defines itself. */
  readonly inline?: Readonly<Record<string, MachineType>>;
  /** Nodes that need no place in the network. */
  readonly exempt?: ReadonlySet<string>;
}

/** Reads a fabric tree; an input that is none of the known forms is a problem. Never throws. */
export function readTree(text: string, options: ReadOptions): ReadTree {
  const from = options.from === "auto" ? detectSource(text) : options.from;
  if (from === undefined) return { tree: { tiers: [], nodes: [] }, problems: [unknownForm(text)], warnings: [] };
  return { from, ...READERS[from](text, options) };
}

const READERS: Readonly<Record<SourceName, (text: string, options: ReadOptions) => ReadTree>> = {
  inventory: treeFromInventoryFile,
  aws: (text, { names }) =>
    looksLikeNodes(text) ? treeFromNodeLabels(text, { profile: "aws" }) : treeFromAwsTopology(text, { ...(names && { names }) }),
  gke: (text) => {
    if (looksLikeNodes(text)) return treeFromNodeLabels(text, { profile: "gke" });
    return /^\uFEFF?\s*\[/.test(text) || /"resourceStatus"/.test(text)
      ? treeFromComputeInstances(text)
      : treeFromPhysicalHosts(text);
  },
  labels: (text, { keys }) => treeFromNodeLabels(text, { ...(keys && { profile: keys }) }),
  ibnetdiscover: (text, { hcas, names, hosts }) =>
    treeFromIbnetdiscover(text, {
      ...(hcas && hcas.length > 0 && { hcas }),
      ...(hosts && { hosts }),
      ...(names && { renamed: Object.fromEntries(names) }),
    }),
  slurm: treeFromSlurmTopology,
};

/** A cloud's labels come in node lists; whoever says `--from aws` may mean these, too. */
function looksLikeNodes(text: string): boolean {
  return detectSource(text) === "labels";
}

function unknownForm(text: string): HardwareProblem {
  const start = text.trimStart().split("\n")[0]!.slice(0, 60);
  const json = /^[{[]/.test(start);
  return {
    path: "line 1",
    value: start,
    message: json ? "This is JSON of no known form, or broken JSON." : "This is in no known form.",
    allowed: SOURCE_NAMES.join(", "),
    fix: "Say with --from what it is; then what is wrong with it can be said.",
  };
}
