import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, strToU8 } from "fflate";
import { z } from "zod";
import type { HostFacts } from "../types";

const SCRIPT = readFileSync(join(__dirname, "facts.sh"), "utf8");

/**
 * The script that makes a host tell about itself: `bash -s -- <name>`, one JSON `HostFacts` on stdout. The same text for every
 * host; whole comment lines stay out.
 */
export function renderFactsScript(): string {
  return SCRIPT.split("\n")
    .filter((line) => !/^\s*#/.test(line) && line.trim() !== "")
    .join("\n")
    .concat("\n");
}

/**
 * The same as stdin of a facts command, which the state holds twice for each host: packed, 2 KB instead of 3.6 KB. By fflate, as
 * Node's own zlib gives other bytes on other versions and processors, and would have every host asked anew.
 */
export function packedFactsScript(): string {
  // The time in gzip's header is left at zero.
  return `${Buffer.from(gzipSync(strToU8(renderFactsScript()), { level: 9, mtime: 0 })).toString("base64")}\n`;
}

const hostFacts = z.object({
  host: z.string(),
  hostname: z.string(),
  machineId: z.string(),
  os: z.object({ id: z.string(), versionId: z.string() }),
  arch: z.string(),
  kernel: z.string(),
  sudo: z.boolean(),
  clock: z.number(),
  addresses: z.array(z.string()),
  memoryMiB: z.number(),
  cpus: z.number(),
  diskFreeMiB: z.number(),
  swapMiB: z.number(),
  cgroup: z.enum(["v1", "v2"]),
  selinux: z.string(),
  apparmor: z.string(),
  foreign: z.array(z.string()),
  cluster: z.string().optional(),
  certificateDays: z.number().optional(),
});

/**
 * Reads the stdout of a facts script. Lines before it, as a talkative .bashrc prints them, are skipped.
 *
 * @throws Error with one sentence when there are no facts in it
 */
export function parseFacts(stdout: string): HostFacts {
  const line = stdout
    .split("\n")
    .reverse()
    .find((each) => each.startsWith('{"host":'));
  if (line === undefined) throw new Error(`the host answered without facts: ${JSON.stringify(stdout.trim().slice(0, 120))}`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`the host's facts are cut off or damaged: ${JSON.stringify(line.slice(0, 120))}`);
  }
  const parsed = hostFacts.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`the host's facts lack what is needed: ${issue!.path.join(".")}: ${issue!.message}`);
}
