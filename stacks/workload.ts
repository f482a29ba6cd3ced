import * as pulumi from "@pulumi/pulumi";
import { ConfigError, renderProblems, type Problem } from "../components/config/problems";
import type { ClusterContract } from "../components/contract/contract";
import { contractFromFile, contractFromStack, referenceTo, secretFromStack } from "../components/contract/read";
import { GangPreflight } from "../components/gang/admission";
import { checkGang } from "../components/gang/fit";
import { Gang } from "../components/gang/gang";
import { poolOf, tierKey } from "../components/gang/spec";
import type { GangConfig, WorkloadConfig } from "./config/workload";
import { clusterProvider, type LayersSummary } from "./layers";

/**
 * The work: gangs on a cluster that the layers made ready.
 *
 * @throws ConfigError with every gang that cannot be, before anything is made
 */
export async function workload(config: WorkloadConfig): Promise<Record<string, unknown>> {
  const contract = await findContract(config);
  const { problems, warnings } = workloadProblems(contract, config.gangs);
  if (problems.length > 0) throw new ConfigError(`work on cluster ${contract.name}`, problems);
  if (warnings.length > 0) await pulumi.log.warn(renderProblems("unchecked gangs", warnings));

  const { namespace, kubeconfig } = await findWorkspace(config, contract);
  const provider = clusterProvider(contract, kubeconfig);
  if (config.gangs.length > 0) {
    const gangApi = contract.kubernetes.gangApi!;
    const ready = new GangPreflight("gangs", { gangApi, kubeconfig, namespace, admission: true });
    for (const gang of config.gangs) new Gang(gang.name, { contract, gang, namespace }, { provider, dependsOn: [ready] });
  }
  return { workload: summary(contract, namespace, config.gangs) };
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
): Promise<{ namespace: string; kubeconfig: pulumi.Output<string> }> {
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
    namespace: layers?.namespace ?? config.namespace,
    kubeconfig: await secretFromStack(reference, config.layers, "workloadKubeconfig"),
  };
}

/** What the layers stack must be, for these gangs. */
export function layersMismatch(
  layers: LayersSummary,
  contract: ClusterContract,
  config: Pick<WorkloadConfig, "layers" | "gangs">,
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
  return problems;
}

function notSaid(what: string, fix: string): ConfigError {
  return new ConfigError("workload", [{ path: "workload", message: `it is not said ${what}`, fix }]);
}

function summary(contract: ClusterContract, namespace: string, gangs: readonly GangConfig[]) {
  return {
    cluster: contract.name,
    namespace,
    gangs: gangs.map((gang) => ({
      name: gang.name,
      nodes: gang.nodes,
      pool: poolOf(contract, gang)!.name,
      ...(gang.within ? { within: gang.within, topologyKey: tierKey(contract, gang.within)!.key } : {}),
    })),
  };
}
