import type { ClusterContract } from "../contract/contract";
import { GANG_MINORS, schedulersPossible, type Scheduler } from "../kubernetes/gates";
import { compareVersions } from "../kubernetes/versions";

export type Distribution = ClusterContract["kubernetes"]["distribution"];

export const SCHEDULERS: readonly Scheduler[] = ["gang", "fluence", "kueue", "default"];
/** They need feature gates of the control plane. */
export const NEEDS_GATES: readonly Scheduler[] = ["gang", "fluence"];
/** In the order of the tables. */
export const DISTRIBUTIONS: readonly Distribution[] = ["kubeadm", "eks", "gke", "usernetes"];

/** kubernetes-sigs/kueue:README.md@v0.19.2, "Requires Kubernetes 1.29 or newer". */
export const KUEUE_LEAST_KUBERNETES = "1.29";

export interface KubernetesPlace {
  readonly version: string;
  readonly distribution: Distribution;
  /** The control plane has the gang gates. */
  readonly gangs: boolean;
}

/** Why a scheduler cannot run on such a cluster, whatever its nodes; undefined when it can. */
export function whyNot({ version, distribution, gangs }: KubernetesPlace, scheduler: Scheduler): string | undefined {
  if (scheduler === "default") return undefined;
  if (scheduler === "kueue") {
    if (compareVersions(version, KUEUE_LEAST_KUBERNETES) >= 0) return undefined;
    return `Kueue needs Kubernetes ${KUEUE_LEAST_KUBERNETES} or newer, not ${version}`;
  }
  if (distribution === "kubeadm") return schedulersPossible(version, gangs).impossible[scheduler];
  if (distribution === "usernetes") return "the feature gates of a Usernetes control plane are not set by any stack";
  return "the provider's control plane gives no access to its feature gates";
}

/** Minor versions that make a difference, and one that stands for all others. */
export const MINORS: readonly string[] = [...GANG_MINORS, "other"];
/** A version that no scheduler with gates knows, recent enough for all others. */
const OTHER = "1.35.0";

/** A version of a row of {@link MINORS}. */
export function versionOf(minor: string): string {
  return minor === "other" ? OTHER : `${minor}.0`;
}
