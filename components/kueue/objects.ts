import { createHash } from "node:crypto";
import type { KueueTopology } from "../../hardware";
import type { ClusterContract } from "../contract/contract";
import type { ContractPool } from "../gang/spec";
import { poolSelector } from "../placement/pool";
import type { KueueConfig } from "./config";
import { poolLevels } from "./levels";
import { coveredResources, poolQuota, queuePools, type ResourceQuota } from "./quota";
import { KUEUE_API } from "./versions";

/** Waits until Kueue says that the queue takes jobs: its flavors and their topology are there. */
const ACTIVE = { "pulumi.com/waitFor": "condition=Active" } as const;

type Toleration = ContractPool["tolerations"][number];

export interface ResourceFlavor {
  readonly apiVersion: typeof KUEUE_API;
  readonly kind: "ResourceFlavor";
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly nodeLabels: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
    readonly topologyName: string;
  };
}

export interface ClusterQueue {
  readonly apiVersion: typeof KUEUE_API;
  readonly kind: "ClusterQueue";
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly namespaceSelector: object;
    readonly queueingStrategy: "BestEffortFIFO";
    readonly resourceGroups: readonly {
      readonly coveredResources: readonly string[];
      readonly flavors: readonly { readonly name: string; readonly resources: readonly ResourceQuota[] }[];
    }[];
  };
}

export interface LocalQueue {
  readonly apiVersion: typeof KUEUE_API;
  readonly kind: "LocalQueue";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly clusterQueue: string };
}

/**
 * A name that changes with what cannot be changed. In 0.19 a Topology's levels and a flavor's labels, tolerations and topology
 * are immutable (kubernetes-sigs/kueue:apis/kueue/v1beta2/resourceflavor_types.go@v0.19.2), and a finalizer keeps each of them
 * as long as another object names it (pkg/controller/core/resourceflavor_controller.go, pkg/controller/tas/topology_controller.go):
 * deleted first, they would hang. So the new one is made beside the old one, the queue goes over to it, and the old one is free.
 */
function nameOf(stem: string, spec: object): string {
  return `${stem}-${createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 8)}`;
}

/** The Topology of a pool. Pools with the same levels share it: it has the same name. */
export function poolTopology(contract: ClusterContract, pool: string): KueueTopology {
  const spec = { levels: poolLevels(contract, pool).map((nodeLabel) => ({ nodeLabel })) };
  return { apiVersion: KUEUE_API, kind: "Topology", metadata: { name: nameOf("fabric", spec) }, spec };
}

/** All Topologies, each once, in the order of the pools. */
export function topologies(contract: ClusterContract): KueueTopology[] {
  const all = queuePools(contract).map((pool) => poolTopology(contract, pool.name));
  return all.filter((each, index) => all.findIndex(({ metadata }) => metadata.name === each.metadata.name) === index);
}

/** Labels by which Kueue finds a pool's nodes; undefined where nobody sets any. */
export function poolLabels(
  contract: ClusterContract,
  pool: string,
  config: Pick<KueueConfig, "pools">,
): Readonly<Record<string, string>> | undefined {
  return config.pools[pool]?.nodeLabels ?? poolSelector(contract, pool);
}

/** @throws Error when no label tells the pool's nodes from others; kueueProblems reports it earlier */
export function resourceFlavor(
  contract: ClusterContract,
  pool: ContractPool,
  config: Pick<KueueConfig, "pools">,
): ResourceFlavor {
  const nodeLabels = poolLabels(contract, pool.name, config);
  if (!nodeLabels) throw new Error(`no label tells the nodes of pool ${pool.name} from others`);
  const spec = {
    nodeLabels,
    ...(pool.tolerations.length > 0 ? { tolerations: pool.tolerations } : {}),
    topologyName: poolTopology(contract, pool.name).metadata.name,
  };
  return { apiVersion: KUEUE_API, kind: "ResourceFlavor", metadata: { name: nameOf(pool.name, spec) }, spec };
}

/** One group with a flavor for each pool: a job takes the first pool, in the contract's order, that has room and fits it. */
export function clusterQueue(
  contract: ClusterContract,
  namespaces: readonly string[],
  config: Pick<KueueConfig, "pools" | "queue">,
): ClusterQueue {
  const flavors = queuePools(contract).map((pool) => ({
    name: resourceFlavor(contract, pool, config).metadata.name,
    resources: poolQuota(contract, pool, config),
  }));
  return {
    apiVersion: KUEUE_API,
    kind: "ClusterQueue",
    metadata: { name: config.queue, annotations: ACTIVE },
    spec: {
      namespaceSelector: namespaceSelector(namespaces),
      queueingStrategy: "BestEffortFIFO",
      resourceGroups: [{ coveredResources: coveredResources(contract, config), flavors }],
    },
  };
}

export function localQueue(namespace: string, config: Pick<KueueConfig, "queue">): LocalQueue {
  return {
    apiVersion: KUEUE_API,
    kind: "LocalQueue",
    metadata: { name: config.queue, namespace, annotations: ACTIVE },
    spec: { clusterQueue: config.queue },
  };
}

/** Just these namespaces, by the label that the API server sets itself. */
export function namespaceSelector(namespaces: readonly string[]) {
  return {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [...new Set(namespaces)].sort() }],
  };
}
