/** How Kubernetes is put on hosts, resolved from configuration: every default filled in, plain values only. */
export interface KubernetesSettings {
  readonly distribution: "kubeadm";
  /** Three-part, without `v`: `1.36.3`. */
  readonly version: string;
  /** `host:port` that every kubelet and the kubeconfig dial. */
  readonly controlPlaneEndpoint: string;
  readonly podCIDR: string;
  readonly serviceCIDR: string;
  /** Sets the feature gates that native gangs need, see gates.ts. */
  readonly gangs: boolean;
  /** `flannel`: the layers stack's chart. `bridge`: bridges and routes kept by the hosts. `none`: somebody else's. */
  readonly cni: "flannel" | "bridge" | "none";
  readonly packages: PackageSource;
  readonly containerd: ContainerdSource;
  readonly images?: {
    /** Prefix for the images that kubeadm and the pod sandbox use. */
    readonly repository?: string;
    /** Folder on every host with image archives (`*.tar`), imported before init or join. */
    readonly directory?: string;
  };
  /** Registry host → URLs asked before it. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  readonly proxy?: ProxySettings;
  /** Name of the top-level secret configuration key that holds a Docker configuration JSON. */
  readonly pullSecret?: string;
  /** 2 MiB huge pages on every host. @default the machine type's */
  readonly hugePages2Mi?: number;
  readonly cgroupDriver: "systemd" | "cgroupfs";
  /** `verify` only checks that what the modules give is there. */
  readonly kernelModules: "manage" | "verify";
  /** Merged over KubeletConfiguration; the user's values win. */
  readonly kubelet?: Readonly<Record<string, unknown>>;
  /** Merged over KubeProxyConfiguration; the user's values win. */
  readonly kubeProxy?: Readonly<Record<string, unknown>>;
  readonly ignorePreflightErrors?: readonly string[];
}

/** `repository`: pkgs.k8s.io. `directory`: `<path>/v<version>/{kubeadm,kubelet,kubectl}` already on every host. */
export type PackageSource = { readonly source: "repository" } | { readonly source: "directory"; readonly path: string };

/** `present` adopts what is installed when it is new enough. */
export type ContainerdSource =
  | { readonly source: "repository" }
  | {
      readonly source: "present";
      readonly minimumVersion: string;
      /** Where the CNI plugins are. @default /opt/cni/bin */
      readonly cniBinDir?: string;
    };

export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  readonly noProxy?: string | readonly string[];
}

export const CNI_BIN_DIR = "/opt/cni/bin";
export const CRI_SOCKET = "unix:///run/containerd/containerd.sock";

export function cniBinDir(settings: KubernetesSettings): string {
  return (settings.containerd.source === "present" ? settings.containerd.cniBinDir : undefined) ?? CNI_BIN_DIR;
}

export function imageRepository(settings: KubernetesSettings): string {
  return settings.images?.repository ?? "registry.k8s.io";
}

/** Pods, Services and the cluster's own names never go through a proxy. */
export function noProxy(settings: KubernetesSettings): string {
  const given = settings.proxy?.noProxy ?? [];
  const own = [
    "localhost",
    "127.0.0.1",
    settings.controlPlaneEndpoint.replace(/:\d+$/, ""),
    settings.podCIDR,
    settings.serviceCIDR,
    ".svc",
    ".cluster.local",
  ];
  return [...new Set([...(typeof given === "string" ? given.split(",").map((each) => each.trim()) : given), ...own])]
    .filter(Boolean)
    .join(",");
}
