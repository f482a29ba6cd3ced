import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import { theNodes, tierNames, treeFromPlaces, type Place } from "./chains";
import { readLabelledNodes, type LabelledNode } from "./labels-nodes";
import { INSTANCE_TYPE_KEY, READ_PROFILES, READERS, type Labels, type ProfileReader, type ReadProfile } from "./labels-profiles";
import type { SourceTree } from "./result";

export interface LabelSourceOptions {
  /** Whose keys to read. `auto` takes the one profile that the nodes carry and refuses a mixture. @default "auto" */
  readonly profile?: ReadProfile | "auto";
}

export interface LabelTree extends SourceTree {
  /** The profile that was read; undefined when `auto` found none, or more than one. */
  readonly profile?: ReadProfile;
  /** How many nodes carry keys of each profile; profiles that no node carries are left out. */
  readonly found: Readonly<Partial<Record<ReadProfile, number>>>;
}

/**
 * The tree that node labels tell of. Partly labelled lists are data: a node without a label is padded there, and a warning
 * counts and names such nodes; whether that is good enough is the completeness gate's to say. AWS labels count from the top,
 * so the highest layer of a node's instance type is tier 0.
 *
 * Never throws; paths are `items[3]`, `items[3].metadata.labels["key"]`, or `line 17` for a text that is not JSON.
 *
 * @param input `kubectl get nodes -o json` (text or value), an array of nodes, or an array of `{name, labels}`
 */
export function treeFromNodeLabels(input: unknown, options: LabelSourceOptions = {}): LabelTree {
  const { nodes, problems, warnings } = readLabelledNodes(input);
  const found = profilesOf(nodes);
  const profile = chooseProfile(options.profile ?? "auto", found, nodes, problems, warnings);
  if (profile === "topograph-v0") warnings.push(oldKeys());
  const rows = profile ? readRows(nodes, READERS[profile], warnings) : [];
  const depths = depthsByType(rows);
  const tiers = depths.get(ALL_TYPES) ?? 0;
  const accelerator = acceleratorOf(nodes, profile);
  const places: Place[] = nodes.map((node, index) => ({
    name: node.name,
    domains: rows[index] ? domainsOf(rows[index], depths) : [],
    path: node.path,
    ...optional("accelerator", accelerator(node.labels)),
  }));
  if (profile && tiers > 0) {
    warnings.push(...missing(places, rows, depths, READERS[profile]), ...differentDepths(rows, depths, tiers));
  }
  const tree = treeFromPlaces(places, { problems, warnings }, tiers);
  return { ...tree, found, ...optional("profile", profile) };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V });
}

function profilesOf(nodes: readonly LabelledNode[]): Partial<Record<ReadProfile, number>> {
  const found: Partial<Record<ReadProfile, number>> = {};
  for (const { labels } of nodes) {
    const keys = Object.keys(labels);
    for (const profile of READ_PROFILES) {
      if (keys.some(READERS[profile].owns)) found[profile] = (found[profile] ?? 0) + 1;
    }
  }
  return Object.fromEntries(READ_PROFILES.flatMap((profile) => (found[profile] ? [[profile, found[profile]]] : [])));
}

function chooseProfile(
  wanted: ReadProfile | "auto",
  found: Readonly<Partial<Record<ReadProfile, number>>>,
  nodes: readonly LabelledNode[],
  problems: HardwareProblem[],
  warnings: HardwareProblem[],
): ReadProfile | undefined {
  const there = READ_PROFILES.filter((profile) => found[profile] !== undefined);
  const counts = there.map((profile) => `${profile} on ${found[profile]} of ${nodes.length}`).join(", ");
  if (wanted !== "auto" ? found[wanted] === undefined : there.length === 0) {
    const which = wanted === "auto" ? `of a profile that is known (${READ_PROFILES.join(", ")})` : `of the profile ${wanted}`;
    warnings.push({
      path: "nodes",
      value: showNames(nodes.map(({ name }) => name)),
      message: `No node has a topology label ${which}${there.length > 0 ? `; there are ${counts}` : ""}: ${nodes.length} nodes.`,
      fix: "Label the nodes, or take another source; without labels there is no tree.",
    });
    return wanted === "auto" ? undefined : wanted;
  }
  if (wanted !== "auto") return wanted;
  if (there.length === 1) return there[0];
  // An upgrade of Topograph leaves the old keys behind: where every such node has new ones too, those are meant.
  if (there.join() === "topograph,topograph-v0" && !nodes.some(({ labels }) => onlyOldKeys(labels))) {
    warnings.push({
      path: "nodes",
      value: counts,
      message: `Nodes carry labels of Topograph from before 1.0 beside new ones (${counts}); the old are not read.`,
      fix: "Remove the labels under network.topology.nvidia.com; an upgrade leaves them behind.",
    });
    return "topograph";
  }
  problems.push({
    path: "profile",
    value: counts,
    message: `Nodes carry topology labels of ${there.length} profiles (${counts}).`,
    allowed: `one profile, or the name of the one to read: ${READ_PROFILES.join(", ")}`,
    fix: "Say which profile is meant.",
  });
  return undefined;
}

function onlyOldKeys(labels: Labels): boolean {
  const keys = Object.keys(labels);
  return keys.some(READERS["topograph-v0"].owns) && !keys.some(READERS.topograph.owns);
}

function oldKeys(): HardwareProblem {
  return {
    path: "profile",
    value: "topograph-v0",
    message: "These are labels of Topograph before 1.0; nothing writes them any more, so they may be out of date.",
    fix: "Upgrade Topograph and read its new labels.",
  };
}

function add(groups: Map<string, string[]>, key: string, name: string): void {
  const names = groups.get(key);
  if (names) names.push(name);
  else groups.set(key, [name]);
}

/** A node's domains by tier or, for AWS, by layer from the top, as far as labels give them. */
interface Row {
  readonly node: LabelledNode;
  readonly type: string;
  readonly byTier: ReadonlyMap<number, string>;
  readonly byLayer: ReadonlyMap<number, string>;
}

function readRows(nodes: readonly LabelledNode[], reader: ProfileReader, warnings: HardwareProblem[]): Row[] {
  const strange = new Map<string, string[]>();
  const rows = nodes.map((node) => {
    const byTier = new Map<number, string>();
    const byLayer = new Map<number, string>();
    for (const key of Object.keys(node.labels).filter(reader.owns)) {
      const place = reader.place(key);
      const domain = node.labels[key];
      if (place === undefined) add(strange, key, node.name);
      else if (place === "ignored" || !domain) continue;
      else if ("layer" in place) byLayer.set(place.layer, domain);
      else if (!byTier.has(place.tier)) byTier.set(place.tier, domain);
    }
    return { node, type: node.labels[INSTANCE_TYPE_KEY] ?? "", byTier, byLayer };
  });
  for (const [key, names] of strange) {
    warnings.push({
      path: "nodes",
      value: key,
      message: `The label ${key} means no tier and is not read: ${theNodes(names)}.`,
      fix: "Remove it, or correct its key.",
    });
  }
  return rows;
}

const ALL_TYPES = Symbol("all types");

/** How many tiers each instance type has, and all types together. Only AWS' layers differ by type. */
function depthsByType(rows: readonly Row[]): Map<string | symbol, number> {
  const depths = new Map<string | symbol, number>();
  for (const { type, byTier, byLayer } of rows) {
    let depth = 0;
    for (const tier of byTier.keys()) depth = Math.max(depth, tier + 1);
    for (const layer of byLayer.keys()) depth = Math.max(depth, layer);
    for (const key of [type, ALL_TYPES]) depths.set(key, Math.max(depths.get(key) ?? 0, depth));
  }
  return depths;
}

function domainsOf(row: Row, depths: ReadonlyMap<string | symbol, number>): (string | undefined)[] {
  const tiers = depths.get(ALL_TYPES)!;
  const depth = depths.get(row.type)!;
  return Array.from({ length: tiers }, (_, tier) => row.byTier.get(tier) ?? row.byLayer.get(depth - tier));
}

function acceleratorOf(nodes: readonly LabelledNode[], profile: ReadProfile | undefined) {
  const candidates = READERS[profile ?? "topograph"].accelerators;
  // One source for all: two names for one domain would make two of it.
  return candidates.find((candidate) => nodes.some(({ labels }) => candidate(labels) !== undefined)) ?? (() => undefined);
}

/** One warning for each set of labels that nodes lack. */
function missing(
  places: readonly Place[],
  rows: readonly Row[],
  depths: ReadonlyMap<string | symbol, number>,
  reader: ProfileReader,
): HardwareProblem[] {
  const tiers = depths.get(ALL_TYPES)!;
  const groups = new Map<string, string[]>();
  for (const [index, { name, domains }] of places.entries()) {
    // A type that has fewer layers lacks nothing at the tiers above; a type of which no node is labelled lacks all.
    const expected = (reader.fromTop && depths.get(rows[index]!.type)!) || tiers;
    const keys: string[] = [];
    for (let tier = 0; tier < expected; tier++) if (domains[tier] === undefined) keys.push(reader.key(tier, expected));
    if (keys.length > 0) add(groups, keys.join(", "), name);
  }
  return [...groups].map(([lack, names]) => ({
    path: "nodes",
    value: showNames(names),
    message: `${names.length} of ${places.length} nodes have no label ${lack}: ${showNames(names)}.`,
    fix: "Wait until they are labelled, or keep work off them.",
  }));
}

function differentDepths(rows: readonly Row[], depths: ReadonlyMap<string | symbol, number>, tiers: number): HardwareProblem[] {
  const shallow = rows.filter(({ type, byLayer }) => byLayer.size > 0 && depths.get(type)! < tiers);
  if (shallow.length === 0) return [];
  const counts = [...depths].flatMap(([type, depth]) =>
    typeof type === "string" && depth > 0 ? [`${type || "no type"} ${depth}`] : [],
  );
  const names = shallow.map(({ node }) => node.name);
  return [
    {
      path: "nodes",
      value: showNames(names),
      message: `Instance types have different numbers of layers (${counts.join(", ")}); no ${tierNames(tiers)[tiers - 1]} is known for ${theNodes(names)}.`,
      fix: "Nothing, when gangs stay within one type; else read each type by itself.",
    },
  ];
}
