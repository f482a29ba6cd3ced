import * as pulumi from "@pulumi/pulumi";
import { ConfigError, renderProblems, type Problem } from "../components/config/problems";
import type { ClusterContract } from "../components/contract/contract";
import { contractFromFile, contractFromStack, referenceTo, secretFromStack } from "../components/contract/read";
import { offeredNames, withDevices } from "../components/devices";
import { assignLeaves } from "../components/fluence";
import { GangPreflight } from "../components/gang/admission";
import { checkGang } from "../components/gang/fit";
import { Gang } from "../components/gang/gang";
import { poolOf, tierKey } from "../components/gang/spec";
import { after } from "../components/order/after";
import { checkMiniClusters, MiniCluster, type MiniClusterLayers, type MiniClusterSpec } from "../components/minicluster";
import type { GangConfig, WorkloadConfig } from "./config/workload";
import { clusterProvider, type LayersSummary } from "./layers";

/**
 * The work: gangs and MiniClusters on a cluster that the layers made ready.
 *
 * @throws ConfigError with everything that cannot be, before anything is made
 */
export async function workload(config: WorkloadConfig): Promise<Record<string, unknown>> {
  const promised = await findContract(config);
  const { namespace, kubeconfig, layers } = await findWorkspace(config, promised);
  const { contract, warnings: missing } = layers?.devices
    ? withDevices(promised, layers.devices)
    : { contract: promised, warnings: [] };
  const ground = miniClusterLayers(layers, contract);
  const placed = chooseLeaves(contract, ground, config);
  const gangs = workloadProblems(contract, config.gangs);
  const miniClusters = checkMiniClusters(contract, ground, placed.miniClusters, "workload.miniClusters", namesOf(config.gangs));
  const problems = [...gangs.problems, ...placed.problems, ...miniClusters.problems];
  if (problems.length > 0) throw new ConfigError(`work on cluster ${contract.name}`, problems);
  const warnings = [...missing, ...placed.warnings, ...gangs.warnings, ...miniClusters.warnings];
  if (warnings.length > 0) await pulumi.log.warn(renderProblems(`warnings about work on cluster ${contract.name}`, warnings));

  const provider = clusterProvider(contract, kubeconfig);
  const apart = layers?.miniClusters ?? namespace;
  const gangApi = contract.kubernetes.gangApi;
  const grouped = config.gangs.length > 0 || (placed.miniClusters.length > 0 && ["gang", "fluence"].includes(ground.scheduler));
  const ready = grouped ? [new GangPreflight("gangs", { gangApi: gangApi!, kubeconfig, namespace, admission: true })] : [];
  for (const gang of config.gangs) new Gang(gang.name, { contract, gang, namespace }, { provider, ...after(...ready) });
  for (const spec of placed.miniClusters)
    new MiniCluster(
      spec.name,
      { contract, layers: ground, spec, namespace: apart, kubeconfig },
      { provider, ...after(...ready) },
    );
  return { workload: summary(contract, { namespace, apart }, config.gangs, placed.miniClusters) };
}

const namesOf = (gangs: readonly GangConfig[]): string[] => gangs.map(({ name }) => name);

/** What MiniClusters must know of the layers. Without a layers stack: what the contract offers first. */
export function miniClusterLayers(layers: LayersSummary | undefined, contract: ClusterContract): MiniClusterLayers {
  if (!layers) return { scheduler: contract.schedulers.includes("gang") ? "gang" : "default" };
  return {
    scheduler: layers.scheduler,
    ...(layers.devices ? { devices: offeredNames(layers.devices) } : {}),
    ...(layers.kueue ? { queue: layers.kueue.queue, poolLabels: layers.kueue.poolLabels } : {}),
    ...(layers.fluence ? { fluencePools: layers.fluence.pools } : {}),
  };
}

/** Fluence keeps a job in one leaf only where the leaf is named: those that the user does not name are chosen, and kept by `leaves`. */
export function chooseLeaves(
  contract: ClusterContract,
  { scheduler }: Pick<MiniClusterLayers, "scheduler">,
  { miniClusters, leaves }: Pick<WorkloadConfig, "miniClusters" | "leaves">,
): { miniClusters: MiniClusterSpec[]; problems: Problem[]; warnings: Problem[] } {
  const wanting = miniClusters.filter((spec) => scheduler === "fluence" && spec.within !== undefined && poolOf(contract, spec));
  const pools = new Set(wanting.map((spec) => poolOf(contract, spec)!.name));
  const choices = [...pools].map((pool) => {
    const items = wanting.filter((spec) => poolOf(contract, spec)!.name === pool);
    return assignLeaves(
      items.map(({ name, nodes, within, leaf }) => ({ name, nodes, within: within!, leaf, kept: leaves[name] })),
      contract,
      pool,
      "workload.miniClusters",
    );
  });
  const chosen = new Map(choices.flatMap((each) => [...each.leaves]));
  const unkept = wanting.filter(({ name, leaf }) => leaf === undefined && leaves[name] === undefined && chosen.has(name));
  return {
    miniClusters: miniClusters.map((spec) => (chosen.has(spec.name) ? { ...spec, leaf: chosen.get(spec.name)! } : spec)),
    problems: choices.flatMap((each) => each.problems),
    warnings: unkept.map(({ name }) => ({
      path: "workload.leaves",
      value: undefined,
      message: `MiniCluster ${name} gets leaf ${chosen.get(name)}; the next one that is added may move it.`,
      fix: `Write \`${name}: ${chosen.get(name)}\` under \`leaves\`.`,
    })),
  };
}

/** All that is wrong with all gangs; what `unchecked` lets through are warnings. */
export function workloadProblems(
  contract: ClusterContract,
  gangs: readonly GangConfig[],
): { problems: Problem[]; warnings: Problem[] } {
  const checks = gangs.map((gang, index) => checkGang(contract, gang, `workload.gangs[${index}]`));
  const names = gangs.map((gang) => gang.name);
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: `workload.gangs[${index}].name`,
            value: name,
            message: "another gang has this name",
            fix: "give every gang a name of its own",
          },
        ],
  );
  return { problems: [...twice, ...checks.flatMap((each) => each.problems)], warnings: checks.flatMap((each) => each.warnings) };
}

async function findContract(config: WorkloadConfig): Promise<ClusterContract> {
  if (config.cluster !== undefined) return contractFromStack(referenceTo(config.cluster), config.cluster);
  if (config.contract !== undefined) return contractFromFile(config.contract);
  throw notSaid("on which cluster", "set `cluster` to a cluster stack, or `contract` for somebody else's cluster");
}

/** Namespace and credentials: those that a layers stack made, or the user's own. */
async function findWorkspace(
  config: WorkloadConfig,
  contract: ClusterContract,
): Promise<{ namespace: string; kubeconfig: pulumi.Output<string>; layers?: LayersSummary }> {
  if (config.layers === undefined) {
    if (config.kubeconfig === undefined)
      throw notSaid("with which credentials", "set `layers` to a layers stack, or `kubeconfig` to a secret key");
    return { namespace: config.namespace, kubeconfig: new pulumi.Config().requireSecret(config.kubeconfig) };
  }
  const reference = referenceTo(config.layers);
  const { value } = await reference.getOutputDetails("layers");
  const layers = value as LayersSummary | undefined;
  const problems = layers ? layersMismatch(layers, contract, config) : [];
  if (problems.length > 0) throw new ConfigError(`work on cluster ${contract.name}`, problems);
  return {
    layers,
    namespace: layers?.namespace ?? config.namespace,
    kubeconfig: await secretFromStack(reference, config.layers, "workloadKubeconfig"),
  };
}

/** What the layers stack must be, for these gangs. */
export function layersMismatch(
  layers: LayersSummary,
  contract: ClusterContract,
  config: Pick<WorkloadConfig, "layers" | "gangs" | "miniClusters">,
): Problem[] {
  const problems: Problem[] = [];
  const path = "workload.layers";
  const value = config.layers;
  if (layers.cluster !== contract.name) {
    const message = `those layers lie on cluster ${layers.cluster}, the contract is of cluster ${contract.name}`;
    problems.push({ path, value, message, fix: "name the layers stack of the same cluster" });
  }
  if (config.gangs.length > 0 && layers.scheduler !== "gang") {
    const message = `those layers have \`scheduler: ${layers.scheduler}\`, by which pods of a gang would be placed one by one`;
    problems.push({
      path,
      value,
      message,
      allowed: "layers with `scheduler: gang`",
      fix: "set it in the layers stack and run `up` there",
    });
  }
  if (config.miniClusters.length > 0 && !layers.fluxOperator) {
    problems.push({
      path,
      value,
      message: "those layers have no Flux Operator, which makes MiniClusters",
      allowed: "layers with `fluxOperator`",
      fix: "give it to the layers stack and run `up` there",
    });
  }
  return problems;
}

function notSaid(what: string, fix: string): ConfigError {
  return new ConfigError("workload", [{ path: "workload", message: `it is not said ${what}`, fix }]);
}

function summary(
  contract: ClusterContract,
  { namespace, apart }: { namespace: string; apart: string },
  gangs: readonly GangConfig[],
  miniClusters: readonly MiniClusterSpec[],
) {
  const place = (work: { pool?: string; within?: string }) => ({
    pool: poolOf(contract, work)!.name,
    ...(work.within ? { within: work.within, topologyKey: tierKey(contract, work.within)!.key } : {}),
  });
  return {
    cluster: contract.name,
    namespace,
    gangs: gangs.map((gang) => ({ name: gang.name, nodes: gang.nodes, ...place(gang) })),
    miniClusters: miniClusters.map((spec) => ({
      name: spec.name,
      namespace: apart,
      nodes: spec.nodes,
      ...place(spec),
      ...(spec.leaf === undefined ? {} : { leaf: spec.leaf }),
    })),
  };
}
