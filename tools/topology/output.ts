/** What commands write: results on standard output, which may be a pipe; everything else on standard error. */
import type { HardwareProblem } from "../../hardware/problem";

let guarded = false;

/** Writes to standard output. `turducken … | head` closes the pipe early, which is no error: the rest is not wanted. */
export function writeOut(text: string): void {
  if (!guarded) {
    guarded = true;
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(process.exitCode ?? 0);
    });
  }
  process.stdout.write(text);
}

export function writeError(text: string): void {
  process.stderr.write(text);
}

/** One line for each, so that results on standard output can be piped while these are read. */
export function writeWarnings(warnings: readonly HardwareProblem[]): void {
  for (const { path, value, message, fix } of warnings)
    writeError(`warning: ${path}${value === undefined ? "" : ` = ${JSON.stringify(value)}`}: ${message} do: ${fix}\n`);
}
