import { showNames } from "../hostlist";
import type { FabricTree } from "../types";

/** A node that should be there, and the pool whose count it is part of. */
export interface ExpectedNode {
  readonly name: string;
  readonly pool: string;
}

/** Nodes as an API server gives them, judged by the label keys that should be on each: level → key. */
export interface LabelledNodes {
  readonly keys: Readonly<Record<string, string>>;
  readonly nodes: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
}

export interface CompletenessOptions {
  /**
   * Levels that nodes must have (tiers of a tree, `accelerator`, or names in `keys`), for all pools or by pool: pools can
   * differ, and one whose list is empty only has to be there. @default every tier of the tree, every level in `keys`
   */
  readonly levels?: readonly string[] | ((pool: string) => readonly string[]);
}

export interface PoolCompleteness {
  readonly pool: string;
  /** Levels that the nodes of this pool must have, nearest first. */
  readonly levels: readonly string[];
  readonly expected: number;
  /** Nodes that are there and have every level. */
  readonly complete: number;
  /** Expected nodes that are not in the tree or list, in the order of the expectation. */
  readonly missing: readonly string[];
  /** Node → the levels that it lacks, nearest first; nodes that are missing altogether are not among them. */
  readonly lacking: ReadonlyMap<string, readonly string[]>;
}

export interface Completeness {
  /** True when every expected node is there with every level, and there was a level to judge by. */
  readonly complete: boolean;
  readonly pools: readonly PoolCompleteness[];
  /** Nodes of the tree or list that nobody expects. They do not make it incomplete. */
  readonly unexpected: readonly string[];
  /** False when no pool has any level: then nothing was shown, e.g. because no node is labelled at all. */
  readonly judged: boolean;
}

/**
 * Compares a tree, or nodes with labels, with the nodes that should be there: which lack which level, by pool, and who is
 * missing or unexpected. Real pools are labelled in part (one of eight, five of 32 nodes), and a job that lands on an unlabelled node
 * runs at any distance; so this is asked before queues are opened.
 *
 * Pools come in the order of their first node. An expected name that stands twice counts once.
 */
export function completeness(
  seen: FabricTree | LabelledNodes,
  expected: readonly ExpectedNode[],
  options: CompletenessOptions = {},
): Completeness {
  const { all, has } = "tiers" in seen ? levelsOfTree(seen) : levelsOfLabels(seen);
  const { levels: wanted = all } = options;
  const levelsFor = typeof wanted === "function" ? wanted : () => wanted;
  const byPool = new Map<string, string[]>();
  const names = new Set<string>();
  for (const { name, pool } of expected) {
    if (names.has(name)) continue;
    names.add(name);
    const members = byPool.get(pool);
    if (members) members.push(name);
    else byPool.set(pool, [name]);
  }
  const pools = [...byPool].map(([pool, members]) => judgePool(pool, members, levelsFor(pool), has));
  const judged = pools.length === 0 || pools.some(({ levels }) => levels.length > 0);
  return {
    complete: judged && pools.every(({ expected: count, complete }) => count === complete),
    pools,
    unexpected: [...new Set(seen.nodes.map(({ name }) => name))].filter((name) => !names.has(name)),
    judged,
  };
}

/** What a node has; undefined for a node that is not there. */
type HasLevel = (name: string) => ((level: string) => boolean) | undefined;

function levelsOfTree(tree: FabricTree): { all: readonly string[]; has: HasLevel } {
  const nodes = new Map(tree.nodes.map((node) => [node.name, node]));
  const tiers = new Set<string>(tree.tiers);
  const has: HasLevel = (name) => {
    const node = nodes.get(name);
    if (!node) return undefined;
    const padded = new Set<string>(node.padded);
    return (level) => (level === "accelerator" ? node.accelerator !== undefined : tiers.has(level) && !padded.has(level));
  };
  return { all: tree.tiers, has };
}

function levelsOfLabels({ keys, nodes }: LabelledNodes): { all: readonly string[]; has: HasLevel } {
  const labels = new Map(nodes.map((node) => [node.name, node.labels]));
  const has: HasLevel = (name) => {
    const own = labels.get(name);
    if (!own) return undefined;
    return (level) => {
      const key = Object.hasOwn(keys, level) ? keys[level]! : undefined;
      return key !== undefined && Object.hasOwn(own, key) && own[key] !== "";
    };
  };
  return { all: Object.keys(keys), has };
}

function judgePool(pool: string, members: readonly string[], levels: readonly string[], has: HasLevel): PoolCompleteness {
  const missing: string[] = [];
  const lacking = new Map<string, string[]>();
  for (const name of members) {
    const hasLevel = has(name);
    if (!hasLevel) {
      missing.push(name);
      continue;
    }
    const lacks = levels.filter((level) => !hasLevel(level));
    if (lacks.length > 0) lacking.set(name, lacks);
  }
  const complete = members.length - missing.length - lacking.size;
  return { pool, levels, expected: members.length, complete, missing, lacking };
}

/**
 * The same as sentences, one for each pool and one for nodes that nobody expects, e.g. `Pool workers: 7 of 8 nodes have leaf
 * and spine; no leaf and spine: n07.`
 */
export function describeCompleteness(result: Completeness): string[] {
  const sentences = result.pools.map(describePool);
  if (!result.judged) sentences.unshift("No level is known to judge by: no node has a place in the network.");
  if (result.unexpected.length > 0) {
    const count = result.unexpected.length;
    sentences.push(`${count} ${count === 1 ? "node is" : "nodes are"} in no pool: ${showNames(result.unexpected)}.`);
  }
  return sentences;
}

function describePool({ pool, levels, expected, complete, missing, lacking }: PoolCompleteness): string {
  const one = complete === 1;
  const which = levels.length > 0 ? `${one ? "has" : "have"} ${list(levels)}` : one ? "is there" : "are there";
  const parts = [`Pool ${pool}: ${complete} of ${expected} ${expected === 1 ? "node" : "nodes"} ${which}`];
  const groups = new Map<string, string[]>();
  for (const [name, lacks] of lacking) {
    const key = list(lacks);
    const names = groups.get(key);
    if (names) names.push(name);
    else groups.set(key, [name]);
  }
  for (const [lacks, names] of groups) parts.push(`no ${lacks}: ${showNames(names)}`);
  if (missing.length > 0) parts.push(`not there: ${showNames(missing)}`);
  return `${parts.join("; ")}.`;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
