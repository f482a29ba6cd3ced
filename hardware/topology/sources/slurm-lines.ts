import type { HardwareProblem } from "../../problem";

/** One statement of a Slurm configuration file: `Key=value` pairs of one logical line. */
export interface SlurmLine {
  /** The first physical line, from 1. */
  readonly line: number;
  /** Keys in small letters, as Slurm does not care for their case. */
  readonly pairs: ReadonlyMap<string, string>;
}

/** One pair: a quoted value may have blanks (SchedMD/slurm:src/common/parse_config.c, `keyvalue_pattern`). */
const PAIR = /\s*([A-Za-z0-9_.]+)\s*=\s*(?:"([^"]*)"|([^\s"]\S*))(?=\s|$)/y;

/**
 * The statements of a Slurm configuration text. Lines that end in a backslash go on, then `#` begins a comment, as in
 * SchedMD/slurm:src/common/parse_config.c (`_strip_continuation`, `_strip_comments`): a backslash at the end of a comment
 * makes the next line part of the comment, which is never meant and therefore a problem here.
 */
export function slurmLines(text: string, problems: HardwareProblem[]): SlurmLine[] {
  const lines: SlurmLine[] = [];
  for (const { line, content } of logicalLines(text, problems)) {
    if (content.trim() === "") continue;
    if (/^\s*include(\s|=|$)/i.test(content)) {
      problems.push({
        path: `line ${line}`,
        value: content.trim(),
        message: "Include is refused: only one text is read, and the switches of the other file would be missing.",
        allowed: "a file without Include",
        fix: "Put the included file's lines in its place.",
      });
      continue;
    }
    lines.push({ line, pairs: pairsOf(content, line, problems) });
  }
  return lines;
}

function logicalLines(text: string, problems: HardwareProblem[]): { line: number; content: string }[] {
  const result: { line: number; content: string }[] = [];
  let pieces: string[] = [];
  let first = 1;
  const physical = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [index, piece] of physical.entries()) {
    if (pieces.length === 0) first = index + 1;
    const { goesOn, kept } = withoutContinuation(piece);
    pieces.push(kept);
    if (goesOn && index + 1 < physical.length) continue;
    const swallowed = pieces.findIndex((each) => each.includes("#"));
    if (
      swallowed >= 0 &&
      swallowed < pieces.length - 1 &&
      pieces
        .slice(swallowed + 1)
        .join("")
        .trim() !== ""
    ) {
      problems.push({
        path: `line ${first + swallowed}`,
        value: pieces[swallowed]!.trim(),
        message: `A comment ends in a backslash, so that line ${first + swallowed + 1} is a comment for Slurm: ${pieces
          .slice(swallowed + 1)
          .join(" ")
          .trim()}`,
        allowed: "comments that end with their line",
        fix: "Remove the backslash.",
      });
    }
    const whole = pieces.join("");
    result.push({ line: first, content: whole.slice(0, commentStart(whole)) });
    pieces = [];
  }
  return result;
}

/** A line goes on when an odd number of backslashes ends it; blanks may follow them. */
function withoutContinuation(piece: string): { goesOn: boolean; kept: string } {
  const trimmed = piece.trimEnd();
  let at = trimmed.length;
  while (at > 0 && trimmed[at - 1] === "\\") at--;
  const goesOn = (trimmed.length - at) % 2 === 1;
  return { goesOn, kept: goesOn ? trimmed.slice(0, -1) : piece };
}

/** Offset of the first `#` that is not escaped. */
function commentStart(line: string): number {
  let backslashes = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "#" && backslashes % 2 === 0) return at;
    backslashes = line[at] === "\\" ? backslashes + 1 : 0;
  }
  return line.length;
}

function pairsOf(content: string, line: number, problems: HardwareProblem[]): Map<string, string> {
  const pairs = new Map<string, string>();
  PAIR.lastIndex = 0;
  let at = 0;
  for (let match = PAIR.exec(content); match; match = PAIR.exec(content)) {
    at = PAIR.lastIndex;
    const key = match[1]!.toLowerCase();
    const value = match[2] ?? match[3]!;
    if (pairs.has(key)) {
      problems.push(
        slurmProblem(
          line,
          value,
          `${match[1]} stands twice in one line; the second is not read.`,
          "each key once",
          "Give it once.",
        ),
      );
    } else {
      pairs.set(key, value);
    }
  }
  const rest = content.slice(at).trim();
  if (rest !== "") {
    problems.push(
      slurmProblem(line, rest, "This is not Key=value.", "`Key=value` pairs with blanks between them", "Correct the line."),
    );
  }
  return pairs;
}

export function slurmProblem(line: number, value: unknown, message: string, allowed: string, fix: string): HardwareProblem {
  return { path: `line ${line}`, value, message, allowed, fix };
}
