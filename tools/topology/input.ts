/** Files and standard input, read whole. */
import { readFileSync } from "node:fs";

/** It could not be done; the message is for the user. */
export class CannotRead extends Error {}

/** Result of a read: the text, and what to call it in messages. */
export interface Input {
  readonly name: string;
  readonly text: string;
}

/** Bigger than any fabric we know of (100,000 nodes are 60 MB of node labels), and than a JavaScript string can be. */
const MAX_BYTES = 400 * 1024 * 1024;

/**
 * @param file `-` for standard input
 * @throws CannotRead when there is nothing to read
 */
export async function readInput(file: string): Promise<Input> {
  const name = nameOf(file);
  if (file === "-" && process.stdin.isTTY)
    throw new CannotRead("there is nothing on standard input. do: name a file, or pipe something into it");
  const text = file === "-" ? await readStdin() : readText(file);
  if (text.trim() === "") throw new CannotRead(`${name} is empty`);
  return { name, text };
}

/** What to call an input in messages. */
export const nameOf = (file: string): string => (file === "-" ? "standard input" : file);

/** @throws CannotRead */
export function readText(file: string): string {
  try {
    return decode(readFileSync(file), file);
  } catch (error) {
    if (error instanceof CannotRead) throw error;
    throw new CannotRead(`cannot read ${file}: ${reason(error as NodeJS.ErrnoException)}`);
  }
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES") return "it may not be read by you";
  return message;
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BYTES) break;
    chunks.push(chunk as Buffer);
  }
  return decode(Buffer.concat(chunks), "standard input", bytes);
}

function decode(bytes: Buffer, name: string, size = bytes.length): string {
  if (size > MAX_BYTES) throw new CannotRead(`${name} is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
  return bytes.toString("utf8");
}
