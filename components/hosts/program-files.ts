import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes a host's program to `<folder>/.turducken/<stack>/<host>.sh`, atomically and only when it differs: several runs may read it.
 *
 * @returns the path relative to `folder`, as assets want it: state must not hold where a checkout lies
 */
export function writeProgram(folder: string, stack: string, host: string, text: string): string {
  const relative = join(".turducken", stack, `${host}.sh`);
  const path = join(folder, relative);
  if (read(path) === text) return relative;
  mkdirSync(join(folder, ".turducken", stack), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
  return relative;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
