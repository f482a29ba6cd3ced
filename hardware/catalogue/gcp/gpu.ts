/**
 * GPU types whose GPUs talk over ordinary NICs: A2, G2, G4, and A3 High and Mega with GPUDirect-TCPX and -TCPXO. A vCPU is a
 * hardware thread, so cores are half of them.
 */
import type { GcpMachineType } from "../../types";
import { CONSUMPTIONS, type CompactPlacement } from "./facts";
import { AUTOSCALER, compactUpTo, gcpType, GPU_PAGE, JUMBO, nvidia, type Row } from "./row";

const SOURCE = `${GPU_PAGE}; ${AUTOSCALER}`;

/** Types before A3 come without disks unless the pool asks for some, all of 375 GiB. */
const ssd = (count: number) => ({ count, totalGiB: count * 375 });
const optionalSsd = (...optional: number[]) => ({ count: 0, totalGiB: 0, optional });

const a2: Pick<Row, "vcpus" | "fabric" | "bandwidthGbps" | "mtu" | "consumption" | "compactPlacement" | "source"> = {
  vcpus: 96,
  fabric: { kind: "ethernet", rateGbps: 100 },
  bandwidthGbps: 100,
  mtu: JUMBO,
  consumption: CONSUMPTIONS,
  compactPlacement: compactUpTo(150),
  source: SOURCE,
};

const A2: readonly GcpMachineType[] = [
  gcpType("a2-highgpu-8g", {
    ...a2,
    memoryGiB: 680,
    accelerators: nvidia("NVIDIA-A100-SXM4-40GB", 8),
    gkeAccelerator: "nvidia-tesla-a100",
    gpuMemoryGB: 320,
    localSsd: optionalSsd(8),
  }),
  gcpType("a2-ultragpu-8g", {
    ...a2,
    memoryGiB: 1360,
    accelerators: nvidia("NVIDIA-A100-SXM4-80GB", 8),
    gkeAccelerator: "nvidia-a100-80gb",
    gpuMemoryGB: 640,
    localSsd: ssd(8),
  }),
  gcpType("a2-megagpu-16g", {
    ...a2,
    memoryGiB: 1360,
    accelerators: nvidia("NVIDIA-A100-SXM4-40GB", 16),
    gkeAccelerator: "nvidia-tesla-a100",
    gpuMemoryGB: 640,
    localSsd: optionalSsd(8),
  }),
];

const h100 = (count: number) => nvidia("NVIDIA-H100-80GB-HBM3", count);

/** Parts of an A3 High machine: one NIC, no GPUDirect, and sold as Spot or with flex-start only. */
const A3_PARTS: readonly GcpMachineType[] = [1, 2, 4].map((gpus) =>
  gcpType(`a3-highgpu-${gpus}g`, {
    vcpus: 26 * gpus,
    memoryGiB: 234 * gpus,
    accelerators: h100(gpus),
    gkeAccelerator: "nvidia-h100-80gb",
    gpuMemoryGB: 80 * gpus,
    fabric: { kind: "ethernet", rateGbps: 25 * gpus },
    nics: 1,
    bandwidthGbps: 25 * gpus,
    localSsd: ssd(2 * gpus),
    consumption: ["spot", "flex-start"],
    notSold: ["on-demand", "reservation"],
    source: SOURCE,
  }),
);

/**
 * Limits of https://cloud.google.com/ai-hypercomputer/docs/placement-policy-and-workload-policy (1,500 without a distance,
 * 256 in one block); `maxDistance: 1` found no place at all (dstackai/dstack issue #2586).
 */
export const a3Compact: CompactPlacement = {
  supported: true,
  limits: [
    { maxDistance: 1, machines: 0 },
    { maxDistance: 2, machines: 256 },
    { maxDistance: "any", machines: 1500 },
  ],
  autoscaled: 96,
  distanceOnRequest: true,
};

const a3: Omit<Row, "fabric" | "gkeAccelerator" | "networks" | "floors"> = {
  vcpus: 208,
  memoryGiB: 1872,
  accelerators: h100(8),
  gpuMemoryGB: 640,
  mtu: 8244,
  rdmaPaths: ["multi-network"],
  localSsd: ssd(16),
  consumption: ["reservation", "flex-start", "queued", "spot"],
  compactPlacement: a3Compact,
  topologyLabels: true,
  source: `${SOURCE}; GoogleCloudPlatform/cluster-toolkit:modules/compute/gke-node-pool/gpu_direct.tf@104708037`,
};

/** One primary NIC and one for each pair of GPUs (High) or for each GPU (Mega), all of 200 Gbit/s. */
const A3_WHOLE: readonly GcpMachineType[] = [
  gcpType("a3-highgpu-8g", {
    ...a3,
    gkeAccelerator: "nvidia-h100-80gb",
    fabric: { kind: "tcpx", interfaces: 4, rateGbps: 200 },
    nics: 5,
    bandwidthGbps: 1000,
    networks: [{ use: "gpu", networks: 4, subnetsEach: 1 }],
    floors: [{ feature: "gpudirect", versions: ["1.27.16-gke.2874000", "1.28.15-gke.3163000", "1.29.15-gke.2467000"] }],
  }),
  // Another gVNIC beside the eight GPU networks would take the PCI slot of one of them: NVIDIA/aicr:docs/integrator/gke-tcpxo-networking.md@bc05c6be.
  gcpType("a3-megagpu-8g", {
    ...a3,
    gkeAccelerator: "nvidia-h100-mega-80gb",
    fabric: { kind: "tcpxo", interfaces: 8, rateGbps: 200 },
    nics: 9,
    bandwidthGbps: 1800,
    networks: [{ use: "gpu", networks: 8, subnetsEach: 1 }],
    floors: [
      {
        feature: "gpudirect",
        versions: [
          "1.28.15-gke.3163000",
          "1.29.15-gke.2467000",
          "1.30.14-gke.1922000",
          "1.31.14-gke.1243000",
          "1.32.11-gke.1174000",
        ],
      },
    ],
  }),
];

const G2: readonly GcpMachineType[] = [
  gcpType("g2-standard-96", {
    vcpus: 96,
    memoryGiB: 384,
    accelerators: nvidia("NVIDIA-L4", 8),
    gkeAccelerator: "nvidia-l4",
    gpuMemoryGB: 192,
    fabric: { kind: "ethernet", rateGbps: 100 },
    bandwidthGbps: 100,
    localSsd: optionalSsd(8),
    consumption: CONSUMPTIONS,
    compactPlacement: compactUpTo(150),
    source: SOURCE,
  }),
];

const g4 = (vcpus: number, memoryGiB: number, gpus: number, rest: Partial<Row>): GcpMachineType =>
  gcpType(`g4-standard-${vcpus}`, {
    vcpus,
    memoryGiB,
    accelerators: nvidia("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", gpus),
    gkeAccelerator: "nvidia-rtx-pro-6000",
    fabric: { kind: "ethernet" },
    floors: [{ feature: "autopilot", versions: ["1.34.1-gke.1829001"] }],
    consumption: ["on-demand", "spot", "flex-start"],
    compactPlacement: compactUpTo(1500),
    source: `${SOURCE}; GoogleCloudPlatform/cluster-toolkit:examples/gke-g4/gke-g4.yaml@104708037`,
    ...rest,
  });

/** Whole GPUs: the toolkit's example adds one more gVNIC network. The biggest has two NICs of 200 Gbit/s. */
const G4_WHOLE: readonly GcpMachineType[] = [1, 2, 4, 8].map((gpus) =>
  g4(48 * gpus, 180 * gpus, gpus, {
    gpuMemoryGB: 96 * gpus,
    fabric: { kind: "ethernet", rateGbps: Math.min(50 * gpus, 200) },
    nics: gpus === 8 ? 2 : 1,
    bandwidthGbps: 50 * gpus,
    networks: [{ use: "gvnic", networks: 1, subnetsEach: 1 }],
    rdmaPaths: ["multi-network"],
    localSsd: optionalSsd(4 * gpus),
  }),
);

/** Parts of one GPU, which GKE counts as one all the same. */
const G4_PARTS: readonly GcpMachineType[] = [
  g4(6, 22, 1, { gpuShare: 1 / 8, gpuMemoryGB: 12 }),
  g4(12, 45, 1, { gpuShare: 1 / 4, gpuMemoryGB: 24, localSsd: optionalSsd(1) }),
  g4(24, 90, 1, { gpuShare: 1 / 2, gpuMemoryGB: 48, localSsd: optionalSsd(2) }),
];

export const gpuTypes: readonly GcpMachineType[] = [...A2, ...A3_PARTS, ...A3_WHOLE, ...G2, ...G4_PARTS, ...G4_WHOLE];
