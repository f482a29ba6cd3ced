import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import type { FabricTree } from "../../types";
import { domainOf, type Distance } from "../tree";
import { hierarchyOf, unknownName, walk, type Domain } from "./hierarchy";
import { hostlistOf, hostNameProblems } from "./nodes";
import type { Rendered } from "./result";
import { blockSizes } from "./slurm-blocks";

export type SlurmOptions =
  | {
      readonly plugin: "tree";
      /** Name of one more switch above all others. Without it jobs stay within one of several outermost domains. */
      readonly root?: string;
    }
  | {
      readonly plugin: "block";
      /** What is a block: jobs are packed into as few of these as possible. @default leaf */
      readonly within?: Distance;
    };

/** Slurm's limit for the name of a switch (SchedMD/slurm:src/plugins/topology/tree/switch_record.c, `HOST_NAME_MAX`). */
const MAX_NAME = 64;

/**
 * `topology.conf` for Slurm's topology/tree or topology/block plugin (slurm.schedmd.com/topology.conf.html).
 *
 * Switches are called as their domains are; where a leaf and a spine share a name, the spine becomes `spine-<name>`. Nodes
 * without a leaf are under a switch of their own (`unknown-leaf`), because every node has to be under one; what is above a
 * domain and not known is left out, and the domain then stands higher or alone.
 */
export function renderSlurmTopology(tree: FabricTree, options: SlurmOptions): Rendered<string> {
  const rendered = options.plugin === "tree" ? renderTree(tree, options.root) : renderBlocks(tree, options.within ?? "leaf");
  return { ...rendered, problems: [...hostNameProblems(tree), ...rendered.problems] };
}

function renderTree(tree: FabricTree, root: string | undefined): Rendered<string> {
  const hierarchy = hierarchyOf(tree, "together");
  const warnings = [...hierarchy.warnings];
  if (tree.tiers.length === 0) return { output: "", problems: [...hierarchy.problems, noTiers()], warnings };
  const names = switchNames([...walk(hierarchy.roots)], root === undefined ? [] : [root]);
  warnings.push(...names.warnings);
  const lines: string[] = [];
  const tops = hierarchy.roots.flatMap((domain) => drawSwitches(domain, names.of, lines));
  if (root !== undefined) lines.push(switchLine(names.roots[0]!, "Switches", tops));
  else if (tops.length > 1) warnings.push(severalRoots(tops));
  const [nearest] = tree.tiers;
  warnings.push(...withoutDomain(tree, nearest!, `which puts them under ${unknownName(nearest!)}`));
  return { output: lines.map((line) => `${line}\n`).join(""), problems: hierarchy.problems, warnings };
}

/** Adds the lines of a domain and of all below it, nearest first. Returns the switches that stand for it to what is above. */
function drawSwitches(domain: Domain, nameOf: (domain: Domain) => string, lines: string[]): string[] {
  if (domain.nodes.length > 0) {
    const nodes = domain.nodes.map(({ name }) => name);
    lines.push(switchLine(nameOf(domain), "Nodes", nodes));
    return [nameOf(domain)];
  }
  const children = domain.children.flatMap((child) => drawSwitches(child, nameOf, lines));
  if (domain.name === undefined) return children;
  lines.push(switchLine(nameOf(domain), "Switches", children));
  return [nameOf(domain)];
}

function switchLine(name: string, what: "Nodes" | "Switches", members: readonly string[]): string {
  return `SwitchName=${name} ${what}=${hostlistOf(members, "slurm")}`;
}

function renderBlocks(tree: FabricTree, within: Distance): Rendered<string> {
  const tiers: readonly Distance[] = within === "accelerator" ? [within] : tree.tiers;
  if (!tiers.includes(within)) return { output: "", problems: [noTier(tree, within)], warnings: [] };
  const hierarchy = hierarchyOf(within === "accelerator" ? acceleratorTree(tree) : tree, "together");
  const all = [...walk(hierarchy.roots)].filter(
    ({ tier, name }) => name !== undefined && (within === "accelerator" || tier === within),
  );
  const blocks = all.map((domain) => ({ domain, nodes: nodesBelow(domain) }));
  if (blocks.length === 0) return { output: "", problems: [...hierarchy.problems, noTier(tree, within)], warnings: [] };
  const names = switchNames(all, []);
  const sizes = blockSizes(
    blocks.map(({ domain, nodes }) => ({ name: names.of(domain), nodes: nodes.length })),
    within === "accelerator" ? [] : blocksPerDomain(hierarchy.roots, within),
  );
  const lines = blocks.map(({ domain, nodes }) => `BlockName=${names.of(domain)} Nodes=${hostlistOf(nodes, "slurm")}\n`);
  return {
    output: `${lines.join("")}BlockSizes=${sizes.sizes.join(",")}\n`,
    problems: hierarchy.problems,
    warnings: [
      ...hierarchy.warnings,
      ...names.warnings,
      ...sizes.warnings,
      ...withoutDomain(tree, within, "which leaves them out of every block"),
    ],
  };
}

/** The accelerator domains as the only tier of a tree. */
function acceleratorTree(tree: FabricTree): FabricTree {
  return {
    tiers: ["leaf"],
    nodes: tree.nodes.map(({ name, accelerator }) => ({
      name,
      chain: [accelerator ?? ""],
      padded: accelerator === undefined ? ["leaf"] : [],
    })),
  };
}

function nodesBelow(domain: Domain): string[] {
  return [...domain.nodes.map(({ name }) => name), ...domain.children.flatMap(nodesBelow)];
}

/**
 * For each tier above the blocks, nearest first, how many blocks each of its domains has, in the order of the blocks. Blocks
 * under no known domain count apart.
 */
function blocksPerDomain(roots: readonly Domain[], within: Distance): number[][] {
  const counts: number[][] = [];
  const count = (domain: Domain): number => {
    if (domain.tier === within) return domain.name === undefined ? 0 : 1;
    return domain.children.reduce((sum, child) => sum + count(child), 0);
  };
  for (let tier = roots; tier.length > 0 && tier[0]!.tier !== within; tier = tier.flatMap(({ children }) => children)) {
    const ofTier = tier.flatMap((domain) => (domain.name === undefined ? Array<number>(count(domain)).fill(1) : [count(domain)]));
    counts.unshift(ofTier.filter((blocks) => blocks > 0));
  }
  return counts;
}

/** Names that Slurm takes, all different. */
function switchNames(domains: readonly Domain[], roots: readonly string[]) {
  const names = new Map<Domain, string>();
  const taken = new Set<string>();
  const changed: string[] = [];
  const unique = (wanted: string): string => {
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    taken.add(name);
    return name;
  };
  const claim = (domain: Domain): void => {
    const given = domain.name ?? unknownName(domain.tier);
    const clean = cleanName(given);
    const known = domain.name !== undefined;
    const name = unique(known && taken.has(clean) ? cleanName(`${domain.tier}-${clean}`) : clean);
    names.set(domain, name);
    if (known && name !== given) changed.push(`${given} as ${name}`);
  };
  // Nearest first, so that leaves keep their names, and known domains before those that stand for unknown ones.
  const inOrder = byTier(domains);
  inOrder.filter(({ name }) => name !== undefined).forEach(claim);
  inOrder.filter(({ name }) => name === undefined).forEach(claim);
  const warnings = changed.length === 0 ? [] : [renamed(changed)];
  return { of: (domain: Domain) => names.get(domain)!, roots: roots.map((name) => unique(cleanName(name))), warnings };
}

function byTier(domains: readonly Domain[]): Domain[] {
  const depth = (domain: Domain): number => (domain.children.length === 0 ? 0 : 1 + depth(domain.children[0]!));
  return [...domains].sort((a, b) => depth(a) - depth(b));
}

/** `=` and `#` end a name in Slurm's files, and commas and brackets are lists. */
function cleanName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.:-]/gu, "-").slice(0, MAX_NAME - 4);
}

function renamed(changed: readonly string[]): HardwareProblem {
  const shown = changed.slice(0, 5).join(", ");
  return {
    path: "topology",
    value: changed.length > 5 ? `${shown} and ${changed.length - 5} more` : shown,
    message: `${changed.length === 1 ? "A switch is" : `${changed.length} switches are`} called otherwise in Slurm than in the fabric tree.`,
    allowed: `different names of letters, digits, \`-\`, \`_\`, \`.\` and \`:\`, at most ${MAX_NAME - 4} characters`,
    fix: "Nothing has to be done: these names are Slurm's own. Rename the domains to have the same everywhere.",
  };
}

function severalRoots(tops: readonly string[]): HardwareProblem {
  return {
    path: "topology",
    value: showNames(tops),
    message: `${tops.length} switches have nothing above them, and no job can span two of them.`,
    fix: "Give the tier above them, or a name for one switch above all (root).",
  };
}

function withoutDomain(tree: FabricTree, distance: Distance, consequence: string): HardwareProblem[] {
  const names = tree.nodes.filter((node) => domainOf(tree, node, distance) === undefined).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    {
      path: "hosts",
      value: showNames(names),
      message: `${names.length === 1 ? "A node has" : `${names.length} nodes have`} no known ${distance}, ${consequence}.`,
      fix: "Give their place in the network, or take them out of the tree.",
    },
  ];
}

function noTiers(): HardwareProblem {
  return {
    path: "topology",
    message: "The fabric tree has no tiers, so there is nothing to tell Slurm.",
    fix: "Give hosts their leaf, or leave TopologyPlugin out of slurm.conf.",
  };
}

function noTier(tree: FabricTree, within: Distance): HardwareProblem {
  return {
    path: "within",
    value: within,
    message: `No node of the fabric tree has a ${within}.`,
    allowed: tree.tiers.length > 0 ? tree.tiers.join(", ") : "a tree with tiers",
    fix: "Choose a tier that the tree has.",
  };
}
