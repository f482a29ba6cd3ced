import type { ViewOs } from "../../hardware/offers";
import type { ContractPool } from "../gang/spec";
import type { Scheduler } from "../kubernetes/gates";
import type { PlacementRequest } from "../placement/table";

/**
 * The operator makes a volume `<name>-entrypoint` (63 characters at most) and pods `<name>-<index>-<5 letters>` with the host
 * name `<name>-<index>` (flux-framework/flux-operator:controllers/flux/volumes.go@0d75cef8). 52 fits both, up to 9,999 nodes.
 */
export const MINICLUSTER_NAME_LENGTH = 52;

/** MPI libraries, by how their processes find each other; see PMI_OF. */
export const MPI_LIBRARIES = ["openmpi", "mpich", "intelmpi", "mvapich"] as const;
export type MpiLibrary = (typeof MPI_LIBRARIES)[number];

/** What `-o pmi=` takes (flux-framework/flux-core:doc/man7/flux-shell-options.rst@4a5e79f5). */
export const PMI_SERVICES = ["simple", "pmix", "off"] as const;
export type PmiService = (typeof PMI_SERVICES)[number];

export interface LaunchSpec {
  /** The application's MPI library. */
  readonly mpi?: MpiLibrary;
  /** How its processes find each other. @default what `mpi` needs; without `mpi` Flux's own default, simple */
  readonly pmi?: PmiService;
  /** More options of flux submit, one word each. */
  readonly options?: readonly string[];
}

/** See `run.py` for what each step proves. */
export interface ProbeSpec {
  /**
   * `mpi`: the image's MPI library must say that the world has `tasks` ranks. `auto`: the same where the library is found (linked
   * to the program, or with `launch.mpi` anywhere in the image), else PMI must. `off`: nothing is asked before the application
   * starts. @default auto, off for one task
   */
  readonly world?: "mpi" | "auto" | "off";
  /** Bound of the probe. @default 300 */
  readonly seconds?: number;
  /**
   * Regular expression (Python's) for a line that the application prints; the product of its groups is the number of ranks, e.g.
   * `(\d+) by (\d+) by (\d+) MPI processor grid`. The first line that matches must give `tasks`.
   */
  readonly output?: string;
}

/** One application on a Flux cluster of its own, one pod (one Flux broker) on each node. */
export interface MiniClusterSpec extends PlacementRequest {
  /** Name of the MiniCluster, its Job, Service and PodGroup. RFC 1035 label of at most 52 characters. */
  readonly name: string;
  readonly nodes: number;
  /** Processes of the command. @default one for each GPU of the nodes where there are any, else one for each core */
  readonly tasks?: number;
  /** Which pool's machines. Needed when more than one pool has nodes that can carry work. */
  readonly pool?: string;
  /** With digest: a tag may mean another image tomorrow, and on another node. */
  readonly image: string;
  /** The architecture that the image is for, if only one: then a pool of the other is refused. */
  readonly arch?: ContractPool["arch"];
  /** The image's system; the view that brings Flux into the container is built for it. @default the newest with a view */
  readonly os?: ViewOs;
  /** A view image of your own, instead of the published one. */
  readonly view?: { readonly image: string; readonly pmi?: readonly PmiService[] };
  /** Program and arguments, one word each. Not with `interactive`. */
  readonly command?: readonly string[];
  /** Keep the brokers up, without a command, for `flux proxy`. */
  readonly interactive?: boolean;
  readonly workingDir?: string;
  readonly launch?: LaunchSpec;
  /**
   * `shared`: CPU is asked for but not limited: a limit is a quota, and a quota made LAMMPS three times slower. `exclusive`: whole
   * cores, requests equal to limits, which a static CPU manager gives to nobody else. @default shared
   */
  readonly cpu?: "shared" | "exclusive";
  /** Per pod, as Kubernetes quantities, over what the pool says; `0` leaves a device out. */
  readonly resources?: Readonly<Record<string, string>>;
  /** Wins over what the pool's fabric needs. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly probe?: ProbeSpec;
  /** Ends the Job, running or not, after so long. @default a year, which is the operator's */
  readonly deadlineSeconds?: number;
  /** `started`, `complete`: the stack is done when all pods run, or when the Job is complete. @default none */
  readonly wait?: "none" | "started" | "complete";
  /** Bound of `wait`. @default 3600 */
  readonly waitSeconds?: number;
  /** Makes it even when it can never fit; the reasons become warnings. */
  readonly unchecked?: boolean;
}

/** What a MiniCluster must know of the layers it runs on. */
export interface MiniClusterLayers {
  readonly scheduler: Scheduler;
  /** Extended resources that the layers' device plugins offer. Absent: not known, so those of the pools. */
  readonly devices?: readonly string[];
  /** Kueue: the LocalQueue, for all pools or by pool. */
  readonly queue?: string;
  readonly queues?: Readonly<Record<string, string>>;
  /** Kueue: labels by which its flavors tell pools apart, where they are not those of the layers or the provider. */
  readonly poolLabels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Fluence: the pools whose nodes it owns. Absent: not known. */
  readonly fluencePools?: readonly string[];
}

/** Cores that Flux finds in a pod: without a CPU limit the whole machine's, else those of the CPUs that the pod is given. */
export function coresOf(pool: ContractPool, cpuMillicores: number, cpu: MiniClusterSpec["cpu"]): number {
  const machine = pool.broker?.cores ?? pool.cores;
  return cpu === "exclusive" ? Math.min(machine, Math.floor(cpuMillicores / 1000 / pool.threadsPerCore)) : machine;
}

/** One task for each GPU, where the pool has GPUs, else one for each core. */
export function tasksOf(spec: Pick<MiniClusterSpec, "nodes" | "tasks">, perPod: { cores: number; gpus: number }): number {
  return spec.tasks ?? spec.nodes * (perPod.gpus > 0 ? perPod.gpus : perPod.cores);
}
