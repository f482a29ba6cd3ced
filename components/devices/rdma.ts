import { createHash } from "node:crypto";
import { findMachineType, hcasOf } from "../../hardware";
import type { ClusterContract } from "../contract/contract";
import { CREATED } from "../gang/objects";
import type { ContractPool } from "../gang/spec";
import { DEVICES_NAMESPACE } from "./charts";
import { rdmaResourceName, type DevicesConfig } from "./config";
import { nodeAffinity, nodesOf, poolsWith, tolerationsOf } from "./nodes";
import { FIND_ADAPTERS } from "./find-adapters";
import { RDMA_SHARED_IMAGE, RDMA_VERBS_IMAGE } from "./versions";

/** What serves the adapters; `none` and `present` serve nothing from here. */
export type RdmaPlugin = "verbs" | "shared";

export function rdmaPlugin({ rdma }: Pick<DevicesConfig, "rdma">): RdmaPlugin | undefined {
  return rdma === "verbs" || rdma === "shared" ? rdma : undefined;
}

/**
 * Compute adapters of a pool's machines, by RDMA device name: the user's, else the catalogue's. Storage adapters are left out, so
 * that no job fills them. Empty when nobody knows them.
 */
export function computeAdapters(pool: ContractPool, { rdmaAdapters }: Pick<DevicesConfig, "rdmaAdapters">): readonly string[] {
  if (Object.hasOwn(rdmaAdapters, pool.machineType)) return rdmaAdapters[pool.machineType]!;
  const { type } = findMachineType(pool.machineType);
  return type ? hcasOf(type.fabric, "compute") : [];
}

/** Pools that get a DaemonSet of their own: each has its adapters, its nodes and its taints. */
export function rdmaPools(contract: ClusterContract, config: DevicesConfig): ContractPool[] {
  return rdmaPlugin(config) === undefined ? [] : poolsWith(contract, "rdma");
}

export function rdmaConfigMap(name: string) {
  return { metadata: { name, namespace: DEVICES_NAMESPACE }, data: { "find-adapters.sh": FIND_ADAPTERS } };
}

/**
 * The device plugin of one pool. First the node says under which numbers and names its compute adapters are there (neither is the
 * same on every node), then the plugin starts with just these.
 *
 * @param name of the DaemonSet and of its ConfigMap
 */
export function rdmaDaemonSet(contract: ClusterContract, pool: ContractPool, config: DevicesConfig, name: string) {
  const plugin = rdmaPlugin(config);
  if (plugin === undefined) throw new Error(`no RDMA plugin is wanted on pool ${pool.name}`);
  const labels = { "app.kubernetes.io/name": name };
  const settings = adapterSettings(pool, config, plugin);
  const hash = createHash("sha256")
    .update(JSON.stringify([settings, FIND_ADAPTERS]))
    .digest("hex")
    .slice(0, 16);
  return {
    // Not awaited: one dead node would fail it. The gate after the devices waits for as many nodes as a pool must have.
    metadata: { name, namespace: DEVICES_NAMESPACE, labels, annotations: { ...CREATED } },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels, annotations: { "turducken.dev/config": hash } },
        spec: {
          priorityClassName: "system-node-critical",
          automountServiceAccountToken: false,
          ...(plugin === "shared" ? { hostNetwork: true } : {}),
          affinity: nodeAffinity(nodesOf(contract, [pool])),
          tolerations: tolerationsOf([pool]),
          initContainers: [findAdapters(settings)],
          containers: [plugin === "verbs" ? verbsContainer(config) : sharedContainer()],
          volumes: volumes(plugin, name),
        },
      },
    },
  };
}

interface Setting {
  readonly name: string;
  readonly value: string;
}

function adapterSettings(pool: ContractPool, config: DevicesConfig, plugin: RdmaPlugin): Setting[] {
  const [prefix = "", resource = ""] = rdmaResourceName(config).split("/");
  return [
    { name: "ADAPTERS", value: computeAdapters(pool, config).join(" ") },
    { name: "PLUGIN", value: plugin },
    { name: "RESOURCE_PREFIX", value: prefix },
    { name: "RESOURCE_NAME", value: resource },
    { name: "SHARE", value: String(config.rdmaShare) },
  ];
}

const UNPRIVILEGED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
const SMALL = { requests: { cpu: "10m", memory: "20Mi" }, limits: { memory: "100Mi" } };

function findAdapters(settings: Setting[]) {
  return {
    name: "find-adapters",
    image: RDMA_SHARED_IMAGE,
    command: ["/bin/sh", "/turducken/find-adapters.sh"],
    env: [...settings, { name: "SYS", value: "/host/sys" }, { name: "OUT", value: "/config" }],
    resources: SMALL,
    securityContext: UNPRIVILEGED,
    // A node without an adapter that it should have says so in `kubectl describe`.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: "program", mountPath: "/turducken", readOnly: true },
      { name: "sys", mountPath: "/host/sys", readOnly: true },
      { name: "config", mountPath: "/config" },
    ],
  };
}

/**
 * squat/generic-device-plugin@179b1fe: one device is a list of files, offered `SHARE` times. It only looks whether they are there
 * and talks to the kubelet's socket, so it needs no privilege, except where the runtime enforces SELinux on containers. When RDMA
 * modules are loaded anew the folder is another one and numbers may change: it then offers none until its pod is deleted.
 */
function verbsContainer(config: DevicesConfig) {
  const [domain = ""] = rdmaResourceName(config).split("/");
  return {
    name: "plugin",
    image: RDMA_VERBS_IMAGE,
    args: [`--domain=${domain}`, "--config=/config/config.yaml", "--listen=127.0.0.1:8080"],
    // By default the Go runtime counts the node's cores; on an HPC node those are many more than this program can use.
    env: [{ name: "GOMAXPROCS", value: "2" }],
    resources: SMALL,
    securityContext: UNPRIVILEGED,
    volumeMounts: [
      { name: "config", mountPath: "/config", readOnly: true },
      { name: "device-plugins", mountPath: "/var/lib/kubelet/device-plugins" },
      { name: "infiniband", mountPath: "/dev/infiniband", readOnly: true },
    ],
  };
}

/** Mellanox/k8s-rdma-shared-dev-plugin:deployment/k8s/base/daemonset.yaml@948098b, with the configuration of this node. */
function sharedContainer() {
  return {
    name: "plugin",
    image: RDMA_SHARED_IMAGE,
    resources: SMALL,
    // It sets links up and asks the kernel for the RDMA namespace mode.
    securityContext: { privileged: true },
    volumeMounts: [
      { name: "config", mountPath: "/k8s-rdma-shared-dev-plugin", readOnly: true },
      { name: "device-plugins", mountPath: "/var/lib/kubelet/device-plugins" },
      { name: "plugins-registry", mountPath: "/var/lib/kubelet/plugins_registry" },
      { name: "dev", mountPath: "/dev" },
    ],
  };
}

function volumes(plugin: RdmaPlugin, name: string) {
  const host = (volume: string, path: string) => ({ name: volume, hostPath: { path, type: "Directory" } });
  return [
    { name: "program", configMap: { name } },
    { name: "config", emptyDir: {} },
    host("sys", "/sys"),
    host("device-plugins", "/var/lib/kubelet/device-plugins"),
    ...(plugin === "verbs" ? [host("infiniband", "/dev/infiniband")] : []),
    ...(plugin === "shared" ? [host("dev", "/dev"), host("plugins-registry", "/var/lib/kubelet/plugins_registry")] : []),
  ];
}
