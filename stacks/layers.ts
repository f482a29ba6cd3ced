import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, renderProblems } from "../components/config/problems";
import type { ClusterContract } from "../components/contract/contract";
import {
  contractFromFile,
  contractFromStack,
  KUBECONFIG_OUTPUT,
  referenceTo,
  secretFromStack,
} from "../components/contract/read";
import { deviceCharts, Devices, rdmaPools, type OfferedDevices } from "../components/devices";
import { Fluence } from "../components/fluence";
import { FluxOperator, loadManifest, operatorSettings, type FluxOperatorConfig } from "../components/flux-operator";
import { GangAdmission } from "../components/gang/admission";
import { workPools } from "../components/gang/spec";
import { Workspace } from "../components/gang/workspace";
import { Kueue, kueueRules, kueueSummary, withKueueLabels, type KueueSummary } from "../components/kueue";
import { miniClusterRules } from "../components/minicluster/schedulers";
import { Network } from "../components/network/network";
import { withPoolLabels } from "../components/placement";
import { after } from "../components/order/after";
import { LivePreflight, preflight } from "../components/preflight";
import { TopologyLabels } from "../components/topology/topologyLabels";
import type { LayersConfig } from "./config/layers";

/** Output `layers`: what a workload stack may know, nothing secret. */
export interface LayersSummary {
  readonly schema: 1;
  readonly cluster: string;
  readonly scheduler: LayersConfig["scheduler"];
  readonly namespace: string;
  /** Pool → extended resource of the contract → its name on the nodes; what is not in it, nobody serves. Absent: not known. */
  readonly devices?: OfferedDevices;
  /** Whether the layers have the Flux Operator, and the namespace of MiniClusters. */
  readonly fluxOperator?: boolean;
  readonly miniClusters?: string;
  readonly fluence?: { readonly pools: readonly string[] };
  readonly kueue?: KueueSummary;
}

/**
 * What lies between a cluster and the work on it, for every environment: the pod network where the cluster has none, the place
 * of every node as labels, device plugins, a scheduler for gangs, the Flux Operator, and a namespace for the work with
 * credentials that reach nothing else.
 *
 * @throws ConfigError with everything that cannot be on this cluster, before anything is made
 */
export async function layers(config: LayersConfig): Promise<Record<string, unknown>> {
  const { contract, kubeconfig } = await findCluster(config);
  const namespaces = workNamespaces(config);
  const { problems, warnings } = preflight(contract, { ...config, namespaces });
  if (problems.length > 0) throw new ConfigError(`layers on cluster ${contract.name}`, problems);
  if (warnings.length > 0) await pulumi.log.warn(renderProblems(`warnings about layers on cluster ${contract.name}`, warnings));

  const provider = clusterProvider(contract, kubeconfig);
  const labelled = labelledContract(contract, config);
  const live = { contract: labelled, scheduler: config.scheduler, kubeconfig };
  const met = new LivePreflight("preflight", { ...live, stage: "cluster" });
  const network = new Network("network", { contract }, { provider, ...after(met) });
  const { labels, gateTimeoutSeconds } = config.topology;
  const topology = new TopologyLabels(
    "topology",
    { contract: labelled, kubeconfig, labels, gateTimeoutSeconds },
    { provider, ...after(met, network) },
  );
  const devices = new Devices("devices", { contract: labelled, config: config.devices }, { provider, ...after(met, network) });
  const rules = [...(config.fluxOperator ? miniClusterRules() : []), ...(config.scheduler === "kueue" ? kueueRules() : [])];
  const workspace = new Workspace(
    "workloads",
    { ...config.workloads, kubeconfig, rules, others: namespaces.slice(1) },
    { provider, ...after(met) },
  );
  const ready = new LivePreflight("nodes", { ...live, stage: "devices", offered: devices.offered }, after(topology, devices));
  addScheduler(config, { contract: labelled, kubeconfig, provider, met, before: [ready, workspace] });
  if (config.fluxOperator) await addFluxOperator(contract, config.fluxOperator, { provider, ...after(met, network) });

  const summary: LayersSummary = {
    schema: 1,
    cluster: contract.name,
    scheduler: config.scheduler,
    namespace: config.workloads.namespace,
    devices: devices.offered,
    fluxOperator: config.fluxOperator !== undefined,
    ...(config.fluxOperator ? { miniClusters: namespaces[1]! } : {}),
    ...(config.scheduler === "fluence" ? { fluence: { pools: config.fluence!.pools } } : {}),
    ...(config.scheduler === "kueue" ? { kueue: kueueSummary(labelled, config.kueue) } : {}),
  };
  return { layers: summary, workloadKubeconfig: workspace.kubeconfig };
}

/** The work's namespace, and with the Flux Operator that of MiniClusters. */
function workNamespaces({ workloads, fluxOperator }: LayersConfig): string[] {
  return [workloads.namespace, ...(fluxOperator ? [workloads.miniClusters ?? `${workloads.namespace}-flux`] : [])];
}

/** Nodes carry the labels of the network, and of their pool where something selects by it. */
function labelledContract(contract: ClusterContract, { scheduler, topology, devices }: LayersConfig): ClusterContract {
  if (contract.labelsBy !== "layers" || !topology.labels) return contract;
  if (scheduler === "kueue") return withKueueLabels(contract);
  const plugins = deviceCharts(contract, devices).length + rdmaPools(contract, devices).length;
  return plugins > 0 || workPools(contract).length > 1 ? withPoolLabels(contract) : contract;
}

interface OnCluster {
  readonly contract: ClusterContract;
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: k8s.Provider;
  /** The live cluster is the one of the contract. */
  readonly met: LivePreflight;
  /** Labels on all nodes, and the namespace of the work. */
  readonly before: readonly pulumi.Resource[];
}

function addScheduler(config: LayersConfig, { contract, kubeconfig, provider, met, before }: OnCluster): void {
  const { scheduler, fluence, kueue } = config;
  if (scheduler === "gang" || scheduler === "fluence")
    new GangAdmission("gangs", { kubeconfig, gangApi: contract.kubernetes.gangApi! }, { provider, ...after(met) });
  if (scheduler === "fluence")
    new Fluence("fluence", { contract, config: fluence!, kubeconfig }, { provider, ...after(...before) });
  if (scheduler === "kueue") {
    new Kueue(
      "kueue",
      { contract, config: kueue, namespaces: workNamespaces(config), kubeconfig },
      { provider, ...after(...before) },
    );
  }
}

async function addFluxOperator(
  contract: ClusterContract,
  config: FluxOperatorConfig,
  options: pulumi.ComponentResourceOptions,
): Promise<void> {
  const args = config.manifest
    ? { manifest: await loadManifest(config.manifest, { at: "layers.fluxOperator.manifest" }) }
    : operatorSettings(config, contract);
  new FluxOperator("flux-operator", args, options);
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
