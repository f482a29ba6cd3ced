import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Measurement {
  readonly seconds: number;
  /** Peak of the summed resident memory of the process and everything it started, MiB. */
  readonly peakMiB: number;
  readonly code: number;
  readonly output: string;
}

/**
 * Runs a program to its end; its memory is looked at every 100 ms.
 *
 * @param options.shared many of its processes share pages (one kubelet program in seven hosts): count each page once, by
 * proportional set size, and look every second, as that takes longer to ask
 */
export async function measure(
  command: string,
  argv: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; stdin?: string; shared?: boolean } = {},
): Promise<Measurement> {
  const begin = process.hrtime.bigint();
  const child = spawn(command, argv, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.stdin ?? "");
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  let peak = 0;
  const sample = () => (peak = Math.max(peak, residentMiB(child.pid!, options.shared ? proportional : resident)));
  const watch = setInterval(sample, options.shared ? 1000 : 100);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 1));
  });
  clearInterval(watch);
  return {
    seconds: Number(process.hrtime.bigint() - begin) / 1e9,
    peakMiB: peak,
    code,
    output: Buffer.concat(chunks).toString("utf8"),
  };
}

/** Memory of one process in KiB, from its `status`. */
type Gauge = (pid: string, status: string) => number;

const resident: Gauge = (_, status) => Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
/** Kernel threads have none. */
const proportional: Gauge = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);

/** Memory of a process and its descendants, MiB. */
function residentMiB(root: number, gauge: Gauge): number {
  const children = new Map<number, number[]>();
  const sizes = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
      sizes.set(Number(entry), gauge(entry, status) / 1024);
    } catch {
      // The process ended while we looked.
    }
  }
  const sum = (pid: number): number =>
    (sizes.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(root);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
