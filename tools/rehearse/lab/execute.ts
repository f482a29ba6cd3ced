import { spawn } from "node:child_process";
import type { ExecResult } from "../types";

export interface ExecuteOptions {
  readonly stdin?: string;
  readonly timeoutSeconds?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called for every line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end; never throws for an exit code. A run over its time has code 124, like `timeout`. */
export function execute(argv: readonly string[], options: ExecuteOptions = {}): Promise<ExecResult> {
  const [program, ...args] = argv;
  if (!program) throw new Error("nothing to execute");
  return new Promise((resolve, reject) => {
    // An own process group, so that a timeout also ends what the program started.
    const child = spawn(program, args, { detached: true, stdio: "pipe", env: options.env ?? process.env, cwd: options.cwd });
    const stdout = collect(child.stdout, options.onLine);
    const stderr = collect(child.stderr, options.onLine);
    let late = false;
    const timer =
      options.timeoutSeconds === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            killGroup(child.pid);
          }, options.timeoutSeconds * 1000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: late ? 124 : (code ?? 128 + (signal === "SIGKILL" ? 9 : 15)), stdout: stdout(), stderr: stderr() });
    });
    // A program that does not read its stdin closes the pipe; that is its right.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}

/** Like `execute`, but an exit code other than 0 is an error that shows the last lines of stderr. */
export async function mustExecute(what: string, argv: readonly string[], options: ExecuteOptions = {}): Promise<string> {
  const result = await execute(argv, options);
  if (result.code !== 0) {
    const tail = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-15).join("\n");
    throw new Error(`${what} failed (exit ${result.code}):\n${tail}`);
  }
  return result.stdout;
}

/** Asks until it says yes or the time is over. */
export async function until(seconds: number, ask: () => Promise<boolean> | boolean, everyMs = 50): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    if (await ask()) return true;
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Runs at most `limit` of the jobs at once; the first failure is thrown after all have ended. */
export async function inParallel<T, R>(limit: number, items: readonly T[], job: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await job(items[index]!);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

function collect(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): () => string {
  const chunks: Buffer[] = [];
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (!onLine) return;
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}
