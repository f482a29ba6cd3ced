/** What a machine is. Plain data: no Pulumi, no clients. */
import type { AwsFacts } from "./catalogue/aws/facts";
import type { GcpFacts } from "./catalogue/gcp/facts";

export type Provider = "aws" | "gcp" | "bare-metal";
export type Arch = "amd64" | "arm64";

/**
 * How nodes talk fast. Each kind carries what only that kind needs. `rateGbps` is always the rate of one adapter port or one
 * fabric interface, in Gbit/s, not the sum of the machine; it is absent where no source gives it. `ici` is the link between
 * the chips of a TPU slice, which no host adapter carries.
 */
export type Fabric =
  | { readonly kind: "infiniband"; readonly hcas: readonly InfiniBandHca[]; readonly rateGbps: number }
  | {
      readonly kind: "roce";
      /** Empty on clouds, which promise no device names; `interfaces` counts them then. */
      readonly hcas: readonly InfiniBandHca[];
      readonly interfaces?: number;
      readonly rateGbps: number;
    }
  | { readonly kind: "efa"; readonly interfaces: number; readonly networkCards: number; readonly rateGbps: number }
  | { readonly kind: "falcon"; readonly rateGbps: number }
  | { readonly kind: "tcpxo" | "tcpx"; readonly interfaces: number; readonly rateGbps: number }
  | { readonly kind: "ethernet"; readonly rateGbps?: number }
  | { readonly kind: "ici"; readonly rateGbps?: number };

export interface InfiniBandHca {
  /** Device name under /sys/class/infiniband, e.g. `mlx5_0`. */
  readonly device: string;
  /** Compute HCAs carry MPI and NCCL; storage HCAs do not count for topology. */
  readonly use: "compute" | "storage";
}

/** Whose accelerators the catalogue and the users' own types know. */
export type AcceleratorVendor = "nvidia" | "amd" | "aws" | "habana" | "google";

/**
 * The extended resource that each vendor's device plugin offers for one whole accelerator: NVIDIA/k8s-device-plugin:README.md,
 * ROCm/k8s-device-plugin:README.md, https://awsdocs-neuron.readthedocs-hosted.com (Neuron device plugin: `neuron` is a
 * device, `neuroncore` a part of one), https://docs.habana.ai (Intel Gaudi device plugin for Kubernetes),
 * https://cloud.google.com/kubernetes-engine/docs/how-to/tpus (`google.com/tpu`).
 */
export const ACCELERATOR_RESOURCES: Readonly<Record<AcceleratorVendor, string>> = {
  nvidia: "nvidia.com/gpu",
  amd: "amd.com/gpu",
  aws: "aws.amazon.com/neuron",
  habana: "habana.ai/gaudi",
  google: "google.com/tpu",
};

export interface Accelerators {
  readonly vendor: AcceleratorVendor;
  /** Product name as the vendor writes it, e.g. `NVIDIA-H100-80GB-HBM3`. */
  readonly product: string;
  readonly count: number;
  /** Kubernetes extended resource that a device plugin offers for it, e.g. `nvidia.com/gpu`. */
  readonly resource: string;
  /** Memory of one, in MiB; absent where its source does not give it. */
  readonly memoryMiB?: number;
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
  /**
   * Huge pages of 2 MiB that are set aside on each node for the fabric library, 0 for none: their memory is gone from what
   * the node can give to pods as ordinary memory. What one pod asks for may be less.
   */
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
