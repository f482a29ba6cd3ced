import { showNames } from "../../hostlist";
import type { FabricTree, TreeNode } from "../../types";

export interface PictureOptions {
  /** Characters a line may have; boxes flow into rows below each other. One long name may still exceed it. @default 110 */
  readonly width?: number;
  /** Draw with `+`, `-` and `|` for terminals without box characters. @default false */
  readonly ascii?: boolean;
  /** A remark for a host, e.g. its state; hosts of one box with the same remark share a line. */
  readonly note?: (name: string) => string | undefined;
}

interface Pen {
  readonly corners: readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string];
  readonly across: string;
  readonly down: string;
  readonly dot: string;
  readonly note: (name: string) => string | undefined;
}

const UNICODE = { corners: ["┌", "┐", "└", "┘"], across: "─", down: "│", dot: "·" } as const;
const ASCII = { corners: ["+", "+", "+", "+"], across: "-", down: "|", dot: "-" } as const;

/** Lines of text, all of equal length. */
type Block = readonly string[];

/**
 * The fabric as nested boxes of text: the farthest tier outside, leaves inside, in each leaf its hosts as a hostlist; hosts
 * without a place come last in a box of their own. The same tree always gives the same text; there is no newline at the end.
 */
export function drawTree(tree: FabricTree, options: PictureOptions = {}): string {
  const width = Math.max(options.width ?? 110, 20);
  const pen: Pen = { ...(options.ascii ? ASCII : UNICODE), note: options.note ?? (() => undefined) };
  if (tree.nodes.length === 0) return "no hosts";
  const placed = tree.nodes.filter((node) => node.padded.length < tree.tiers.length);
  const others = tree.nodes.filter((node) => node.padded.length >= tree.tiers.length);
  const blocks = drawTier(tree, placed, tree.tiers.length - 1, width, pen);
  if (others.length > 0) {
    const title = `no ${tree.tiers[0] ?? "network tiers"}`;
    blocks.push(drawBox(`${title} ${pen.dot} ${count(others.length)}`, hostLines(others, width - 4, pen), pen));
  }
  return flow(blocks, width)
    .map((line) => line.trimEnd())
    .join("\n");
}

/** One box for each domain of a tier, in inventory order. */
function drawTier(tree: FabricTree, nodes: readonly TreeNode[], tier: number, width: number, pen: Pen): Block[] {
  if (tier < 0) return [];
  const domains = groupBy(nodes, (node) => node.chain[tier]!);
  return [...domains].map(([domain, members]) => {
    const inner = width - 4;
    const content = tier === 0 ? hostLines(members, inner, pen) : flow(drawTier(tree, members, tier - 1, inner, pen), inner);
    return drawBox(`${tree.tiers[tier]!} ${domain} ${pen.dot} ${count(members.length)}`, content, pen);
  });
}

function count(hosts: number): string {
  return hosts === 1 ? "1 host" : `${hosts} hosts`;
}

/** Hostlists, one for each accelerator domain and remark, wrapped at commas between elements. */
function hostLines(nodes: readonly TreeNode[], width: number, pen: Pen): string[] {
  const alike = groupBy(nodes, (node) => [node.accelerator ?? "", pen.note(node.name) ?? ""].join("\0"));
  return [...alike].flatMap(([key, members]) => {
    const [accelerator = "", note = ""] = key.split("\0");
    const head = accelerator === "" ? "" : `${accelerator}: `;
    const tail = note === "" ? "" : ` (${note})`;
    return wrap(
      `${head}${showNames(
        members.map(({ name }) => name),
        Infinity,
      )}${tail}`,
      width,
    );
  });
}

/** Breaks after commas; a piece without a comma stays whole. Lines after the first are indented. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.split(/(?<=,)/)) {
    if (line.trim() !== "" && line.length + piece.length > width) {
      lines.push(line);
      line = "  ";
    }
    line += piece;
  }
  return [...lines, line];
}

/** A frame around the content, with the title in its upper edge. */
function drawBox(title: string, content: readonly string[], pen: Pen): Block {
  const [topLeft, topRight, bottomLeft, bottomRight] = pen.corners;
  const inner = Math.max(title.length + 1, ...content.map((line) => line.length));
  return [
    `${topLeft} ${title} ${pen.across.repeat(inner - title.length)}${topRight}`,
    ...content.map((line) => `${pen.down} ${line.padEnd(inner)} ${pen.down}`),
    `${bottomLeft}${pen.across.repeat(inner + 2)}${bottomRight}`,
  ];
}

/** Blocks side by side as far as the width goes, then in the next row. */
function flow(blocks: readonly Block[], width: number): string[] {
  const rows: Block[][] = [];
  let used = 0;
  for (const block of blocks) {
    const wide = block[0]!.length;
    const row = rows[rows.length - 1];
    if (row && used + 1 + wide <= width) {
      row.push(block);
      used += 1 + wide;
    } else {
      rows.push([block]);
      used = wide;
    }
  }
  return rows.flatMap(beside);
}

function beside(row: readonly Block[]): string[] {
  const height = Math.max(...row.map((block) => block.length));
  return Array.from({ length: height }, (_, line) => row.map((block) => block[line] ?? " ".repeat(block[0]!.length)).join(" "));
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
