/** Types without accelerators: H4D with Cloud RDMA over Falcon, and H3 and the C series over gVNIC. */
import type { GcpMachineType } from "../../types";
import { AUTOSCALER, compactUpTo, gcpType, JUMBO, type Row } from "./row";

const TOOLKIT = "GoogleCloudPlatform/cluster-toolkit";
const STUDY = "converged-computing/google-performance-study:experiments/gke/cpu";

/** Later features need a later version: https://cloud.google.com/kubernetes-engine/docs/how-to/run-hpc-workloads. */
const H4D_LATER = ["1.33.2-gke.4731000"] as const;

/**
 * One gVNIC and one IRDMA interface of 200 Gbit/s. SMT is off, so a vCPU is a core. Compact placement with flex-start:
 * cluster-toolkit:modules/compute/gke-node-pool/main.tf. The zones are those of `vpc-falcon` in June 2026.
 */
const h4d: Omit<Row, "memoryGiB"> = {
  vcpus: 192,
  threadsPerCore: 1,
  fabric: { kind: "falcon", rateGbps: 200 },
  nics: 2,
  networks: [{ use: "rdma", networks: 1, subnetsEach: 1 }],
  networkProfile: "vpc-falcon",
  profileZones: ["asia-southeast1-a", "europe-west4-b", "us-central1-a", "us-central1-b", "us-west4-a"],
  mtu: JUMBO,
  rdmaPaths: ["multi-network"],
  floors: [
    // cluster-toolkit:examples/gke-h4d/README.md asks for 1.32.11-gke.1174000 for all of its example.
    { feature: "rdma", versions: ["1.32.11-gke.1174000"] },
    { feature: "reservation", versions: ["1.32.6-gke.1060000"] },
    { feature: "flex-start", versions: H4D_LATER },
    { feature: "autopilot", versions: H4D_LATER },
    { feature: "autoscaling", versions: H4D_LATER },
    { feature: "auto-provisioning", versions: H4D_LATER },
  ],
  consumption: ["on-demand", "spot", "reservation", "flex-start", "queued"],
  compactPlacement: { ...compactUpTo(150), withFlexStart: true },
  image: "COS_CONTAINERD",
  source: `${AUTOSCALER}; ${TOOLKIT}:examples/gke-h4d/gke-h4d.yaml@104708037; ${TOOLKIT} pull request #6348`,
};

const H4D: readonly GcpMachineType[] = [
  gcpType("h4d-standard-192", { ...h4d, memoryGiB: 720 }),
  gcpType("h4d-highmem-192", { ...h4d, memoryGiB: 1488 }),
  gcpType("h4d-highmem-192-lssd", { ...h4d, memoryGiB: 1488, localSsd: { count: 10, totalGiB: 3750 } }),
];

/**
 * 88 tasks ran on each node with one thread per core, so its vCPUs are cores; TIER_1 was refused; 128 nodes in one compact
 * pool had block and subblock labels, all three in {@link STUDY}. It is not sold as Spot (the autoscaler's price table).
 */
const H3: readonly GcpMachineType[] = [
  gcpType("h3-standard-88", {
    vcpus: 88,
    threadsPerCore: 1,
    memoryGiB: 352,
    fabric: { kind: "ethernet" },
    nics: 1,
    mtu: JUMBO,
    consumption: ["on-demand"],
    notSold: ["spot"],
    compactPlacement: compactUpTo(150),
    tier1: false,
    topologyLabels: true,
    source: `${STUDY}/size-16/README.md@94833c6; ${STUDY}/size-64/README.md@94833c6; ${AUTOSCALER}`,
  }),
];

/** The C series may ask for TIER_1. How fast their gVNIC is was not confirmed, so the rate is left out. */
const c = (name: string, vcpus: number, memoryGiB: number, rest: Partial<Row> = {}): GcpMachineType =>
  gcpType(name, {
    vcpus,
    memoryGiB,
    fabric: { kind: "ethernet" },
    mtu: JUMBO,
    consumption: ["on-demand", "spot"],
    compactPlacement: compactUpTo(150),
    tier1: true,
    source: AUTOSCALER,
    ...rest,
  });

const C: readonly GcpMachineType[] = [
  // A compact pool of 128 nodes on GKE 1.29.7 had no block and subblock labels.
  c("c2d-standard-112", 112, 448, {
    localSsd: { count: 0, totalGiB: 0, optional: [8] },
    topologyLabels: false,
    source: `${AUTOSCALER}; converged-computing/performance-study@6f3df687`,
  }),
  c("c3-standard-176", 176, 704),
  c("c3-standard-176-lssd", 176, 704, { localSsd: { count: 32, totalGiB: 12000 } }),
  c("c3d-standard-360", 360, 1440),
  c("c3d-standard-360-lssd", 360, 1440, { localSsd: { count: 32, totalGiB: 12000 } }),
  c("c4-standard-288", 288, 1080),
  c("c4d-standard-384", 384, 1488),
];

export const cpuTypes: readonly GcpMachineType[] = [...H4D, ...H3, ...C];
