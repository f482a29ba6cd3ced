import type { BareMetalMachineType, InfiniBandHca, TierName } from "../types";

/** A site's own network decides how many tiers there are; these are the ones an inventory can name. */
const TIERS: readonly TierName[] = ["leaf", "spine", "core"];

const compute = (...devices: string[]): InfiniBandHca[] => devices.map((device) => ({ device, use: "compute" }));
const storage = (...devices: string[]): InfiniBandHca[] => devices.map((device) => ({ device, use: "storage" }));

/**
 * Any Linux server. Cores and memory are the least that such a host must have, and those are kubeadm's own minimum for a
 * control plane (2 CPUs, 1700 MB).
 */
const cpuGeneric: BareMetalMachineType = {
  name: "cpu-generic",
  provider: "bare-metal",
  arch: "amd64",
  cores: 2,
  threadsPerCore: 1,
  memoryGiB: 2,
  fabric: { kind: "ethernet", rateGbps: 1 },
  localDisks: 0,
  topologyTiers: TIERS,
  hugePages2Mi: 0,
  verified: true,
  source: "kubernetes/kubernetes:cmd/kubeadm/app/constants/constants.go@v1.36.3 (ControlPlaneNumCPU, ControlPlaneMem)",
};

/** A server with one InfiniBand adapter; `rateGbps` is that of HDR, the least it stands for (NDR is 400). */
const cpuInfiniBand: BareMetalMachineType = {
  ...cpuGeneric,
  name: "cpu-infiniband",
  fabric: { kind: "infiniband", hcas: compute("mlx5_0"), rateGbps: 200 },
};

/**
 * NVIDIA DGX H100. Eight single-port ConnectX-7 behind the four OSFP connectors carry the compute fabric, one beside each
 * GPU. Of the two dual-port ConnectX-7 in slots 1 and 2, the first ports (mlx5_7, mlx5_1) are InfiniBand, for storage; the
 * second ones (mlx5_8, mlx5_2) come as Ethernet, for management, and are therefore not listed. NVLink ends at the chassis,
 * so the machine has no accelerator domain beyond itself. Data disks: 8 NVMe of 3.84 TB; the 2 boot disks do not count.
 */
const dgxH100: BareMetalMachineType = {
  name: "dgx-h100",
  provider: "bare-metal",
  arch: "amd64",
  cores: 112,
  threadsPerCore: 2,
  memoryGiB: 2048,
  accelerators: { vendor: "nvidia", product: "NVIDIA-H100-80GB-HBM3", count: 8, resource: "nvidia.com/gpu" },
  fabric: {
    kind: "infiniband",
    hcas: [
      ...compute("mlx5_0", "mlx5_3", "mlx5_4", "mlx5_5", "mlx5_6", "mlx5_9", "mlx5_10", "mlx5_11"),
      ...storage("mlx5_1", "mlx5_7"),
    ],
    rateGbps: 400,
  },
  localDisks: 8,
  topologyTiers: TIERS,
  hugePages2Mi: 0,
  verified: true,
  source:
    "NVIDIA DGX H100/H200 User Guide, Hardware Overview and Network Ports: https://docs.nvidia.com/dgx/dgxh100-user-guide/introduction-to-dgxh100.html",
};

/** The bare-metal rows of the catalogue. `rateGbps` is the rate of one adapter port, in Gbit/s. */
export const bareMetalTypes: readonly BareMetalMachineType[] = [cpuGeneric, cpuInfiniBand, dgxH100];
