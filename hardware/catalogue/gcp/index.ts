import type { GcpMachineType } from "../../types";
import { cpuTypes } from "./cpu";
import { gpuTypes } from "./gpu";
import { rdmaTypes } from "./rdma";
import { tpuTypes } from "./tpu";

/** The Google Cloud rows of the catalogue. */
export const gcpTypes: readonly GcpMachineType[] = [...gpuTypes, ...rdmaTypes, ...cpuTypes, ...tpuTypes];
