import type { ClusterContract } from "../contract/contract";
import { quantity } from "../gang/fit";
import { workPools, type ContractPool } from "../gang/spec";
import type { KueueConfig } from "./config";
import { workNodes } from "./levels";

export const HUGE_PAGES = "hugepages-2Mi";

/** Pools that jobs can run on, in the contract's order. */
export function queuePools(contract: ClusterContract): ContractPool[] {
  return workPools(contract);
}

/** How many nodes a queue counts on: those that the user says, else all that can carry work, else those promised to be ready. */
export function queueNodes(contract: ClusterContract, pool: ContractPool, config: Pick<KueueConfig, "pools">): number {
  const said = config.pools[pool.name]?.nodes;
  if (said !== undefined) return said;
  return contract.nodes.length > 0 ? workNodes(contract, pool.name).length : pool.minReady;
}

/**
 * What jobs can have of one node: what one pod that has it to itself can ask for, never more than the machine has. Whole numbers
 * of millicores for `cpu`, MiB for `memory` and huge pages, pieces for devices.
 */
export function nodeCapacity(pool: ContractPool): Record<string, number> {
  const millicores = pool.cores * pool.threadsPerCore * 1000;
  const mebibytes = Math.floor(pool.memoryGiB * 1024);
  return {
    cpu: Math.max(0, Math.min(millicores, pool.broker?.cpuMillicores ?? millicores)),
    memory: Math.max(0, Math.min(mebibytes, pool.broker?.memoryMiB ?? mebibytes)),
    ...(pool.hugePagesMiB > 0 ? { [HUGE_PAGES]: pool.hugePagesMiB } : {}),
    ...pool.extendedResources,
  };
}

/** Resources that the queue counts: cpu and memory first, then by name; those of any pool, because all flavors of a group list the same. */
export function coveredResources(contract: ClusterContract, config: Pick<KueueConfig, "pools">): string[] {
  const pools = queuePools(contract);
  const others = pools.flatMap((pool) => [
    ...Object.keys(nodeCapacity(pool)),
    ...Object.keys(config.pools[pool.name]?.quota ?? {}),
  ]);
  const rest = [...new Set(others)].filter((name) => name !== "cpu" && name !== "memory").sort();
  return ["cpu", "memory", ...rest];
}

export interface ResourceQuota {
  readonly name: string;
  readonly nominalQuota: string;
}

/** A pool's quota for each covered resource, in their order; 0 of what its nodes do not have. */
export function poolQuota(contract: ClusterContract, pool: ContractPool, config: Pick<KueueConfig, "pools">): ResourceQuota[] {
  const nodes = queueNodes(contract, pool, config);
  const capacity = nodeCapacity(pool);
  const said = config.pools[pool.name]?.quota ?? {};
  return coveredResources(contract, config).map((name) => ({
    name,
    nominalQuota: said[name] ?? quantityText(name, (capacity[name] ?? 0) * nodes),
  }));
}

/** In Kubernetes' own form, so that what comes back from the API server is what was sent. */
export function quantityText(resource: string, amount: number): string {
  if (resource === "cpu") return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  if (resource !== "memory" && resource !== HUGE_PAGES) return String(amount);
  if (amount === 0) return "0";
  return amount % 1024 === 0 ? binary(amount / 1024, ["Gi", "Ti", "Pi"]) : `${amount}Mi`;
}

function binary(amount: number, [unit, ...bigger]: readonly string[]): string {
  return amount % 1024 === 0 && bigger.length > 0 ? binary(amount / 1024, bigger) : `${amount}${unit}`;
}

/** The most that a pool's nodes have of a resource, as `quantity` counts it; undefined where that is not known. */
export function poolLimit(contract: ClusterContract, pool: ContractPool, resource: string): number | undefined {
  const amount = nodeCapacity(pool)[resource];
  if (amount === undefined || contract.nodes.length === 0) return undefined;
  return quantity(quantityText(resource, amount * workNodes(contract, pool.name).length));
}
