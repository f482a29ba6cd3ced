/** The resource tree as indented text: component, child, type. Pure. */
import { compressHostlist } from "../../hardware";
import type { GraphResource } from "../engine/types";
import { STACK_TYPE } from "../engine/urn";

export interface TreeOptions {
  /** Show every resource. @default false: more than `limit` siblings of one shape are shown as the first and a line for the others */
  readonly all?: boolean;
  /** @default 30 */
  readonly limit?: number;
}

interface Node {
  readonly resource: GraphResource;
  readonly children: Node[];
}

/** One line per resource, children under their parent in the order of their names; the stack itself first. */
export function drawResources(resources: readonly GraphResource[], options: TreeOptions = {}): string {
  const nodes = new Map<string, Node>(resources.map((resource) => [resource.urn, { resource, children: [] }]));
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const parent = node.resource.parent === undefined ? undefined : nodes.get(node.resource.parent);
    if (parent === undefined || parent === node) roots.push(node);
    else parent.children.push(node);
  }
  const lines: string[] = [];
  // A resource without a parent stands beside the stack only until the SDK knows the stack; people think of it as inside.
  const stack = roots.find((node) => node.resource.type === STACK_TYPE);
  if (stack !== undefined) {
    stack.children.push(...roots.filter((node) => node !== stack));
    draw([stack], "", lines, options);
  } else draw(roots, "", lines, options);
  const width = Math.max(0, ...lines.map((line) => line.indexOf("\t")));
  return lines.map((line) => line.replace("\t", " ".repeat(width - line.indexOf("\t") + 2)).trimEnd()).join("\n");
}

function draw(nodes: readonly Node[], indent: string, lines: string[], options: TreeOptions): void {
  const sorted = [...nodes].sort((a, b) => compareNames(a.resource.name, b.resource.name));
  for (const group of groups(sorted, options)) {
    const [first, ...rest] = group;
    lines.push(`${indent}${first!.resource.name}\t${first!.resource.type}`);
    draw(first!.children, `${indent}  `, lines, options);
    if (rest.length > 0)
      lines.push(
        `${indent}… and ${rest.length} like it: ${summary(rest.map((node) => node.resource.name))}\t${first!.resource.type}`,
      );
  }
}

/** Runs of siblings of one shape are one group when they are many. */
function groups(nodes: readonly Node[], options: TreeOptions): Node[][] {
  if (options.all) return nodes.map((node) => [node]);
  const byShape = new Map<string, Node[]>();
  for (const node of nodes) {
    const key = shape(node, node.resource.name);
    byShape.set(key, [...(byShape.get(key) ?? []), node]);
  }
  const limit = options.limit ?? 30;
  const result: Node[][] = [];
  const done = new Set<Node>();
  for (const node of nodes) {
    if (done.has(node)) continue;
    const alike = byShape.get(shape(node, node.resource.name))!;
    const group = alike.length > limit ? alike : [node];
    for (const member of group) done.add(member);
    result.push(group);
  }
  return result;
}

/** What makes two siblings alike: type and what is inside; of single resources also what they are for ("-join" of `n01-join`). */
const shapes = new WeakMap<Node, string>();
function shape(node: Node, name: string): string {
  const known = shapes.get(node);
  if (known !== undefined) return known;
  const purpose = node.children.length > 0 ? "" : (/-[a-z]+$/.exec(name)?.[0] ?? "");
  const children = node.children.map((child) => `${child.resource.name.replace(name, "*")}=${shapeOf(child, name)}`).sort();
  const text = `${node.resource.type}${purpose}(${children.join(",")})`;
  shapes.set(node, text);
  return text;
}

function shapeOf(node: Node, name: string): string {
  return `${node.resource.type}(${node.children
    .map((child) => shapeOf(child, name))
    .sort()
    .join(",")})`;
}

function summary(names: readonly string[]): string {
  const text = compressHostlist([...names]);
  return text.length <= 60 ? text : `${names[0]} … ${names[names.length - 1]}`;
}

/** n2 before n10. */
const collator = new Intl.Collator("en", { numeric: true });
export function compareNames(a: string, b: string): number {
  return collator.compare(a, b);
}
