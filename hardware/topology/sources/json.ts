import type { HardwareProblem } from "../../problem";

/** Either a value, or why there is none. */
export type JsonRead = { readonly value: unknown; readonly problems: HardwareProblem[] };

/**
 * A value as it is, or the value of a JSON text. A text that is not JSON gives undefined and a problem with its line. A key
 * that an object has twice is a problem as well: JSON.parse keeps the last, and whatever stood at the first would be lost
 * without a word.
 */
export function readJson(input: unknown): JsonRead {
  if (typeof input !== "string") return { value: input, problems: [] };
  const text = input.startsWith("\uFEFF") ? input.slice(1) : input;
  const scan = scanJson(text, false);
  if (!scan.error) {
    try {
      const value: unknown = JSON.parse(text);
      // Fewer keys than the text has: only then is it worth to remember them all.
      return { value, problems: countKeys(value) === scan.keys ? [] : repeatedKeys(text) };
    } catch {
      scan.error = { at: text.length, reason: "it cannot be parsed" };
    }
  }
  const { at, reason } = scan.error;
  const broken = { path: `line ${lineOf(text, at)}`, message: `This is not JSON: ${reason}.`, allowed: "one JSON value" };
  const fix = "Give the tool's output whole and unchanged.";
  return { value: undefined, problems: [...repeatedKeys(text), { ...broken, fix }] };
}

function repeatedKeys(text: string): HardwareProblem[] {
  let line = 1;
  let newline = text.indexOf("\n");
  return scanJson(text, true).repeated.map(({ at, key }) => {
    // In the order of the text, so that lines are counted once for all.
    for (; newline >= 0 && newline < at; newline = text.indexOf("\n", newline + 1)) line++;
    return {
      path: `line ${line}`,
      value: key,
      message: `The key ${key} stands twice in one object; only the last counts.`,
      allowed: "each key once in an object",
      fix: "Write the text again with the tool it came from; two objects may have run together.",
    };
  });
}

/** A value as a problem can show it: short, and not nested. */
export function shortValue(value: unknown): unknown {
  if (typeof value === "string") return value.length > 200 ? `${value.slice(0, 197)}...` : value;
  if (typeof value !== "object" || value === null) return value;
  try {
    return shortValue(JSON.stringify(value));
  } catch {
    return "a value that is nested too deeply";
  }
}

/** Keys of all objects in a value, without recursion: depth is the input's choice. */
function countKeys(value: unknown): number {
  let count = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== "object" || next === null) continue;
    if (!Array.isArray(next)) count += Object.keys(next).length;
    for (const each of Object.values(next) as unknown[]) if (typeof each === "object" && each !== null) waiting.push(each);
  }
  return count;
}

function lineOf(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf("\n"); next >= 0 && next < at; next = text.indexOf("\n", next + 1)) line++;
  return line;
}

/** An object or array that is open; `keys` only where they are to be remembered. */
interface Open {
  readonly object: boolean;
  readonly keys?: Set<string>;
}

interface JsonScan {
  at: number;
  expected: Expected;
  readonly open: Open[];
  /** Keys of all objects, repeated ones included. */
  keys: number;
  error?: { readonly at: number; readonly reason: string };
  readonly repeated: { readonly at: number; readonly key: string }[];
}

/** What may come next: a value, a key, or what follows a value. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "end of value";

const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Walks over a JSON text once, without recursion, to find its first error.
 *
 * @param remember whether to find the keys as well that an object has twice, which takes several times as long
 */
function scanJson(text: string, remember: boolean): JsonScan {
  const scan: JsonScan = { at: skipBlanks(text, 0), expected: "value", open: [], keys: 0, repeated: [] };
  for (; scan.at < text.length; scan.at = skipBlanks(text, scan.at)) {
    const reason = step(text, scan, remember);
    if (reason === undefined) continue;
    scan.error = { at: scan.at, reason };
    return scan;
  }
  if (scan.expected !== "end of value" || scan.open.length > 0) {
    scan.error = { at: scan.at, reason: text.trim() === "" ? "it is empty" : "it ends too early" };
  }
  return scan;
}

/** Takes one token; gives the reason when it is not one that may stand here. */
function step(text: string, scan: JsonScan, remember: boolean): string | undefined {
  const character = text[scan.at]!;
  const { expected, open } = scan;
  if ((expected === "value or ]" && character === "]") || (expected === "key or }" && character === "}")) {
    return close(scan);
  }
  if (expected === "value" || expected === "value or ]") {
    if (character !== "{" && character !== "[") return scalar(text, scan, character);
    const object = character === "{";
    open.push({ object, ...(object && remember ? { keys: new Set() } : {}) });
    return advance(scan, scan.at + 1, object ? "key or }" : "value or ]");
  }
  if (expected === "key" || expected === "key or }") return key(text, scan, character);
  if (expected === "colon") return character === ":" ? advance(scan, scan.at + 1, "value") : unexpected(scan, character);
  const inner = open[open.length - 1];
  if (!inner) return `there is more after the end (${JSON.stringify(character)})`;
  if (character === ",") return advance(scan, scan.at + 1, inner.object ? "key" : "value");
  return character === (inner.object ? "}" : "]") ? close(scan) : unexpected(scan, character);
}

function advance(scan: JsonScan, at: number, expected: Expected): undefined {
  scan.at = at;
  scan.expected = expected;
}

function close(scan: JsonScan): undefined {
  scan.open.pop();
  advance(scan, scan.at + 1, "end of value");
}

function scalar(text: string, scan: JsonScan, character: string): string | undefined {
  const end = character === '"' ? endOfString(text, scan.at) : endOfScalar(text, scan.at);
  if (end >= 0) return advance(scan, end, "end of value");
  return character === '"' ? "a string is not closed or has a forbidden character" : unexpected(scan, character);
}

function key(text: string, scan: JsonScan, character: string): string | undefined {
  const end = character === '"' ? endOfString(text, scan.at) : -1;
  if (end < 0) return character === '"' ? "a key is not closed or has a forbidden character" : unexpected(scan, character);
  scan.keys++;
  const { keys } = scan.open[scan.open.length - 1]!;
  if (keys) {
    const name = text.slice(scan.at + 1, end - 1);
    if (keys.has(name)) scan.repeated.push({ at: scan.at, key: name });
    keys.add(name);
  }
  return advance(scan, end, "colon");
}

function unexpected(scan: JsonScan, character: string): string {
  return `${JSON.stringify(character)} where ${wanted(scan.expected, scan.open)} should be`;
}

function wanted(expected: Expected, open: readonly Open[]): string {
  if (expected === "key" || expected === "key or }") return "a key in double quotes";
  if (expected === "colon") return "a colon";
  if (expected === "end of value") return open[open.length - 1]?.object ? "`,` or `}`" : "`,` or `]`";
  return "a value";
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

function endOfScalar(text: string, at: number): number {
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : -1;
}

/** The offset after the closing quote, or -1. Escapes are only skipped: JSON.parse judges them. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at++;
    else if (code < 0x20) return -1;
  }
  return -1;
}
