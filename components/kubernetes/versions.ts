/** Third-party versions that Kubernetes on hosts needs, each with the reason for its pin. */
export interface Pin {
  readonly version: string;
  readonly reason: string;
}

export const VERSIONS = {
  kubernetes: {
    version: "1.36.3",
    reason: "newest 1.36 patch the rehearsal runs; 1.36 is the only minor with scheduling.k8s.io/v1alpha2, which Fluence 2 needs",
  },
  containerd: {
    version: "2.2.6",
    reason:
      "kubelet 1.37 drops containerd 1.x; package containerd.io of download.docker.com exists for Debian 12 and Ubuntu 24.04 and brings its own runc",
  },
  kubernetesCni: {
    version: "1.9.1",
    reason: "what kubelet 1.36 of pkgs.k8s.io depends on; loopback, bridge, host-local and portmap in /opt/cni/bin",
  },
  pause: {
    version: "3.10.2",
    reason:
      "kubernetes/kubernetes:cmd/kubeadm/app/constants/constants.go@v1.36.3 PauseVersion; containerd and kubeadm must agree on the sandbox image",
  },
  flannelChart: {
    version: "v0.28.9",
    reason: "chart of https://flannel-io.github.io/flannel; its releases carry the same number as flannel's",
  },
} as const satisfies Record<string, Pin>;

/** Signing keys of the package repositories, by fingerprint: a key that arrives with another one is refused. */
export const SIGNING_KEYS = {
  /** `isv:kubernetes OBS Project`, https://pkgs.k8s.io/core:/stable:/v1.36/deb/Release.key */
  kubernetes: "DE15B14486CD377B9E876E1A234654DA9A296436",
  /** Docker Release (CE deb), https://docs.docker.com/engine/install/debian/ */
  docker: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
} as const;

export const FLANNEL_REPOSITORY = "https://flannel-io.github.io/flannel";

/** `1.36.3` → `1.36`. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Numeric, part by part; missing parts count as 0. Negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let part = 0; part < Math.max(left!.length, right!.length); part++) {
    const difference = (left![part] ?? 0) - (right![part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
