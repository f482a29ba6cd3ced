import type { BareMetalMachineType } from "../../types";
import { compute, TIERS } from "./site";

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
 * A server with one adapter that does RoCE; `rateGbps` is the least it stands for. Where two ports are bonded the device is
 * `mlx5_bond_0`: such machines need a type of the user's own.
 */
const cpuRoce: BareMetalMachineType = {
  ...cpuGeneric,
  name: "cpu-roce",
  fabric: { kind: "roce", hcas: compute("mlx5_0"), rateGbps: 100 },
};

export const genericTypes: readonly BareMetalMachineType[] = [cpuGeneric, cpuInfiniBand, cpuRoce];
