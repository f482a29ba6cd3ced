import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { transpileCache } from "../../../../tools/engine/transpile-cache";

test("the cache changes when a file is moved, and not when it is edited", () => {
  const root = mkdtempSync(path.join(tmpdir(), "turducken-cache-"));
  try {
    writeFileSync(path.join(root, "package.json"), "{}");
    mkdirSync(path.join(root, "stacks"));
    writeFileSync(path.join(root, "stacks", "a.ts"), "1");
    const before = transpileCache(path.join(root, "stacks"));
    expect(path.dirname(before.TS_NODE_CACHE_DIRECTORY!)).toBe(path.join(root, ".turducken", "ts-node"));
    writeFileSync(path.join(root, "stacks", "a.ts"), "2");
    expect(transpileCache(path.join(root, "stacks"))).toEqual(before);
    renameSync(path.join(root, "stacks", "a.ts"), path.join(root, "b.ts"));
    expect(transpileCache(path.join(root, "stacks"))).not.toEqual(before);
  } finally {
    rmSync(root, { recursive: true });
  }
});
