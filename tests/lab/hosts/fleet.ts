import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeSandbox } from "../../../tools/rehearse/sandbox";
import type { Sandbox, StackOperation, StackRun } from "../../../tools/rehearse/sandbox-types";
import { startLab, until, type RunningLab } from "../../../tools/rehearse/lab";
import { makeKeyPair } from "../../../tools/rehearse/lab/keys";
import type { LabHost } from "../../../tools/rehearse/types";

const repository = join(__dirname, "..", "..", "..");

/** A cluster stack without Kubernetes on a few real SSH hosts: what is wrong with hosts shows here in seconds. */
export interface Fleet {
  readonly lab: RunningLab;
  readonly sandbox: Sandbox;
  readonly names: readonly string[];
  host(name: string): LabHost;
  /** Changes `turducken:cluster` in the stack file. */
  configure(change: (cluster: ClusterDraft) => void): void;
  up(): Promise<StackRun>;
  probe(...options: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

export interface ClusterDraft {
  hosts: { names: string; addresses: string; hostKeys: string[]; [key: string]: unknown }[];
  ssh: Record<string, unknown>;
  states?: Record<string, string>;
  [key: string]: unknown;
}

export async function startFleet(names: readonly string[], options: { bastion?: boolean } = {}): Promise<Fleet> {
  const hosts = [
    ...names.map((name) => ({ name, role: "worker" as const })),
    ...(options.bastion ? [{ name: "gate", role: "bastion" as const }] : []),
  ];
  const lab = await startLab({ hosts });
  try {
    const cluster: ClusterDraft = {
      environment: "bare-metal",
      name: "fleet",
      ssh: { user: "admin", privateKey: "sshPrivateKey" },
      // One group a host, so that a test can change one without the others.
      hosts: names.map((name) => {
        const { address, hostKey } = lab.hosts.get(name)!;
        return { names: name, pool: "compute", machineType: "cpu-generic", addresses: address, hostKeys: [hostKey] };
      }),
    };
    const keys: Record<string, unknown> = { cluster, sshPrivateKey: lab.privateKey };
    if (options.bastion) {
      const gate = lab.hosts.get("gate")!;
      const { privateKey, publicKey } = await makeKeyPair(join(lab.folder, "bastion"));
      await on(gate, `printf '%s\\n' '${publicKey}' >/home/admin/.ssh/authorized_keys`);
      cluster.ssh.bastion = { host: gate.address, user: "admin", hostKey: gate.hostKey, privateKey: "bastionKey" };
      keys.bastionKey = privateKey;
    }
    const sandbox = await makeSandbox({
      folder: lab.folder,
      repository,
      engine: "builtin",
      stacks: { fleet: keys },
      secrets: { fleet: ["sshPrivateKey", ...(options.bastion ? ["bastionKey"] : [])] },
      redact: (text) => text,
      onOperation: () => undefined,
      signal: new AbortController().signal,
    });
    return {
      lab,
      sandbox,
      names,
      host: (name) => lab.hosts.get(name)!,
      configure: (change) => sandbox.edit("fleet", (config) => change(config.cluster as ClusterDraft)),
      up: () => sandbox.up("fleet"),
      probe: (...more) => sandbox.turducken(["probe", "fleet", ...more]),
      close: () => lab.close(),
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

export function failures(run: StackRun): StackOperation[] {
  return run.operations.filter((each) => each.state === "failed");
}

/** Everything an `up` said about what went wrong. */
export function complaint(run: StackRun): string {
  return [...failures(run).map((each) => `${each.name}: ${each.error ?? ""}`), ...run.messages].join("\n");
}

export function operationOn(run: StackRun, name: string): StackOperation | undefined {
  return run.operations.find((each) => each.name === name);
}

/** `create 6, same 3`, without what was not done. */
export function tally(run: StackRun): string {
  const counts = new Map<string, number>();
  for (const { operation, state, type } of run.operations) {
    if (!type.startsWith("command:")) continue;
    const word = state === "done" ? operation : state;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .map(([word, count]) => `${word} ${count}`)
    .sort()
    .join(", ");
}

/** Names of resources that a run did more with than look at them. */
export function touched(run: StackRun): string[] {
  return run.operations
    .filter((each) => each.type.startsWith("command:") && each.operation !== "same")
    .map(({ name }) => name)
    .sort();
}

/** Names of the commands in the checkpoint, which must always be whole. */
export function remembered(fleet: Fleet): string[] {
  const { resources, pendingOperations } = JSON.parse(readFileSync(fleet.sandbox.checkpointFile("fleet"), "utf8")) as {
    resources: { urn: string; type: string }[];
    pendingOperations: unknown[];
  };
  expect(pendingOperations).toEqual([]);
  return resources
    .filter(({ type }) => type.startsWith("command:"))
    .map(({ urn }) => urn.split("::").at(-1)!)
    .sort();
}

/** Names of the hosts that a run has changed in any way: a program in the user's home, or anything in /etc. */
export async function marked(fleet: Fleet, names: readonly string[] = fleet.names): Promise<string[]> {
  const find = "find /etc/turducken /home/admin/.turducken-* 2>/dev/null || true";
  const found = await Promise.all(names.map((name) => on(fleet.host(name), find)));
  return names.filter((_, index) => found[index] !== "");
}

/** Waits for something to be true on a host. */
export async function comesTrue(host: LabHost, script: string, seconds = 30): Promise<void> {
  const yes = await until(seconds, async () => (await host.exec(["bash", "-c", script])).code === 0);
  if (!yes) throw new Error(`${host.name}: after ${seconds} s still not: ${script}`);
}

/** A program that answers before the real one of the same name. */
export async function stub(host: LabHost, name: string, script: string): Promise<void> {
  await on(host, `cat >/usr/local/bin/${name} <<'END'\n#!/bin/bash\n${script}\nEND\nchmod 755 /usr/local/bin/${name}`);
}

export async function unstub(host: LabHost, name: string): Promise<void> {
  await on(host, `rm /usr/local/bin/${name}`);
}

/** Runs a program on a host, beside SSH; fails the test when it fails. */
export async function on(host: LabHost, script: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec(["bash", "-c", script]);
  if (code !== 0) throw new Error(`${host.name}: ${script}: exit ${code}: ${stderr}`);
  return stdout.trim();
}
