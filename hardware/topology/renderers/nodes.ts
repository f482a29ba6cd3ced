import { encodeIdset } from "../../idset";
import { compressHostlist, showNames, type HostlistForm } from "../../hostlist";
import { nearestNames } from "../../nearest";
import type { HardwareProblem } from "../../problem";
import type { FabricTree, TreeNode } from "../../types";
import { domainOf } from "../tree";

/** What one node offers to Flux. */
export interface NodeResources {
  /** CPU cores that jobs may use, at least 1; logical ids 0 to cores-1. */
  readonly cores: number;
  /** @default 0 */
  readonly gpus?: number;
  /** Left out of the graph when it is not given. */
  readonly memoryGiB?: number;
  /** Further properties that jobs may ask for, e.g. `fatnode`. */
  readonly properties?: readonly string[];
}

export type ResourcesByNode = ReadonlyMap<string, NodeResources>;

/** A node of the tree with its rank and what it offers. */
export interface RankedNode {
  readonly node: TreeNode;
  readonly rank: number;
  readonly resources: NodeResources;
  /** Properties of the place (`leaf=l1`) nearest tier first, then the node's own; only legal ones, each once. */
  readonly properties: readonly string[];
}

export interface RankedNodes {
  /** In the order of the tree. */
  readonly nodes: readonly RankedNode[];
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}

/** What RFC 20 forbids in the name of a property (flux-framework/rfc:spec_20.rst@4b15e2a16bfe22f0cae2b4b718f95e7a18bc2c16). */
const ILLEGAL_IN_PROPERTY = "!&'\"^`|()";

const NOTHING: NodeResources = { cores: 0 };

/**
 * Gives every node of a tree its rank and its properties, and says all that is wrong with the resources and the order.
 *
 * Ranks are positions in `hostOrder`, because Flux knows a broker by its position in the list of hosts for as long as the
 * instance lives: new hosts are appended to that list, and where they stand in the network is not in their rank.
 *
 * @param hostOrder every node of the tree exactly once. @default the order of the tree
 */
export function rankNodes(tree: FabricTree, resources: ResourcesByNode, hostOrder?: readonly string[]): RankedNodes {
  const problems: HardwareProblem[] = [...badResources(resources), ...hostNameProblems(tree)];
  const warnings: HardwareProblem[] = [];
  const ranks = ranksOf(tree, hostOrder, problems);
  const missing: string[] = [];
  const illegal = new Map<string, string>();
  const reserved = new Set<string>();
  const nodes = tree.nodes.map((node): RankedNode => {
    const given = resources.get(node.name);
    if (!given) missing.push(node.name);
    const properties = new Set<string>();
    for (const property of [...placeProperties(tree, node), ...(given?.properties ?? [])]) {
      const wrong = propertyProblem(property);
      if (wrong) illegal.set(property, wrong);
      else properties.add(property);
      if (property.includes("@")) reserved.add(property);
    }
    return { node, rank: ranks.get(node.name)!, resources: given ?? NOTHING, properties: [...properties] };
  });
  if (missing.length > 0) problems.push(withoutResources(missing));
  for (const [property, wrong] of illegal) problems.push(illegalProperty(property, wrong));
  if (reserved.size > 0) warnings.push(reservedCharacter([...reserved]));
  const known = new Set(tree.nodes.map(({ name }) => name));
  const extra = [...resources.keys()].filter((name) => !known.has(name));
  if (extra.length > 0) warnings.push(outsideTree(extra, known));
  return { nodes, problems, warnings };
}

/** Where a node stands, as properties a job can require: `leaf=l1`, `spine=s1`, and `accelerator=nvl0` last. */
function placeProperties(tree: FabricTree, node: TreeNode): string[] {
  return [...tree.tiers, "accelerator" as const].flatMap((distance) => {
    const domain = domainOf(tree, node, distance);
    return domain === undefined ? [] : [`${distance}=${domain}`];
  });
}

/** Why a text cannot be a Flux property, or undefined when it can. */
export function propertyProblem(property: string): string | undefined {
  if (property === "") return "it is empty";
  const bad = [...property].filter((character) => ILLEGAL_IN_PROPERTY.includes(character));
  if (bad.length > 0) return `it contains ${[...new Set(bad)].join(" ")}`;
  return undefined;
}

/** `0-7` for 8; Flux numbers cores and GPUs of a node from 0. */
export function idsBelow(count: number): string {
  return encodeIdset(Array.from({ length: count }, (_, id) => id));
}

/** Host names that no host can have, and those that the tree has twice. */
export function hostNameProblems(tree: FabricTree): HardwareProblem[] {
  const names = tree.nodes.map(({ name }) => name);
  const seen = new Set<string>();
  const twice = new Set(names.filter((name) => seen.size === seen.add(name).size));
  const bad = [...seen].filter((name) => !/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name));
  const problem = (which: readonly string[], what: string, fix: string): HardwareProblem[] =>
    which.length === 0
      ? []
      : [
          {
            path: "hosts",
            value: showNames(which),
            message: `${which.length === 1 ? "A host's name" : `Names of ${which.length} hosts`} ${what}.`,
            allowed: "different names of letters, digits, `-`, `_` and `.`, a letter or digit first and last",
            fix,
          },
        ];
  return [
    ...problem(bad, "cannot be a host name", "Use the names that hostname(1) prints."),
    ...problem([...twice], "stands in the fabric tree more than once", "Name every host once."),
  ];
}

/** A hostlist of the names that can be in one; of the others {@link hostNameProblems} has told. */
export function hostlistOf(names: readonly string[], form: HostlistForm): string {
  return compressHostlist(
    names.filter((name) => /^[^\s,[\]]+$/.test(name)),
    form,
  );
}

function ranksOf(tree: FabricTree, hostOrder: readonly string[] | undefined, problems: HardwareProblem[]): Map<string, number> {
  const ranks = new Map<string, number>();
  const twice = new Set<string>();
  for (const name of hostOrder ?? tree.nodes.map((node) => node.name)) {
    if (ranks.has(name)) twice.add(name);
    else ranks.set(name, ranks.size);
  }
  if (hostOrder && twice.size > 0) problems.push(order([...twice], "named twice", "Name every host once."));
  const known = new Set(tree.nodes.map(({ name }) => name));
  const strangers = [...ranks.keys()].filter((name) => !known.has(name));
  if (strangers.length > 0)
    problems.push(order(strangers, "not in the fabric tree", "Add them to the inventory, or take them out."));
  const absent = tree.nodes.filter(({ name }) => !ranks.has(name)).map(({ name }) => name);
  if (absent.length > 0)
    problems.push(order(absent, "missing", "Append them at the end: ranks that are in use stay as they are."));
  for (const name of absent) ranks.set(name, ranks.size);
  return ranks;
}

function order(names: readonly string[], what: string, fix: string): HardwareProblem {
  return {
    path: "hostOrder",
    value: showNames(names),
    message: `${names.length === 1 ? "A host is" : `${names.length} hosts are`} ${what} in the order of the ranks.`,
    allowed: "every node of the fabric tree exactly once",
    fix,
  };
}

function badResources(resources: ResourcesByNode): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  const check = (node: string, field: string, value: number | undefined, least: number, whole: boolean) => {
    if (value === undefined || (value >= least && value <= 1_000_000 && (!whole || Number.isInteger(value)))) return;
    problems.push({
      path: `nodes.${node}.${field}`,
      value,
      message: `This is no possible number of ${field === "memoryGiB" ? "GiB" : field}.`,
      allowed: `${whole ? "a whole number" : "a number"} from ${least} to 1000000`,
      fix: "Give what the machine has.",
    });
  };
  const seen = new Set<NodeResources>();
  for (const [node, given] of resources) {
    if (seen.has(given)) continue;
    seen.add(given);
    check(node, "cores", given.cores, 1, true);
    check(node, "gpus", given.gpus, 0, true);
    check(node, "memoryGiB", given.memoryGiB, 0, false);
  }
  return problems;
}

function withoutResources(names: readonly string[]): HardwareProblem {
  return {
    path: "nodes",
    value: showNames(names),
    message: `${names.length === 1 ? "A node has" : `${names.length} nodes have`} no resources given.`,
    allowed: "cores (and GPUs) for every node of the fabric tree",
    fix: "Give their machine type, or take the nodes out of the tree.",
  };
}

function illegalProperty(property: string, wrong: string): HardwareProblem {
  return {
    path: "properties",
    value: property,
    message: `Flux cannot use this as a property: ${wrong}.`,
    allowed: `text without ${[...ILLEGAL_IN_PROPERTY].join(" ")}`,
    fix: "Choose another name for the property or the domain.",
  };
}

function reservedCharacter(properties: readonly string[]): HardwareProblem {
  return {
    path: "properties",
    value: properties.slice(0, 5).join(", "),
    message: "The character @ is reserved in properties: a scheduler may read what stands after it as a kind of resource.",
    fix: "Choose names without @ unless that is meant.",
  };
}

function outsideTree(names: readonly string[], known: Iterable<string>): HardwareProblem {
  const [nearest] = names.length === 1 ? nearestNames(names[0]!, known, 1) : [];
  return {
    path: "nodes",
    value: showNames(names),
    message: `Resources are given for ${names.length === 1 ? "a node" : `${names.length} nodes`} outside the fabric tree, which are left out.`,
    fix: nearest ? `Did you mean ${nearest}?` : "Add them to the tree, or remove their resources.",
  };
}
