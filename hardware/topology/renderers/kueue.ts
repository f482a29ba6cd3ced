import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import type { FabricTree, TierName } from "../../types";
import { domainOf } from "../tree";
import { topologyKeys } from "./labels";
import type { Rendered } from "./result";

/**
 * What a node carries at a level that it has no domain for. Kueue leaves a node out that lacks the label of any level, and until
 * 0.19 dropped one whose value was a host name (kubernetes-sigs/kueue PR 14010), so it is neither missing nor the node's name.
 */
export const KUEUE_MISSING_LEVEL = "unknown";

const HOSTNAME_KEY = "kubernetes.io/hostname";

/** Kueue's limit (kubernetes-sigs/kueue:apis/kueue/v1beta2/topology_types.go, `spec.levels` 1 to 16). */
const MAX_LEVELS = 16;

export interface KueueTopology {
  readonly apiVersion: "kueue.x-k8s.io/v1beta2";
  readonly kind: "Topology";
  readonly metadata: { readonly name: string };
  /** Broadest first. Levels may only be changed where the last one is the host name, before and after. */
  readonly spec: { readonly levels: readonly { readonly nodeLabel: string }[] };
}

/** A label that a node must be given so that Kueue sees it at all. */
export interface LevelFill {
  readonly node: string;
  readonly key: string;
  readonly value: string;
}

export interface KueueRendering {
  readonly topology: KueueTopology;
  /** By node in the order of the tree, broadest level first. Nodes of one parent that share a fill look like neighbours to Kueue. */
  readonly fills: readonly LevelFill[];
}

export interface KueueOptions {
  /** Name of the Topology object. @default fabric */
  readonly name?: string;
}

/**
 * Kueue's `Topology` for the tiers of a tree, and what has to be filled in on nodes that lack a level.
 *
 * @param keys which node label key means which tier, in any order. @default Topograph's keys
 */
export function renderKueueTopology(
  tree: FabricTree,
  keys: readonly { readonly tier: TierName; readonly key: string }[] = topologyKeys(tree),
  options: KueueOptions = {},
): Rendered<KueueRendering> {
  const name = options.name ?? "fabric";
  const keyOf = new Map(keys.map(({ tier, key }) => [tier, key]));
  const levels = [...tree.tiers].reverse().flatMap((tier) => {
    const key = keyOf.get(tier);
    return key === undefined ? [] : [{ tier, key }];
  });
  const fills = tree.nodes.flatMap((node) =>
    levels
      .filter(({ tier }) => domainOf(tree, node, tier) === undefined)
      .map(({ key }) => ({ node: node.name, key, value: KUEUE_MISSING_LEVEL })),
  );
  return {
    output: {
      topology: {
        apiVersion: "kueue.x-k8s.io/v1beta2",
        kind: "Topology",
        metadata: { name },
        spec: { levels: [...levels.map(({ key }) => ({ nodeLabel: key })), { nodeLabel: HOSTNAME_KEY }] },
      },
      fills,
    },
    problems: [...badName(name), ...badKeys(tree, keyOf), ...clashes(tree)],
    warnings: sharedFills(fills),
  };
}

function badName(name: string): HardwareProblem[] {
  if (name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return [];
  return [
    {
      path: "name",
      value: name,
      message: "This cannot be the name of a Kubernetes object.",
      allowed: "lower-case letters, digits, `-` and `.`, a letter or digit first and last, at most 253 characters",
      fix: "Choose another name.",
    },
  ];
}

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

function badKeys(tree: FabricTree, keyOf: ReadonlyMap<TierName, string>): HardwareProblem[] {
  const problem = (tier: TierName, value: string | undefined, message: string, fix: string): HardwareProblem => ({
    path: `keys.${tier}`,
    value,
    message,
    allowed: "one label key for each tier, such as fabric.topograph.run/tier-0",
    fix,
  });
  const used = new Map<string, TierName>([]);
  const problems = tree.tiers.flatMap((tier): HardwareProblem[] => {
    const key = keyOf.get(tier);
    if (key === undefined) return [problem(tier, key, `The tier ${tier} has no label key.`, "Give the key that nodes carry.")];
    const other = used.get(key);
    used.set(key, tier);
    if (key === HOSTNAME_KEY)
      return [problem(tier, key, "The host name can only be the last level.", "Name the tier's own label.")];
    if (!LABEL_KEY.test(key)) return [problem(tier, key, "This is no label key.", "Correct the key.")];
    if (other !== undefined)
      return [problem(tier, key, `The tiers ${other} and ${tier} have the same key.`, "Give each its own.")];
    return [];
  });
  if (tree.tiers.length + 1 <= MAX_LEVELS) return problems;
  return [
    ...problems,
    {
      path: "topology",
      value: tree.tiers.length,
      message: `Kueue takes ${MAX_LEVELS} levels with the host name; the tree has ${tree.tiers.length} tiers.`,
      fix: "Leave outer tiers out.",
    },
  ];
}

/** A domain or host called like the constant would be taken for a missing level. */
function clashes(tree: FabricTree): HardwareProblem[] {
  const named = tree.nodes.some(
    (node) => node.name === KUEUE_MISSING_LEVEL || tree.tiers.some((tier) => domainOf(tree, node, tier) === KUEUE_MISSING_LEVEL),
  );
  if (!named) return [];
  return [
    {
      path: "topology",
      value: KUEUE_MISSING_LEVEL,
      message: `A host or domain is called ${KUEUE_MISSING_LEVEL}, which stands for levels that a node lacks.`,
      fix: "Rename it.",
    },
  ];
}

function sharedFills(fills: readonly LevelFill[]): HardwareProblem[] {
  const byKey = new Map<string, string[]>();
  for (const { key, node } of fills) {
    const nodes = byKey.get(key);
    if (nodes) nodes.push(node);
    else byKey.set(key, [node]);
  }
  return [...byKey].map(([key, nodes]) => ({
    path: key,
    value: showNames(nodes),
    message: `${nodes.length === 1 ? "A node lacks" : `${nodes.length} nodes lack`} this level and must carry ${KUEUE_MISSING_LEVEL} instead; under one parent Kueue takes them for neighbours.`,
    fix: "Find out where they are, or keep gangs off them.",
  }));
}
