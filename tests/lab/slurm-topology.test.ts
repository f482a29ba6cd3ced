import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expandHostlist } from "../../hardware/hostlist";
import { renderSlurmTopology } from "../../hardware/topology/renderers/slurm";
import { UNKNOWN_DOMAIN } from "../../hardware/topology/tree";
import type { FabricTree, TierName } from "../../hardware/types";
import { missingForLabTests } from "./support";

/** Slurm's own controller, on this machine, with nodes that do not exist. Debian 12: apt install slurmctld slurm-client. */
const missing = missingForLabTests(["slurmctld", "scontrol"]);
if (missing.length > 0) console.warn(`skipped: slurmctld as judge of topology.conf: ${missing.join("; ")}`);

interface Verdict {
  /** `Level`, `Nodes` and `Switches` by switch, as scontrol shows them. */
  readonly switches: ReadonlyMap<string, { readonly level: number; readonly nodes: string[]; readonly children: string[] }>;
  readonly log: string;
}

(missing.length === 0 ? describe : describe.skip)("slurmctld takes the topology.conf of", () => {
  jest.setTimeout(60_000);

  const tree = (tiers: readonly TierName[], places: readonly (readonly [string, ...(string | undefined)[]])[]): FabricTree => ({
    tiers,
    nodes: places.map(([name, ...chain]) => ({
      name,
      chain: tiers.map((_, tier) => chain[tier] ?? UNKNOWN_DOMAIN),
      padded: tiers.filter((_, tier) => chain[tier] === undefined),
    })),
  });
  const range = (count: number) => Array.from({ length: count }, (_, index) => index);
  const padded = (index: number) => String(index).padStart(3, "0");

  test.each<[string, FabricTree, string | undefined]>([
    ["one leaf", tree(["leaf"], [["n1", "l1"], ["n2", "l1"]]), undefined], // prettier-ignore
    [
      "three tiers of padded names",
      tree(["leaf", "spine", "core"], range(96).map((n) => [`n${padded(n + 5)}`, `l${n >> 3}`, `s${n >> 5}`, "c0"])), // prettier-ignore
      undefined,
    ],
    ["several spines under one switch", tree(["leaf", "spine"], range(12).map((n) => [`n${n}`, `l${n >> 1}`, `s${n >> 2}`])), "fabric"], // prettier-ignore
    ["a leaf and a spine of one name", tree(["leaf", "spine"], [["n1", "a", "a"], ["n2", "b", "a"]]), undefined], // prettier-ignore
    [
      "nodes whose place is not known",
      tree(["leaf", "spine"], [["n1", "l1", "s1"], ["n2", undefined, "s1"], ["n3"], ["n4", "l4"], ["n05", "l1", "s1"]]), // prettier-ignore
      "fabric",
    ],
    ["names of two widths in one leaf", tree(["leaf"], [["n9", "l"], ["n10", "l"], ["n09", "l"], ["gpu-a-1", "l"]]), undefined], // prettier-ignore
    ["names that no switch may have", tree(["leaf"], [["n1", "MF0;sw=1#x"], ["n2", "MF0;sw=1,x"]]), "all"], // prettier-ignore
    [
      "a spine of 300 leaves whose names do not fold",
      tree(["leaf", "spine"], range(300).map((n) => [`n${n}`, `nn-${padded(n)}f${(n * 7919).toString(16)}a`, "s1"])), // prettier-ignore
      undefined,
    ],
  ])("%s, and has the same nodes under the same switches", async (_, fabric, root) => {
    const { output, problems } = renderSlurmTopology(fabric, { plugin: "tree", ...(root === undefined ? {} : { root }) });
    expect(problems).toEqual([]);
    const { switches, log } = await judge(output, fabric);
    expect(log).not.toMatch(/fatal|lack access|invalid/i);
    expect(log.includes("no switch can reach all nodes")).toBe(false);
    const written = output.trimEnd().split("\n");
    expect([...switches.keys()].sort()).toEqual(written.map((line) => /^SwitchName=(\S+)/.exec(line)![1]!).sort());
    for (const line of written) {
      const [, name, what, list] = /^SwitchName=(\S+) (Nodes|Switches)=(\S+)$/.exec(line)!;
      const seen = switches.get(name!)!;
      const members = expandHostlist(list!);
      expect([...(what === "Nodes" ? seen.nodes : seen.children)].sort()).toEqual([...members].sort());
      expect(seen.level === 0).toBe(what === "Nodes");
    }
  });

  test("and says itself what we warn of: several roots", async () => {
    const fabric = tree(["leaf"], [["n1", "l1"], ["n2", "l2"]]); // prettier-ignore
    const { output, warnings } = renderSlurmTopology(fabric, { plugin: "tree" });
    expect(warnings.map(({ value }) => value)).toEqual(["l[1-2]"]);
    expect((await judge(output, fabric)).log).toContain("no switch can reach all nodes");
  });

  test("and refuses a wrong one, so that its silence means something", async () => {
    const fabric = tree(["leaf"], [["n1", "l1"]]);
    const { log, switches } = await judge("SwitchName=l1 Nodes=n1\nSwitchName=s1 Switches=l1,l2\n", fabric);
    expect(log).toMatch(/fatal: .*invalid child \(l2\)/);
    expect(switches.size).toBe(0);
  });
});

/** Starts a controller with this file and these nodes, asks what it understood, and stops it. */
async function judge(topology: string, fabric: FabricTree): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "slurm-topology-"));
  const config = join(folder, "slurm.conf");
  mkdirSync(join(folder, "state"));
  const port = await freePort();
  // No munge, no node daemons and no jobs: only reading the configuration counts here.
  const settings = [
    "ClusterName=judge",
    "SlurmctldHost=localhost",
    `SlurmctldPort=${port}`,
    "AuthType=auth/none",
    "CredType=cred/none",
    "SlurmUser=root",
    `SlurmctldPidFile=${folder}/pid`,
    `StateSaveLocation=${folder}/state`,
    "MailProg=/bin/true",
    "ProctrackType=proctrack/linuxproc",
    "SelectType=select/cons_tres",
    "TopologyPlugin=topology/tree",
    ...fabric.nodes.map(({ name }) => `NodeName=${name} NodeAddr=127.0.0.1 CPUs=1`),
    "PartitionName=all Nodes=ALL Default=YES",
  ];
  writeFileSync(config, `${settings.join("\n")}\n`);
  writeFileSync(join(folder, "topology.conf"), topology);
  const daemon = spawn("/usr/sbin/slurmctld", ["-D", "-c", "-f", config], { env: { ...process.env, SLURM_CONF: config } });
  try {
    let log = "";
    for (const stream of [daemon.stdout, daemon.stderr]) stream.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
    const ready = await until(20_000, () => /Running as primary controller/.test(log) || daemon.exitCode !== null);
    if (!ready) throw new Error(`slurmctld did not start within 20 s:\n${log}`);
    const shown = daemon.exitCode === null ? scontrol(config, ["show", "topology"]) : "";
    return { log, switches: readSwitches(shown) };
  } finally {
    await stop(daemon);
    rmSync(folder, { recursive: true });
  }
}

function scontrol(config: string, args: readonly string[]): string {
  return execFileSync("scontrol", [...args], { encoding: "utf8", timeout: 20_000, env: { ...process.env, SLURM_CONF: config } });
}

function readSwitches(shown: string): Verdict["switches"] {
  const list = (line: string, key: string) => {
    const text = new RegExp(` ${key}=(\\S+)`).exec(line)?.[1];
    return text === undefined ? [] : expandHostlist(text);
  };
  return new Map(
    shown
      .split("\n")
      .filter((line) => line.startsWith("SwitchName="))
      .map((line) => [
        /^SwitchName=(\S+)/.exec(line)![1]!,
        { level: Number(/ Level=(\d+)/.exec(line)![1]), nodes: list(line, "Nodes"), children: list(line, "Switches") },
      ]),
  );
}

async function until(milliseconds: number, done: () => boolean): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end;) {
    if (done()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return done();
}

async function stop(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = new Promise((resolve) => daemon.once("exit", resolve));
  daemon.kill("SIGKILL");
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
