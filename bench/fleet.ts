import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StepReport } from "../components/hosts/types";
import { expandHostlist } from "../hardware";
import { execute, startLab, type RunningLab } from "../tools/rehearse/lab";
import { overrideCluster, type StackConfig } from "../tools/rehearse/overrides";
import { cgroupFilesystem, type Parts } from "../tools/rehearse/parts";
import { makeSandbox } from "../tools/rehearse/sandbox";
import type { Sandbox, StackOperation } from "../tools/rehearse/sandbox-types";
import type { LabHostSpec } from "../tools/rehearse/types";

export const CLUSTER = "bench";
export const POOL = "compute";
export const MACHINE_TYPE = "cpu-generic";

/** Real SSH hosts and a cluster stack without Kubernetes for them. */
export interface Fleet {
  readonly lab: RunningLab;
  readonly sandbox: Sandbox;
  /** What the host programs reported in the last `up`. */
  readonly reports: StepReport[];
  /** Asks for every host to be done again: the program runs, and finds everything right. */
  raiseGenerations(): void;
  /** Throws with what it said unless all of it succeeded. */
  up(): Promise<readonly StackOperation[]>;
  /** As `up`; answers in seconds when the last host was prepared, whatever ran after that. */
  upUntilPrepared(): Promise<number>;
  /** Writes the host programs and asks no host. */
  writePrograms(): Promise<void>;
  /** Hosts and state as before the first run. */
  reset(): Promise<void>;
  /** One hash of what configuring leaves on the hosts: content, owner and mode of every file. */
  endState(): Promise<string>;
  stateBytes(): number;
  close(): Promise<void>;
}

/** @param parts with them, the hosts are prepared for Kubernetes, and the first is its control plane */
export async function startFleet(count: number, signal: AbortSignal, parts?: Parts): Promise<Fleet> {
  const names = Array.from({ length: count }, (_, index) => `h${String(index + 1).padStart(2, "0")}`);
  const role = (name: string) => (parts && name === names[0] ? ("control-plane" as const) : ("worker" as const));
  const hosts = names.map((name) => ({ name, role: role(name) }));
  const lab = await startLab({ hosts, ...(parts ? { overlay: parts.overlay, mounts: parts.mounts } : {}) });
  try {
    const reports: StepReport[] = [];
    const prepared: number[] = [];
    const sandbox = await makeSandbox({
      folder: lab.folder,
      repository: join(__dirname, ".."),
      engine: "builtin",
      stacks: { [CLUSTER]: stackOf(lab, hosts, parts) },
      secrets: { [CLUSTER]: ["sshPrivateKey"] },
      redact: (text) => text.replaceAll(lab.privateKey, "[secret]"),
      onOperation: (operation, stdout) => {
        if (!operation.name.endsWith("-host") || operation.state !== "done") return;
        reports.push(...readReports(stdout ?? ""));
        prepared.push(performance.now());
      },
      signal,
    });
    return fleet(lab, sandbox, { reports, prepared }, names);
  } catch (error) {
    await lab.close();
    throw error;
  }
}

function stackOf(lab: RunningLab, hosts: readonly LabHostSpec[], parts: Parts | undefined): StackConfig {
  const cluster = {
    environment: "bare-metal",
    name: CLUSTER,
    ssh: { user: "admin", privateKey: "sshPrivateKey" },
    hosts: hosts.map(({ name, role }) => {
      const { address, hostKey } = lab.hosts.get(name)!;
      return { names: name, pool: POOL, role, machineType: MACHINE_TYPE, addresses: address, hostKeys: [hostKey] };
    }),
    ...(parts ? { kubernetes: { distribution: "kubeadm", version: parts.versions.first } } : {}),
  };
  const config = { cluster, sshPrivateKey: lab.privateKey };
  return parts ? overrideCluster(config, { lab, cgroup: cgroupFilesystem(), expand: expandHostlist }).config : config;
}

interface Heard {
  readonly reports: StepReport[];
  /** When each host was prepared; `performance.now()`. */
  readonly prepared: number[];
}

function fleet(lab: RunningLab, sandbox: Sandbox, { reports, prepared }: Heard, names: readonly string[]): Fleet {
  let generation = 1;
  const everywhere = (script: string): Promise<string[]> =>
    Promise.all(
      [...lab.hosts.values()].map(async (host) => {
        const { code, stdout, stderr } = await host.exec(["bash", "-c", script], { timeoutSeconds: 60 });
        if (code !== 0) throw new Error(`${host.name}: ${script}: exit ${code}: ${stderr}`);
        return stdout;
      }),
    );
  const up = async (): Promise<readonly StackOperation[]> => {
    reports.length = prepared.length = 0;
    const run = await sandbox.up(CLUSTER);
    if (run.exitCode !== 0) throw new Error(`up ended with ${run.exitCode}:\n${run.messages.join("\n")}`);
    return run.operations;
  };
  return {
    lab,
    sandbox,
    reports,
    upUntilPrepared: async () => {
      const begin = performance.now();
      await up();
      return (Math.max(...prepared) - begin) / 1000;
    },
    writePrograms: async () => {
      const { code, stderr } = await sandbox.turducken(["plan", CLUSTER]);
      if (code !== 0) throw new Error(`plan ended with ${code}:\n${stderr}`);
    },
    raiseGenerations: () => {
      generation += 1;
      sandbox.edit(CLUSTER, (config) => {
        (config.cluster as Record<string, unknown>).generations = Object.fromEntries(names.map((name) => [name, generation]));
      });
    },
    up,
    reset: async () => {
      rmSync(sandbox.checkpointFile(CLUSTER), { force: true });
      await everywhere("rm -rf /etc/turducken /run/turducken ~admin/.turducken-* ~admin/.ansible ~root/.ansible");
    },
    endState: async () => {
      const list = "cd /etc/turducken && find . | sort | xargs stat -c '%n %a %U:%G' && find . -type f | sort | xargs sha256sum";
      return createHash("sha256")
        .update((await everywhere(list)).join("\n"))
        .digest("hex");
    },
    stateBytes: () => statSync(sandbox.checkpointFile(CLUSTER)).size,
    close: () => lab.close(),
  };
}

/** Lines of a host program; others (none are expected) are not reports. */
export function readReports(stdout: string): StepReport[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as StepReport);
}

/** One SSH connection per host, all at the same time, and the program that `up` would copy on its stdin. */
export async function plainSsh(fleet: Fleet): Promise<StepReport[]> {
  const { lab, sandbox } = fleet;
  const programs = join(sandbox.folder, "program", ".turducken", CLUSTER);
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${lab.knownHostsFile()}`, "LogLevel=ERROR"];
  const ssh = ["ssh", "-F", "none", "-i", join(lab.folder, "login"), ...options.flatMap((each) => ["-o", each])].join(" ");
  const one = `${ssh} admin@$2 sudo -n bash -s -- prepare apply < ${programs}/$1.sh`;
  const result = await execute(["xargs", "-P", String(lab.hosts.size), "-n", "2", "bash", "-c", one, "one"], {
    stdin: [...lab.hosts.values()].map((host) => `${host.name} ${host.address}\n`).join(""),
    timeoutSeconds: 300,
  });
  if (result.code !== 0) throw new Error(`ssh ended with ${result.code}:\n${result.stderr}`);
  return readReports(result.stdout);
}
