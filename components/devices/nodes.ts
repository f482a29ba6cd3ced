import type { ClusterContract } from "../contract/contract";
import { workPools, type ContractPool } from "../gang/spec";
import { poolLabelKey, POOL_LABEL } from "../placement/pool";
import { kindOf, type DeviceKind } from "./kinds";

/** Set by the cloud's controller on every node; on hosts of one's own by nobody. */
export const INSTANCE_TYPE_LABEL = "node.kubernetes.io/instance-type";
/** Set by every kubelet. */
const HOSTNAME_LABEL = "kubernetes.io/hostname";

/** Nodes of some pools: those whose label has one of the values. */
export interface NodeMatch {
  readonly key: string;
  readonly values: readonly string[];
}

export type Toleration = ContractPool["tolerations"][number];

/** Pools with work whose pods ask for devices of this kind. */
export function poolsWith(contract: ClusterContract, kind: DeviceKind): ContractPool[] {
  return workPools(contract).filter((pool) => Object.keys(pool.extendedResources).some((name) => kindOf(name) === kind));
}

/**
 * How a DaemonSet finds the nodes of these pools and no others. Clouds set the machine type on every node, and where other pools
 * have the same type, the pool's own label tells them apart. On hosts it is the pool's label where the contract says that nodes
 * carry it, else their names: then a host more changes the DaemonSet. A label that nobody sets would mean a DaemonSet without pods
 * and without an error, see `labelledByNobody`.
 */
export function nodesOf(contract: ClusterContract, pools: readonly ContractPool[]): NodeMatch {
  const chosen = pools.map(({ name }) => name);
  const types = [...new Set(pools.map(({ machineType }) => machineType))];
  const byType = { key: INSTANCE_TYPE_LABEL, values: types };
  const key = poolLabelKey(contract);
  if (isCloud(contract)) {
    const shared = contract.pools.some((pool) => !chosen.includes(pool.name) && types.includes(pool.machineType));
    return shared && key !== undefined ? { key, values: chosen } : byType;
  }
  const members = contract.nodes.filter((node) => node.schedulable && chosen.includes(node.pool));
  if (members.length === 0) return byType;
  if (members.every((node) => node.labels[POOL_LABEL] === node.pool)) return { key: POOL_LABEL, values: chosen };
  return { key: HOSTNAME_LABEL, values: members.map(({ name }) => name) };
}

/** Why a match may find no node: the user has to see to the label. */
export function labelledByNobody(contract: ClusterContract, { key }: NodeMatch): boolean {
  if (key === POOL_LABEL) return contract.labelsBy !== "layers";
  return key === INSTANCE_TYPE_LABEL && !isCloud(contract);
}

/** Whether a match by a label of machine type or pool finds a pool's nodes. */
export function finds({ key, values }: NodeMatch, pool: ContractPool): boolean {
  return key !== HOSTNAME_LABEL && values.includes(key === INSTANCE_TYPE_LABEL ? pool.machineType : pool.name);
}

function isCloud({ kubernetes }: ClusterContract): boolean {
  return kubernetes.distribution === "eks" || kubernetes.distribution === "gke";
}

/** What a DaemonSet on these pools must tolerate: every taint of each, once. An untolerated one means no pod there, and no error. */
export function tolerationsOf(pools: readonly ContractPool[]): Toleration[] {
  const all = pools.flatMap(({ tolerations }) => tolerations);
  const seen = new Set<string>();
  return all.filter(({ key, operator, value, effect }) => {
    const same = JSON.stringify([key, operator, value ?? "", effect]);
    return !seen.has(same) && seen.add(same);
  });
}

export function nodeAffinity({ key, values }: NodeMatch) {
  const nodeSelectorTerms = [{ matchExpressions: [{ key, operator: "In", values: [...values] }] }];
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}
