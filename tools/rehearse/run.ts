import { join } from "node:path";
import { clusterContract, type ClusterContract } from "../../components/contract/contract";
import { expandHostlist } from "../../hardware";
import type { LayersSummary } from "../../stacks/layers";
import { findProject } from "../config/project";
import { readStackFile } from "../config/stack-file";
import { allNodesReady, labelsAreTheTree, podsReachEachOther } from "./assertions/cluster";
import {
  leaverGoes,
  newcomerJoins,
  nothingSecretIsWritten,
  plantedChangeIsRepaired,
  secondRunChangesNothing,
} from "./assertions/lifecycle";
import { upgradeRolls } from "./assertions/upgrade";
import type { RehearseOptions } from "./command";
import { WORK_IMAGE } from "./images";
import { Kube } from "./kube";
import type { RunningLab } from "./lab";
import {
  olderVersionOverride,
  overrideCluster,
  overrideLayers,
  overrideWorkload,
  workloadOverride,
  type StackConfig,
} from "./overrides";
import { addNewcomer, cgroupFilesystem, prepareParts, startHosts, type Parts } from "./parts";
import { recordSteps } from "./progress";
import { Reporter, writeReport, type ReportOverride } from "./report";
import { makeSandbox } from "./sandbox";
import type { Sandbox } from "./sandbox-types";
import { stackEntries, stackFamily, type StackEntry } from "./stacks";
import { mustUp } from "./up";
import { hasMiniClusters, rehearseWorkload } from "./workloads";

const repository = join(__dirname, "..", "..");

interface Stage {
  readonly options: RehearseOptions;
  readonly reporter: Reporter;
  readonly family: readonly StackEntry[];
  readonly parts: Parts;
  readonly lab: RunningLab;
  readonly sandbox: Sandbox;
}

/** Rehearses one cluster stack and what rests on it. Exit code: 0 all holds, 1 something does not, 2 it could not be tried. */
export async function rehearse(stack: string, options: RehearseOptions): Promise<number> {
  const reporter = new Reporter();
  const abort = new AbortController();
  const overrides: ReportOverride[] = [];
  let lab: RunningLab | undefined;
  let error: string | undefined;
  try {
    const work = async () => {
      const project = findProject(process.cwd());
      const family = stackFamily(stackEntries(project), stack);
      reporter.heading(`Rehearsal of ${family.map((each) => each.stack).join(", ")}`);
      const configs = Object.fromEntries(family.map((each) => [each.stack, plainConfig(each.stack)]));
      const parts = await prepareParts(options, reporter);
      lab = await startHosts(parts, configs[stack]!, reporter);
      reporter.addSecret(lab.privateKey);
      const sandbox = await sandboxFor({
        stack,
        family,
        configs,
        lab,
        parts,
        reporter,
        options,
        overrides,
        signal: abort.signal,
      });
      await rehearseFamily({ options, reporter, family, parts, lab, sandbox });
    };
    await Promise.race([work(), interruption(abort)]);
  } catch (reason) {
    error = reporter.redact(reason instanceof Error ? reason.message : String(reason));
    reporter.line("error", error);
  }
  await leave(lab, options, reporter);
  return conclude(stack, options, reporter, overrides, error);
}

/** A stack file's configuration without the project's name; its secrets are left out, for they belong to other machines. */
function plainConfig(stack: string): StackConfig {
  const project = findProject(process.cwd());
  const { values } = readStackFile(project, stack);
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key.replace(`${project.name}:`, ""), value]));
}

function interruption(abort: AbortController): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        abort.abort();
        reject(new Error(`ended by ${signal}`));
      });
    }
  });
}

interface Scenery {
  readonly stack: string;
  readonly family: readonly StackEntry[];
  readonly configs: Readonly<Record<string, StackConfig>>;
  readonly lab: RunningLab;
  readonly parts: Parts;
  readonly reporter: Reporter;
  readonly options: RehearseOptions;
  readonly overrides: ReportOverride[];
  readonly signal: AbortSignal;
}

async function sandboxFor({
  stack,
  family,
  configs,
  lab,
  parts,
  reporter,
  options,
  overrides,
  signal,
}: Scenery): Promise<Sandbox> {
  const { config, applied } = overrideCluster(configs[stack]!, { lab, cgroup: cgroupFilesystem(), expand: expandHostlist });
  const cluster = config.cluster as { ssh: { privateKey: string }; kubernetes?: { version: string } };
  if (cluster.kubernetes) cluster.kubernetes.version = parts.versions.first;
  overrides.push(...applied);
  const stacks: Record<string, StackConfig> = { ...configs, [stack]: config };
  for (const each of family.filter(({ program }) => program === "layers")) {
    const layers = overrideLayers(configs[each.stack]!, parts.images.operator);
    stacks[each.stack] = layers.config;
    overrides.push(...layers.applied);
  }
  for (const each of family.filter(({ program }) => program === "workload")) {
    stacks[each.stack] = overrideWorkload(configs[each.stack]!, parts.images.work);
    if (!overrides.includes(workloadOverride)) overrides.push(workloadOverride);
  }
  if (parts.versions.first !== parts.versions.current) overrides.push(olderVersionOverride(parts.versions));
  for (const override of overrides) reporter.line(override.kind, `${override.what}: ${override.why}`);
  return makeSandbox({
    folder: lab.folder,
    repository,
    engine: options.engine,
    stacks,
    secrets: { [stack]: [cluster.ssh.privateKey] },
    redact: reporter.redact,
    onOperation: recordSteps(reporter),
    signal,
  });
}

async function rehearseFamily(stage: Stage): Promise<void> {
  const { family, reporter, sandbox } = stage;
  const [cluster, layers, ...workloads] = family as [StackEntry, ...StackEntry[]];
  reporter.heading(`up ${cluster.stack}`);
  const made = await mustUp(sandbox, cluster.stack);
  const contract = clusterContract.parse(made.outputs.cluster);
  const kubeconfig = made.outputs.kubeconfig as string;
  reporter.addSecret(kubeconfig);
  const kube = new Kube(kubeconfig);
  await reporter.assert("nodes-ready", "every host of the inventory is a Ready node", () =>
    allNodesReady(
      kube,
      contract.nodes.map((node) => node.name),
    ),
  );
  if (!layers) return;

  reporter.heading(`up ${layers.stack}`);
  const layered = await mustUp(sandbox, layers.stack);
  for (const secret of Object.values(layered.outputs))
    if (typeof secret === "string" && secret.includes("kind: Config")) reporter.addSecret(secret);
  await reporter.assert("labels", "every node carries exactly the labels of the tree", () => labelsAreTheTree(kube, contract));
  const workers = contract.nodes.filter((node) => node.schedulable).map((node) => node.name);
  await reporter.assert("pods-reach", "pods reach each other across nodes and resolve names", () =>
    podsReachEachOther(kube, workers, WORK_IMAGE),
  );
  const { namespace, miniClusters: miniClusterNamespace = namespace } = layered.outputs.layers as LayersSummary;
  const { quick } = stage.options;
  for (const { stack } of workloads)
    await rehearseWorkload({ reporter, sandbox, kube, contract, workload: stack, namespace, miniClusterNamespace, quick });
  if (!stage.options.quick) await rehearseChange(stage, kube, contract, [kubeconfig]);
}

async function rehearseChange(stage: Stage, kube: Kube, contract: ClusterContract, secrets: readonly string[]): Promise<void> {
  const { reporter, sandbox, lab, family, parts } = stage;
  reporter.heading("change, growth and departure");
  const cluster = family[0]!.stack;
  const workers = contract.nodes.filter((node) => node.schedulable).map((node) => node.name);
  const scene = {
    reporter,
    sandbox,
    lab,
    kube,
    stack: cluster,
    // MiniClusters were taken down when they had been seen.
    stacks: family.map((each) => each.stack).filter((stack) => !hasMiniClusters(sandbox, stack)),
    controlPlane: contract.nodes.find((node) => !node.schedulable)!.name,
    newcomer: () => addNewcomer(lab, sandbox.read(cluster)),
  };
  await secondRunChangesNothing(scene);
  await plantedChangeIsRepaired(scene, workers[1]!);
  const newcomer = await newcomerJoins(scene);
  await leaverGoes(scene, newcomer);
  if (stage.options.upgrade) await upgradeRolls(scene, parts.versions.current);
  const hidden = [...secrets, lab.privateKey];
  await nothingSecretIsWritten(scene, hidden, () => ({
    log: reporter.transcript.join("\n"),
    report: JSON.stringify([reporter.steps, reporter.assertions]),
    ...sandbox.programFiles(),
  }));
}

async function leave(lab: RunningLab | undefined, options: RehearseOptions, reporter: Reporter): Promise<void> {
  if (!lab) return;
  if (options.keep) {
    reporter.heading(["kept; to get in:", ...lab.keep(), `to end it: turducken rehearse --end ${lab.runId}`].join("\n  "));
    return;
  }
  await lab.close();
  reporter.line("lab", "hosts, links and folders of this run are gone");
}

function conclude(
  stack: string,
  options: RehearseOptions,
  reporter: Reporter,
  overrides: readonly ReportOverride[],
  error?: string,
): number {
  const report = reporter.finish({ stack, engine: options.engine, overrides, error });
  if (options.report) writeReport(options.report, report);
  const failed = report.assertions.filter((each) => !each.passed);
  reporter.heading(
    `${report.assertions.length - failed.length} of ${report.assertions.length} hold, ${report.seconds.toFixed(0)} s` +
      (failed.length ? `; these do not: ${failed.map((each) => each.id).join(", ")}` : ""),
  );
  if (report.passed) return 0;
  return report.assertions.length === 0 ? 2 : 1;
}
