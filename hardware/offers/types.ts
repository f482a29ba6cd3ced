/** What a pool of a machine type offers to Kubernetes and Flux: plain data. Memory is in MiB, CPU in millicores (1000 = one CPU). */
import type { HardwareProblem } from "../problem";
import type { Arch, Fabric, Provider } from "../types";

/** Who configures the kubelet, and with it how much of a node is kept back. */
export type KubeletOf = "eks" | "gke" | "kubeadm";

/** What carries a job's messages: an MPI library, or NCCL (RCCL) between accelerators. */
export type Library = "mpi" | "nccl";

/** Operating systems for which a Flux view image is published; the view must match the application container's. */
export type ViewOs = "ubuntu-noble" | "ubuntu-jammy" | "ubuntu-focal" | "rocky-9" | "rocky-8";

export interface OfferOptions {
  /** @default eks for AWS, gke for Google Cloud, kubeadm for bare metal */
  readonly kubelet?: KubeletOf;
  /** Memory as a node reports it (`status.capacity.memory`), in MiB. @default the machine type's nominal memory, which is a little more */
  readonly memoryCapacityMiB?: number;
  /** 2 MiB huge pages that the node sets aside. @default the machine type's */
  readonly hugePages2Mi?: number;
  /** Whether pods ask for huge pages; without them an EFA application must be told not to use any. @default true */
  readonly requestHugePages?: boolean;
  /** Flux brokers (pods) on each node. @default 1 */
  readonly brokersPerNode?: number;
  /** How RDMA reaches pods on GKE. @default the machine type's first path */
  readonly rdmaPath?: "managed" | "multi-network";
  /** Extended resource of the RDMA device plugin on InfiniBand and RoCE nodes. @default rdma/rdma_shared_device_a */
  readonly rdmaResource?: string;
  /** Operating system of the application's container. @default the newest one whose view image exists for the architecture */
  readonly viewOs?: ViewOs;
  /** Environment that the user wants; it wins over what is derived here. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** An extended resource of every node of the pool. */
export interface OfferedResource {
  readonly name: string;
  /** How many a node advertises; absent where the site's device plugin configuration decides. */
  readonly perNode?: number;
  /** What one broker asks for, in limits and requests alike. */
  readonly perBroker: number;
  /** `annotation`: GKE's admission adds the request when it sees the pod's interfaces annotation. */
  readonly requestedBy: "pod" | "annotation";
  /** What must run in the cluster for it to appear. */
  readonly needs: string;
}

/** Devices that a pod claims by Dynamic Resource Allocation instead of an extended resource. */
export interface DeviceClaim {
  readonly deviceClass: string;
  /** Absent: all devices of the class on the node. */
  readonly count?: number;
  readonly needs: string;
}

export interface HugePagesOffer {
  /** Pages of 2 MiB set aside on every node, and their sum; they are no longer ordinary memory, used or not. */
  readonly pages: number;
  readonly reservedMiB: number;
  /** `hugepages-2Mi` of one broker, in limits and requests alike; 0: ask for none. */
  readonly perBrokerMiB: number;
}

export interface MemoryOffer {
  readonly capacityMiB: number;
  /** Whether the capacity is the machine's nominal memory: then a real node has a little less of everything below. */
  readonly nominal: boolean;
  readonly hugePagesMiB: number;
  /** Kept back for the system and Kubernetes, and the kubelet's hard eviction threshold. */
  readonly reservedMiB: number;
  readonly evictionMiB: number;
  readonly allocatableMiB: number;
  /** How `reservedMiB` comes about, and where that is written. */
  readonly rule: string;
}

export interface CpuOffer {
  /** CPUs as Kubernetes counts them: hardware threads. */
  readonly capacity: number;
  readonly reservedMillicores: number;
  readonly allocatableMillicores: number;
}

/** What one Flux broker has. */
export interface BrokerOffer {
  readonly perNode: number;
  /** Physical cores; what Flux schedules. */
  readonly cores: number;
  readonly gpus: number;
  /** CPU that its pod may ask for, in millicores: whole CPUs of what is allocatable, less an allowance for DaemonSets. */
  readonly cpuMillicores: number;
  /** Memory that its pod may ask for, with the same allowance. */
  readonly memoryMiB: number;
}

/** One environment variable, and why it is there. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
  readonly by: "turducken" | "user";
  readonly reason: string;
  /** `owner/repo:path@commit` or a vendor's page; absent for the user's own. */
  readonly source?: string;
}

export interface EnvironmentOffer {
  readonly variables: readonly EnvironmentVariable[];
  /** Shell files of the node's installer that set the rest; the job's shell sources them first. */
  readonly sourceFirst: readonly string[];
  /** Folders of the node that the container needs. */
  readonly hostPaths: readonly { readonly host: string; readonly container: string }[];
  /** What only the job can know or the site must add, one sentence each. */
  readonly notes: readonly string[];
}

export interface ImageOffer {
  /** The Flux Operator's image for this architecture. */
  readonly operator: string;
  /** The view that fits the container's operating system; absent when none is published for this architecture. */
  readonly view?: string;
  /** Every view for this architecture. */
  readonly views: readonly { readonly os: ViewOs; readonly image: string }[];
}

export interface PoolOffer {
  readonly machineType: string;
  readonly provider: Provider;
  readonly arch: Arch;
  readonly fabric: Fabric["kind"];
  readonly kubelet: KubeletOf;
  readonly resources: readonly OfferedResource[];
  readonly claims: readonly DeviceClaim[];
  /** Annotations that a pod needs for the fabric's networks. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly hugePages: HugePagesOffer;
  readonly memory: MemoryOffer;
  readonly cpu: CpuOffer;
  readonly gpus: number;
  readonly broker: BrokerOffer;
  /** Memory-backed /dev/shm: containers get 64 MiB by default. Its pages count as the pod's memory, whose limit is its limit. */
  readonly sharedMemory: { readonly path: "/dev/shm"; readonly medium: "Memory" };
  /** `nccl` only for machines whose accelerators use NCCL, or RCCL, which reads the same variables. */
  readonly environment: { readonly mpi: EnvironmentOffer; readonly nccl?: EnvironmentOffer };
  readonly images: ImageOffer;
}

/** An offer is complete even with problems: what was wrong is then left at its default. */
export interface OfferResult {
  readonly offer: PoolOffer;
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}
