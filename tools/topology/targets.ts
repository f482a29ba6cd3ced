/** What a tree is written as. */
import { stringify } from "yaml";
import type { HardwareProblem } from "../../hardware/problem";
import { renderFluxR } from "../../hardware/topology/renderers/flux-r";
import { jgfText, renderJgf } from "../../hardware/topology/renderers/jgf";
import { renderKueueTopology } from "../../hardware/topology/renderers/kueue";
import { labelClashes, labelProblem, nodeLabels } from "../../hardware/topology/renderers/labels";
import type { ResourcesByNode } from "../../hardware/topology/renderers/nodes";
import { profileProblems, topologyKeys, type LabelProfile } from "../../hardware/topology/renderers/profiles";
import type { Rendered } from "../../hardware/topology/renderers/result";
import { renderSlurmTopology } from "../../hardware/topology/renderers/slurm";
import { distancesOf, domainOf } from "../../hardware/topology/tree";
import type { FabricTree } from "../../hardware/types";

export type TargetName = "labels" | "jgf" | "flux-r" | "slurm" | "kueue";

/** Forms that list cores and GPUs of each node. */
export const NEEDS_RESOURCES: readonly TargetName[] = ["jgf", "flux-r"];

export interface WriteOptions {
  readonly profile: LabelProfile;
  readonly plugin: "tree" | "block";
  /** A switch above all others, for Slurm's tree. */
  readonly root?: string;
  /** What is a block, for Slurm's block plugin. */
  readonly within?: string;
  readonly scheduling?: boolean;
  readonly resources: ResourcesByNode;
}

/** The text of a tree in a consumer's form, ending in a newline. */
export function writeTree(tree: FabricTree, to: TargetName, options: WriteOptions): Rendered<string> {
  return WRITERS[to](tree, options);
}

const WRITERS: Readonly<Record<TargetName, (tree: FabricTree, options: WriteOptions) => Rendered<string>>> = {
  labels: (tree, { profile }) => writeLabels(tree, profile),
  jgf: (tree, { resources }) => mapped(renderJgf(tree, resources), jgfText),
  "flux-r": (tree, { resources, scheduling }) =>
    mapped(renderFluxR(tree, resources, { scheduling }), (r) => `${JSON.stringify(r)}\n`),
  slurm: (tree, options) => writeSlurm(tree, options),
  kueue: (tree, { profile }) => writeKueue(tree, profile),
};

function mapped<T>({ output, problems, warnings }: Rendered<T>, text: (output: T) => string): Rendered<string> {
  return { output: problems.length > 0 ? "" : text(output), problems, warnings };
}

function writeSlurm(tree: FabricTree, { plugin, root, within = "leaf" }: WriteOptions): Rendered<string> {
  if (plugin === "tree") return renderSlurmTopology(tree, { plugin, ...(root === undefined ? {} : { root }) });
  const distance = distancesOf(tree).find((each) => each === within);
  if (distance !== undefined) return renderSlurmTopology(tree, { plugin, within: distance });
  const problem = {
    path: "--within",
    value: within,
    message: "The fabric has no such tier.",
    allowed: distancesOf(tree).join(", ") || "none",
    fix: "Choose one of these.",
  };
  return { output: "", problems: [problem], warnings: [] };
}

/** A list of nodes with these labels alone: for `kubectl apply --server-side -f -`, and our own parser reads it again. */
function writeLabels(tree: FabricTree, profile: LabelProfile): Rendered<string> {
  const problems = [...profileProblems(tree, profile), ...labelClashes(tree), ...badLabels(tree)];
  if (problems.length > 0) return { output: "", problems, warnings: [] };
  const items = tree.nodes.map(({ name }) => nodeObject(name, nodeLabels(tree, name, profile)));
  return { output: `${JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 2)}\n`, problems, warnings: [] };
}

const nodeObject = (name: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels },
});

/** Names of domains that no label can have; a source for something else than labels may know such. */
function badLabels(tree: FabricTree): HardwareProblem[] {
  const bad = new Map<string, string>();
  for (const distance of distancesOf(tree))
    for (const node of tree.nodes) {
      const domain = domainOf(tree, node, distance);
      const wrong = domain === undefined ? undefined : labelProblem(domain);
      if (wrong !== undefined) bad.set(domain!, wrong);
    }
  return [...bad].map(([value, wrong]) => ({
    path: "domain",
    value,
    message: `This name of a domain cannot be a node label: ${wrong}.`,
    allowed: "letters, digits, `-`, `_` and `.`, a letter or digit first and last",
    fix: "Rename it in the source.",
  }));
}

/** The Topology object, and after it the nodes that need a label for a level they lack, as YAML documents. */
function writeKueue(tree: FabricTree, profile: LabelProfile): Rendered<string> {
  const wrong = profileProblems(tree, profile);
  if (wrong.length > 0) return { output: "", problems: wrong, warnings: [] };
  return mapped(renderKueueTopology(tree, topologyKeys(tree, profile)), ({ topology, fills }) => {
    const labels = new Map<string, Record<string, string>>();
    for (const { node, key, value } of fills) labels.set(node, { ...labels.get(node), [key]: value });
    return [topology, ...[...labels].map(([name, own]) => nodeObject(name, own))].map((each) => stringify(each)).join("---\n");
  });
}
