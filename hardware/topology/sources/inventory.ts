import { showNames } from "../../hostlist";
import { nearestNames } from "../../nearest";
import type { HardwareProblem } from "../../problem";
import type { FabricTree, TierName, TreeNode } from "../../types";
import { labelClashes, labelProblem } from "../renderers/labels";
import { UNKNOWN_DOMAIN } from "../tree";
import type { SourceTree } from "./result";

/** One host of an inventory. Names are unique; whoever reads the inventory has checked that. */
export interface InventoryNode {
  readonly name: string;
  /** Name of the leaf switch, or of the group of hosts that share their leaves. */
  readonly leaf?: string;
  /** NVLink or other accelerator domain. */
  readonly accelerator?: string;
  /** Control-plane hosts are often not on the fabric; it is no mistake when such a host has no leaf. @default false */
  readonly mayLackLeaf?: boolean;
  /** Where the user wrote this host, e.g. `cluster.hosts[2]`. @default `cluster.hosts` */
  readonly path?: string;
}

export interface Inventory {
  readonly nodes: readonly InventoryNode[];
  /** Spine name → the leaves under it. */
  readonly spines?: Readonly<Record<string, readonly string[]>>;
  /** Core name → the spines under it. */
  readonly cores?: Readonly<Record<string, readonly string[]>>;
  /** Where `spines` and `cores` stand in the configuration. @default `cluster.topology` */
  readonly path?: string;
}

const HOSTS_PATH = "cluster.hosts";

/**
 * The fabric tree that a user declared: hosts name their leaf, spines list their leaves, cores their spines. A tier exists
 * when anything was given for it. Never throws: whatever is wrong is in `problems`, everything at once.
 */
export function treeFromInventory(inventory: Inventory): SourceTree {
  const path = inventory.path ?? "cluster.topology";
  const problems: HardwareProblem[] = [];
  const warnings: HardwareProblem[] = [];
  const leaves = unique(inventory.nodes.map(({ leaf }) => leaf));
  const spines = given(inventory.spines);
  const cores = given(inventory.cores);

  problems.push(...hostsWithoutLeaf(inventory.nodes, leaves));
  if (spines && leaves.length === 0) {
    problems.push({
      path: `${path}.spines`,
      message: "Spines are given, but no host has a leaf.",
      fix: "Give each group of hosts its leaf, or remove the spines.",
    });
  }
  if (cores && !spines) {
    problems.push({
      path: `${path}.cores`,
      message: "Cores are given without spines.",
      fix: "Say which leaves are under which spine, or remove the cores.",
    });
  }
  const spineOf =
    spines && leaves.length > 0
      ? parents({ children: leaves, groups: spines, child: "leaf", parent: "spine", path: `${path}.spines` }, problems, warnings)
      : new Map<string, string>();
  const coreOf =
    spines && cores
      ? parents(
          { children: Object.keys(spines), groups: cores, child: "spine", parent: "core", path: `${path}.cores` },
          problems,
          warnings,
        )
      : new Map<string, string>();

  const tiers: TierName[] = [];
  if (leaves.length > 0) tiers.push("leaf");
  if (leaves.length > 0 && spines) tiers.push("spine");
  if (leaves.length > 0 && spines && cores) tiers.push("core");
  const tree: FabricTree = { tiers, nodes: inventory.nodes.map((node) => treeNode(node, tiers, [spineOf, coreOf])) };
  problems.push(...badNames(inventory, leaves, path), ...labelClashes(tree));
  return { tree, problems, warnings };
}

function unique(names: Iterable<string | undefined>): string[] {
  return [...new Set([...names].filter((name) => name !== undefined))];
}

/** Groups that say something; an empty object is as good as none. */
function given(
  groups: Readonly<Record<string, readonly string[]>> | undefined,
): Readonly<Record<string, readonly string[]>> | undefined {
  return groups && Object.keys(groups).length > 0 ? groups : undefined;
}

function hostsWithoutLeaf(nodes: readonly InventoryNode[], leaves: readonly string[]): HardwareProblem[] {
  const missing = nodes.filter((node) => node.leaf === undefined && !node.mayLackLeaf);
  if (leaves.length === 0 || missing.length === 0) return [];
  const paths = unique(missing.map((node) => node.path));
  return [
    {
      path: paths.length === 1 ? `${paths[0]!}.leaf` : HOSTS_PATH,
      value: showNames(missing.map(({ name }) => name)),
      message: `${missing.length === 1 ? "A host has" : `${missing.length} hosts have`} no leaf while others have one.`,
      allowed: `a leaf for every worker: ${showNames(leaves)}, or a new one`,
      fix: "Give these hosts their leaf, or no host any.",
    },
  ];
}

interface TierInput {
  readonly children: readonly string[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly child: string;
  readonly parent: string;
  readonly path: string;
}

/** Child → parent, with a problem for every child that has not exactly one and for every parent of an unknown child. */
function parents(input: TierInput, problems: HardwareProblem[], warnings: HardwareProblem[]): Map<string, string> {
  const { children, groups, child, parent, path } = input;
  const known = new Set(children);
  const parentOf = new Map<string, string>();
  for (const [group, members] of Object.entries(groups)) {
    const at = `${path}.${group}`;
    if (members.length === 0)
      warnings.push({
        path: at,
        value: members,
        message: `The ${parent} has nothing under it.`,
        fix: `List what is under ${group}, or remove it.`,
      });
    for (const [index, name] of members.entries()) {
      const before = parentOf.get(name);
      if (!known.has(name)) {
        problems.push(unknownChild(input, `${at}[${index}]`, name));
      } else if (before === group) {
        warnings.push({
          path: `${at}[${index}]`,
          value: name,
          message: `The ${child} is listed twice.`,
          fix: "Remove one of them.",
        });
      } else if (before !== undefined) {
        problems.push({
          path: `${at}[${index}]`,
          value: name,
          message: `The ${child} ${name} is under two: ${before} and ${group}.`,
          allowed: `one ${parent} for each ${child}`,
          fix: `Remove it from one. When ${child} switches have several uplinks, name the group of ${parent} switches, not each.`,
        });
      } else {
        parentOf.set(name, group);
      }
    }
  }
  const orphans = children.filter((name) => !parentOf.has(name));
  if (orphans.length > 0) {
    problems.push({
      path,
      value: showNames(orphans),
      message: `${orphans.length === 1 ? `A ${child} is` : `${orphans.length} ${plural(child)} are`} under no ${parent}.`,
      allowed: `one ${parent} for each ${child}`,
      fix: `Add ${orphans.length === 1 ? "it" : "them"} to one of: ${showNames(Object.keys(groups))}.`,
    });
  }
  return parentOf;
}

function plural(word: string): string {
  return word === "leaf" ? "leaves" : `${word}s`;
}

function unknownChild({ children, child, parent }: TierInput, path: string, name: string): HardwareProblem {
  const [nearest] = nearestNames(name, children, 1);
  return {
    path,
    value: name,
    message: child === "leaf" ? "No host has this leaf." : `There is no such ${child}.`,
    allowed: `${plural(child)}: ${showNames(children)}`,
    fix: nearest ? `Did you mean ${nearest}?` : `Correct the name, or remove it from the ${parent}.`,
  };
}

/** Pads what is missing, explicitly. `upwards[t]` leads from the domain of tier t to that of tier t+1. */
function treeNode(node: InventoryNode, tiers: readonly TierName[], upwards: readonly ReadonlyMap<string, string>[]): TreeNode {
  const chain: string[] = [];
  const padded: TierName[] = [];
  let domain = node.leaf;
  for (const [tier, name] of tiers.entries()) {
    if (tier > 0 && domain !== undefined) domain = upwards[tier - 1]!.get(domain);
    if (domain === undefined) padded.push(name);
    chain.push(domain ?? UNKNOWN_DOMAIN);
  }
  return { name: node.name, chain, padded, ...(node.accelerator === undefined ? {} : { accelerator: node.accelerator }) };
}

/** Names of domains that cannot be label values. Nothing is changed silently: two names could become one. */
function badNames({ nodes, spines = {}, cores = {} }: Inventory, leaves: readonly string[], path: string): HardwareProblem[] {
  const hostPath = (pick: (node: InventoryNode) => boolean, field: string) => `${nodes.find(pick)?.path ?? HOSTS_PATH}.${field}`;
  const named = [
    ...leaves.map((name) => ({ name, word: "leaf", path: hostPath((node) => node.leaf === name, "leaf") })),
    ...Object.keys(spines).map((name) => ({ name, word: "spine", path: `${path}.spines` })),
    ...Object.keys(cores).map((name) => ({ name, word: "core", path: `${path}.cores` })),
    ...unique(nodes.map(({ accelerator }) => accelerator)).map((name) => ({
      name,
      word: "accelerator domain",
      path: hostPath((node) => node.accelerator === name, "accelerator"),
    })),
  ];
  return named.flatMap(({ name, word, path: at }) => {
    const wrong = labelProblem(name);
    if (!wrong) return [];
    return [
      {
        path: at,
        value: name,
        message: `This name of a ${word} cannot be a node label: ${wrong}.`,
        allowed: "letters, digits, `-`, `_` and `.`, a letter or digit first and last",
        fix: "Choose another name.",
      },
    ];
  });
}
