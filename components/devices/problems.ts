import { findMachineType, hcasOf, nearestNames } from "../../hardware";
import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import type { ContractPool } from "../gang/spec";
import { compareVersions } from "../kubernetes/versions";
import { efaPools } from "./charts";
import { rdmaResourceName, type DevicesConfig } from "./config";
import { DEVICE_KINDS, type DeviceKind } from "./kinds";
import { finds, labelledByNobody, nodesOf, poolsWith } from "./nodes";
import { computeAdapters, rdmaPlugin, rdmaPools } from "./rdma";
import { deviceResources, withDevices } from "./resources";

/** aws/eks-charts:stable/aws-dranet/README.md@5239609 */
const DRA_LEAST_KUBERNETES = "1.35";

export interface Checked {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** What keeps devices from being served as the configuration says, and what a user should know; all of it. */
export function devicesProblems(contract: ClusterContract, config: DevicesConfig, path = "layers.devices"): Checked {
  return {
    problems: [
      ...DEVICE_KINDS.flatMap((kind) => uselessProblems(contract, config, kind, path)),
      ...providerProblems(contract, config, path),
      ...draProblems(contract, config, path),
      ...rdmaNameProblems(config, path),
      ...adapterProblems(contract, config, path),
    ],
    warnings: [
      ...withDevices(contract, deviceResources(contract, config), path).warnings,
      ...labelWarnings(contract, config, path),
      ...efaWarnings(contract, config, path),
      ...nvidiaWarnings(config, path),
      ...rdmaWarnings(contract, config, path),
    ],
  };
}

const WHAT: Readonly<Record<DeviceKind, string>> = {
  efa: "EFA",
  nvidia: "NVIDIA GPUs",
  rdma: "InfiniBand or RoCE adapters that pods ask for",
  amd: "AMD GPUs",
  neuron: "Neuron devices",
};

/** Something to install where nothing is: the wrong cluster, or a pool of the wrong machines. */
function uselessProblems(contract: ClusterContract, config: DevicesConfig, kind: DeviceKind, path: string): Problem[] {
  const installs = config[kind] !== "none" && config[kind] !== "present";
  if (!installs || poolsWith(contract, kind).length > 0) return [];
  return [
    {
      path: `${path}.${kind}`,
      value: config[kind],
      message: `no pool of cluster ${contract.name} has ${WHAT[kind]}: ${contract.pools.map((pool) => `${pool.name} is ${pool.machineType} with ${pool.fabric}`).join(", ")}`,
      allowed: "none, present",
      fix: "leave it out, or correct the pools' machine types in the cluster stack",
    },
  ];
}

function providerProblems(contract: ClusterContract, config: DevicesConfig, path: string): Problem[] {
  const installs = config.nvidia === "plugin" || config.nvidia === "operator";
  if (contract.kubernetes.distribution !== "gke" || !installs) return [];
  return [
    {
      path: `${path}.nvidia`,
      value: config.nvidia,
      message:
        "GKE runs its own NVIDIA device plugin on every node with GPUs, and two of them would take the resource from each other",
      allowed: "none, present",
      fix: "set `nvidia: present`",
    },
  ];
}

/** Plugin and DRA driver would give the same adapters to two pods. */
function draProblems(contract: ClusterContract, config: DevicesConfig, path: string): Problem[] {
  const { efaDraPools } = config;
  const { plugin, dra } = efaPools(contract, config);
  const able = poolsWith(contract, "efa").map(({ name }) => name);
  const problems: Problem[] = efaDraPools.flatMap((name, index) => {
    const at = { path: `${path}.efaDraPools[${index}]`, value: name, allowed: able.join(", ") || "none" };
    const known = contract.pools.some((pool) => pool.name === name);
    if (able.includes(name)) return [];
    const message = known ? "the pool has no EFA" : "the cluster has no such pool";
    return [{ ...at, message, fix: "name pools with EFA, or leave it out" }];
  });
  const { version } = contract.kubernetes;
  if (dra.length > 0 && compareVersions(version, DRA_LEAST_KUBERNETES) < 0) {
    problems.push({
      path: `${path}.efaDraPools`,
      value: dra.map(({ name }) => name).join(", "),
      message: `AWS's DRA driver needs Kubernetes ${DRA_LEAST_KUBERNETES} or newer, and the cluster has ${version}`,
      allowed: "none",
      fix: "use the plugin (`efa: plugin`), or a newer Kubernetes",
    });
  }
  if (dra.length > 0 && plugin.length > 0) {
    const [byPlugin, byDra] = [nodesOf(contract, plugin), nodesOf(contract, dra)];
    for (const pool of [...plugin.filter((each) => finds(byDra, each)), ...dra.filter((each) => finds(byPlugin, each))]) {
      problems.push({
        path: `${path}.efaDraPools`,
        value: pool.name,
        message: `no label tells the nodes of pool ${pool.name} from those of another pool of ${pool.machineType}, so plugin and DRA driver would be on the same node`,
        fix: "use one of the two for all pools of this machine type, or another machine type",
      });
    }
  }
  return problems;
}

/** Each plugin has its own idea of a name. */
function rdmaNameProblems(config: DevicesConfig, path: string): Problem[] {
  const plugin = rdmaPlugin(config);
  if (plugin === undefined) return [];
  const name = rdmaResourceName(config);
  const [prefix, resource = ""] = name.split("/");
  const at = { path: `${path}.rdmaResource`, value: name };
  const problems: Problem[] = [];
  if (prefix !== "rdma")
    problems.push({
      ...at,
      message: "turducken knows an RDMA resource by `rdma/` in front",
      allowed: `rdma/${resource}`,
      fix: "change the name, or leave it out",
    });
  const form = plugin === "verbs" ? /^[a-z0-9][-a-z0-9]*[a-z0-9]$/ : /^[a-zA-Z0-9_]+$/;
  if (!form.test(resource))
    problems.push({
      ...at,
      message: `the plugin of \`rdma: ${plugin}\` does not take this name`,
      allowed:
        plugin === "verbs"
          ? "small letters, digits and `-` behind `rdma/`, at least two"
          : "letters, digits and `_` behind `rdma/`",
      fix: "change the name, or leave it out",
    });
  return problems;
}

function adapterProblems(contract: ClusterContract, config: DevicesConfig, path: string): Problem[] {
  const types = [...new Set(poolsWith(contract, "rdma").map(({ machineType }) => machineType))];
  const unknown = Object.keys(config.rdmaAdapters).filter((type) => !types.includes(type));
  const silent = rdmaPools(contract, config).filter((pool) => computeAdapters(pool, config).length === 0);
  return [
    ...unknown.map((type) => {
      const [nearest] = nearestNames(type, types, 1);
      return {
        path: `${path}.rdmaAdapters`,
        value: type,
        message: "no pool with InfiniBand or RoCE has this machine type",
        allowed: types.join(", ") || "none",
        fix: nearest ? `did you mean ${nearest}?` : "remove it",
      };
    }),
    ...silent.map((pool) => ({
      path: `${path}.rdmaAdapters`,
      value: pool.machineType,
      message: `it is not known which adapters of pool ${pool.name} (${pool.machineType}) are its compute fabric`,
      allowed: "RDMA device names, e.g. mlx5_0",
      fix: `list them: \`rdmaAdapters: {${pool.machineType}: [mlx5_0]}\`; \`ibv_devices\` on a node shows them. Leave storage adapters out`,
    })),
  ];
}

/** A DaemonSet that finds no node has no pod and no error. */
function labelWarnings(contract: ClusterContract, config: DevicesConfig, path: string): Problem[] {
  const installs = (kind: DeviceKind) => config[kind] !== "none" && config[kind] !== "present" && config[kind] !== "operator";
  return DEVICE_KINDS.filter(installs).flatMap((kind) => {
    const pools = kind === "efa" ? efaPools(contract, config).plugin : poolsWith(contract, kind);
    const match = nodesOf(contract, pools);
    if (pools.length === 0 || !labelledByNobody(contract, match)) return [];
    return [
      {
        path: `${path}.${kind}`,
        value: config[kind],
        message: `nothing here sets the label ${match.key}, by which the plugin finds the nodes of ${names(pools)}; without it the plugin has no pod, and no error says so`,
        fix: `see to it that those nodes carry ${match.key}=${match.values.join(" or ")}`,
      },
    ];
  });
}

function efaWarnings(contract: ClusterContract, config: DevicesConfig, path: string): Problem[] {
  const { plugin, dra } = efaPools(contract, config);
  const warnings: Problem[] = [];
  if (plugin.length > 0 && contract.kubernetes.distribution === "kubeadm" && config.efaRepository === undefined)
    warnings.push({
      path: `${path}.efaRepository`,
      message:
        "the image lies in a registry of AWS that asks for credentials; nodes of EKS have them, others only with an instance role and a credential provider of the kubelet",
      fix: "mirror the image and name its repository, or set the nodes up for Amazon ECR",
    });
  if (dra.length > 0 && config.efa === "present")
    warnings.push({
      path: `${path}.efaDraPools`,
      value: names(dra),
      message: "the site's EFA plugin must not be on nodes with the DRA driver, and that cannot be seen from here",
      fix: "take these pools out of that plugin's nodes",
    });
  return warnings;
}

function nvidiaWarnings(config: DevicesConfig, path: string): Problem[] {
  const unused: [keyof DevicesConfig, boolean, string][] = [
    ["nvidiaDriver", config.nvidiaDriver !== "host" && config.nvidia !== "operator", "operator"],
    ["nvidiaToolkit", config.nvidiaToolkit !== "host" && config.nvidia !== "operator", "operator"],
    ["nvidiaRuntimeClass", config.nvidiaRuntimeClass !== undefined && config.nvidia !== "plugin", "plugin"],
  ];
  return unused.flatMap(([field, useless, needs]) =>
    useless
      ? [
          {
            path: `${path}.${field}`,
            value: config[field],
            message: `it has no effect with \`nvidia: ${config.nvidia}\``,
            fix: `remove it, or set \`nvidia: ${needs}\``,
          },
        ]
      : [],
  );
}

function rdmaWarnings(contract: ClusterContract, config: DevicesConfig, path: string): Problem[] {
  const pools = rdmaPools(contract, config);
  const warnings: Problem[] = [];
  if (config.rdma === "shared" && pools.length > 0)
    warnings.push({
      path: `${path}.rdma`,
      value: "shared",
      message:
        "this plugin cannot leave /dev/infiniband/umad* and issm* out (Mellanox/k8s-rdma-shared-dev-plugin:pkg/resources/rdma_device_spec.go@948098b refuses adapters without umad): root in a pod can send management packets into the whole subnet",
      fix: "use `rdma: verbs`, or let only trusted images run there as root",
    });
  for (const pool of pools) {
    const { type } = findMachineType(pool.machineType);
    const storage = type ? hcasOf(type.fabric, "storage") : [];
    const given = computeAdapters(pool, config).filter((adapter) => storage.includes(adapter));
    if (given.length > 0)
      warnings.push({
        path: `${path}.rdmaAdapters`,
        value: given.join(", "),
        message: `the catalogue knows ${given.length === 1 ? "this" : "these"} of ${pool.machineType} as storage ${given.length === 1 ? "adapter" : "adapters"}, and jobs of pool ${pool.name} would use ${given.length === 1 ? "it" : "them"}`,
        fix: "leave storage adapters out, unless your machines are wired in another way",
      });
  }
  return warnings;
}

function names(pools: readonly ContractPool[]): string {
  return pools.map(({ name }) => name).join(", ");
}
