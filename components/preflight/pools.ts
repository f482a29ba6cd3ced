import { fabricInterfaces, findMachineType, type MachineType } from "../../hardware";
import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { EFA_RESOURCE, kindOf } from "../devices/kinds";
import { workPools, type ContractPool } from "../gang/spec";
import { hasHardTaint } from "../fluence/nodes";

const CORRECT = "correct the pool's machine type in the cluster stack, or the contract where it is written";

interface PoolChecks {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** Whether pools are what their machine types are, and can be used at all. */
export function poolChecks(contract: ClusterContract): PoolChecks {
  const work = workPools(contract);
  return {
    problems: [
      ...(work.length === 0 ? [noWork(contract)] : []),
      ...contract.pools.flatMap((pool) => poolProblems(contract, pool)),
    ],
    warnings: [
      ...contract.pools.flatMap((pool) => typeWarnings(pool)),
      ...work.flatMap(workWarnings),
      ...taintWarnings(contract, work),
    ],
  };
}

function noWork(contract: ClusterContract): Problem {
  return {
    path: "cluster.pools",
    message: `no pool of cluster ${contract.name} has a node that can carry work`,
    fix: "add workers to the cluster stack, or bring hosts back into use (`states`)",
  };
}

function poolProblems(contract: ClusterContract, pool: ContractPool): Problem[] {
  const { type } = findMachineType(pool.machineType);
  return [...fabricProblems(pool), ...(type?.verified ? differences(pool, type) : []), ...readyProblems(contract, pool)];
}

/** A pod that asks for what no node can have pends for ever. */
function fabricProblems(pool: ContractPool): Problem[] {
  return Object.keys(pool.extendedResources).flatMap((name) => {
    const kind = kindOf(name);
    const allowed = kind === "efa" ? ["efa"] : kind === "rdma" ? ["infiniband", "roce"] : undefined;
    if (allowed === undefined || allowed.includes(pool.fabric)) return [];
    return [
      {
        path: `cluster.pools.${pool.name}.extendedResources`,
        value: name,
        message: `machines of pool ${pool.name} (${pool.machineType}) have ${pool.fabric}, so no node can offer ${name}`,
        allowed: `pools with ${allowed.join(" or ")}`,
        fix: CORRECT,
      },
    ];
  });
}

/** Where the contract and the catalogue speak of different machines. */
function differences(pool: ContractPool, type: MachineType): Problem[] {
  const problems: Problem[] = [];
  const differ = (field: string, value: unknown, allowed: string, message: string) =>
    problems.push({
      path: `cluster.pools.${pool.name}.${field}`,
      value,
      message: `${type.name} ${message}`,
      allowed,
      fix: CORRECT,
    });
  if (pool.arch !== type.arch) differ("arch", pool.arch, type.arch, `is ${type.arch}: images for ${pool.arch} do not run on it`);
  if (pool.fabric !== type.fabric.kind) differ("fabric", pool.fabric, type.fabric.kind, `has ${type.fabric.kind}`);
  const count = type.accelerators?.count ?? 0;
  if (pool.gpus > count) differ("gpus", pool.gpus, `at most ${count}`, gpuWords(count));
  const resource = type.accelerators?.resource;
  for (const [name, asked] of Object.entries(pool.extendedResources)) {
    const most =
      name === resource ? count : name === EFA_RESOURCE && pool.fabric === "efa" ? fabricInterfaces(type.fabric) : undefined;
    if (most !== undefined && asked > most)
      differ(
        "extendedResources",
        `${name}: ${asked}`,
        `at most ${most}`,
        `has ${most} ${name}; a pod that asks for more pends for ever`,
      );
  }
  return problems;
}

function gpuWords(count: number): string {
  return count === 0 ? "has no accelerator" : `has ${count} ${count === 1 ? "accelerator" : "accelerators"}`;
}

/** The gates would wait for nodes that are not there. */
function readyProblems(contract: ClusterContract, pool: ContractPool): Problem[] {
  if (contract.nodes.length === 0) return [];
  const nodes = contract.nodes.filter((node) => node.schedulable && node.pool === pool.name).length;
  if (pool.minReady <= nodes) return [];
  return [
    {
      path: `cluster.pools.${pool.name}.minReady`,
      value: pool.minReady,
      message: `the pool has ${nodes} ${nodes === 1 ? "node" : "nodes"} that can carry work, so it can never have so many ready`,
      allowed: `0 to ${nodes}`,
      fix: "lower `minReady` in the cluster stack, or bring hosts back into use (`states`)",
    },
  ];
}

function typeWarnings(pool: ContractPool): Problem[] {
  const { type } = findMachineType(pool.machineType);
  return type && !type.verified ? differences(pool, type) : [];
}

function workWarnings(pool: ContractPool): Problem[] {
  const kinds = Object.keys(pool.extendedResources).map(kindOf);
  const warnings: Problem[] = [];
  const missing = pool.fabric === "efa" && !kinds.includes("efa") ? "EFA" : undefined;
  if (missing !== undefined)
    warnings.push({
      path: `cluster.pools.${pool.name}.extendedResources`,
      message: `machines of pool ${pool.name} (${pool.machineType}) have ${missing}, and pods do not ask for it: they would talk over TCP`,
      allowed: EFA_RESOURCE,
      fix: "add it to the contract, where the cluster serves it",
    });
  if (pool.broker === undefined)
    warnings.push({
      path: `cluster.pools.${pool.name}.broker`,
      message: `it is not known how much CPU and memory a pod on pool ${pool.name} can ask for, so MiniClusters there must say it themselves`,
      fix: "write `broker` into the contract: `kubectl describe node` shows what is allocatable",
    });
  return warnings;
}

/** Controllers of the layers tolerate nothing that they are not told. */
function taintWarnings(contract: ClusterContract, work: readonly ContractPool[]): Problem[] {
  if (work.length === 0 || work.some((pool) => !hasHardTaint(pool))) return [];
  return [
    {
      path: "cluster.pools",
      value: work.map(({ name }) => name).join(", "),
      message: `every pool of cluster ${contract.name} with nodes for work has a taint, so controllers without a toleration have no place`,
      fix: "leave one pool without a taint, or give controllers their tolerations",
    },
  ];
}
