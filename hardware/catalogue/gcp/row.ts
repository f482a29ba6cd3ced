import type { Accelerators, Fabric, GcpMachineType } from "../../types";
import type { CompactPlacement, GcpFacts } from "./facts";

/** vCPU and memory of every type, as the Compute API gives them. */
export const MACHINE_TYPES = "Cyclenerd/google-cloud-pricing-cost-calculator:tools/machinetyperegion.csv@dac3128";
/** Fabric, NICs, networks and disks of GPU types. */
export const GPU_PAGE = "https://cloud.google.com/compute/docs/gpus";
/** Local SSDs and compact placement of every type that GKE's autoscaler can add. */
export const AUTOSCALER =
  "GoogleCloudPlatform/cluster-autoscaler:pkg/cloudprovider/gke/machinetypes/deprecated_machine_types_config.go@7d25050";

/** The least GKE version of the managed path: GoogleCloudPlatform/cluster-toolkit:modules/compute/gke-node-pool/gpu_direct.tf@104708037. */
export const MANAGED_NETWORK = { feature: "managed-network", versions: ["1.34.1-gke.1829001"] } as const;

/** Largest MTU of a VPC, and the default of one with an RDMA profile: https://cloud.google.com/vpc/docs/rdma-network-profiles. */
export const JUMBO = 8896;

/** No source speaks of compact placement. */
export const UNVERIFIED_COMPACT: CompactPlacement = { supported: "unverified", limits: [] };

/** Compact placement that only the autoscaler's table speaks of ({@link AUTOSCALER}). */
export const compactUpTo = (autoscaled: number): CompactPlacement => ({
  supported: true,
  limits: [],
  autoscaled,
});

export const nvidia = (product: string, count: number): Accelerators => ({
  vendor: "nvidia",
  product,
  count,
  resource: "nvidia.com/gpu",
});

/** Fields that a row of the tables below gives; the others follow from them, or have the value most types have. */
export interface Row extends Partial<Omit<GcpFacts, "consumption">> {
  /** Hardware threads, as Google counts them. */
  readonly vcpus: number;
  readonly memoryGiB: number;
  /** 1 where Google turns simultaneous multithreading off or the processor has none. @default 2 */
  readonly threadsPerCore?: 1 | 2;
  readonly arch?: GcpMachineType["arch"];
  readonly accelerators?: Accelerators;
  readonly fabric: Fabric;
  readonly consumption: GcpFacts["consumption"];
  readonly hugePages2Mi?: number;
  /** Added to {@link MACHINE_TYPES}. */
  readonly source: string;
}

/** A complete machine type from a row: without networks, floors and disks, and with nothing verified that the row does not say. */
export function gcpType(name: string, row: Row): GcpMachineType {
  const { vcpus, memoryGiB, threadsPerCore = 2, arch = "amd64", accelerators, fabric, hugePages2Mi = 0, source, ...facts } = row;
  const gcp: GcpFacts = {
    ...facts,
    networks: row.networks ?? [],
    rdmaPaths: row.rdmaPaths ?? [],
    floors: row.floors ?? [],
    compactPlacement: row.compactPlacement ?? UNVERIFIED_COMPACT,
    localSsd: row.localSsd ?? { count: 0, totalGiB: 0 },
    tier1: row.tier1 ?? "unverified",
  };
  return {
    name,
    provider: "gcp",
    arch,
    cores: vcpus / threadsPerCore,
    threadsPerCore,
    memoryGiB,
    ...(accelerators ? { accelerators } : {}),
    fabric,
    localDisks: gcp.localSsd.count,
    topologyTiers: gcp.topologyLabels === true ? ["leaf", "spine"] : [],
    hugePages2Mi,
    verified: true,
    source: `${MACHINE_TYPES}; ${source}`,
    gcp,
  };
}
