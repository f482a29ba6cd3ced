import { readFileSync } from "node:fs";
import { isMap, isScalar, parse, parseDocument, type Document, type YAMLMap } from "yaml";
import { writeAtomically } from "../config/write-secret";

/** As Pulumi writes it, and the short form it reads, too. */
const CLUSTER_KEYS = ["turducken:cluster", "cluster"];

/**
 * Raises `turducken:cluster.generations.<host>` in a stack file. Only the characters of that entry change: comments, order and
 * spacing of everything else stay, so the diff is the line a reviewer wants to see.
 *
 * @param generations host name → new generation
 * @throws Error when the file holds no `turducken:cluster` structure
 */
export function markGenerations(file: string, generations: ReadonlyMap<string, number>): void {
  let text = readFileSync(file, "utf8");
  for (const [host, generation] of generations) text = raise(text, host, generation);
  writeAtomically(file, text);
}

/** One entry. What was written is read back; an edit that would mean anything else is given up for the library's own rewriting. */
export function raise(text: string, host: string, generation: number): string {
  const document = parseDocument(text);
  const key = CLUSTER_KEYS.find((each) => isMap(document.getIn(["config", each], true)));
  if (key === undefined) throw new Error(`the stack file has no config.${CLUSTER_KEYS[0]} to mark hosts in`);
  const cluster = document.getIn(["config", key], true) as YAMLMap;
  const wanted = parseDocument(text);
  const path = ["config", key, "generations"];
  if (isMap(wanted.getIn(path, true))) wanted.setIn([...path, host], generation);
  else wanted.setIn(path, wanted.createNode({ [host]: generation }));
  const edited = splice(text, cluster, host, generation);
  return sameMeaning(edited, wanted) ? edited : wanted.toString({ lineWidth: 0 });
}

function sameMeaning(text: string, wanted: Document): boolean {
  try {
    return JSON.stringify(parse(text)) === JSON.stringify(wanted.toJS());
  } catch {
    return false;
  }
}

function splice(text: string, cluster: YAMLMap, host: string, generation: number): string {
  const generations = cluster.get("generations", true) as unknown;
  const entry = `${host}: ${generation}`;
  if (isMap(generations)) {
    const old = generations.get(host, true) as unknown;
    if (isScalar(old) && old.range) return replace(text, old.range[0], old.range[1], String(generation));
    return generations.flow ? intoFlowMap(text, generations, entry) : afterLastPair(text, generations, entry);
  }
  return afterLastPair(text, cluster, `generations: { ${entry} }`);
}

function replace(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

function intoFlowMap(text: string, map: YAMLMap, entry: string): string {
  const [start, end] = map.range!;
  const inside = text.slice(start + 1, end - 1).trimEnd();
  const padding = inside.trim() === "" || inside.startsWith(" ") ? " " : "";
  const before = inside.trim() === "" ? padding : `${inside.replace(/,$/, "")}, `;
  return replace(text, start, end, `{${before}${entry}${padding}}`);
}

/** A new line after the last entry's content, indented like the first entry. */
function afterLastPair(text: string, map: YAMLMap, entry: string): string {
  const first = map.items[0];
  const last = map.items.at(-1);
  const start = (first?.key as { range?: [number, number, number] } | undefined)?.range?.[0];
  const end = endOf(last?.value) ?? (last?.key as { range?: [number, number, number] } | undefined)?.range?.[1];
  if (start === undefined || end === undefined) return text;
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  const newline = text.indexOf("\n", lastCharacter(text, end));
  const at = newline < 0 ? text.length : newline;
  return `${text.slice(0, at)}\n${indent}${entry}${text.slice(at)}`;
}

/** End of a value's own text, without comments that follow on later lines. */
function endOf(value: unknown): number | undefined {
  return (value as { range?: [number, number, number] } | undefined | null)?.range?.[1];
}

/** Block collections end at the start of the next line; the last character of theirs is what counts. */
function lastCharacter(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1]!)) at--;
  return at;
}
