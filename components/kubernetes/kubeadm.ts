import { isIPv6 } from "node:net";
import { stringify } from "yaml";
import type { HostSpec } from "../hosts/types";
import { featureGates } from "./gates";
import { CRI_SOCKET, type KubernetesSettings } from "./settings";

type Yaml = Record<string, unknown>;
type Arg = { name: string; value: string };

const KUBEADM_API = "kubeadm.k8s.io/v1beta4";
/** A join that cannot work (wrong token, closed port, refused label) otherwise hangs for minutes. */
const JOIN_TIMEOUT = "1m0s";

/**
 * kubeadm's v1beta4 documents, as text. Pure and deterministic: keys stand in a fixed order.
 * Source of the fields: kubernetes/kubernetes:cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go@v1.36.3.
 */
export interface KubeadmConfiguration {
  /** InitConfiguration, ClusterConfiguration, KubeletConfiguration and KubeProxyConfiguration; holds no secret. */
  readonly init: string;
  /** ClusterConfiguration alone, what later changes of the control plane are compared with. */
  readonly cluster: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
  /** JoinConfiguration with `TOKEN_HERE` and `CA_HASH_HERE` in place of what the host gets on stdin. */
  readonly join: string;
}

export const TOKEN_PLACE = "TOKEN_HERE";
export const CA_HASH_PLACE = "CA_HASH_HERE";

export function kubeadmConfiguration(
  host: HostSpec,
  settings: KubernetesSettings,
  cluster: { readonly controlPlanes: readonly HostSpec[]; readonly endpoint: string; readonly name?: string },
): KubeadmConfiguration {
  const clusterDocument = clusterConfiguration(settings, cluster);
  const kubelet = kubeletConfiguration(settings);
  const kubeProxy = kubeProxyConfiguration(settings);
  return {
    init: documents([initConfiguration(host, settings, cluster.endpoint), clusterDocument, kubelet, kubeProxy]),
    cluster: documents([clusterDocument]),
    kubelet: kubeletDocument(settings),
    kubeProxy: documents([kubeProxy]),
    join: documents([joinConfiguration(host, settings, cluster.endpoint)]),
  };
}

/** KubeletConfiguration alone: the same on every host. */
export function kubeletDocument(settings: KubernetesSettings): string {
  return documents([kubeletConfiguration(settings)]);
}

function initConfiguration(host: HostSpec, settings: KubernetesSettings, endpoint: string): Yaml {
  return {
    apiVersion: KUBEADM_API,
    kind: "InitConfiguration",
    // kubeadm makes a token of 24 hours when none is asked for; joins mint their own, so this one dies at once.
    bootstrapTokens: [
      {
        ttl: "1m0s",
        description: "made by init, not used",
        usages: ["signing", "authentication"],
        groups: ["system:bootstrappers:kubeadm:default-node-token"],
      },
    ],
    localAPIEndpoint: { advertiseAddress: host.addresses.bind, bindPort: bindPort(host, endpoint) },
    nodeRegistration: nodeRegistration(host, settings),
    skipPhases: ["show-join-command"],
  };
}

function clusterConfiguration(
  settings: KubernetesSettings,
  cluster: { readonly controlPlanes: readonly HostSpec[]; readonly endpoint: string; readonly name?: string },
): Yaml {
  const gates = featureGates(settings.version, settings.gangs);
  return {
    apiVersion: KUBEADM_API,
    kind: "ClusterConfiguration",
    ...(cluster.name ? { clusterName: cluster.name } : {}),
    kubernetesVersion: `v${settings.version}`,
    ...(settings.images?.repository ? { imageRepository: settings.images.repository } : {}),
    controlPlaneEndpoint: cluster.endpoint,
    networking: { podSubnet: settings.podCIDR, serviceSubnet: settings.serviceCIDR },
    apiServer: {
      certSANs: certificateNames(cluster),
      extraArgs: list({
        ...advertise(cluster.controlPlanes),
        "feature-gates": gateText(gates.apiServer),
        "runtime-config": gateText(gates.runtimeConfig),
      }),
    },
    controllerManager: { extraArgs: list({ "feature-gates": gateText(gates.controllerManager) }) },
    scheduler: { extraArgs: list({ "feature-gates": gateText(gates.scheduler) }) },
  };
}

function kubeletConfiguration(settings: KubernetesSettings): Yaml {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: settings.cgroupDriver,
    rotateCertificates: true,
    ...settings.kubelet,
  };
}

function kubeProxyConfiguration(settings: KubernetesSettings): Yaml {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clusterCIDR: settings.podCIDR,
    ...settings.kubeProxy,
  };
}

function joinConfiguration(host: HostSpec, settings: KubernetesSettings, endpoint: string): Yaml {
  return {
    apiVersion: KUBEADM_API,
    kind: "JoinConfiguration",
    discovery: { bootstrapToken: { apiServerEndpoint: endpoint, token: TOKEN_PLACE, caCertHashes: [CA_HASH_PLACE] } },
    nodeRegistration: { ...nodeRegistration(host, settings), taints: [] },
    timeouts: { discovery: JOIN_TIMEOUT, kubeletHealthCheck: JOIN_TIMEOUT, tlsBootstrap: JOIN_TIMEOUT },
  };
}

function nodeRegistration(host: HostSpec, settings: KubernetesSettings): Yaml {
  return {
    name: host.name,
    criSocket: CRI_SOCKET,
    ...(settings.ignorePreflightErrors?.length ? { ignorePreflightErrors: [...settings.ignorePreflightErrors] } : {}),
    kubeletExtraArgs: list({ "node-ip": host.addresses.bind }),
  };
}

/**
 * etcd and the probes use localAPIEndpoint, which must be an address of the host; where others dial another one, only the API
 * server advertises that. One control plane for now: with more, this belongs into a patch per host.
 */
function advertise(controlPlanes: readonly HostSpec[]): Record<string, string> {
  const first = controlPlanes[0];
  return first && first.addresses.advertise !== first.addresses.bind ? { "advertise-address": first.addresses.advertise } : {};
}

function certificateNames(cluster: { readonly controlPlanes: readonly HostSpec[]; readonly endpoint: string }): string[] {
  const names = [endpointHost(cluster.endpoint)];
  for (const { name, addresses } of cluster.controlPlanes) names.push(name, addresses.advertise, addresses.bind, addresses.reach);
  return [...new Set(names)];
}

/** `[fd00::1]:6443` → `fd00::1`; `host:6443` → `host`. */
export function endpointHost(endpoint: string): string {
  return endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}

export function endpointUrl(endpoint: string): string {
  const host = endpointHost(endpoint);
  return `https://${isIPv6(host) ? `[${host}]` : host}:${apiPort(endpoint)}`;
}

/** Where the endpoint is this host itself, its port is the API server's; a load balancer's may be another. */
function bindPort(host: HostSpec, endpoint: string): number {
  const { advertise, bind, reach } = host.addresses;
  return [host.name, advertise, bind, reach].includes(endpointHost(endpoint)) ? apiPort(endpoint) : 6443;
}

export function apiPort(endpoint: string): number {
  return Number(/:(\d+)$/.exec(endpoint)?.[1] ?? 6443);
}

function gateText(gates: Readonly<Record<string, boolean>>): string {
  return Object.entries(gates)
    .map(([gate, on]) => `${gate}=${on}`)
    .join(",");
}

/** v1beta4 wants arguments as a list; empty values are left out. */
function list(args: Record<string, string>): Arg[] {
  return Object.entries(args)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => ({ name, value }));
}

function documents(all: readonly Yaml[]): string {
  return all.map((each) => stringify(each, { lineWidth: 0 })).join("---\n");
}
