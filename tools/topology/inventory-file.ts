/** An inventory from a file: a stack file of a cluster, its `cluster` alone, or the few fields of it that say where hosts are. */
import { parseDocument } from "yaml";
import { validateInlineTypes } from "../../hardware/catalogue/inline";
import { expandHostlist, HostlistError } from "../../hardware/hostlist";
import type { HardwareProblem } from "../../hardware/problem";
import { treeFromInventory, type InventoryNode } from "../../hardware/topology/sources/inventory";
import type { SourceTree } from "../../hardware/topology/sources/result";
import type { MachineType } from "../../hardware/types";
import { isObject, type Raw } from "../../hardware/plain";

/** The tree, and the machine type of each host where the inventory names it. */
export interface InventoryTree extends SourceTree {
  readonly machineTypes: ReadonlyMap<string, string>;
  /** Host → its pool, where the inventory names it. */
  readonly pools: ReadonlyMap<string, string>;
  /** Machine types that the inventory defines itself; wrong ones are left out. */
  readonly inline: Readonly<Record<string, MachineType>>;
  /** Control-plane hosts, which need no place in the network. */
  readonly exempt: ReadonlySet<string>;
}

const ALLOWED =
  "hosts: [{names: n[01-06], leaf: l1}], and topology: {spines: {s1: [l1]}}; or a stack file with turducken:cluster";

/**
 * Reads YAML or JSON with `hosts` (groups with `names` as a hostlist, `leaf`, `accelerator`, `role`, `pool`, `machineType`) and
 * `topology` with `spines` and `cores`. In a stack file these stand in the configuration's key `turducken:cluster`. Other
 * fields are the program's, and `turducken plan` is their judge. Never throws; paths are `cluster.hosts[2].names` or `line 3`.
 */
export function treeFromInventoryFile(text: string): InventoryTree {
  const problems: HardwareProblem[] = [];
  const document = parseDocument(text, { prettyErrors: true });
  for (const { message, linePos } of document.errors)
    problems.push({
      path: linePos ? `line ${linePos[0].line}` : "line 1",
      message: `This is not YAML: ${message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "")}.`,
      fix: "Correct the line.",
    });
  const found = problems.length > 0 ? undefined : clusterOf(plainOf(document, problems));
  if (!found) {
    if (problems.length === 0)
      problems.push({ path: "hosts", message: "There are no hosts in it.", allowed: ALLOWED, fix: "Add them." });
    return {
      tree: { tiers: [], nodes: [] },
      problems,
      warnings: [],
      machineTypes: new Map(),
      pools: new Map(),
      exempt: new Set(),
      inline: {},
    };
  }
  return treeOf(found.cluster, found.path, problems);
}

/** Aliases that blow a small file up to gigabytes are refused by the parser with an error. */
function plainOf(document: ReturnType<typeof parseDocument>, problems: HardwareProblem[]): unknown {
  try {
    return document.toJS();
  } catch (error) {
    problems.push({
      path: "line 1",
      message: `This YAML cannot be read: ${(error as Error).message}.`,
      fix: "Write it without aliases.",
    });
    return undefined;
  }
}

function clusterOf(value: unknown): { readonly cluster: Raw; readonly path: string } | undefined {
  if (!isObject(value)) return undefined;
  if (isObject(value.config)) {
    const key = Object.keys(value.config).find((name) => name === "cluster" || name.endsWith(":cluster"));
    const cluster = key === undefined ? undefined : value.config[key];
    return isObject(cluster) ? { cluster, path: "cluster" } : undefined;
  }
  if (isObject(value.cluster)) return { cluster: value.cluster, path: "cluster" };
  return value.hosts === undefined ? undefined : { cluster: value, path: "" };
}

function treeOf(cluster: Raw, prefix: string, problems: HardwareProblem[]): InventoryTree {
  const at = (field: string) => (prefix === "" ? field : `${prefix}.${field}`);
  const nodes: InventoryNode[] = [];
  const machineTypes = new Map<string, string>();
  const pools = new Map<string, string>();
  const first = new Map<string, string>();
  for (const [index, group] of listOf(cluster.hosts, at("hosts"), problems).entries()) {
    const path = `${at("hosts")}[${index}]`;
    const { leaf, accelerator, machineType, pool } = textsOf(group, path, problems);
    for (const name of namesOf(group, path, problems)) {
      const before = first.get(name);
      first.set(name, path);
      if (before !== undefined) {
        problems.push({
          path: `${path}.names`,
          value: name,
          message: `${before} has this host already.`,
          fix: "Remove one of them.",
        });
        continue;
      }
      nodes.push({ name, leaf, accelerator, path, mayLackLeaf: isObject(group) && group.role === "control-plane" });
      if (machineType !== undefined) machineTypes.set(name, machineType);
      if (pool !== undefined) pools.set(name, pool);
    }
  }
  const topology = isObject(cluster.topology) ? cluster.topology : {};
  const found = treeFromInventory({
    nodes,
    spines: groupsOf(topology.spines, at("topology.spines"), problems),
    cores: groupsOf(topology.cores, at("topology.cores"), problems),
    path: at("topology"),
  });
  // What follows from a group that could not be read would only hide the reason.
  const exempt = new Set(nodes.filter(({ mayLackLeaf }) => mayLackLeaf).map(({ name }) => name));
  return {
    ...found,
    problems: problems.length > 0 ? problems : found.problems,
    machineTypes,
    pools,
    exempt,
    inline: validateInlineTypes(cluster.machineTypes, "machineTypes", ["bare-metal", "aws"]).types,
  };
}

function listOf(value: unknown, path: string, problems: HardwareProblem[]): readonly unknown[] {
  if (Array.isArray(value)) return value;
  problems.push({
    path,
    value,
    message: "This is not a list of groups of hosts.",
    allowed: ALLOWED,
    fix: "Write each group as an item.",
  });
  return [];
}

const TEXTS = ["leaf", "accelerator", "machineType", "pool"] as const;

function textsOf(group: unknown, path: string, problems: HardwareProblem[]): Partial<Record<(typeof TEXTS)[number], string>> {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  if (!isObject(group)) return texts;
  for (const field of TEXTS) {
    const value = group[field];
    if (typeof value === "string" || typeof value === "number") texts[field] = String(value);
    else if (value !== undefined && value !== null)
      problems.push({
        path: `${path}.${field}`,
        value,
        message: "This is not a name.",
        allowed: "a text",
        fix: "Write one name.",
      });
  }
  return texts;
}

function namesOf(group: unknown, path: string, problems: HardwareProblem[]): string[] {
  const names = isObject(group) ? (group.names ?? group.name) : group;
  const list = Array.isArray(names) ? (names as unknown[]) : [names];
  return list.flatMap((each) => {
    if (typeof each !== "string") {
      problems.push({
        path: `${path}.names`,
        value: each,
        message: "This is not a hostlist.",
        allowed: "e.g. n[01-06]",
        fix: "Give the names.",
      });
      return [];
    }
    try {
      return expandHostlist(each);
    } catch (error) {
      if (!(error instanceof HostlistError)) throw error;
      const message = `It is not a hostlist: character ${error.position + 1}: ${error.reason}.`;
      problems.push({ path: `${path}.names`, value: each, message, allowed: error.allowed, fix: "Correct the list." });
      return [];
    }
  });
}

function groupsOf(value: unknown, path: string, problems: HardwareProblem[]): Record<string, readonly string[]> | undefined {
  if (value === undefined || value === null) return undefined;
  const wrong = (at: string, what: unknown) =>
    problems.push({
      path: at,
      value: what,
      message: "This is not a list of names.",
      allowed: "e.g. s1: [l1, l2]",
      fix: "List what is under it.",
    });
  if (!isObject(value)) {
    wrong(path, value);
    return undefined;
  }
  const groups: [string, string[]][] = [];
  for (const [name, members] of Object.entries(value)) {
    if (Array.isArray(members) && members.every((each) => typeof each === "string" || typeof each === "number"))
      groups.push([name, members.map(String)]);
    else wrong(`${path}.${name}`, members);
  }
  return Object.fromEntries(groups);
}
