import { readFileSync } from "node:fs";
import { isReady, poll, type Kube } from "../kube";
import type { Reporter } from "../report";
import type { Sandbox, StackRun } from "../sandbox-types";
import type { Lab, LabHost } from "../types";

export interface LifecycleScene {
  readonly reporter: Reporter;
  readonly sandbox: Sandbox;
  readonly lab: Lab;
  readonly kube: Kube;
  readonly stack: string;
  readonly stacks: readonly string[];
  readonly controlPlane: string;
  /** Starts one more host, not yet in the inventory, and gives the group that belongs into `cluster.hosts`. */
  readonly newcomer: () => Promise<{ name: string; group: Record<string, unknown> }>;
}

export const changed = (run: StackRun) => run.operations.filter((each) => each.operation !== "same" && each.operation !== "read");
export const label = (each: { name: string; operation: string }) => `${each.operation} ${each.name}`;

/** Every stack again, as nothing changed: no resource may be created, updated, replaced or deleted. */
export async function secondRunChangesNothing(scene: LifecycleScene): Promise<void> {
  await scene.reporter.assert("second-run-same", "the second run of every stack changes nothing", async () => {
    const evidence: Record<string, unknown> = {};
    let passed = true;
    for (const stack of scene.stacks) {
      const run = await scene.sandbox.up(stack);
      const different = changed(run).map(label);
      passed &&= run.exitCode === 0 && different.length === 0 && run.operations.length > 0;
      evidence[stack] = {
        exit: run.exitCode,
        same: run.operations.length - different.length,
        different,
        messages: run.messages.slice(0, 5),
      };
    }
    return { passed, evidence };
  });
}

/** Somebody edits a file on one host: probe finds it, marks that host, and the next up repairs that host only. */
export async function plantedChangeIsRepaired(scene: LifecycleScene, victim: string): Promise<void> {
  const host = scene.lab.hosts.get(victim)!;
  const file = "/etc/sysctl.d/90-turducken-kubernetes.conf";
  const before = await checksum(host, file);
  await scene.reporter.assert(
    "planted-change",
    `a change planted on ${victim} is found by probe, marked, and repaired on ${victim} only`,
    async () => {
      await must(host, ["sh", "-c", `echo 'net.ipv4.ip_forward = 0' >>${file}`]);
      const planted = await checksum(host, file);
      const probe = await scene.sandbox.turducken(["probe", scene.stack, "--mark"]);
      const run = await scene.sandbox.up(scene.stack);
      const touched = changed(run).map(label);
      const after = await checksum(host, file);
      const only = touched.length > 0 && touched.every((each) => each.includes(victim) || each === "update set");
      const clean = await scene.sandbox.turducken(["probe", scene.stack]);
      return {
        passed:
          planted !== before &&
          probe.code === 1 &&
          probe.stdout.includes(victim) &&
          run.exitCode === 0 &&
          only &&
          after === before &&
          clean.code === 0,
        evidence: {
          probe: { exit: probe.code, said: lines(probe.stdout, victim) },
          touched,
          repaired: after === before,
          probeAfter: clean.code,
          said: lines(clean.stdout + clean.stderr, "").slice(-8),
          messages: run.messages.slice(0, 5),
        },
      };
    },
  );
}

/** A year later the tokens are gone: a host added then joins with one of its own, and nobody else is touched. */
export async function newcomerJoins(scene: LifecycleScene): Promise<string> {
  const { name, group } = await scene.newcomer();
  await scene.reporter.assert(
    "newcomer-joins",
    `${name}, added after all tokens expired, joins, and no other host is touched`,
    async () => {
      const expired = await expireTokens(scene);
      scene.sandbox.edit(scene.stack, (config) => (config.cluster as { hosts: unknown[] }).hosts.push(group));
      const run = await scene.sandbox.up(scene.stack);
      const touched = changed(run).map(label);
      const others = touched.filter((each) => !each.includes(name) && each !== "update set");
      const node = await poll(60, () => scene.kube.core.readNode({ name }), isReady);
      return {
        passed: run.exitCode === 0 && node.held && others.length === 0 && expired.left === 0,
        evidence: { expired, touched, others, ready: node.held, messages: run.messages.slice(0, 5) },
      };
    },
  );
  return name;
}

/** `leaving` drains the host; dropping its entry then takes it out of the cluster. Its network stays as it was. */
export async function leaverGoes(scene: LifecycleScene, name: string): Promise<void> {
  const host = scene.lab.hosts.get(name)!;
  await scene.reporter.assert(
    "leaver-goes",
    `${name}, set leaving, is drained and goes; its addresses and firewall are unchanged`,
    async () => {
      const before = await network(host);
      scene.sandbox.edit(scene.stack, (config) => {
        (config.cluster as { states: Record<string, string> }).states = { [name]: "leaving" };
      });
      const leaving = await scene.sandbox.up(scene.stack);
      const cordoned = (await scene.kube.core.readNode({ name })).spec?.unschedulable === true;
      scene.sandbox.edit(scene.stack, (config) => {
        const cluster = config.cluster as { states: Record<string, string>; hosts: { names: string }[] };
        cluster.states = {};
        cluster.hosts = cluster.hosts.filter((group) => group.names !== name);
      });
      const gone = await scene.sandbox.up(scene.stack);
      const nodes = (await scene.kube.nodes()).map((node) => node.metadata!.name!);
      const kubelet = await host.exec(["systemctl", "is-active", "kubelet"]);
      const after = await network(host);
      const touched = [...changed(leaving), ...changed(gone)].map(label);
      const others = touched.filter((each) => !each.includes(name) && each !== "update set");
      return {
        passed:
          leaving.exitCode === 0 &&
          cordoned &&
          gone.exitCode === 0 &&
          !nodes.includes(name) &&
          kubelet.stdout.trim() !== "active" &&
          others.length === 0 &&
          before.addresses === after.addresses &&
          before.firewall === after.firewall,
        evidence: {
          cordoned,
          nodes,
          kubelet: kubelet.stdout.trim(),
          touched,
          addresses: { before: before.addresses, after: after.addresses },
          firewallUnchanged: before.firewall === after.firewall,
          messages: [...leaving.messages, ...gone.messages].slice(0, 5),
        },
      };
    },
  );
}

/** Addresses of the interfaces the site gave the host, and the site's part of the firewall (not Kubernetes' own chains). */
async function network(host: LabHost): Promise<{ addresses: string; firewall: string }> {
  const addresses = await must(host, ["sh", "-c", "ip -o addr show dev eth0 | awk '{print $3, $4}'"]);
  const firewall = await must(host, [
    "sh",
    "-c",
    "iptables-save 2>/dev/null | grep -E '^-A (INPUT|OUTPUT) |^:(INPUT|FORWARD|OUTPUT) ' | grep -v KUBE- | sed 's/\\[.*//' | sort || true",
  ]);
  return { addresses: addresses.trim(), firewall: firewall.trim() };
}

/** Fifteen minutes are not waited for: the tokens' secrets are removed, as the token cleaner does when they expire. */
async function expireTokens(scene: LifecycleScene): Promise<{ removed: string[]; left: number }> {
  const field = { namespace: "kube-system", fieldSelector: "type=bootstrap.kubernetes.io/token" };
  const tokens = (await scene.kube.core.listNamespacedSecret(field)).items.map((secret) => secret.metadata!.name!);
  for (const name of tokens) await scene.kube.core.deleteNamespacedSecret({ namespace: "kube-system", name });
  const left = (await scene.kube.core.listNamespacedSecret(field)).items.length;
  return { removed: tokens.map((token) => token.replace(/-[^-]+$/, "-…")), left };
}

/** Nothing secret in checkpoints, stack files' plain values, program files, this run's log or its report. */
export async function nothingSecretIsWritten(
  scene: LifecycleScene,
  secrets: readonly string[],
  texts: () => Record<string, string>,
): Promise<void> {
  await scene.reporter.assert("no-secrets", "nothing secret stands in state, logs or report", async () => {
    const files = Object.fromEntries(
      scene.stacks.map((stack) => [`state of ${stack}`, readFileSync(scene.sandbox.checkpointFile(stack), "utf8")]),
    );
    const all = { ...files, ...texts() };
    const needles = secrets
      .flatMap((secret) => secret.split("\n"))
      .map((line) => line.trim())
      .filter((line) => line.length >= 16 && !line.startsWith("-----"));
    const found = Object.entries(all)
      .filter(([, text]) =>
        needles.some((needle) => text.includes(needle) || text.includes(Buffer.from(needle).toString("base64"))),
      )
      .map(([name]) => name);
    return {
      passed: found.length === 0 && needles.length > 0,
      evidence: {
        looked: Object.fromEntries(Object.entries(all).map(([name, text]) => [name, `${text.length} characters`])),
        secrets: needles.length,
        found,
      },
    };
  });
}

async function checksum(host: LabHost, file: string): Promise<string> {
  return (await must(host, ["sha256sum", file])).split(" ")[0]!;
}

async function must(host: LabHost, argv: string[]): Promise<string> {
  const result = await host.exec(argv);
  if (result.code !== 0) throw new Error(`${argv.join(" ")} on ${host.name}: exit ${result.code}: ${result.stderr}`);
  return result.stdout;
}

function lines(text: string, needle: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.includes(needle))
    .slice(0, 8);
}
