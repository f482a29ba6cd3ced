/** What only Google Cloud has: the fields of a machine type that a node pool, its networks or a preflight needs. */

/**
 * How the extra networks of a node reach pods on GKE. `managed`: GKE makes networks and claims (DRANET, accelerator network
 * profile `auto`); `multi-network`: VPCs of the user's own with `Network` objects. One cluster has one of the two.
 */
export type RdmaPath = "managed" | "multi-network";

/** How capacity is bought. `queued` is queued provisioning, which may be combined with `flex-start` and with nothing else. */
export const CONSUMPTIONS = ["on-demand", "spot", "reservation", "flex-start", "queued"] as const;
export type Consumption = (typeof CONSUMPTIONS)[number];

/** A fact that some source states, or that none does. */
export type Known = boolean | "unverified";

/** Networks a node needs beside the primary one, in the order of its network interfaces. */
export interface ExtraNetwork {
  /** `gvnic`: an ordinary VPC; `rdma`: one that carries the network profile; `gpu`: one VPC for each GPU network (TCPX, TCPXO). */
  readonly use: "gvnic" | "rdma" | "gpu";
  /** VPCs of this use. */
  readonly networks: number;
  /** Subnets in each; 0 where Google makes them itself. */
  readonly subnetsEach: number;
}

/** What can need a newer GKE version than the cluster has. */
export type GkeFeature =
  | "gpu"
  | "default-driver"
  | "gpudirect"
  | "rdma"
  | "managed-network"
  | "reservation"
  | "flex-start"
  | "autoscaling"
  | "auto-provisioning"
  | "autopilot"
  | "slice-controller";

/**
 * The least GKE versions, one for each minor branch that got a backport, lowest first: a cluster is fine when its version is
 * at least the floor of its own minor, or its minor is above the highest listed.
 */
export interface VersionFloor {
  readonly feature: GkeFeature;
  readonly versions: readonly string[];
}

export interface CompactPlacement {
  readonly supported: Known;
  /** Most machines in one policy by `maxDistance`; `any` is without a distance, 0 machines that the distance is refused. */
  readonly limits: readonly { readonly maxDistance: 1 | 2 | 3 | "any"; readonly machines: number }[];
  /** Most nodes of one compact pool that GKE's own autoscaler plans for; Google may have set it higher for a project. */
  readonly autoscaled?: number;
  /** True where it can be combined with flex-start. */
  readonly withFlexStart?: true;
  /** True when a `maxDistance` is off until Google's account manager turns it on. */
  readonly distanceOnRequest?: true;
}

export interface LocalSsd {
  /** Disks that come with the type; a node pool should name the number, or every refresh shows a difference. */
  readonly count: number;
  /** Their sum. */
  readonly totalGiB: number;
  /** Numbers of disks of 375 GiB that a pool may ask for, for types that come without. */
  readonly optional?: readonly number[];
}

export interface GcpFacts {
  /** Physical NICs; absent where no source gives them. */
  readonly nics?: number;
  /** Most that all NICs carry together, in Gbit/s; absent where no source gives it. */
  readonly bandwidthGbps?: number;
  /** Type of the NIC that carries the primary network where it is not `GVNIC`. */
  readonly primaryNic?: "IDPF";
  readonly networks: readonly ExtraNetwork[];
  /** Suffix of the network profile, after `<zone>-`, e.g. `vpc-roce`. */
  readonly networkProfile?: "vpc-roce" | "vpc-roce-metal" | "vpc-falcon";
  /** Zones known to have the profile; absent where no list was found. */
  readonly profileZones?: readonly string[];
  /** Largest MTU, in bytes, that the fabric's networks should have; absent where no source gives it. */
  readonly mtu?: number;
  /** Ways its extra networks reach pods; empty for a type that needs none. */
  readonly rdmaPaths: readonly RdmaPath[];
  /** DRA device class that a pod claims on the managed path. */
  readonly deviceClass?: "mrdma.google.com" | "netdev.google.com";
  /** Value of `cloud.google.com/gke-accelerator`, or for TPUs of `cloud.google.com/gke-tpu-accelerator`; absent for CPU types. */
  readonly gkeAccelerator?: string;
  /** Memory of all GPUs together, in GB. */
  readonly gpuMemoryGB?: number;
  /** Part of one GPU that a fractional type has; GKE still counts it as 1. */
  readonly gpuShare?: number;
  readonly floors: readonly VersionFloor[];
  /** Ways to buy it that some source offers. */
  readonly consumption: readonly Consumption[];
  /** Ways that some source refuses; of those in neither list no source speaks. */
  readonly notSold?: readonly Consumption[];
  readonly compactPlacement: CompactPlacement;
  /** Workload policy of an NVLink rack: its `acceleratorTopology` and the most nodes of one pool. */
  readonly slice?: { readonly topology: string; readonly machines: number };
  readonly localSsd: LocalSsd;
  /** Whether TIER_1 egress bandwidth can be asked for. */
  readonly tier1: Known;
  /**
   * Whether nodes get `cloud.google.com/gce-topology-block` and `-subblock`; absent where no source says. Where true, the
   * tiers are leaf (subblock) and spine (block); the cluster above them is in the Compute API's `physicalHostTopology` only.
   */
  readonly topologyLabels?: boolean;
  /** False for types that GKE's autoscaler cannot add. */
  readonly autoscaling?: false;
  /** The only node image it runs. */
  readonly image?: "COS_CONTAINERD";
  /** False where shielded nodes must be off. */
  readonly shieldedNodes?: false;
}
