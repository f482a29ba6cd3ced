import { z } from "zod";
import { field, secretName, wholeNumber } from "../../components/config/fields";
import { VERSIONS } from "../../components/kubernetes/versions";

const folder = () =>
  z.string().regex(/^\/[^\s'"\\$`]*$/, { error: "It is not the absolute path of a folder, without blanks and quotes." });
const free = () => z.record(z.string(), z.unknown());

const packages = z.discriminatedUnion("source", [
  z.strictObject({ source: field(z.literal("repository"), "From pkgs.k8s.io, or a mirror of it.", "repository") }),
  z.strictObject({
    source: field(z.literal("directory"), "Already on every host, in `<path>/v<version>/`.", "directory"),
    path: field(folder(), "Folder with `v<version>/{kubeadm,kubelet,kubectl}`.", "/opt/turducken/kubernetes"),
  }),
]);

const containerd = z.discriminatedUnion("source", [
  z.strictObject({
    source: field(
      z.literal("repository"),
      `containerd.io ${VERSIONS.containerd.version} from Docker's repository.`,
      "repository",
    ),
  }),
  z.strictObject({
    source: field(z.literal("present"), "What is installed on the host, when it is new enough.", "present"),
    minimumVersion: field(z.string().default("2.0.0"), "Oldest containerd that is accepted.", "2.0.0"),
    cniBinDir: field(folder().optional(), "Where the CNI plugins are. Default: /opt/cni/bin.", "/usr/lib/cni"),
  }),
]);

const images = z.strictObject({
  repository: field(
    z.string().min(1).optional(),
    "Prefix of the images that kubeadm and the pod sandbox use. Default: registry.k8s.io.",
    "registry.local",
  ),
  directory: field(
    folder().optional(),
    "Folder on every host with image archives (`*.tar`), imported before init or join.",
    "/opt/turducken/images",
  ),
});

const proxy = z.strictObject({
  http: field(z.string().optional(), "Proxy for http.", "http://proxy.example.org:3128"),
  https: field(z.string().optional(), "Proxy for https.", "http://proxy.example.org:3128"),
  noProxy: field(
    z.union([z.string(), z.array(z.string())]).optional(),
    "Names and networks that are dialled directly; pods, Services and the API server are added.",
    ["example.org", "10.0.0.0/8"],
  ),
});

/** `kubernetes` of a cluster. The checks of values that depend on each other are components/kubernetes' `validateKubernetes`. */
export const kubernetesConfig = z.strictObject({
  distribution: field(z.literal("kubeadm").default("kubeadm"), "How Kubernetes is put on hosts.", "kubeadm"),
  version: field(
    z.string().default(VERSIONS.kubernetes.version),
    "Kubernetes version, three numbers; hosts are held at it.",
    VERSIONS.kubernetes.version,
  ),
  controlPlaneEndpoint: field(
    z.string().min(1).optional(),
    "`host:port` that every kubelet and kubeconfig dials. Default: the control plane's advertised address, port 6443. A name of your own lets you add control planes later.",
    "10.0.0.10:6443",
  ),
  podCIDR: field(z.string().default("10.244.0.0/16"), "Addresses of pods; a /24 for each node.", "10.244.0.0/16"),
  serviceCIDR: field(z.string().default("10.96.0.0/12"), "Addresses of Services.", "10.96.0.0/12"),
  gangs: field(z.boolean().default(true), "Set the feature gates that native gangs need.", true),
  cni: field(
    z.enum(["flannel", "bridge", "none"]).default("flannel"),
    "Pod network: `flannel` by chart, `bridge` with routes that the hosts keep (all hosts in one network), `none` for one of your own.",
    "flannel",
  ),
  packages: field(packages.prefault({ source: "repository" }), "Where kubeadm, kubelet and kubectl come from."),
  containerd: field(containerd.prefault({ source: "repository" }), "Where containerd comes from."),
  images: field(images.optional(), "Where images come from on sites without internet."),
  mirrors: field(z.record(z.string(), z.array(z.string())).optional(), "Registry → mirrors asked before it.", {
    "docker.io": ["https://mirror.example.org"],
  }),
  proxy: field(proxy.optional(), "Proxy for containerd's downloads."),
  pullSecret: field(
    secretName().optional(),
    "Name of the secret key with a Docker configuration JSON for private registries.",
    "pullSecret",
  ),
  hugePages2Mi: field(wholeNumber(0).optional(), "2 MiB huge pages on every host. Default: the machine type's.", 1024),
  cgroupDriver: field(
    z.enum(["systemd", "cgroupfs"]).default("systemd"),
    "cgroup driver of kubelet and containerd; `cgroupfs` only on cgroup v1.",
    "systemd",
  ),
  kernelModules: field(
    z.enum(["manage", "verify"]).default("manage"),
    "Load the kernel modules, or only check that what they give is there.",
    "manage",
  ),
  kubelet: field(free().optional(), "Merged over the KubeletConfiguration; your values win.", { maxPods: 200 }),
  kubeProxy: field(free().optional(), "Merged over the KubeProxyConfiguration; your values win.", { mode: "nftables" }),
  ignorePreflightErrors: field(z.array(z.string()).optional(), "kubeadm preflight checks that may fail.", ["SystemVerification"]),
});

export type KubernetesConfig = z.infer<typeof kubernetesConfig>;
