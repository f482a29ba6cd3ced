/**
 * Hostlists as Slurm and Flux write them: `n[01-06]`, `n[1-3,7]`, `10.0.0.[11-16]`, `r[1-2]n[01-18]`, and lists of these
 * with commas. Numbers keep the zeros they are written with: `[08-11]` gives 08 09 10 11. Order and duplicates are kept.
 */

/** More names than this in one text is taken for a typing error: Slurm's own limit for one range is 64 Ki. */
export const HOSTLIST_LIMIT = 100_000;

/** Numbers of more digits than this cannot be counted exactly, and no machine is numbered so. */
const MAX_DIGITS = 15;

const ALLOWED = "names and ranges such as `n[01-06]`, `n[1-3,7]`, `10.0.0.[11-16]`, with commas between them";

/** A text that is not a hostlist. The message names the text, the position (from 1) and what is allowed. */
export class HostlistError extends Error {
  constructor(
    readonly text: string,
    /** Offset of the offending character in `text`, from 0. */
    readonly position: number,
    readonly reason: string,
    readonly allowed: string = ALLOWED,
  ) {
    super(`hostlist ${JSON.stringify(shorten(text))}, character ${position + 1}: ${reason}; allowed: ${allowed}`);
    this.name = "HostlistError";
  }
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** `[first, last]` with the width that the first number was written with. */
interface Range {
  readonly first: number;
  readonly last: number;
  readonly width: number;
}

/** One element of a list: literal texts and bracketed ranges in turn. */
type Part = string | readonly Range[];

/**
 * Where the two forms differ. In Slurm's every number in brackets has the zeros it is written with; in Flux's
 * (flux-framework/rfc:spec_29.rst@4b15e2a16bfe22f0cae2b4b718f95e7a18bc2c16) the zeros of the first number hold for all in its
 * brackets, `[00-2]` is 00, 01, 02, and the empty text is the empty list.
 */
export type HostlistForm = "slurm" | "rfc29";

/**
 * The names that a hostlist stands for, in the order written.
 *
 * @throws HostlistError when the text is empty (in Slurm's form), malformed, or stands for more than {@link HOSTLIST_LIMIT} names
 */
export function expandHostlist(text: string, form: HostlistForm = "slurm"): string[] {
  if (form === "rfc29" && text === "") return [];
  const elements = splitElements(text);
  const parsed = elements.map(({ start, end }) => ({ start, parts: parseElement(text, start, end, form) }));
  let total = 0;
  for (const { start, parts } of parsed) {
    total += parts.reduce((product, part) => product * (typeof part === "string" ? 1 : sizeOf(part)), 1);
    if (total > HOSTLIST_LIMIT) {
      throw new HostlistError(text, start, `stands for more than ${HOSTLIST_LIMIT} names`, `at most ${HOSTLIST_LIMIT} names`);
    }
  }
  return parsed.flatMap(({ parts }) => expandParts(parts));
}

/** Offsets of the elements between the commas that are outside brackets, without the blanks around them. */
function splitElements(text: string): { start: number; end: number }[] {
  if (text.trim() === "") throw new HostlistError(text, 0, "is empty");
  const elements: { start: number; end: number }[] = [];
  let open = -1;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === "[") {
      if (open >= 0) throw new HostlistError(text, at, "`[` inside brackets");
      open = at;
    } else if (character === "]") {
      if (open < 0) throw new HostlistError(text, at, "`]` without `[`");
      open = -1;
    } else if (at === text.length || (character === "," && open < 0)) {
      if (open >= 0) throw new HostlistError(text, open, "`[` is not closed");
      elements.push(trimmed(text, from, at));
      from = at + 1;
    }
  }
  return elements;
}

function trimmed(text: string, from: number, to: number): { start: number; end: number } {
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text[start]!)) start++;
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  if (start === end) throw new HostlistError(text, Math.min(from, text.length - 1), "an element between commas is empty");
  return { start, end };
}

function parseElement(text: string, start: number, end: number, form: HostlistForm): Part[] {
  const parts: Part[] = [];
  let at = start;
  while (at < end) {
    if (text[at] === "[") {
      const close = text.indexOf("]", at);
      parts.push(parseRanges(text, at + 1, close, form));
      at = close + 1;
      continue;
    }
    const open = text.indexOf("[", at);
    const stop = open < 0 || open > end ? end : open;
    const literal = text.slice(at, stop);
    const blank = literal.search(/\s/);
    if (blank >= 0) throw new HostlistError(text, at + blank, "a blank inside a name");
    parts.push(literal);
    at = stop;
  }
  return parts;
}

function parseRanges(text: string, start: number, end: number, form: HostlistForm): Range[] {
  const ranges: Range[] = [];
  let at = start;
  for (const item of text.slice(start, end).split(",")) {
    ranges.push(parseRange(text, at, item, form));
    at += item.length + 1;
  }
  // A first number without a leading zero asks for no zeros anywhere.
  const first = ranges[0]!.width;
  const width = text[start] === "0" ? first : 1;
  return form === "slurm" ? ranges : ranges.map((range) => ({ ...range, width }));
}

function parseRange(text: string, at: number, item: string, form: HostlistForm): Range {
  const fail = (reason: string): never => {
    throw new HostlistError(text, at, reason, "a number or `first-last` in brackets, e.g. `[01-06]`, `[1-3,7]`");
  };
  const match = /^(\d+)(?:-(\d+))?$/.exec(item);
  if (!match) return fail(item === "" ? "empty range" : `\`${item}\` is not a range`);
  const [, low = "", high = low] = match;
  if (low.length > MAX_DIGITS || high.length > MAX_DIGITS) return fail(`a number of more than ${MAX_DIGITS} digits`);
  const first = Number(low);
  const last = Number(high);
  if (last < first) return fail(`range \`${item}\` runs backwards`);
  if (form === "rfc29") return { first, last, width: low.length };
  // Slurm would read `[1-03]` as 1, 2, 3, which is hardly what whoever wrote 03 meant.
  if (high.startsWith("0") && high.length > low.length) return fail(`\`${item}\` pads only its last number`);
  if (high.length < low.length) return fail(`\`${item}\` has a shorter last number than first`);
  return { first, last, width: low.length };
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The product of the parts; the last bracket counts fastest. */
function expandParts(parts: readonly Part[]): string[] {
  return parts.reduce<string[]>(
    (heads, part) => {
      const tails = typeof part === "string" ? [part] : part.flatMap(numbers);
      return heads.flatMap((head) => tails.map((tail) => head + tail));
    },
    [""],
  );
}

function numbers({ first, last, width }: Range): string[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => String(first + offset).padStart(width, "0"));
}

/** A name split before its trailing number; names whose number is absent or too long are never part of a range. */
interface Numbered {
  readonly prefix: string;
  readonly digits: string;
}

/**
 * The shortest text that expands to exactly these names in this order: neighbours with one prefix share brackets, ascending
 * numbers become ranges. Only trailing numbers are folded, because Slurm reads nothing else. No names give the empty text.
 * In RFC 29's form numbers padded differently do not share brackets, so that it means the same to Slurm and to Flux.
 *
 * @throws HostlistError for a name that no hostlist can express (empty, or with a blank, a comma or a bracket)
 */
export function compressHostlist(names: Iterable<string>, form: HostlistForm = "slurm"): string {
  const groups: { prefix: string; digits: string[] }[] = [];
  for (const name of names) {
    const wrong = /[\s,[\]]/.exec(name);
    if (name === "" || wrong) {
      throw new HostlistError(name, wrong?.index ?? 0, "is no host name", "a name without blanks, commas and brackets");
    }
    const { prefix, digits } = splitNumber(name);
    const last = groups[groups.length - 1];
    const together = last && digits !== "" && last.prefix === prefix && last.digits[0] !== "";
    if (together && (form === "slurm" || paddedAlike(last.digits[0]!, digits))) last.digits.push(digits);
    else groups.push({ prefix, digits: [digits] });
  }
  return groups
    .map(({ prefix, digits }) => (digits.length === 1 ? prefix + digits[0]! : `${prefix}[${foldNumbers(digits)}]`))
    .join(",");
}

/** Whether `[first,other]` is read so by each number's own zeros, by the first number's zeros, and by the first number's width. */
function paddedAlike(first: string, other: string): boolean {
  const width = first.startsWith("0") ? first.length : 1;
  return other.length >= first.length && other === String(Number(other)).padStart(width, "0");
}

function splitNumber(name: string): Numbered {
  const digits = /\d+$/.exec(name)?.[0] ?? "";
  return digits.length > MAX_DIGITS
    ? { prefix: name, digits: "" }
    : { prefix: name.slice(0, name.length - digits.length), digits };
}

/** `["01", "02", "03", "7"]` → `01-03,7`. */
function foldNumbers(digits: readonly string[]): string {
  const ranges: string[] = [];
  for (let from = 0; from < digits.length;) {
    const first = digits[from]!;
    let to = from;
    while (digits[to + 1] === String(Number(first) + to + 1 - from).padStart(first.length, "0")) to++;
    ranges.push(to === from ? first : `${first}-${digits[to]!}`);
    from = to + 1;
  }
  return ranges.join(",");
}

/** Names as a reader wants them in a message: compressed where a hostlist can express them, never longer than `limit`. */
export function showNames(names: readonly string[], limit = 200): string {
  const plain = names.every((name) => /^[^\s,[\]]+$/.test(name));
  const text = plain ? compressHostlist(names) : names.map((name) => JSON.stringify(name)).join(", ");
  return text.length > limit ? `${text.slice(0, limit - 3)}...` : text;
}
