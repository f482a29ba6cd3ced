/** GPU types with GPUDirect-RDMA over RoCE: A3 Ultra, A4, A4X and A4X Max. */
import type { GcpMachineType } from "../../types";
import type { CompactPlacement, ExtraNetwork } from "./facts";
import { a3Compact } from "./gpu";
import { AUTOSCALER, gcpType, GPU_PAGE, JUMBO, MANAGED_NETWORK, nvidia, type Row } from "./row";

const PROFILES = "https://cloud.google.com/vpc/docs/rdma-network-profiles";
const SOURCE = `${GPU_PAGE}; ${PROFILES}; ${AUTOSCALER}`;

/** One more gVNIC network beside the primary one, then one RoCE VPC with a subnet for each adapter. */
const roce = (subnets: number): readonly ExtraNetwork[] => [
  { use: "gvnic", networks: 1, subnetsEach: 1 },
  { use: "rdma", networks: 1, subnetsEach: subnets },
];

/**
 * Limits of https://cloud.google.com/ai-hypercomputer/docs/placement-policy-and-workload-policy. `maxDistance: 1` cannot be
 * used with A4 and A3 Ultra. Flex-start with compact placement:
 * GoogleCloudPlatform/cluster-toolkit:modules/compute/gke-node-pool/main.tf@104708037.
 */
const a3UltraCompact: CompactPlacement = { ...a3Compact, withFlexStart: true };

const a4Compact: CompactPlacement = {
  supported: true,
  limits: [
    { maxDistance: 1, machines: 0 },
    { maxDistance: 2, machines: 150 },
    { maxDistance: 3, machines: 1500 },
    { maxDistance: "any", machines: 1500 },
  ],
  autoscaled: 1500,
  withFlexStart: true,
};

/** Eight ConnectX-7 of 400 Gbit/s and two gVNICs of 200. */
const eightNics: Pick<
  Row,
  "vcpus" | "fabric" | "nics" | "bandwidthGbps" | "networks" | "networkProfile" | "mtu" | "rdmaPaths" | "deviceClass"
> = {
  vcpus: 224,
  fabric: { kind: "roce", hcas: [], interfaces: 8, rateGbps: 400 },
  nics: 10,
  bandwidthGbps: 3600,
  networks: roce(8),
  networkProfile: "vpc-roce",
  mtu: JUMBO,
  rdmaPaths: ["managed", "multi-network"],
  deviceClass: "mrdma.google.com",
};

const a3Ultra: Row = {
  ...eightNics,
  memoryGiB: 2952,
  accelerators: nvidia("NVIDIA-H200", 8),
  gkeAccelerator: "nvidia-h200-141gb",
  gpuMemoryGB: 1128,
  floors: [
    { feature: "rdma", versions: ["1.31.4-gke.1183000"] },
    { feature: "default-driver", versions: ["1.31.5-gke.1169000"] },
    MANAGED_NETWORK,
  ],
  consumption: ["reservation", "spot", "flex-start", "queued"],
  compactPlacement: a3UltraCompact,
  topologyLabels: true,
  source: SOURCE,
};

const A3_ULTRA: readonly GcpMachineType[] = [
  gcpType("a3-ultragpu-8g", { ...a3Ultra, localSsd: { count: 32, totalGiB: 12000 } }),
  gcpType("a3-ultragpu-8g-nolssd", a3Ultra),
];

const A4: readonly GcpMachineType[] = [
  gcpType("a4-highgpu-8g", {
    ...eightNics,
    memoryGiB: 3968,
    accelerators: nvidia("NVIDIA-B200", 8),
    gkeAccelerator: "nvidia-b200",
    gpuMemoryGB: 1440,
    localSsd: { count: 32, totalGiB: 12000 },
    floors: [
      { feature: "gpu", versions: ["1.32.1-gke.1729000"] },
      { feature: "rdma", versions: ["1.32.2-gke.1475000"] },
      MANAGED_NETWORK,
    ],
    consumption: ["reservation", "spot", "flex-start", "queued"],
    compactPlacement: a4Compact,
    topologyLabels: true,
    source: SOURCE,
  }),
];

/** Placed by a workload policy for one NVLink rack of 18 machines, which is one subblock; compact placement does not apply. */
const rack: Pick<
  Row,
  | "arch"
  | "threadsPerCore"
  | "nics"
  | "mtu"
  | "deviceClass"
  | "consumption"
  | "notSold"
  | "compactPlacement"
  | "slice"
  | "topologyLabels"
  | "localSsd"
> = {
  arch: "arm64",
  threadsPerCore: 1,
  nics: 6,
  mtu: JUMBO,
  deviceClass: "mrdma.google.com",
  consumption: ["reservation"],
  notSold: ["on-demand", "spot", "flex-start", "queued"],
  compactPlacement: { supported: false, limits: [] },
  slice: { topology: "1x72", machines: 18 },
  topologyLabels: true,
  localSsd: { count: 4, totalGiB: 12000 },
};

const A4X: readonly GcpMachineType[] = [
  gcpType("a4x-highgpu-4g", {
    ...rack,
    vcpus: 140,
    memoryGiB: 884,
    accelerators: nvidia("NVIDIA-GB200", 4),
    gkeAccelerator: "nvidia-gb200",
    gpuMemoryGB: 744,
    // Four ConnectX-7 of 400 Gbit/s and two gVNICs of 200.
    fabric: { kind: "roce", hcas: [], interfaces: 4, rateGbps: 400 },
    bandwidthGbps: 2000,
    networks: roce(4),
    networkProfile: "vpc-roce",
    rdmaPaths: ["managed", "multi-network"],
    floors: [{ feature: "gpu", versions: ["1.32.8-gke.1108000", "1.33.4-gke.1036000"] }, MANAGED_NETWORK],
    source: `${SOURCE}; GoogleCloudPlatform/cluster-toolkit:examples/gke-a4x/gke-a4x.yaml@104708037`,
  }),
  // Four ConnectX-8 of 800 Gbit/s show eight interfaces of 400; Google makes the subnet, and the user must not.
  gcpType("a4x-maxgpu-4g-metal", {
    ...rack,
    vcpus: 144,
    memoryGiB: 960,
    accelerators: nvidia("NVIDIA-GB300", 4),
    gkeAccelerator: "nvidia-gb300",
    gpuMemoryGB: 1116,
    fabric: { kind: "roce", hcas: [], interfaces: 8, rateGbps: 400 },
    bandwidthGbps: 3600,
    primaryNic: "IDPF",
    networks: [{ use: "rdma", networks: 1, subnetsEach: 0 }],
    networkProfile: "vpc-roce-metal",
    rdmaPaths: ["managed"],
    floors: [{ feature: "gpu", versions: ["1.34.3-gke.1318000", "1.35.0-gke.2745000"] }, MANAGED_NETWORK],
    hugePages2Mi: 4096,
    autoscaling: false,
    image: "COS_CONTAINERD",
    shieldedNodes: false,
    source: `${SOURCE}; GoogleCloudPlatform/cluster-toolkit:examples/gke-a4x-max-bm/gke-a4x-max-bm.yaml@104708037`,
  }),
];

export const rdmaTypes: readonly GcpMachineType[] = [...A3_ULTRA, ...A4, ...A4X];
