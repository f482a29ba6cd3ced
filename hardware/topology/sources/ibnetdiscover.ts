import type { HardwareProblem } from "../../problem";
import type { InfiniBandHca } from "../../types";
import type { FabricGraph, GraphAdapter, GraphHost, GraphLink, GraphSwitch } from "../graph/model";
import { treeFromGraph } from "../graph/tree";
import { describeAdapter, describeSwitch } from "./ibnetdiscoverNames";
import { condense } from "./ibnetdiscoverReports";
import { readBlocks, shown, type NodeBlock, type PortLine, type Report } from "./ibnetdiscoverText";
import type { SourceTree } from "./result";

export interface IbnetdiscoverOptions {
  /**
   * Which adapters are for compute and which for storage, e.g. those of a machine type, or a function that says so for
   * each host (nothing: all of that host's are for compute). Adapters that are not listed do not count. @default all compute
   */
  readonly hcas?: readonly InfiniBandHca[] | ((host: string) => readonly InfiniBandHca[] | undefined);
  /** The hosts that the tree should have, in its order; see {@link GraphTreeOptions.nodes}. @default all that are found */
  readonly hosts?: readonly string[];
  /** Name in the fabric → name of the host, for hosts renamed after their adapters got their names. @default none */
  readonly renamed?: Readonly<Record<string, string>>;
  /** What stands before `line 17` in paths, e.g. a file's name. @default nothing */
  readonly path?: string;
}

/** A graph read from a text, and all that is wrong or doubtful with the text. */
export interface SourceGraph {
  readonly graph: FabricGraph;
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}

/** The fabric tree of an InfiniBand subnet, from what `ibnetdiscover` prints on any of its nodes. Never throws. */
export function treeFromIbnetdiscover(text: string, options: IbnetdiscoverOptions = {}): SourceTree {
  const { graph, problems, warnings } = graphFromIbnetdiscover(text, options);
  const found = treeFromGraph(graph, { path: lineAt(options.path, 1), ...(options.hosts ? { nodes: options.hosts } : {}) });
  return { tree: found.tree, problems: [...problems, ...found.problems], warnings: [...warnings, ...found.warnings] };
}

/**
 * Reads the output of `ibnetdiscover`. Hosts are named by the descriptions of their adapters (`n01 mlx5_5`), switches by
 * theirs (`MF0;leaf01:MQM9700/U1`). The aggregation nodes inside switches (SHARP) are passed over; adapters without a host
 * name, lines that cannot be read, ends that do not agree and nodes that are missing are reported with their line.
 */
export function graphFromIbnetdiscover(text: string, options: IbnetdiscoverOptions = {}): SourceGraph {
  const problems: HardwareProblem[] = [];
  const warnings: HardwareProblem[] = [];
  const into =
    (list: HardwareProblem[]): Report =>
    (line, problem) =>
      list.push({ path: lineAt(options.path, line), ...problem });
  const problem = into(problems);
  const warning = into(warnings);
  const blocks = readBlocks(text, problem, warning);
  if (blocks.size === 0) {
    problem(1, {
      value: shown(text),
      message: "There is no switch and no adapter in this text.",
      allowed: "the output of `ibnetdiscover` without options, unchanged",
      fix: "Run `ibnetdiscover` as root on a node of the fabric.",
    });
  }
  const passed = new Set([...blocks.values()].filter(({ description }) => isAggregation(description)).map(({ guid }) => guid));
  const { hosts, others } = readHosts(blocks, passed, options, problem, warning);
  const switches = [...blocks.values()]
    .filter(({ kind }) => kind === "S")
    .map((block): GraphSwitch => {
      const { guid, ports, line } = block;
      return { guid, ...describeSwitch(block.description), ports, path: lineAt(options.path, line) };
    });
  const links = readLinks(blocks, passed, options.path, problem, warning);
  return { graph: { hosts, switches, links, others }, problems: condense(problems), warnings: condense(warnings) };
}

function lineAt(path: string | undefined, line: number): string {
  return path === undefined ? `line ${line}` : `${path} line ${line}`;
}

/** Switches that reduce in the network show an end node of this name inside themselves. */
function isAggregation(description: string): boolean {
  return /Aggregation Node$/.test(description);
}

/** Adapters by the host in their description; those that name none are end nodes without a place. */
function readHosts(
  blocks: ReadonlyMap<string, NodeBlock>,
  passed: ReadonlySet<string>,
  options: IbnetdiscoverOptions,
  problem: Report,
  warning: Report,
): { hosts: GraphHost[]; others: string[] } {
  const hosts = new Map<string, { adapters: GraphAdapter[]; path: string }>();
  const others: string[] = [];
  const seen = new Map<string, number>();
  const unlisted = new Map<string, { line: number; hosts: Set<string> }>();
  for (const { kind, guid, line, description } of blocks.values()) {
    if (kind === "S" || passed.has(guid)) continue;
    const named = kind === "H" ? describeAdapter(description) : undefined;
    if (named === undefined || "reason" in named) {
      others.push(guid);
      if (named) warning(line, unnamed(guid, description, named.reason));
      continue;
    }
    const name = ownValue(options.renamed, named.host) ?? named.host;
    const before = named.device === undefined ? undefined : seen.get(`${name} ${named.device}`);
    if (before !== undefined) problem(line, twice(name, named.device!, before));
    else seen.set(`${name} ${named.device}`, line);
    const use = useOf(options.hcas, name, named.device);
    if (use === undefined) {
      const device = named.device ?? "";
      const entry = unlisted.get(device) ?? { line, hosts: new Set() };
      unlisted.set(device, { line: entry.line, hosts: entry.hosts.add(name) });
    }
    const host = hosts.get(name) ?? { adapters: [], path: lineAt(options.path, line) };
    hosts.set(name, host);
    host.adapters.push({ guid, ...(named.device === undefined ? {} : { device: named.device }), use: use ?? "storage" });
  }
  for (const [device, { line, hosts: owners }] of unlisted) {
    warning(line, {
      value: device,
      message: `Adapter ${device || "without a device name"} of ${owners.size === 1 ? [...owners][0]! : `${owners.size} hosts`} is not listed for their machine type, and does not count.`,
      fix: "List it as compute or storage, or leave it.",
    });
  }
  return { hosts: [...hosts].map(([name, host]) => ({ name, ...host })), others };
}

function ownValue(map: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined;
}

/** What an adapter is used for; undefined when the machine type does not list it. */
function useOf(hcas: IbnetdiscoverOptions["hcas"], host: string, device: string | undefined): GraphAdapter["use"] | undefined {
  const list = typeof hcas === "function" ? hcas(host) : hcas;
  if (list === undefined) return "compute";
  return list.find((hca) => hca.device === device)?.use;
}

function unnamed(guid: string, description: string, reason: string): Omit<HardwareProblem, "path"> {
  return {
    value: guid,
    message: `Adapter ${guid} says ${shown(description)}, which names no host: ${reason}. It is left out.`,
    allowed: "a host and a device, e.g. `n01 mlx5_0`",
    fix: "Find its host by the GUID (`ibstat`), and restart rdma-ndd there, or write to node_desc under /sys/class/infiniband.",
  };
}

function twice(host: string, device: string, before: number): Omit<HardwareProblem, "path"> {
  return {
    value: `${host} ${device}`,
    message: `Two adapters say that they are ${device} of ${host}; the other is in line ${before}. They may be of two hosts.`,
    allowed: "one adapter of each name",
    fix: "Correct the host name of one of them, and restart rdma-ndd there.",
  };
}

/** Each cable once. Both its ends have a line in a whole text; what only one end says is used, with a warning. */
function readLinks(
  blocks: ReadonlyMap<string, NodeBlock>,
  passed: ReadonlySet<string>,
  path: string | undefined,
  problem: Report,
  warning: Report,
): GraphLink[] {
  const links: GraphLink[] = [];
  const unknown = new Map<string, PortLine>();
  for (const { guid, cables, description } of blocks.values()) {
    if (passed.has(guid)) continue;
    for (const [port, cable] of cables) {
      const peer = blocks.get(cable.peerGuid);
      if (passed.has(cable.peerGuid) || (!peer && isAggregation(cable.peerDescription))) continue;
      if (!peer) {
        if (!unknown.has(cable.peerGuid)) unknown.set(cable.peerGuid, cable);
        continue;
      }
      const back = peer.cables.get(cable.peerPort);
      const agrees = back?.peerGuid === guid && back.peerPort === port;
      if (back && !agrees) {
        problem(cable.line, {
          value: shown(cable.peerDescription),
          message: `The ends of a cable do not agree: port ${port} of ${shown(description)} leads to port ${cable.peerPort} of ${shown(peer.description)}, which leads elsewhere in line ${back.line}.`,
          allowed: "the same cable at both ends",
          fix: "Run `ibnetdiscover` again; the fabric may have changed meanwhile.",
        });
        continue;
      }
      if (cable.peerPort < 1 || cable.peerPort > peer.ports) {
        problem(cable.line, {
          value: cable.peerPort,
          message: `There is no port ${cable.peerPort} on ${shown(peer.description)}.`,
          allowed: `ports 1 to ${peer.ports}`,
          fix: "Run `ibnetdiscover` again and give its whole output.",
        });
        continue;
      }
      if (!back) warning(cable.line, oneEnd(cable, peer));
      if (back && (cable.peerGuid < guid || (cable.peerGuid === guid && cable.peerPort < port))) continue;
      links.push({
        ends: [
          { guid, port },
          { guid: cable.peerGuid, port: cable.peerPort },
        ],
        path: lineAt(path, cable.line),
      });
    }
  }
  for (const [guid, cable] of unknown) problem(cable.line, notDescribed(guid, cable));
  return links;
}

function oneEnd(cable: PortLine, peer: NodeBlock): Omit<HardwareProblem, "path"> {
  return {
    value: shown(cable.peerDescription),
    message: `Port ${cable.peerPort} of ${shown(peer.description)} should have the other end of this cable, but has no line.`,
    fix: "Nothing is lost if this is all; else run `ibnetdiscover` again and give its whole output.",
  };
}

function notDescribed(guid: string, { peerKind, peerDescription }: PortLine): Omit<HardwareProblem, "path"> {
  return {
    value: `${peerKind}-${guid}`,
    message: `A cable leads to ${shown(peerDescription)}, which has no block of its own: lines are missing.`,
    allowed: "a block for each node",
    fix: "Run `ibnetdiscover` again and give its whole output.",
  };
}
