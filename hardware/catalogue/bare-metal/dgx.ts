/**
 * NVIDIA DGX systems. NVLink ends at the chassis, so a machine has no accelerator domain beyond itself. Data disks count,
 * the two boot disks do not. An adapter's number follows from its PCI address, so it is the same on every machine of a model
 * that has all its cards.
 */
import type { BareMetalMachineType } from "../../types";
import { compute, storage, TIERS } from "./site";

const dgx: Pick<BareMetalMachineType, "provider" | "arch" | "threadsPerCore" | "topologyTiers" | "hugePages2Mi" | "verified"> = {
  provider: "bare-metal",
  arch: "amd64",
  threadsPerCore: 2,
  topologyTiers: TIERS,
  hugePages2Mi: 0,
  verified: true,
};

const gpus = (product: string) => ({ vendor: "nvidia", product, count: 8, resource: "nvidia.com/gpu" }) as const;

/**
 * DGX A100, 640 GB of GPU memory. Eight single-port ConnectX-6 of 200 Gbit/s carry the compute fabric (one near each GPU:
 * mlx5_0 to 3 and 6 to 9); the ports of the two dual-port cards, mlx5_4, 5, 10 and 11, are for storage and management and
 * may be set to Ethernet. The numbers are those that NVIDIA's Selene gives to GPUs and that the University of Florida keeps
 * NCCL away from.
 */
const dgxA100: BareMetalMachineType = {
  ...dgx,
  name: "dgx-a100",
  cores: 128,
  memoryGiB: 2048,
  accelerators: gpus("NVIDIA-A100-SXM4-80GB"),
  fabric: {
    kind: "infiniband",
    hcas: [
      ...compute("mlx5_0", "mlx5_1", "mlx5_2", "mlx5_3", "mlx5_6", "mlx5_7", "mlx5_8", "mlx5_9"),
      ...storage("mlx5_4", "mlx5_5", "mlx5_10", "mlx5_11"),
    ],
    rateGbps: 200,
  },
  localDisks: 8,
  source:
    "NVIDIA DGX A100 User Guide, Hardware Overview: https://docs.nvidia.com/dgx/dgxa100-user-guide/introduction-to-dgxa100.html; rapidsai/gpu-bdb:tpcx_bb/cluster_configuration/cluster-startup-selene.sh@0b891fa",
};

/** DGX A100, 320 GB: half the memory and disks, and the second dual-port card (mlx5_10, 11) is an option. */
const dgxA100Small: BareMetalMachineType = {
  ...dgxA100,
  name: "dgx-a100-320gb",
  memoryGiB: 1024,
  accelerators: gpus("NVIDIA-A100-SXM4-40GB"),
  localDisks: 4,
};

/**
 * DGX H100. Eight single-port ConnectX-7 behind the four OSFP connectors carry the compute fabric, one beside each GPU. Of
 * the two dual-port ConnectX-7 in slots 1 and 2, the first ports (mlx5_7, mlx5_1) are InfiniBand, for storage; the second
 * ones (mlx5_8, mlx5_2) come as Ethernet, for management, and are therefore not listed. Data disks: 8 NVMe of 3.84 TB.
 */
const dgxH100: BareMetalMachineType = {
  ...dgx,
  name: "dgx-h100",
  cores: 112,
  memoryGiB: 2048,
  accelerators: gpus("NVIDIA-H100-80GB-HBM3"),
  fabric: {
    kind: "infiniband",
    hcas: [
      ...compute("mlx5_0", "mlx5_3", "mlx5_4", "mlx5_5", "mlx5_6", "mlx5_9", "mlx5_10", "mlx5_11"),
      ...storage("mlx5_1", "mlx5_7"),
    ],
    rateGbps: 400,
  },
  localDisks: 8,
  source:
    "NVIDIA DGX H100/H200 User Guide, Hardware Overview and Network Ports: https://docs.nvidia.com/dgx/dgxh100-user-guide/introduction-to-dgxh100.html",
};

/** DGX H200: the machine of the H100 with other GPUs, in the same guide. */
const dgxH200: BareMetalMachineType = { ...dgxH100, name: "dgx-h200", accelerators: gpus("NVIDIA-H200") };

/**
 * DGX B200. Eight single-port ConnectX-7 behind the four OSFP connectors carry the compute fabric. Their numbers are those
 * that sites with the machine give to NCCL (the University of Florida among them); NVIDIA's guide was not found to list
 * them. The two dual-port BlueField-3 carry storage and management; no source gives their numbers, so they are not listed.
 */
const dgxB200: BareMetalMachineType = {
  ...dgx,
  name: "dgx-b200",
  cores: 112,
  memoryGiB: 2048,
  accelerators: gpus("NVIDIA-B200"),
  fabric: {
    kind: "infiniband",
    hcas: compute("mlx5_4", "mlx5_7", "mlx5_8", "mlx5_9", "mlx5_10", "mlx5_13", "mlx5_14", "mlx5_15"),
    rateGbps: 400,
  },
  localDisks: 8,
  source:
    "NVIDIA DGX B200 User Guide, Hardware Overview: https://docs.nvidia.com/dgx/dgxb200-user-guide/introduction-to-dgxb200.html",
};

export const dgxTypes: readonly BareMetalMachineType[] = [dgxA100, dgxA100Small, dgxH100, dgxH200, dgxB200];
