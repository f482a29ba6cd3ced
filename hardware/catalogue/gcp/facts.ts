/** What only Google Cloud has: the fields of a machine type that a node pool, its networks or a preflight needs. */

/** How RDMA reaches pods on GKE; the two cannot be mixed in one cluster. */
export type RdmaPath = "managed" | "multi-network";
export type Consumption = "on-demand" | "spot" | "reservation" | "flex-start" | "queued";

/** Networks a node needs beside the primary one. */
export interface ExtraNetwork {
  /** `gvnic`: an ordinary VPC; `rdma`: one that carries the network profile; `gpu`: one VPC for each GPU network (TCPX, TCPXO). */
  readonly use: "gvnic" | "rdma" | "gpu";
  /** VPCs of this use. */
  readonly networks: number;
  /** Subnets in each; 0 where Google makes them itself. */
  readonly subnetsEach: number;
}

/**
 * The least GKE versions, one for each minor branch that got a backport, lowest first: a cluster is fine when its version is
 * at least the floor of its own minor, or its minor is above the highest listed.
 */
export interface VersionFloor {
  /** What needs it, e.g. `RDMA`, `flex-start`. */
  readonly feature: string;
  readonly versions: readonly string[];
}

export interface GcpFacts {
  /** Physical NICs; absent where no source gives them. */
  readonly nics?: number;
  readonly networks: readonly ExtraNetwork[];
  /** Suffix of the network profile, after `<zone>-`, e.g. `vpc-roce`. */
  readonly networkProfile?: "vpc-roce" | "vpc-roce-metal" | "vpc-falcon";
  /** MTU in bytes of the fabric's networks. */
  readonly mtu: number;
  /** Value of `cloud.google.com/gke-accelerator`, absent for CPU types. */
  readonly gkeAccelerator?: string;
  readonly floors: readonly VersionFloor[];
  readonly consumption: readonly Consumption[];
  readonly compactPlacement: {
    readonly supported: boolean | "unverified";
    /** Most machines in one policy by `maxDistance`; `any` is without a distance. */
    readonly limits: readonly { readonly maxDistance: 1 | 2 | 3 | "any"; readonly machines: number }[];
  };
  /** Local SSDs that must be asked for in the pool, and their sum in GiB. */
  readonly localSsd: { readonly count: number; readonly totalGiB: number };
  /** Whether TIER_1 egress bandwidth can be asked for. */
  readonly tier1: boolean | "unverified";
  readonly rdmaPaths: readonly RdmaPath[];
}
