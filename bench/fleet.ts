import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StepReport } from "../components/hosts/types";
import { execute, startLab, type RunningLab } from "../tools/rehearse/lab";
import { makeSandbox } from "../tools/rehearse/sandbox";
import type { Sandbox, StackOperation } from "../tools/rehearse/sandbox-types";

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
  /** Hosts and state as before the first run. */
  reset(): Promise<void>;
  /** One hash of what configuring leaves on the hosts: content, owner and mode of every file. */
  endState(): Promise<string>;
  stateBytes(): number;
  close(): Promise<void>;
}

export async function startFleet(count: number, signal: AbortSignal): Promise<Fleet> {
  const names = Array.from({ length: count }, (_, index) => `h${String(index + 1).padStart(2, "0")}`);
  const lab = await startLab({ hosts: names.map((name) => ({ name, role: "worker" as const })) });
  try {
    const reports: StepReport[] = [];
    const sandbox = await makeSandbox({
      folder: lab.folder,
      repository: join(__dirname, ".."),
      engine: "builtin",
      stacks: { [CLUSTER]: { cluster: clusterOf(lab, names), sshPrivateKey: lab.privateKey } },
      secrets: { [CLUSTER]: ["sshPrivateKey"] },
      redact: (text) => text.replaceAll(lab.privateKey, "[secret]"),
      onOperation: (operation, stdout) => {
        if (operation.name.endsWith("-host")) reports.push(...readReports(stdout ?? ""));
      },
      signal,
    });
    return fleet(lab, sandbox, reports, names);
  } catch (error) {
    await lab.close();
    throw error;
  }
}

function clusterOf(lab: RunningLab, names: readonly string[]): Record<string, unknown> {
  return {
    environment: "bare-metal",
    name: CLUSTER,
    ssh: { user: "admin", privateKey: "sshPrivateKey" },
    hosts: names.map((name) => {
      const { address, hostKey } = lab.hosts.get(name)!;
      return { names: name, pool: POOL, machineType: MACHINE_TYPE, addresses: address, hostKeys: [hostKey] };
    }),
  };
}

function fleet(lab: RunningLab, sandbox: Sandbox, reports: StepReport[], names: readonly string[]): Fleet {
  let generation = 1;
  const everywhere = (script: string): Promise<string[]> =>
    Promise.all(
      [...lab.hosts.values()].map(async (host) => {
        const { code, stdout, stderr } = await host.exec(["bash", "-c", script], { timeoutSeconds: 60 });
        if (code !== 0) throw new Error(`${host.name}: ${script}: exit ${code}: ${stderr}`);
        return stdout;
      }),
    );
  return {
    lab,
    sandbox,
    reports,
    raiseGenerations: () => {
      generation += 1;
      sandbox.edit(CLUSTER, (config) => {
        (config.cluster as Record<string, unknown>).generations = Object.fromEntries(names.map((name) => [name, generation]));
      });
    },
    up: async () => {
      reports.length = 0;
      const run = await sandbox.up(CLUSTER);
      if (run.exitCode !== 0) throw new Error(`up ended with ${run.exitCode}:\n${run.messages.join("\n")}`);
      return run.operations;
    },
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
    timeoutSeconds: 120,
  });
  if (result.code !== 0) throw new Error(`ssh ended with ${result.code}:\n${result.stderr}`);
  return readReports(result.stdout);
}
