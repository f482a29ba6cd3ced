import { quantity } from "../gang/fit";
import type { ContractPool } from "../gang/spec";
import { coresOf, type MiniClusterLayers, type MiniClusterSpec } from "./spec";

/**
 * Share of what a pod could have that one asks for when the user says nothing: a real node has less memory than its data sheet,
 * and Fluence compares requests in millions of bytes with nodes in MiB (converged-computing/fluence:pkg/placement/placement.go
 * @e242622). Of CPU without a limit it gets what it uses anyway; the request only keeps others away.
 */
const SHARE = 0.9;
/** Above half of a node, in millicores. */
const MARGIN = 100;

/** GPUs that Flux schedules. */
const GPUS = ["nvidia.com/gpu", "amd.com/gpu"];
/** One adapter in many shares: a share is not the adapter. */
const SHARED = /^rdma\//;

type Amounts = Readonly<Record<string, string>>;

/** What one pod asks for and what it has. */
export interface PodSize {
  readonly requests: Amounts;
  readonly limits: Amounts;
  readonly cpuMillicores: number;
  /** What Flux schedules in it. */
  readonly cores: number;
  readonly gpus: number;
}

/**
 * Resources of a pod: the pool's devices and huge pages (requests equal to limits, which both need), memory with a limit (memory
 * of /dev/shm counts, and without a limit the node dies instead of the pod), CPU by `spec.cpu`. The user's own amounts win.
 */
export function podSize(pool: ContractPool, spec: MiniClusterSpec, layers?: Pick<MiniClusterLayers, "devices">): PodSize {
  const exclusive = spec.cpu === "exclusive";
  const asked: Record<string, string> = {
    cpu: exclusive ? String(exclusiveCpus(pool)) : `${sharedMillicores(pool)}m`,
    memory: `${Math.floor(memoryOffer(pool) * SHARE)}Mi`,
    ...devicesOf(pool, layers),
    ...(pool.hugePagesMiB > 0 ? { "hugepages-2Mi": `${pool.hugePagesMiB}Mi` } : {}),
    ...spec.resources,
  };
  const requests = Object.fromEntries(Object.entries(asked).filter(([, amount]) => quantity(amount) !== 0));
  const limits = Object.fromEntries(Object.entries(requests).filter(([name]) => exclusive || name !== "cpu"));
  const cpuMillicores = Math.round((quantity(requests.cpu ?? "0") ?? 0) * 1000);
  const gpus = GPUS.reduce((sum, name) => sum + (quantity(requests[name] ?? "0") ?? 0), 0);
  return { requests, limits, cpuMillicores, cores: coresOf(pool, cpuMillicores, spec.cpu), gpus };
}

/** The pool's devices that somebody offers in the cluster. */
function devicesOf(pool: ContractPool, layers?: Pick<MiniClusterLayers, "devices">): Amounts {
  const offered = Object.entries(pool.extendedResources).filter(([name]) => layers?.devices?.includes(name) ?? true);
  return Object.fromEntries(offered.map(([name, amount]) => [name, String(amount)]));
}

export const cpusOf = (pool: ContractPool): number => pool.cores * pool.threadsPerCore;
/** Without the offer of a machine type, one CPU stays free for daemons. */
const cpuOffer = (pool: ContractPool): number => pool.broker?.cpuMillicores ?? Math.max(1, cpusOf(pool) - 1) * 1000;
const memoryOffer = (pool: ContractPool): number => pool.broker?.memoryMiB ?? Math.floor(pool.memoryGiB * 1024);

/** Whole cores of what the machine can give to one pod. */
function exclusiveCpus(pool: ContractPool): number {
  return Math.max(1, Math.floor(cpuOffer(pool) / 1000 / pool.threadsPerCore)) * pool.threadsPerCore;
}

/** More than half of the node, however small it is. */
function sharedMillicores(pool: ContractPool): number {
  return Math.max(Math.floor(cpuOffer(pool) * SHARE), cpusOf(pool) * 500 + MARGIN);
}

/** Why no two pods fit on one node; undefined when they could. The operator only prefers different nodes. */
export function oneForEachNode(pool: ContractPool, size: PodSize): string | undefined {
  const device = Object.entries(pool.extendedResources).find(
    ([name, amount]) => !SHARED.test(name) && 2 * (quantity(size.requests[name] ?? "0") ?? 0) > amount,
  );
  if (device) return `${size.requests[device[0]]} of the node's ${device[1]} ${device[0]}`;
  const cpus = cpusOf(pool) * 1000;
  return 2 * size.cpuMillicores > cpus ? `${size.cpuMillicores}m of the node's ${cpus}m CPU` : undefined;
}
