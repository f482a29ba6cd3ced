/** Where the program's transpiled TypeScript is kept between runs. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/**
 * ts-node 7, which the SDK brings, finds transpiled files by their content alone and keeps the file's path inside: a file that was moved
 * would go on to be reported under its old name. So each set of file names has a cache of its own.
 *
 * @returns variables for the program; none where nothing can be written
 */
export function transpileCache(program: string): Record<string, string> {
  const root = packageRoot(program);
  const key = createHash("sha256").update(sourceNames(root, "").join("\n")).digest("hex").slice(0, 16);
  const folder = path.join(root, ".turducken", "ts-node", key);
  try {
    mkdirSync(folder, { recursive: true });
    return { TS_NODE_CACHE_DIRECTORY: folder };
  } catch {
    return { TS_NODE_CACHE: "false" };
  }
}

/** The folder of the nearest package.json; the program's own without one. */
function packageRoot(program: string): string {
  for (let folder = program; folder !== path.dirname(folder) && folder !== tmpdir(); folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "package.json"))) return folder;
  }
  return program;
}

function sourceNames(root: string, below: string): string[] {
  const entries = readdirSync(path.join(root, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const name = path.join(below, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name.startsWith(".") ? [] : sourceNames(root, name);
    return entry.name.endsWith(".ts") ? [name] : [];
  });
}
