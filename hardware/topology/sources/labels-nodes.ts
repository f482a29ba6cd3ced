import type { HardwareProblem } from "../../problem";
import { readJson, shortValue } from "./json";
import type { Labels } from "./labels-profiles";
import { isObject } from "../../plain";

/** One node with its labels, as an API server or a user gives it. */
export interface LabelledNode {
  readonly name: string;
  readonly labels: Labels;
  /** Where the input speaks of it, e.g. `items[3]`. */
  readonly path: string;
}

const ALLOWED = "the output of `kubectl get nodes -o json`, an array of nodes, or an array of {name, labels}";

/** Nodes of a node list (text or value). What cannot be read is a problem with its path; the other nodes are still read. */
export function readLabelledNodes(input: unknown): {
  readonly nodes: LabelledNode[];
  readonly problems: HardwareProblem[];
  readonly warnings: HardwareProblem[];
} {
  const { value, problems } = readJson(input);
  const warnings: HardwareProblem[] = [];
  const nodes: LabelledNode[] = [];
  if (value === undefined && problems.length > 0) return { nodes, problems, warnings };
  const list = isObject(value) && Array.isArray(value.items) ? (value.items as unknown[]) : undefined;
  const single = isObject(value) && !list && (isObject(value.metadata) || typeof value.name === "string");
  const items = list ?? (Array.isArray(value) ? (value as unknown[]) : single ? [value] : undefined);
  if (!items) {
    const fix = "Give the command's JSON output unchanged.";
    problems.push({ path: "items", value: shortValue(value), message: "This is not a list of nodes.", allowed: ALLOWED, fix });
    return { nodes, problems, warnings };
  }
  for (const [index, item] of items.entries()) {
    const node = readNode(item, list ? `items[${index}]` : `[${index}]`, problems);
    if (node) nodes.push(node);
  }
  if (list && isObject(value) && isObject(value.metadata) && value.metadata.continue) {
    warnings.push({
      path: "metadata.continue",
      message: "The list goes on: the API server has more nodes than these.",
      fix: "Read the pages that follow too.",
    });
  }
  return { nodes, problems, warnings };
}

function readNode(item: unknown, path: string, problems: HardwareProblem[]): LabelledNode | undefined {
  const metadata = isObject(item) && isObject(item.metadata) ? item.metadata : undefined;
  const source = metadata ?? (isObject(item) ? item : {});
  const where = metadata ? `${path}.metadata` : path;
  if (isObject(item) && typeof item.kind === "string" && item.kind !== "Node") {
    problems.push(broken(`${path}.kind`, item.kind, `This is a ${item.kind}, not a node.`, "Node"));
    return undefined;
  }
  if (typeof source.name !== "string" || source.name === "") {
    problems.push(broken(`${where}.name`, source.name, "A node has no name.", ALLOWED));
    return undefined;
  }
  return { name: source.name, labels: readLabels(source.labels, source.name, `${where}.labels`, problems), path };
}

function readLabels(value: unknown, name: string, path: string, problems: HardwareProblem[]): Labels {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    problems.push(broken(path, value, `The labels of ${name} are not an object.`, "key: value pairs"));
    return {};
  }
  let labels: Record<string, string> | undefined;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === "string") continue;
    // Copied only when something is wrong with it: lists are long and nearly always right.
    labels ??= { ...(value as Record<string, string>) };
    delete labels[key];
    problems.push(broken(`${path}[${JSON.stringify(key)}]`, text, `A label of ${name} is not a text.`, "a text"));
  }
  return labels ?? (value as Labels);
}

function broken(path: string, value: unknown, message: string, allowed: string): HardwareProblem {
  return { path, value: shortValue(value), message, allowed, fix: "Give the command's JSON output unchanged." };
}
