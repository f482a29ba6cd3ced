import { minorOf } from "./versions";

export type GangApi = "scheduling.k8s.io/v1alpha2" | "scheduling.k8s.io/v1beta1";
export type Scheduler = "gang" | "fluence" | "kueue" | "default";
type Gates = Readonly<Record<string, boolean>>;

export interface FeatureGates {
  readonly apiServer: Gates;
  readonly controllerManager: Gates;
  readonly scheduler: Gates;
  /** API versions that the API server serves only when told to. */
  readonly runtimeConfig: Gates;
  /** The version that serves PodGroup; undefined without gangs. */
  readonly gangApi?: GangApi;
}

/**
 * With it on (the default), one pending gang makes kube-scheduler spin: 26 % of a core at 16 nodes, 114 % at 1,000; off, 3 to 7 %
 * there, and 10 to 22 % at 1,000 nodes in 60 leaves (`make bench ARGS=gangs`, 1.36.3), where it was 89 % with it on.
 */
const CALM = { SchedulerPopFromBackoffQ: false };
const GANG_SERVER = { GenericWorkload: true, TopologyAwareWorkloadScheduling: true };
/** Without it the finalizer `scheduling.k8s.io/podgroup-protection` is never removed and deleting a PodGroup hangs. */
const GANG_MANAGER = { GenericWorkload: true };

/**
 * What native gangs need, by minor version; measured on 1.36.1 and 1.37.2. A gate that a component does not know stops it, so
 * there is no "newest" row: GangScheduling is a scheduler-only gate in 1.36 and is gone in 1.37.
 */
const GANG_ROWS: Readonly<Record<string, FeatureGates>> = {
  "1.36": {
    apiServer: GANG_SERVER,
    controllerManager: GANG_MANAGER,
    scheduler: { GenericWorkload: true, GangScheduling: true, TopologyAwareWorkloadScheduling: true, ...CALM },
    runtimeConfig: { "scheduling.k8s.io/v1alpha2": true },
    gangApi: "scheduling.k8s.io/v1alpha2",
  },
  "1.37": {
    apiServer: GANG_SERVER,
    controllerManager: GANG_MANAGER,
    scheduler: { GenericWorkload: true, TopologyAwareWorkloadScheduling: true, ...CALM },
    runtimeConfig: { "scheduling.k8s.io/v1beta1": true },
    gangApi: "scheduling.k8s.io/v1beta1",
  },
};

export const GANG_MINORS: readonly string[] = Object.keys(GANG_ROWS);

/** @throws RangeError when gangs are wanted on a version whose gates are not known; validateKubernetes reports it earlier. */
export function featureGates(version: string, gangs: boolean): FeatureGates {
  if (!gangs) return { apiServer: {}, controllerManager: {}, scheduler: {}, runtimeConfig: {} };
  const row = GANG_ROWS[minorOf(version)];
  if (!row)
    throw new RangeError(`the feature gates for gangs are not known for Kubernetes ${version}; known: ${GANG_MINORS.join(", ")}`);
  return row;
}

export interface SchedulerVerdict {
  readonly possible: readonly Scheduler[];
  /** Why each of the others cannot run there. */
  readonly impossible: Readonly<Partial<Record<Scheduler, string>>>;
}

/** Which schedulers a kubeadm cluster of this version, with or without the gang gates, can run. */
export function schedulersPossible(version: string, gangs: boolean): SchedulerVerdict {
  const minor = minorOf(version);
  const known = GANG_MINORS.includes(minor);
  const impossible: Partial<Record<Scheduler, string>> = {};
  if (!known) impossible.gang = `the gates for native gangs are known for Kubernetes ${GANG_MINORS.join(" and ")}, not ${minor}`;
  else if (!gangs) impossible.gang = "the control plane runs without the gang gates (kubernetes.gangs: false)";
  if (minor !== "1.36")
    impossible.fluence = `Fluence 2 uses scheduling.k8s.io/v1alpha2, which only Kubernetes 1.36 serves, not ${minor}`;
  else if (!gangs) impossible.fluence = "Fluence 2 needs the GenericWorkload gate (kubernetes.gangs: false)";
  const all: readonly Scheduler[] = ["gang", "fluence", "kueue", "default"];
  return { possible: all.filter((each) => !(each in impossible)), impossible };
}
