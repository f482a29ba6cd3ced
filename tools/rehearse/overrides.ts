import { cpus } from "node:os";
import { IMAGE_REPOSITORY } from "./images";
import type { Lab } from "./types";
import type { ReportOverride } from "./report";

/** Configuration of a stack as it stands in its file, structured values parsed. */
export type StackConfig = Record<string, unknown>;

/** Where things are inside every lab host. */
export const PATHS = { kubernetes: "/opt/turducken/kubernetes", images: "/opt/turducken/images" } as const;

/** What every lab host offers, and a request that only one pod of a node can have: every host sees the whole machine's CPUs. */
const NODE_CPUS = 2;
const OVER_HALF_A_NODE = "1100m";

interface ClusterConfig {
  hosts: { names: string; addresses: unknown; hostKeys: string[] }[];
  ssh: Record<string, unknown>;
  kubernetes?: Record<string, unknown>;
}

interface Override extends ReportOverride {
  /** Step ids of host programs that this makes `replaced` or `left-out`. */
  readonly steps?: readonly string[];
  readonly when?: (lab: LabFacts) => boolean;
  readonly apply: (cluster: ClusterConfig, lab: LabFacts) => void;
}

export interface LabFacts {
  readonly lab: Lab;
  /** `tmpfs` (cgroup v1 hierarchies) or `cgroup2fs`, by `stat -fc %T /sys/fs/cgroup`. */
  readonly cgroup: "tmpfs" | "cgroup2fs";
  readonly expand: (hostlist: string) => string[];
}

/**
 * Everything in which the rehearsal differs from a user's machines, in one place. Each is an option that the stack file has for
 * any user; no code path of the product knows about the rehearsal. Settings and reasons: measured on Debian 12, see
 * ARCHITECTURE.md "The lab".
 */
export const clusterOverrides: readonly Override[] = [
  {
    id: "addresses",
    kind: "replaced",
    what: "addresses of the inventory by those of the hosts in namespaces, on a random subnet of this run",
    why: "two rehearsals, or a rehearsal and a real network, must not meet",
    apply: (cluster, { lab, expand }) => {
      for (const group of cluster.hosts) {
        const hosts = expand(group.names).map((name) => labHost(lab, name));
        group.addresses = hosts.map((host) => host.address).join(",");
        group.hostKeys = hosts.map((host) => host.hostKey);
      }
    },
  },
  {
    id: "ssh",
    kind: "replaced",
    what: "login key and host keys by keys made for this run; no bastion",
    why: "the keys of the stack file belong to the user's machines",
    apply: (cluster) => {
      delete cluster.ssh.bastion;
      cluster.ssh.user = "admin";
      cluster.ssh.port = 22;
    },
  },
  {
    id: "kubernetes-packages",
    kind: "replaced",
    steps: ["kubernetes-packages", "kubernetes-repository"],
    what: "packages of kubeadm, kubelet and kubectl by programs built from the same version's source",
    why: "pkgs.k8s.io may be out of reach",
    apply: (cluster) => setKubernetes(cluster, { packages: { source: "directory", path: PATHS.kubernetes } }),
  },
  {
    id: "images",
    kind: "replaced",
    steps: ["images-import"],
    what: `registry.k8s.io by image archives made on this machine, imported under ${IMAGE_REPOSITORY}`,
    why: "no registry may be in reach; the programs inside are the real ones",
    apply: (cluster) => setKubernetes(cluster, { images: { repository: IMAGE_REPOSITORY, directory: PATHS.images } }),
  },
  {
    id: "containerd",
    kind: "replaced",
    steps: ["containerd-package"],
    what: "containerd 2 by Debian's containerd 1.6 and runc, already on the hosts",
    why: "it is in Debian 12; kubelet 1.36 accepts it with a warning",
    apply: (cluster) =>
      setKubernetes(cluster, { containerd: { source: "present", minimumVersion: "1.6.0", cniBinDir: "/usr/lib/cni" } }),
  },
  {
    id: "kernel-modules",
    kind: "replaced",
    steps: ["kernel-modules"],
    what: "loading kernel modules by checking that what they give is there",
    why: "hosts in namespaces share this machine's kernel, which may have no loadable modules",
    apply: (cluster) => setKubernetes(cluster, { kernelModules: "verify" }),
  },
  {
    id: "swap-and-conntrack",
    kind: "left-out",
    what: "conntrack table sizes of kube-proxy and the refusal to run with swap",
    why: "both are settings of the whole machine, not of a namespace",
    apply: (cluster) =>
      setKubernetes(cluster, {
        kubelet: { failSwapOn: false },
        kubeProxy: { mode: "iptables", conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" } },
      }),
  },
  {
    id: "node-size",
    kind: "replaced",
    what: `the machine's CPUs, which every host would offer as its own, by ${NODE_CPUS} a host`,
    why: "hosts in namespaces share one machine; a pod that fills a node must fill it here, too",
    when: () => cpus().length > NODE_CPUS,
    apply: (cluster) => setKubernetes(cluster, { kubelet: { systemReserved: { cpu: String(cpus().length - NODE_CPUS) } } }),
  },
  {
    id: "cgroup-v1",
    kind: "replaced",
    what: "cgroup v2 and the systemd cgroup driver by cgroup v1 and cgroupfs",
    why: "this machine mounts cgroup v1 hierarchies",
    when: ({ cgroup }) => cgroup === "tmpfs",
    apply: (cluster) =>
      setKubernetes(cluster, {
        cgroupDriver: "cgroupfs",
        kubelet: { failCgroupV1: false },
        ignorePreflightErrors: ["SystemVerification"],
      }),
  },
  {
    id: "cni",
    kind: "replaced",
    what: "flannel by bridges and routes that the hosts keep themselves (`cni: bridge`)",
    why: "flannel's chart and image come from outside; all hosts here share one flat network",
    apply: (cluster) => setKubernetes(cluster, { cni: "bridge" }),
  },
];

/** The cluster stack's configuration for this lab, and what was replaced or left out for it. The input is not changed. */
export function overrideCluster(config: StackConfig, facts: LabFacts): { config: StackConfig; applied: ReportOverride[] } {
  const copy = structuredClone(config);
  const cluster = copy.cluster as ClusterConfig;
  const applied: ReportOverride[] = [];
  for (const override of clusterOverrides) {
    if (override.when && !override.when(facts)) continue;
    override.apply(cluster, facts);
    applied.push({ id: override.id, kind: override.kind, what: override.what, why: override.why });
  }
  const secret = cluster.ssh.privateKey as string;
  copy[secret] = facts.lab.privateKey;
  return { config: copy, applied };
}

/** Workloads run the images that exist here. */
export const workloadOverride: ReportOverride = {
  id: "workload-image",
  kind: "replaced",
  what: "the workloads' images and commands by a small program of ours that reports where it runs",
  why: "the examples' images are not in reach",
};

/** What makes objects of MiniClusters. */
export const operatorOverride: ReportOverride = {
  id: "flux-operator",
  kind: "replaced",
  what: "the Flux Operator by a stand-in that makes the same ConfigMap, Service and Job with the operator's own account, without Flux in the pods",
  why: "neither its image nor its Go module is in reach",
};

/** The layers' configuration with the stand-in's image, where they have the operator at all. */
export function overrideLayers(config: StackConfig, operatorImage: string): { config: StackConfig; applied: ReportOverride[] } {
  const copy = structuredClone(config);
  const layers = copy.layers as { fluxOperator?: Record<string, unknown> };
  if (!layers.fluxOperator) return { config: copy, applied: [] };
  layers.fluxOperator = { ...layers.fluxOperator, image: operatorImage };
  return { config: copy, applied: [operatorOverride] };
}

/** For the rehearsal of an upgrade. */
export function olderVersionOverride(versions: { readonly first: string; readonly current: string }): ReportOverride {
  return {
    id: "older-version",
    kind: "replaced",
    what: `Kubernetes ${versions.first} by the source of ${versions.current} with the older version written into it`,
    why: "what is rehearsed is the way from one to the other, and building a second source takes another six minutes",
  };
}

export function overrideWorkload(config: StackConfig, image: string): StackConfig {
  const copy = structuredClone(config);
  const workload = copy.workload as Record<"gangs" | "miniClusters", Record<string, unknown>[] | undefined>;
  const resources = { cpu: OVER_HALF_A_NODE, memory: "32Mi" };
  for (const gang of workload.gangs ?? []) Object.assign(gang, { image, command: ["/turducken-work", "hold"], resources });
  // The command is the operator's to run; the stand-in holds in its place.
  for (const mini of workload.miniClusters ?? []) Object.assign(mini, { image, resources });
  return copy;
}

/** How a host program's step counts in the report. */
export function stepKind(step: string): { kind: "real" | "replaced" | "left-out"; note?: string } {
  const override = clusterOverrides.find((each) => each.steps?.includes(step));
  return override ? { kind: override.kind, note: override.id } : { kind: "real" };
}

function labHost(lab: Lab, name: string) {
  const host = lab.hosts.get(name);
  if (!host) throw new Error(`the inventory names ${name}, for which no lab host was started`);
  return host;
}

/** Merges one level deep, so that two overrides may both add to `kubelet`. */
function setKubernetes(cluster: ClusterConfig, values: Record<string, unknown>): void {
  if (!cluster.kubernetes) return;
  for (const [key, value] of Object.entries(values)) {
    const before = cluster.kubernetes[key];
    cluster.kubernetes[key] = isObject(before) && isObject(value) && key.startsWith("kube") ? { ...before, ...value } : value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
