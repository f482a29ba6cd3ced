import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the verdict judges by; see `Inventory`. */
export const INVENTORY_FILE = "set.json";

/** Folder of a stack's files beside its program; relative, because state must not hold where a checkout lies. */
export const stackFolder = (stack: string): string => join(".turducken", stack);

/**
 * Writes `<folder>/.turducken/<stack>/<name>`, atomically and only when it differs: several runs may read it.
 *
 * @returns the path relative to `folder`, as assets and commands want it
 */
export function writeBeside(folder: string, stack: string, name: string, text: string): string {
  const relative = join(stackFolder(stack), name);
  const path = join(folder, relative);
  if (read(path) === text) return relative;
  mkdirSync(join(folder, stackFolder(stack)), { recursive: true });
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
