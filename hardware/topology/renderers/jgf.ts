import type { FabricTree, TierName, TreeNode } from "../../types";
import { hierarchyOf, unknownName, walk, type Domain } from "./hierarchy";
import { rankNodes, type RankedNode, type ResourcesByNode } from "./nodes";
import type { Rendered } from "./result";

/**
 * A resource graph as Fluxion reads it
 * (flux-framework/flux-sched:resource/readers/resource_reader_jgf.cpp@01ee7afdf8c1daaeeccd89435d66506e94f5708a,
 * flux-framework/rfc:spec_40.rst@4b15e2a16bfe22f0cae2b4b718f95e7a18bc2c16).
 */
export interface Jgf {
  readonly graph: { readonly nodes: readonly JgfVertex[]; readonly edges: readonly JgfEdge[] };
}

export interface JgfVertex {
  readonly id: string;
  readonly metadata: {
    readonly type: string;
    readonly basename: string;
    readonly name: string;
    readonly id: number;
    readonly uniq_id: number;
    /** Of the broker that owns it; -1 above the nodes. */
    readonly rank: number;
    readonly exclusive: boolean;
    readonly unit: string;
    readonly size: number;
    /** Only the keys count; RFC 31 constraints match them on nodes alone. */
    readonly properties?: Readonly<Record<string, string>>;
    readonly paths: { readonly containment: string };
  };
}

export interface JgfEdge {
  readonly source: string;
  readonly target: string;
  readonly metadata: { readonly subsystem: "containment"; readonly relationship: "contains" };
}

export interface JgfOptions {
  /** Name of the root. @default cluster */
  readonly cluster?: string;
  /** Which host has which rank, see {@link rankNodes}. @default the order of the tree */
  readonly hostOrder?: readonly string[];
  /**
   * `each` writes one vertex for every core and GPU; `pooled` one for all of a node, with their number as its size.
   * Inside Flux it has to be `each`: the writer of R lists the ids of vertices, so a pool of 8 cores would be allocated as core 0
   * (flux-framework/flux-sched:resource/writers/match_writers.cpp, `rlite_match_writers_t::emit_vtx`). A scheduler that only
   * wants the nodes, such as Fluence, is content with `pooled`, which is smaller by the number of cores.
   * @default each
   */
  readonly cores?: "each" | "pooled";
}

/**
 * Vertex types of the tiers, outermost first: `leaf`, `spine`, `fabriccore`, `tier3` and so on. `core` is a CPU core to
 * Fluxion, so the network's core tier cannot be called that.
 */
export function jgfTypes(tree: FabricTree): { readonly tier: TierName; readonly type: string }[] {
  return tree.tiers.map((tier) => ({ tier, type: jgfType(tier) })).reverse();
}

function jgfType(tier: TierName): string {
  return tier === "core" ? "fabriccore" : tier.replace("-", "");
}

/**
 * The fabric as Fluxion's resource graph: cluster, the tiers from the outermost in, node, then core, gpu and memory.
 *
 * A jobspec that names a level above its slot has to name every level between them, and finds nothing where one is missing;
 * so all nodes are at the same depth, and an unknown domain is a vertex of its own (`unknown-leaf`) for each node. It could be
 * one for all of them only if they were known to be neighbours.
 */
export function renderJgf(tree: FabricTree, resources: ResourcesByNode, options: JgfOptions = {}): Rendered<Jgf> {
  const ranked = rankNodes(tree, resources, options.hostOrder);
  const hierarchy = hierarchyOf(tree, "apart");
  return {
    output: drawGraph(ranked.nodes, hierarchy.roots, options),
    problems: [...hierarchy.problems, ...ranked.problems],
    warnings: [...hierarchy.warnings, ...ranked.warnings],
  };
}

/** One vertex or edge on a line, so that two versions can be compared; ends with a newline. */
export function jgfText({ graph }: Jgf): string {
  const nodes = graph.nodes.map((vertex) => JSON.stringify(vertex));
  // Ids are digits and metadata the same for all, so nothing has to be escaped, which saves much time in a large graph.
  const metadata = JSON.stringify(CONTAINS);
  const edges = graph.edges.map(({ source, target }) => `{"source":"${source}","target":"${target}","metadata":${metadata}}`);
  return `{"graph":{"nodes":[\n${nodes.join(",\n")}\n],"edges":[\n${edges.join(",\n")}\n]}}\n`;
}

/** The graph of nodes that are ranked already. */
export function drawGraph(nodes: readonly RankedNode[], roots: readonly Domain[], options: JgfOptions): Jgf {
  const pen = newPen();
  const ranked = new Map(nodes.map((each) => [each.node, each]));
  const nameOf = domainNames(roots);
  const drawNode = (parent: Drawn, node: TreeNode): void => {
    drawMachine(pen, parent, ranked.get(node)!, options.cores ?? "each");
  };
  const drawDomain = (parent: Drawn, domain: Domain): void => {
    const drawn = pen.vertex(parent, { type: jgfType(domain.tier), name: nameOf(domain) });
    for (const child of domain.children) drawDomain(drawn, child);
    for (const node of domain.nodes) drawNode(drawn, node);
  };
  const cluster = pen.vertex(undefined, { type: "cluster", name: escapeName(options.cluster ?? "cluster") });
  for (const root of roots) drawDomain(cluster, root);
  if (roots.length === 0) for (const { node } of nodes) drawNode(cluster, node);
  return pen.graph;
}

/** The name of a domain in a path; what stands for an unknown one is numbered, and never called like a known one. */
function domainNames(roots: readonly Domain[]): (domain: Domain) => string {
  const known = new Set([...walk(roots)].flatMap(({ name }) => (name === undefined ? [] : [escapeName(name)])));
  const next = new Map<TierName, number>();
  return ({ tier, name }) => {
    if (name !== undefined) return escapeName(name);
    let number = next.get(tier) ?? 0;
    while (known.has(`${unknownName(tier)}-${number}`)) number++;
    next.set(tier, number + 1);
    return `${unknownName(tier)}-${number}`;
  };
}

function drawMachine(pen: Pen, parent: Drawn, { node, rank, resources, properties }: RankedNode, cores: "each" | "pooled"): void {
  const machine = pen.vertex(parent, {
    type: "node",
    name: escapeName(node.name),
    id: rank,
    rank,
    properties: Object.fromEntries(properties.map((property) => [property, ""])),
  });
  for (const [type, count] of [
    ["core", resources.cores],
    ["gpu", resources.gpus ?? 0],
  ] as const) {
    if (cores === "pooled" && count > 0) pen.vertex(machine, { type, name: `${type}0`, id: 0, rank, size: count });
    if (cores === "each") for (let id = 0; id < count; id++) pen.vertex(machine, { type, name: `${type}${id}`, id, rank });
  }
  if (resources.memoryGiB !== undefined) {
    // Fluence writes MiB and calls them MB; jobspecs made for its graphs count the same (converged-computing/fluence:pkg/jgf/jgf.go@e242622).
    pen.vertex(machine, {
      type: "memory",
      name: "memory0",
      id: 0,
      rank,
      size: Math.floor(resources.memoryGiB * 1024),
      unit: "MB",
    });
  }
}

/** A slash would look like one level more, and a path of one slash like a second root. Reversible, so names stay different. */
function escapeName(name: string): string {
  return name.replace(/[%/\s\p{Cc}]/gu, (character) => encodeURIComponent(character));
}

interface Drawn {
  readonly id: string;
  readonly path: string;
}

interface Wanted {
  readonly type: string;
  readonly name: string;
  /** @default the number of vertices of that type before it */
  readonly id?: number;
  readonly rank?: number;
  readonly size?: number;
  readonly unit?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

const CONTAINS = Object.freeze({ subsystem: "containment", relationship: "contains" } as const);

interface Pen {
  readonly graph: Jgf;
  /** Adds a vertex under a parent, or the root under none. */
  vertex(parent: Drawn | undefined, wanted: Wanted): Drawn;
}

/** Collects vertices and edges, and gives each vertex its number and path. */
function newPen(): Pen {
  const nodes: JgfVertex[] = [];
  const edges: JgfEdge[] = [];
  const counts = new Map<string, number>();
  const vertex = (parent: Drawn | undefined, wanted: Wanted): Drawn => {
    const { type, name, properties } = wanted;
    const uniqId = nodes.length;
    const count = counts.get(type) ?? 0;
    counts.set(type, count + 1);
    const drawn = { id: String(uniqId), path: `${parent?.path ?? ""}/${name}` };
    const metadata = {
      type,
      basename: type,
      name,
      id: wanted.id ?? count,
      uniq_id: uniqId,
      rank: wanted.rank ?? -1,
      exclusive: false,
      unit: wanted.unit ?? "",
      size: wanted.size ?? 1,
      ...(properties && Object.keys(properties).length > 0 ? { properties } : {}),
      paths: { containment: drawn.path },
    };
    nodes.push({ id: drawn.id, metadata });
    if (parent) edges.push({ source: parent.id, target: drawn.id, metadata: CONTAINS });
    return drawn;
  };
  return { graph: { graph: { nodes, edges } }, vertex };
}
