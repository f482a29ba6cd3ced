import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "../components/config/problems";
import type { ClusterContract } from "../components/contract/contract";
import {
  contractFromFile,
  contractFromStack,
  KUBECONFIG_OUTPUT,
  referenceTo,
  secretFromStack,
} from "../components/contract/read";
import { GangAdmission } from "../components/gang/admission";
import { Workspace } from "../components/gang/workspace";
import { schedulersPossible } from "../components/kubernetes/gates";
import { Network } from "../components/network/network";
import { TopologyLabels } from "../components/topology/topologyLabels";
import type { LayersConfig } from "./config/layers";

/** Output `layers`: what a workload stack may know, nothing secret. */
export interface LayersSummary {
  readonly schema: 1;
  readonly cluster: string;
  readonly scheduler: LayersConfig["scheduler"];
  readonly namespace: string;
}

/**
 * What lies between a cluster and the work on it, for every environment: the pod network where the cluster has none, the place
 * of every node as labels, gangs, and a namespace for the work with credentials that reach nothing else.
 *
 * @throws ConfigError with everything that cannot be on this cluster, before anything is made
 */
export async function layers(config: LayersConfig): Promise<Record<string, unknown>> {
  const { contract, kubeconfig } = await findCluster(config);
  const problems = layersProblems(contract, config);
  if (problems.length > 0) throw new ConfigError(`layers on cluster ${contract.name}`, problems);

  const provider = clusterProvider(contract, kubeconfig);
  const network = new Network("network", { contract }, { provider });
  const { labels, gateTimeoutSeconds } = config.topology;
  new TopologyLabels("topology", { contract, kubeconfig, labels, gateTimeoutSeconds }, { provider, dependsOn: [network] });
  if (config.scheduler === "gang")
    new GangAdmission("gangs", { kubeconfig, gangApi: contract.kubernetes.gangApi! }, { provider });
  const workspace = new Workspace("workloads", { ...config.workloads, kubeconfig }, { provider });

  const summary: LayersSummary = {
    schema: 1,
    cluster: contract.name,
    scheduler: config.scheduler,
    namespace: config.workloads.namespace,
  };
  return { layers: summary, workloadKubeconfig: workspace.kubeconfig };
}

/**
 * The cluster is told by name, not by address: a new API server certificate or address then does not replace all that is in it.
 */
export function clusterProvider(contract: ClusterContract, kubeconfig: pulumi.Input<string>): k8s.Provider {
  return new k8s.Provider("kubernetes", {
    kubeconfig,
    clusterIdentifier: `${contract.environment}/${contract.name}`,
    enableServerSideApply: true,
  });
}

async function findCluster(config: LayersConfig): Promise<{ contract: ClusterContract; kubeconfig: pulumi.Output<string> }> {
  if (config.cluster !== undefined) {
    const reference = referenceTo(config.cluster);
    const contract = await contractFromStack(reference, config.cluster);
    return { contract, kubeconfig: await secretFromStack(reference, config.cluster, KUBECONFIG_OUTPUT) };
  }
  if (config.contract !== undefined && config.kubeconfig !== undefined) {
    return { contract: contractFromFile(config.contract), kubeconfig: new pulumi.Config().requireSecret(config.kubeconfig) };
  }
  const fix = "set `cluster` to a cluster stack, or `contract` and `kubeconfig` for somebody else's cluster";
  throw new ConfigError("layers", [{ path: "layers", message: "it is not said on which cluster", fix }]);
}

/** What this cluster cannot do of what the layers ask; all of it. */
export function layersProblems(contract: ClusterContract, config: Pick<LayersConfig, "scheduler" | "topology">): Problem[] {
  return [...schedulerProblems(contract, config.scheduler), ...labelProblems(contract, config.topology.labels)];
}

function schedulerProblems(contract: ClusterContract, scheduler: LayersConfig["scheduler"]): Problem[] {
  const { version, distribution, gangApi } = contract.kubernetes;
  const reasons: string[] = [];
  if (!contract.schedulers.includes(scheduler)) reasons.push("the cluster's contract does not offer it");
  if (scheduler === "gang" && !gangApi) reasons.push("the contract names no API version that serves PodGroup");
  if (reasons.length === 0) return [];
  const why =
    distribution === "kubeadm"
      ? schedulersPossible(version, gangApi !== undefined).impossible[scheduler]
      : `${distribution} gives no access to the control plane's feature gates`;
  return [
    {
      path: "layers.scheduler",
      value: scheduler,
      message: `it cannot run on cluster ${contract.name} (${distribution} ${version}): ${[...reasons, ...(why ? [why] : [])].join("; ")}`,
      allowed: contract.schedulers.join(", ") || "none",
      fix: "use a scheduler that the cluster offers, or change the cluster stack (`kubernetes.gangs: true`, a version that can) and run `up` there",
    },
  ];
}

/** A provider's label that we would overwrite is refused: nodes that it replaces would come without ours. */
function labelProblems(contract: ClusterContract, labels: boolean): Problem[] {
  if (!labels || contract.labelsBy === "layers" || contract.nodes.every((node) => Object.keys(node.labels).length === 0))
    return [];
  return [
    {
      path: "layers.topology.labels",
      value: labels,
      message: `on cluster ${contract.name} the provider sets the topology labels`,
      allowed: "false",
      fix: "set `topology.labels: false`; the gate then only waits for them",
    },
  ];
}
