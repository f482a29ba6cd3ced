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
  const scan = scanJson(text);
  const problems = scan.repeated.map(({ at, key }) => ({
    path: `line ${lineOf(text, at)}`,
    value: key,
    message: `The key ${key} stands twice in one object; only the last counts.`,
    allowed: "each key once in an object",
    fix: "Write the text again with the tool it came from; two objects may have run together.",
  }));
  if (!scan.error) {
    try {
      return { value: JSON.parse(text), problems };
    } catch {
      scan.error = { at: text.length, reason: "it cannot be parsed" };
    }
  }
  const { at, reason } = scan.error;
  const broken = { path: `line ${lineOf(text, at)}`, message: `This is not JSON: ${reason}.`, allowed: "one JSON value" };
  return { value: undefined, problems: [{ ...broken, fix: "Give the tool's output whole and unchanged." }] };
}

function lineOf(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf("\n"); next >= 0 && next < at; next = text.indexOf("\n", next + 1)) line++;
  return line;
}

interface JsonScan {
  error?: { readonly at: number; readonly reason: string };
  readonly repeated: { readonly at: number; readonly key: string }[];
}

/** What may come next: a value, a key, or what follows a value. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "end of value";

const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Walks over a JSON text once, without recursion, to find its first error and the keys that objects have twice. */
function scanJson(text: string): JsonScan {
  const repeated: JsonScan["repeated"] = [];
  /** Keys of the objects that are open; null for an array. */
  const open: (Set<string> | null)[] = [];
  let expected: Expected = "value";
  let at = skipBlanks(text, 0);
  for (; at < text.length; at = skipBlanks(text, at)) {
    const character = text[at]!;
    const fail = (reason = `${JSON.stringify(character)} where ${wanted(expected, open)} should be`): JsonScan => ({
      repeated,
      error: { at, reason },
    });
    if (expected === "value" || expected === "value or ]") {
      if (character === "{" || character === "[") {
        open.push(character === "{" ? new Set() : null);
        expected = character === "{" ? "key or }" : "value or ]";
        at++;
      } else if (character === "]" && expected === "value or ]") {
        open.pop();
        expected = "end of value";
        at++;
      } else {
        const end = character === '"' ? endOfString(text, at) : endOfScalar(text, at);
        if (end < 0) return character === '"' ? fail("a string is not closed or has a forbidden character") : fail();
        at = end;
        expected = "end of value";
      }
    } else if (expected === "key" || expected === "key or }") {
      if (character === "}" && expected === "key or }") {
        open.pop();
        expected = "end of value";
        at++;
        continue;
      }
      const end = character === '"' ? endOfString(text, at) : -1;
      if (end < 0) return fail(character === '"' ? "a key is not closed or has a forbidden character" : undefined);
      const key = text.slice(at + 1, end - 1);
      const keys = open[open.length - 1]!;
      if (keys.has(key)) repeated.push({ at, key });
      keys.add(key);
      expected = "colon";
      at = end;
    } else if (expected === "colon") {
      if (character !== ":") return fail();
      expected = "value";
      at++;
    } else {
      const keys = open[open.length - 1];
      if (keys === undefined) return fail(`there is more after the end (${JSON.stringify(character)})`);
      if (character === ",") expected = keys ? "key" : "value";
      else if (character === (keys ? "}" : "]")) open.pop();
      else return fail();
      at++;
    }
  }
  const complete = expected === "end of value" && open.length === 0;
  return complete ? { repeated } : { repeated, error: { at, reason: text.trim() === "" ? "it is empty" : "it ends too early" } };
}

function wanted(expected: Expected, open: readonly (Set<string> | null)[]): string {
  if (expected === "key" || expected === "key or }") return "a key in double quotes";
  if (expected === "colon") return "a colon";
  if (expected === "end of value") return open[open.length - 1] ? "`,` or `}`" : "`,` or `]`";
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
