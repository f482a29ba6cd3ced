/**
 * TPU types. Their chips talk over ICI inside a slice, which `placementPolicy.tpuTopology` makes; the host has no adapter
 * for it. Cores are half the vCPUs, by Google's rule that a vCPU is a hardware thread; no source says it of these hosts. The
 * labels are those of GoogleCloudPlatform/cluster-toolkit:modules/internal/tpu-definition/main.tf@104708037.
 */
import type { GcpMachineType } from "../../types";
import { gcpType, MANAGED_NETWORK, type Row } from "./row";

const SOURCE = "GoogleCloudPlatform/cluster-toolkit:modules/internal/tpu-definition/main.tf@104708037";

const tpu = (name: string, vcpus: number, memoryGiB: number, chips: number, rest: Partial<Row>): GcpMachineType =>
  gcpType(name, {
    vcpus,
    memoryGiB,
    accelerators: { vendor: "google", product: rest.gkeAccelerator!, count: chips, resource: "google.com/tpu" },
    fabric: { kind: "ici" },
    consumption: [],
    source: SOURCE,
    ...rest,
  });

const v5e = { gkeAccelerator: "tpu-v5-lite-podslice" } as const;
const v6e = {
  gkeAccelerator: "tpu-v6e-slice",
  rdmaPaths: ["managed"],
  deviceClass: "netdev.google.com",
  floors: [MANAGED_NETWORK],
} as const;

export const tpuTypes: readonly GcpMachineType[] = [
  tpu("ct5lp-hightpu-1t", 24, 48, 1, v5e),
  tpu("ct5lp-hightpu-4t", 112, 192, 4, v5e),
  tpu("ct5lp-hightpu-8t", 224, 384, 8, v5e),
  tpu("ct6e-standard-1t", 44, 176, 1, v6e),
  tpu("ct6e-standard-4t", 180, 720, 4, v6e),
  tpu("ct6e-standard-8t", 360, 1440, 8, v6e),
  tpu("tpu7x-standard-4t", 224, 960, 4, {
    gkeAccelerator: "tpu7x",
    floors: [{ feature: "slice-controller", versions: ["1.35.0-gke.274500"] }],
  }),
];
