import { encodeIdset } from "../../idset";
import type { FabricTree } from "../../types";
import { hierarchyOf } from "./hierarchy";
import { drawGraph, type Jgf, type JgfOptions } from "./jgf";
import { hostlistOf, idsBelow, rankNodes, type NodeResources, type RankedNode, type ResourcesByNode } from "./nodes";
import type { Rendered } from "./result";
import { tomlString } from "./toml";

/** Flux's resource set, version 1 (flux-framework/rfc:spec_20.rst@4b15e2a16bfe22f0cae2b4b718f95e7a18bc2c16). */
export interface FluxR {
  readonly version: 1;
  readonly execution: {
    readonly R_lite: readonly { readonly rank: string; readonly children: { readonly core: string; readonly gpu?: string } }[];
    readonly starttime: 0;
    readonly expiration: 0;
    /** Hostlists in RFC 29 form, in the order of the ranks. */
    readonly nodelist: readonly string[];
    /** Property → ranks. */
    readonly properties?: Readonly<Record<string, string>>;
  };
  /** What Fluxion adds: tiers of the network are here, because R itself knows nodes, cores and GPUs only. */
  readonly scheduling?: Jgf & { readonly writer: "fluxion:jgf" };
}

export interface FluxROptions extends JgfOptions {
  /** Adds the graph, so that jobs can ask for a leaf as a resource; it needs `match-format = "rv1"`. @default false */
  readonly scheduling?: boolean;
}

/** R for all nodes of the tree: cores and GPUs by rank, and for each domain a property such as `leaf=l1` with its ranks. */
export function renderFluxR(tree: FabricTree, resources: ResourcesByNode, options: FluxROptions = {}): Rendered<FluxR> {
  const ranked = rankNodes(tree, resources, options.hostOrder);
  const hierarchy = hierarchyOf(tree, "apart");
  const byRank = inRankOrder(ranked.nodes);
  const properties = ranksByProperty(byRank);
  return {
    output: {
      version: 1,
      execution: {
        R_lite: ranksByResources(byRank),
        starttime: 0,
        expiration: 0,
        nodelist: byRank.length > 0 ? [hostlist(byRank)] : [],
        ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
      },
      ...(options.scheduling
        ? { scheduling: { writer: "fluxion:jgf" as const, ...drawGraph(ranked.nodes, hierarchy.roots, options) } }
        : {}),
    },
    problems: [...hierarchy.problems, ...ranked.problems],
    warnings: [...hierarchy.warnings, ...ranked.warnings],
  };
}

/** One `[[resource.config]]` entry (flux-framework/flux-core:doc/man5/flux-config-resource.rst@93ccef2f1). */
export interface FluxResourceEntry {
  readonly hosts: string;
  readonly cores?: string;
  readonly gpus?: string;
  readonly properties?: readonly string[];
}

export interface FluxResourceConfig {
  readonly config: readonly FluxResourceEntry[];
  /** For `resource.scheduling`; `resource.path` is not read where there is `resource.config`, so a whole R cannot stand beside it. */
  readonly scheduling: Jgf;
  /** The entries, and `scheduling` when a path for it was given, as part of a Flux configuration file. */
  readonly toml: string;
}

export interface FluxResourceConfigOptions extends JgfOptions {
  /** Where the graph will lie on every host, e.g. `/etc/flux/system/scheduling.json`. */
  readonly schedulingPath?: string;
}

/**
 * The `[resource]` table of a Flux system instance.
 *
 * Flux numbers hosts in the order in which entries name them first (`rlist_config_add_entry`), so the entries with cores come
 * first and keep the order of the ranks; those that only add properties follow, one for each set of properties.
 */
export function renderFluxResourceConfig(
  tree: FabricTree,
  resources: ResourcesByNode,
  options: FluxResourceConfigOptions = {},
): Rendered<FluxResourceConfig> {
  const ranked = rankNodes(tree, resources, options.hostOrder);
  const hierarchy = hierarchyOf(tree, "apart");
  const byRank = inRankOrder(ranked.nodes);
  const config = [...machineEntries(byRank), ...propertyEntries(byRank)];
  return {
    output: {
      config,
      scheduling: drawGraph(ranked.nodes, hierarchy.roots, options),
      toml: resourceToml(config, options.schedulingPath),
    },
    problems: [...hierarchy.problems, ...ranked.problems],
    warnings: [...hierarchy.warnings, ...ranked.warnings],
  };
}

function inRankOrder(nodes: readonly RankedNode[]): RankedNode[] {
  return [...nodes].sort((a, b) => a.rank - b.rank);
}

function hostlist(nodes: readonly RankedNode[]): string {
  return hostlistOf(
    nodes.map(({ node }) => node.name),
    "rfc29",
  );
}

function childrenOf({ cores, gpus = 0 }: NodeResources): { core: string; gpu?: string } {
  return { core: idsBelow(cores), ...(gpus > 0 ? { gpu: idsBelow(gpus) } : {}) };
}

/** Nodes that offer the same are one entry; entries are in the order of their first ranks. */
function ranksByResources(nodes: readonly RankedNode[]) {
  const groups = new Map<string, { ranks: number[]; resources: NodeResources }>();
  for (const { rank, resources } of nodes) {
    const group = groups.get(machineKey(resources));
    if (group) group.ranks.push(rank);
    else groups.set(machineKey(resources), { ranks: [rank], resources });
  }
  return [...groups.values()].map(({ ranks, resources }) => ({ rank: encodeIdset(ranks), children: childrenOf(resources) }));
}

function machineKey({ cores, gpus = 0 }: NodeResources): string {
  return `${cores}/${gpus}`;
}

function ranksByProperty(nodes: readonly RankedNode[]): [property: string, ranks: string][] {
  const ranks = new Map<string, number[]>();
  for (const { rank, properties } of nodes) {
    for (const property of properties) {
      const known = ranks.get(property);
      if (known) known.push(rank);
      else ranks.set(property, [rank]);
    }
  }
  return [...ranks].map(([property, of]) => [property, encodeIdset(of)]);
}

/** One entry for each run of equal machines in the order of the ranks. */
function machineEntries(nodes: readonly RankedNode[]): FluxResourceEntry[] {
  const runs: RankedNode[][] = [];
  for (const node of nodes) {
    const run = runs[runs.length - 1];
    if (run && machineKey(run[0]!.resources) === machineKey(node.resources)) run.push(node);
    else runs.push([node]);
  }
  return runs.map((run) => {
    const { core, gpu } = childrenOf(run[0]!.resources);
    return { hosts: hostlist(run), cores: core, ...(gpu === undefined ? {} : { gpus: gpu }) };
  });
}

function propertyEntries(nodes: readonly RankedNode[]): FluxResourceEntry[] {
  const groups = new Map<string, RankedNode[]>();
  for (const node of nodes) {
    if (node.properties.length === 0) continue;
    const key = JSON.stringify(node.properties);
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return [...groups.values()].map((group) => ({ hosts: hostlist(group), properties: group[0]!.properties }));
}

function resourceToml(config: readonly FluxResourceEntry[], schedulingPath: string | undefined): string {
  const head = schedulingPath === undefined ? [] : [`[resource]\nscheduling = ${tomlString(schedulingPath)}\n`];
  const entries = config.map(({ hosts, cores, gpus, properties }) =>
    [
      "[[resource.config]]",
      `hosts = ${tomlString(hosts)}`,
      ...(cores === undefined ? [] : [`cores = ${tomlString(cores)}`]),
      ...(gpus === undefined ? [] : [`gpus = ${tomlString(gpus)}`]),
      ...(properties === undefined ? [] : [`properties = [${properties.map(tomlString).join(", ")}]`]),
      "",
    ].join("\n"),
  );
  return [...head, ...entries].join("\n");
}
