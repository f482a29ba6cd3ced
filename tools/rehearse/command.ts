import type { Command } from "commander";

/** `turducken rehearse`: the same programs, for real, on this machine. */
export function register(program: Command): void {
  program
    .command("rehearse [stack]")
    .description(
      "run a cluster stack and every stack that references it on hosts in namespaces of this machine, and check what came of it",
    )
    .option("--report <file>", "write what was done and what holds as JSON")
    .option("--keep", "leave the hosts and the cluster up at the end and print how to get in", false)
    .option("--end <run>", "take away a run that was kept")
    .option("--engine <engine>", "builtin, or pulumi: the real CLI with its plugins, where they are installed", "builtin")
    .option("--binaries <folder>", "Kubernetes programs to use: kubeadm, kubelet, kubectl, kube-apiserver, …, etcd, coredns")
    .option("--download", "fetch the official programs before building them from source", false)
    .option("--prepare", "only make, fetch or find what is then cached, and stop", false)
    .option("--quick", "stop after the first gang: no scenarios of change, growth and departure", false)
    .option("--upgrade", "begin one patch version lower and rehearse the upgrade, too", false)
    .action(async (stack: string | undefined, options: RehearseOptions & { end?: string; prepare: boolean }) => {
      if (options.end !== undefined) return endKeptRun(options.end);
      if (options.prepare) return prepare(options);
      if (stack === undefined) program.error("error: name a cluster stack, e.g. bare-metal");
      const { rehearse } = await import("./run");
      process.exitCode = await rehearse(stack, options);
    });
}

export interface RehearseOptions {
  readonly report?: string;
  readonly keep: boolean;
  readonly engine: "builtin" | "pulumi";
  readonly binaries?: string;
  readonly download: boolean;
  readonly quick: boolean;
  readonly upgrade: boolean;
}

/** Where the lab cannot run nothing is needed, so that is no failure: the tests that need it are skipped and say why. */
async function prepare(options: RehearseOptions): Promise<void> {
  const { missingForLab } = await import("./lab");
  const missing = missingForLab();
  if (missing.length > 0) {
    console.log(`the lab cannot run here, so nothing is prepared for it:\n${missing.map((line) => `  ${line}`).join("\n")}`);
    return;
  }
  const { prepareParts } = await import("./parts");
  const { Reporter } = await import("./report");
  const { ensureKwok, missingKwok } = await import("./binaries/kwok");
  const reporter = new Reporter();
  await prepareParts(options, reporter);
  // For the scale tests; no rehearsal needs it.
  const reason = missingKwok();
  if (reason === undefined) await ensureKwok((message) => reporter.line("parts", message));
  else reporter.line("parts", `no simulated kubelets: ${reason}`);
}

/** Only a run that was kept: one that is under way belongs to its own process. */
async function endKeptRun(run: string): Promise<void> {
  const { Registry, removeRun } = await import("./lab");
  const registry = new Registry();
  const kept = registry.all().filter((record) => record.kept);
  const record = kept.find(({ runId }) => runId === run);
  if (record) {
    await removeRun(record, registry);
    console.log(`hosts, links and folders of run ${run} are gone`);
    return;
  }
  console.error(`there is no kept run ${run}; kept are: ${kept.map(({ runId }) => runId).join(", ") || "none"}`);
  process.exitCode = 2;
}
