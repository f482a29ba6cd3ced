import type { HardwareProblem } from "../../problem";

/**
 * The text that `ibnetdiscover` prints without options, in blocks: one for each switch, adapter and router, each with a
 * line for each cable (linux-rdma/rdma-core:infiniband-diags/ibnetdiscover.c@0c0ced819bbdceaea379ad13d2538a1ab8a9903a,
 * `out_switch`, `out_switch_port`, `out_ca`, `out_ca_port`; grouped output, `-g`, differs by a few lines and is read too).
 */

export type NodeKind = "S" | "H" | "R";

export interface PortLine {
  readonly line: number;
  readonly peerKind: NodeKind;
  readonly peerGuid: string;
  readonly peerPort: number;
  readonly peerDescription: string;
}

export interface NodeBlock {
  readonly line: number;
  readonly kind: NodeKind;
  readonly guid: string;
  readonly ports: number;
  readonly description: string;
  /** By port number, from 1. */
  readonly cables: Map<number, PortLine>;
}

/** A problem with one line, or several of one kind. */
export type Report = (line: number, problem: Omit<HardwareProblem, "path">) => void;

const KINDS = { Switch: "S", Ca: "H", Rt: "R" } as const;
const HEADER = /^(Switch|Ca|Rt)\s+(\d{1,9})\s+"([SHR])-([0-9a-f]{16})"\s+# "(.*)"([^"]*)$/;
const PORT =
  /^\[(\d{1,9})\](?:\[ext \d+\])?(?:\([0-9a-f]+\))?\s+"([SHR])-([0-9a-f]{16})"\[(\d{1,9})\](?:\[ext \d+\])?\s*(?:\([0-9a-f]+\))?\s+# (?:lid \d+ lmc \d+ )?"(.*)" lid \d+ [^"]*$/;
/** Lines that say nothing about places: ids, and the titles of grouped output. */
const KNOWN =
  /^(?:(?:vendid|devid|sysimgguid|caguid|rtguid)=0x[0-9a-f]+|switchguid=0x[0-9a-f]+\([0-9a-f]+\)|Chassis \d+|Hostname: |Non-Chassis Nodes)(?:\s.*)?$/;

const FORMAT = "the output of `ibnetdiscover` without options, unchanged";
const LOST_LINES = "Run `ibnetdiscover` again and give its whole output.";

/** InfiniBand's limit of ports of a switch. */
const MOST_PORTS = 254;

/** Reads the blocks, by GUID. What cannot be read is reported with its line, and reading goes on. */
export function readBlocks(text: string, problem: Report, warning: Report): Map<string, NodeBlock> {
  const blocks = new Map<string, NodeBlock>();
  let current: NodeBlock | "unreadable" | undefined;
  let line = 0;
  for (let from = 0; from <= text.length;) {
    const end = text.indexOf("\n", from);
    const raw = text.slice(from, end < 0 ? text.length : end);
    const content = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    from = end < 0 ? text.length + 1 : end + 1;
    line++;
    if (content.trim() === "") {
      current = undefined;
    } else if (content.startsWith("[")) {
      if (current === undefined) problem(line, unreadable(content, "A cable stands under no switch or adapter"));
      else if (current !== "unreadable") readPort(content, line, current, problem);
    } else if (/^(?:Switch|Ca|Rt)\s/.test(content)) {
      current = readHeader(content, line, blocks, problem) ?? "unreadable";
    } else if (/^ibwarn:|^ibpanic:/.test(content)) {
      warning(line, {
        value: shown(content),
        message: "ibnetdiscover had trouble, so that something may be missing.",
        fix: LOST_LINES,
      });
    } else if (!content.startsWith("#") && !KNOWN.test(content)) {
      problem(line, unreadable(content, "This line cannot be understood"));
    }
  }
  return blocks;
}

/** The block that a header begins; a second header of the same node goes on with the first block. */
function readHeader(content: string, line: number, blocks: Map<string, NodeBlock>, problem: Report): NodeBlock | undefined {
  const match = HEADER.exec(content);
  if (!match) {
    problem(line, unreadable(content, "This head of a switch or adapter cannot be understood"));
    return undefined;
  }
  const [, word, ports, kind, guid = "", description = ""] = match;
  if (kind !== KINDS[word as keyof typeof KINDS]) {
    problem(line, unreadable(content, `A ${word!} has an id that begins with ${kind!}`));
    return undefined;
  }
  if (Number(ports) < 1 || Number(ports) > MOST_PORTS) {
    problem(line, { ...unreadable(content, `No node has ${ports!} ports`), allowed: `1 to ${MOST_PORTS} ports` });
    return undefined;
  }
  const before = blocks.get(guid);
  if (!before) {
    const block: NodeBlock = { line, kind, guid, ports: Number(ports), description, cables: new Map() };
    blocks.set(guid, block);
    return block;
  }
  if (before.kind === kind && before.description === description) return before;
  problem(line, {
    value: shown(description),
    message: `GUID ${guid} is described twice: here as ${shown(description)}, in line ${before.line} as ${shown(before.description)}.`,
    allowed: "one description for each GUID",
    fix: LOST_LINES,
  });
  return undefined;
}

function readPort(content: string, line: number, block: NodeBlock, problem: Report): void {
  const match = PORT.exec(content);
  if (!match) {
    problem(line, unreadable(content, "This cable cannot be understood"));
    return;
  }
  const [, port, peerKind, peerGuid = "", peerPort, peerDescription = ""] = match;
  if (Number(port) < 1 || Number(port) > block.ports) {
    problem(line, {
      value: Number(port),
      message: `There is no port ${port!} on ${shown(block.description)}.`,
      allowed: `ports 1 to ${block.ports}`,
      fix: LOST_LINES,
    });
    return;
  }
  const cable = { line, peerKind: peerKind as NodeKind, peerGuid, peerPort: Number(peerPort), peerDescription };
  const before = block.cables.get(Number(port));
  if (!before) {
    block.cables.set(Number(port), cable);
  } else if (before.peerGuid !== peerGuid || before.peerPort !== cable.peerPort) {
    problem(line, {
      value: shown(peerDescription),
      message: `Port ${port!} of ${shown(block.description)} has two cables: here to ${shown(peerDescription)}, in line ${before.line} to ${shown(before.peerDescription)}.`,
      allowed: "one cable for each port",
      fix: LOST_LINES,
    });
  }
}

function unreadable(content: string, reason: string): Omit<HardwareProblem, "path"> {
  return { value: shown(content), message: `${reason}: ${shown(content)}.`, allowed: FORMAT, fix: LOST_LINES };
}

/** Text of others as it may stand in a message: quoted, without control characters, not too long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text);
}
