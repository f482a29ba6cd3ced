import type { HostRole, HostSpec } from "../../../../components/hosts/types";
import type { KubernetesSettings } from "../../../../components/kubernetes/settings";

export function host(name: string, role: HostRole, address: string, more: Partial<HostSpec> = {}): HostSpec {
  return {
    name,
    role,
    pool: role === "worker" ? "compute" : "control",
    state: "active",
    generation: 1,
    machineType: {
      name: "cpu-generic",
      provider: "bare-metal",
      arch: "amd64",
      cores: 8,
      threadsPerCore: 1,
      memoryGiB: 32,
      fabric: { kind: "ethernet", rateGbps: 10 },
      localDisks: 1,
      topologyTiers: ["leaf", "spine"],
      hugePages2Mi: 0,
      verified: true,
      source: "user",
    },
    addresses: { reach: address, bind: address, advertise: address },
    ssh: { user: "admin", port: 22, privateKeySecret: "sshPrivateKey" },
    ...more,
  };
}

export const controlPlane = host("cp1", "control-plane", "10.0.0.10");
export const worker = host("n01", "worker", "10.0.0.11");
export const cluster = { controlPlanes: [controlPlane], endpoint: "10.0.0.10:6443", name: "example" };

export function settings(more: Partial<KubernetesSettings> = {}): KubernetesSettings {
  return {
    distribution: "kubeadm",
    version: "1.36.3",
    controlPlaneEndpoint: "10.0.0.10:6443",
    podCIDR: "10.244.0.0/16",
    serviceCIDR: "10.96.0.0/12",
    gangs: true,
    cni: "flannel",
    packages: { source: "repository" },
    containerd: { source: "repository" },
    cgroupDriver: "systemd",
    kernelModules: "manage",
    ...more,
  };
}

/** As a rehearsal in namespaces sets it. */
export const labSettings = settings({
  cni: "bridge",
  packages: { source: "directory", path: "/opt/turducken/kubernetes" },
  containerd: { source: "present", minimumVersion: "1.6.0", cniBinDir: "/usr/lib/cni" },
  images: { repository: "registry.local", directory: "/opt/turducken/images" },
  cgroupDriver: "cgroupfs",
  kernelModules: "verify",
  kubelet: { failSwapOn: false, failCgroupV1: false },
  kubeProxy: { mode: "iptables", conntrack: { maxPerCore: 0 } },
  ignorePreflightErrors: ["SystemVerification"],
});
