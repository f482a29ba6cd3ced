import { join } from "node:path";
import type { Command } from "commander";

export interface ReferenceOptions {
  readonly write?: boolean;
  readonly check?: boolean;
}

const ROOT = join(__dirname, "..", "..");

/** `turducken reference`: JSON Schemas for editors and the README's table, from the zod schemas. */
export function register(program: Command): void {
  program
    .command("reference")
    .description(
      "print the configuration reference; --write puts it and the JSON Schemas in their files, --check fails when they are stale",
    )
    .option("--write", "write stacks/*.schema.json and the table in README.md")
    .option("--check", "exit 1 when they are not up to date")
    .action(async (options: ReferenceOptions) => {
      process.exitCode = await reference(options);
    });
}

async function reference({ write, check }: ReferenceOptions): Promise<number> {
  const { staleFiles, writeStale } = await import("./files");
  if (write) {
    const written = writeStale(ROOT);
    console.log(written.length === 0 ? "the reference is up to date" : `written: ${written.join(", ")}`);
    return 0;
  }
  if (check) {
    const stale = staleFiles(ROOT);
    if (stale.length === 0) return 0;
    console.error(`stale: ${stale.join(", ")}\n  do: make reference`);
    return 1;
  }
  const { referenceMarkdown } = await import("./table");
  process.stdout.write(referenceMarkdown());
  return 0;
}
