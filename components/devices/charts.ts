import type { ClusterContract } from "../contract/contract";
import type { ContractPool } from "../gang/spec";
import type { DevicesConfig } from "./config";
import { nodeAffinity, nodesOf, poolsWith, tolerationsOf } from "./nodes";
import { CHART_REPOSITORIES, DEVICE_VERSIONS, NEURON_CHART } from "./versions";

/** Where add-ons of the control plane and their priority class may be, on every distribution. */
export const DEVICES_NAMESPACE = "kube-system";
export const GPU_OPERATOR_NAMESPACE = "gpu-operator";

/** A Helm release, as plain data. */
export interface ChartRelease {
  /** Last part of the resource's name. */
  readonly id: "efa" | "efa-dra" | "nvidia" | "gpu-operator" | "amd" | "neuron";
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly repositoryOpts?: { readonly repo: string };
  readonly values: Readonly<Record<string, unknown>>;
  /** A null takes a default of the chart away. */
  readonly allowNullValues?: true;
}

/** What charts tolerate when nobody tells them otherwise; ours takes the place of their list. */
const CRITICAL = { key: "CriticalAddonsOnly", operator: "Exists" };

/** Every chart that the layers install on this cluster, in a fixed order. */
export function deviceCharts(contract: ClusterContract, config: DevicesConfig): ChartRelease[] {
  const { plugin, dra } = efaPools(contract, config);
  const gpus = poolsWith(contract, "nvidia");
  const amd = poolsWith(contract, "amd");
  const neuron = poolsWith(contract, "neuron");
  return [
    ...(plugin.length > 0 ? [efaPlugin(contract, config, plugin)] : []),
    ...(dra.length > 0 ? [efaDra(contract, dra)] : []),
    ...(config.nvidia === "plugin" && gpus.length > 0 ? [nvidiaPlugin(contract, config, gpus)] : []),
    ...(config.nvidia === "operator" && gpus.length > 0 ? [gpuOperator(config, gpus)] : []),
    ...(config.amd === "plugin" && amd.length > 0 ? [amdPlugin(contract, amd)] : []),
    ...(config.neuron === "plugin" && neuron.length > 0 ? [neuronPlugin(neuron)] : []),
  ];
}

/** Pools with EFA by what serves them there; no pool is in both lists. */
export function efaPools(contract: ClusterContract, config: DevicesConfig): { plugin: ContractPool[]; dra: ContractPool[] } {
  const all = poolsWith(contract, "efa");
  const dra = all.filter(({ name }) => config.efaDraPools.includes(name));
  return { plugin: config.efa === "plugin" ? all.filter((pool) => !dra.includes(pool)) : [], dra };
}

/**
 * The chart's own list of instance types is behind AWS's, and a type that is not in it gets no pod and no error; so the list is
 * made of the pools. `keys` may be any label (aws/eks-charts:stable/aws-efa-k8s-device-plugin/templates/daemonset.yaml@5239609).
 * The chart itself leaves nodes of EKS Auto Mode out, which serve EFA by themselves.
 */
export function efaPlugin(contract: ClusterContract, config: DevicesConfig, pools: readonly ContractPool[]): ChartRelease {
  return {
    id: "efa",
    name: "efa-device-plugin",
    namespace: DEVICES_NAMESPACE,
    chart: "aws-efa-k8s-device-plugin",
    version: DEVICE_VERSIONS.efaChart.version,
    repositoryOpts: { repo: CHART_REPOSITORIES.eks },
    values: {
      ...efaValues(contract, pools),
      ...(config.efaRepository === undefined ? {} : { image: { repository: config.efaRepository } }),
    },
  };
}

/** aws/eks-charts:stable/aws-dranet@5239609: the same two values. */
export function efaDra(contract: ClusterContract, pools: readonly ContractPool[]): ChartRelease {
  return {
    id: "efa-dra",
    name: "aws-dranet",
    namespace: DEVICES_NAMESPACE,
    chart: "aws-dranet",
    version: DEVICE_VERSIONS.efaDraChart.version,
    repositoryOpts: { repo: CHART_REPOSITORIES.eks },
    values: efaValues(contract, pools),
  };
}

function efaValues(contract: ClusterContract, pools: readonly ContractPool[]) {
  const { key, values } = nodesOf(contract, pools);
  return { supportedInstanceLabels: { keys: [key], values }, tolerations: tolerationsOf(pools) };
}

/**
 * NVIDIA/k8s-device-plugin:deployments/helm/nvidia-device-plugin/values.yaml@1b826acc6. The chart's own affinity wants labels of
 * Node Feature Discovery, without which it would get no pod and no error.
 */
export function nvidiaPlugin(contract: ClusterContract, config: DevicesConfig, pools: readonly ContractPool[]): ChartRelease {
  return {
    id: "nvidia",
    name: "nvidia-device-plugin",
    namespace: DEVICES_NAMESPACE,
    chart: "nvidia-device-plugin",
    version: DEVICE_VERSIONS.nvidiaChart.version,
    repositoryOpts: { repo: CHART_REPOSITORIES.nvidia },
    values: {
      // Else the adapters of the whole node come with a GPU, whoever serves them (NVIDIA/k8s-device-plugin#1692).
      mofedEnabled: false,
      affinity: nodeAffinity(nodesOf(contract, pools)),
      tolerations: [CRITICAL, ...tolerationsOf(pools)],
      ...(config.nvidiaRuntimeClass === undefined ? {} : { runtimeClassName: config.nvidiaRuntimeClass }),
    },
  };
}

/**
 * NVIDIA/gpu-operator:deployments/gpu-operator/values.yaml@10ee5b363. It finds GPUs by Node Feature Discovery, which must reach
 * the nodes, too.
 */
export function gpuOperator(config: DevicesConfig, pools: readonly ContractPool[]): ChartRelease {
  const tolerations = tolerationsOf(pools);
  return {
    id: "gpu-operator",
    name: "gpu-operator",
    namespace: GPU_OPERATOR_NAMESPACE,
    chart: "gpu-operator",
    version: DEVICE_VERSIONS.gpuOperatorChart.version,
    repositoryOpts: { repo: CHART_REPOSITORIES.gpuOperator },
    values: {
      driver: { enabled: config.nvidiaDriver === "operator" },
      toolkit: { enabled: config.nvidiaToolkit === "operator" },
      devicePlugin: { env: [{ name: "MOFED_ENABLED", value: "false" }] },
      daemonsets: { tolerations },
      "node-feature-discovery": { worker: { tolerations } },
    },
  };
}

/**
 * ROCm/k8s-device-plugin:helm/amd-gpu@ed764684. It selects nodes by one value of a label; over several pools it runs on all that
 * it tolerates and finds nothing on the others. Its own selector wants a label of Node Feature Discovery.
 */
export function amdPlugin(contract: ClusterContract, pools: readonly ContractPool[]): ChartRelease {
  const { key, values } = nodesOf(contract, pools);
  return {
    id: "amd",
    name: "amd-gpu",
    namespace: DEVICES_NAMESPACE,
    chart: "amd-gpu",
    version: DEVICE_VERSIONS.amdChart.version,
    repositoryOpts: { repo: CHART_REPOSITORIES.amd },
    allowNullValues: true,
    values: {
      node_selector_enabled: true,
      node_selector: {
        "feature.node.kubernetes.io/pci-0300_1002.present": null,
        "kubernetes.io/arch": "amd64",
        ...(values.length === 1 ? { [key]: values[0] } : {}),
      },
      tolerations: [CRITICAL, ...tolerationsOf(pools)],
    },
  };
}

/** The chart is for EKS, where every node has its instance type as a label. Its node problem detector is on unless it is told not to be. */
export function neuronPlugin(pools: readonly ContractPool[]): ChartRelease {
  return {
    id: "neuron",
    name: "neuron",
    namespace: DEVICES_NAMESPACE,
    chart: NEURON_CHART,
    version: DEVICE_VERSIONS.neuronChart.version,
    values: {
      neuronInstances: [...new Set(pools.map(({ machineType }) => machineType))],
      devicePlugin: { tolerations: [CRITICAL, ...tolerationsOf(pools)] },
      npd: { enabled: false },
    },
  };
}
