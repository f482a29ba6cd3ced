/** What a machine is. Plain data: no Pulumi, no clients. */
import type { AwsFacts } from "./catalogue/aws/facts";
import type { GcpFacts } from "./catalogue/gcp/facts";

export type Provider = "aws" | "gcp" | "bare-metal";
export type Arch = "amd64" | "arm64";

/**
 * How nodes talk fast. Each kind carries what only that kind needs. `rateGbps` is always the rate of one adapter port or one
 * fabric interface, in Gbit/s, not the sum of the machine.
 */
export type Fabric =
  | { readonly kind: "infiniband"; readonly hcas: readonly InfiniBandHca[]; readonly rateGbps: number }
  | { readonly kind: "roce"; readonly hcas: readonly InfiniBandHca[]; readonly rateGbps: number }
  | { readonly kind: "efa"; readonly interfaces: number; readonly networkCards: number; readonly rateGbps: number }
  | { readonly kind: "falcon"; readonly rateGbps: number }
  | { readonly kind: "tcpxo" | "tcpx"; readonly interfaces: number; readonly rateGbps: number }
  | { readonly kind: "ethernet"; readonly rateGbps: number };

export interface InfiniBandHca {
  /** Device name under /sys/class/infiniband, e.g. `mlx5_0`. */
  readonly device: string;
  /** Compute HCAs carry MPI and NCCL; storage HCAs do not count for topology. */
  readonly use: "compute" | "storage";
}

export interface Accelerators {
  readonly vendor: "nvidia" | "amd";
  /** Product name as the vendor writes it, e.g. `NVIDIA-H100-80GB-HBM3`. */
  readonly product: string;
  readonly count: number;
  /** Kubernetes extended resource that a device plugin offers for it, e.g. `nvidia.com/gpu`. */
  readonly resource: string;
}

/** What a row of the hardware catalogue has, wherever the machine stands. */
export interface MachineTypeBase {
  readonly name: string;
  readonly arch: Arch;
  /** Physical cores of the whole machine. */
  readonly cores: number;
  readonly threadsPerCore: 1 | 2;
  readonly memoryGiB: number;
  readonly accelerators?: Accelerators;
  readonly fabric: Fabric;
  readonly localDisks: number;
  /** Network tiers this machine type's fabric has, nearest first, e.g. ["leaf", "spine"]. */
  readonly topologyTiers: readonly TierName[];
  /** 2 MiB huge pages that the fabric library wants per node; 0 for none. */
  readonly hugePages2Mi: number;
  /** False for types that only documentation speaks of: no API or machine confirmed the numbers, and using one is a warning. */
  readonly verified: boolean;
  /** Where the facts come from: `owner/repo:path@commit`, a vendor page, or `user` for inline types. */
  readonly source: string;
}

export interface BareMetalMachineType extends MachineTypeBase {
  readonly provider: "bare-metal";
}

export interface AwsMachineType extends MachineTypeBase {
  readonly provider: "aws";
  readonly aws: AwsFacts;
}

export interface GcpMachineType extends MachineTypeBase {
  readonly provider: "gcp";
  readonly gcp: GcpFacts;
}

/** A row of the hardware catalogue. */
export type MachineType = BareMetalMachineType | AwsMachineType | GcpMachineType;

/** Network distance, nearest first. `tier-N` names tiers beyond core. */
export type TierName = "leaf" | "spine" | "core" | `tier-${number}`;
export const TIER_NAMES = ["leaf", "spine", "core"] as const;

/** One node's place: the domain it is in at each tier, nearest first; all nodes of a tree have chains of equal length. */
export interface TreeNode {
  readonly name: string;
  /** `chain[t]` is the domain of tier t. Ragged input is padded explicitly, see `padded`. */
  readonly chain: readonly string[];
  /** Tiers whose domain was not given and is shown as `<unknown>`; such nodes carry no label there. */
  readonly padded: readonly TierName[];
  /** NVLink or other accelerator domain; not a leaf. */
  readonly accelerator?: string;
}

/** Where every node is in the network. Every renderer is a function of this, so they cannot disagree. */
export interface FabricTree {
  /** Tier names nearest first, e.g. ["leaf", "spine"]; empty when the user gave no topology. */
  readonly tiers: readonly TierName[];
  /** In inventory order. */
  readonly nodes: readonly TreeNode[];
}
