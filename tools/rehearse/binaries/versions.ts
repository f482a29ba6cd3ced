/** What the rehearsal runs, with the reason for each pin. The Go modules beside this file pin the same versions. */
export const REHEARSED = {
  /** Newest 1.36 patch that exists as a Go module; 1.36 serves scheduling.k8s.io/v1alpha2. */
  kubernetes: "v1.36.3",
  /** For the rehearsal of an upgrade: the same source with this version written into it. */
  olderKubernetes: "v1.36.2",
  /** What kubeadm 1.36 names: `kubeadm config images list`. */
  etcd: "v3.6.8",
  coredns: "v1.14.2",
} as const;

export const KUBERNETES_PROGRAMS = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
] as const;

/** Linked on the hosts; the others run from images. */
export const HOST_PROGRAMS = ["kubeadm", "kubelet", "kubectl"] as const;

export const OTHER_PROGRAMS = ["etcd", "coredns"] as const;

/** Our own; always built, since nobody else has them. */
export const OWN_PROGRAMS = ["pause", "turducken-work", "stand-in-operator"] as const;

export type ProgramName = (typeof KUBERNETES_PROGRAMS)[number] | (typeof OTHER_PROGRAMS)[number] | (typeof OWN_PROGRAMS)[number];
