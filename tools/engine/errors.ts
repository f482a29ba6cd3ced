/** Errors that programs report, made readable: the message a user needs, without the runtime's frames. */
import { stripVTControlCharacters } from "node:util";

const FRAME = /^\s+at .*(:\d+:\d+\)?|<anonymous>\)?|\(node:.*\))( \{)?$/;

/**
 * Takes apart what `cmd/run` logs for an uncaught exception (a coloured `util.inspect` with stack and properties). An error that is a list
 * of the user's mistakes keeps only the list; any other keeps its first frame in the user's own files, because that is where the bug is.
 */
export function readableError(text: string): string {
  const lines = stripVTControlCharacters(text).split("\n");
  const start = lines.findIndex(
    (line) => !/^(Running program '.*' failed with an unhandled exception:|<ref \*\d+>)?\s*$/.test(line),
  );
  if (start < 0) return "";
  const body = lines.slice(start);
  const end = body.findIndex((line) => FRAME.test(line));
  const message = (end < 0 ? body : body.slice(0, end))
    .join("\n")
    .replace(/^(<ref \*\d+> )?(Uncaught )?([A-Z]\w*Error|Error): /, "")
    .trimEnd();
  if (end < 0 || isListOfMistakes(message) || /^(<ref \*\d+> )?(ConfigError|RunError)/.test(body[0] ?? "")) return message;
  const own = body.find(
    (line) => FRAME.test(line) && !line.includes("node_modules") && !line.includes("(node:") && line.includes("/"),
  );
  return own === undefined ? message : `${message}\n  ${own.trim().replace(/ \{$/, "")}`;
}

/** How components/config/problems.ts renders a ConfigError. */
function isListOfMistakes(message: string): boolean {
  return /: \d+ problems?\n/.test(message) && message.includes("\n    do: ");
}
