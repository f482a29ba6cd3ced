import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readFileSync } from "node:fs";
import { measure } from "./measure";

const repository = join(__dirname, "..");

/** The example with its compute group blown up to `count` hosts in leaves of 32 and spines of 8 leaves. */
export function inventory(count: number): string {
  const file = parse(readFileSync(join(repository, "stacks/Pulumi.bare-metal.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const cluster = file.config["turducken:cluster"] as {
    hosts: Record<string, unknown>[];
    topology: { spines: Record<string, string[]> };
    kubernetes: { podCIDR: string };
  };
  const [control, example] = cluster.hosts as [Record<string, unknown>, { hostKeys: string[] }];
  const groups: Record<string, unknown>[] = [control];
  const spines: Record<string, string[]> = {};
  for (let first = 0; first < count; first += 32) {
    const leaf = `l${first / 32 + 1}`;
    const size = Math.min(32, count - first);
    const index = first / 32;
    groups.push({
      ...example,
      names: `m[${pad(first + 1)}-${pad(first + size)}]`,
      addresses: `10.${1 + Math.floor(index / 4)}.${(index % 4) * 2 + 1}.[1-${size}]`,
      leaf,
      hostKeys: Array.from({ length: size }, () => example.hostKeys[0]),
    });
    (spines[`s${Math.floor(index / 8) + 1}`] ??= []).push(leaf);
  }
  cluster.hosts = groups;
  cluster.topology.spines = spines;
  // A /24 for each node; the example's range has room for 256.
  cluster.kubernetes.podCIDR = "10.240.0.0/12";
  return stringify(file);
}

function pad(index: number): string {
  return String(index).padStart(4, "0");
}

/** Plan times by size, and what one host adds; the goals are 3 s for the example, 60 s and 2 GB for 1,000 hosts. */
export async function benchPlan(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "turducken-bench-"));
  try {
    const example = await plan("stacks/Pulumi.bare-metal.yaml");
    console.log(`plan, example of 7 hosts        ${example.seconds.toFixed(2)} s, ${example.peakMiB.toFixed(0)} MiB`);
    let previous: { hosts: number; seconds: number } | undefined;
    for (const hosts of [100, 300, 1000]) {
      const file = join(folder, `Pulumi.size-${hosts}.yaml`);
      writeFileSync(file, inventory(hosts));
      const { seconds, peakMiB } = await plan(file);
      const slope = previous ? ((seconds - previous.seconds) / (hosts - previous.hosts)) * 1000 : undefined;
      console.log(
        `plan, ${String(hosts).padStart(4)} hosts                ${seconds.toFixed(2)} s, ${peakMiB.toFixed(0)} MiB${slope === undefined ? "" : `, ${slope.toFixed(1)} ms for each further host`}`,
      );
      previous = { hosts, seconds };
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function plan(file: string) {
  const result = await measure(process.execPath, ["bin/turducken.js", "plan", "bare-metal", "--config-file", file], {
    cwd: repository,
  });
  if (result.code !== 0) throw new Error(`plan of ${file} ended with ${result.code}:\n${result.output.slice(-2000)}`);
  return result;
}
