import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import type { ContractPool } from "../gang/spec";
import { rdmaResourceName, type DevicesConfig } from "./config";
import { kindOf } from "./kinds";

/**
 * Pool → resource as the contract calls it → resource as the nodes call it. What is not in it, nobody serves. Plain JSON, so that
 * layers can tell it to workloads.
 */
export type OfferedDevices = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** GKE serves these on every pool that has them, whatever the layers do. */
const GKE_SERVES = ["nvidia.com/gpu", "google.com/tpu"];

/** What the layers really offer, of what the contract's pools ask for. */
export function deviceResources(contract: ClusterContract, config: DevicesConfig): OfferedDevices {
  return Object.fromEntries(
    contract.pools.map((pool) => {
      const names = Object.keys(pool.extendedResources).map((name) => [name, servedAs(contract, config, pool, name)]);
      return [pool.name, Object.fromEntries(names.filter(([, served]) => served !== undefined)) as Record<string, string>];
    }),
  );
}

/** Every name that some node advertises, sorted. */
export function offeredNames(offered: OfferedDevices): string[] {
  return [...new Set(Object.values(offered).flatMap((names) => Object.values(names)))].sort();
}

function servedAs(contract: ClusterContract, config: DevicesConfig, pool: ContractPool, name: string): string | undefined {
  if (config.others.includes(name)) return name;
  if (contract.kubernetes.distribution === "gke" && GKE_SERVES.includes(name)) return name;
  const kind = kindOf(name);
  if (kind === undefined || config[kind] === "none") return undefined;
  if (kind === "efa") return config.efaDraPools.includes(pool.name) ? undefined : name;
  return kind === "rdma" ? rdmaResourceName(config) : name;
}

/**
 * The contract as the layers make it true: resources that nobody serves are taken out, since a pod that asks for one pends for
 * ever; RDMA resources get the name that the nodes use. GPUs that no pod can have are not counted any more.
 *
 * @param offered of the layers, see {@link deviceResources}
 * @param path of the layers' options, for the warnings
 */
export function withDevices(
  contract: ClusterContract,
  offered: OfferedDevices,
  path = "layers.devices",
): { contract: ClusterContract; warnings: Problem[] } {
  const warnings: Problem[] = [];
  const pools = contract.pools.map((pool) => {
    const served = offered[pool.name] ?? {};
    const kept: Record<string, number> = {};
    for (const [name, count] of Object.entries(pool.extendedResources)) {
      const as = Object.hasOwn(served, name) ? served[name] : undefined;
      if (as === undefined) warnings.push(notServed(pool, name, path));
      else kept[as] = count;
    }
    return withoutGpus({ ...pool, extendedResources: kept }, Object.keys(pool.extendedResources));
  });
  return { contract: { ...contract, pools }, warnings };
}

/** `gpus` is what Flux and NCCL count; without the resource no container sees one. */
function withoutGpus(pool: ContractPool, asked: readonly string[]): ContractPool {
  const gpu = (name: string) => kindOf(name) === "nvidia" || kindOf(name) === "amd";
  if (!asked.some(gpu) || Object.keys(pool.extendedResources).some(gpu)) return pool;
  return { ...pool, gpus: 0, ...(pool.broker ? { broker: { ...pool.broker, gpus: 0 } } : {}) };
}

function notServed(pool: ContractPool, name: string, path: string): Problem {
  const kind = kindOf(name);
  return {
    path: kind === undefined ? `${path}.others` : `${path}.${kind}`,
    value: name,
    message: `nobody serves ${name} on pool ${pool.name} (${pool.machineType}), so pods there do not ask for it and do not get it`,
    allowed: ALLOWED[kind ?? "others"],
    fix:
      kind === undefined
        ? `add ${name} to \`devices.others\` of the layers stack if something serves it, and run \`up\` there`
        : `set \`devices.${kind}\` in the layers stack${kind === "efa" ? " (pools of \`efaDraPools\` are not for such pods)" : ""} and run \`up\` there`,
  };
}

const ALLOWED: Readonly<Record<string, string>> = {
  efa: "plugin, present",
  nvidia: "plugin, operator, present",
  rdma: "verbs, shared, present",
  amd: "plugin, present",
  neuron: "plugin, present",
  others: "names of extended resources",
};
