import { KUEUE_MISSING_LEVEL } from "../../hardware";
import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { quantity } from "../gang/fit";
import type { ContractPool } from "../gang/spec";
import { placeOf } from "../placement/problems";
import { KUEUE_LEAST_KUBERNETES, whyNot } from "../placement/schedulers";
import { KUEUE_NAMESPACE } from "./chart";
import type { KueueConfig } from "./config";
import { HOSTNAME_KEY, missingLevels, poolLevels, workNodes } from "./levels";
import { poolLabels } from "./objects";
import { coveredResources, poolLimit, queueNodes, queuePools } from "./quota";

/** kubernetes-sigs/kueue:apis/kueue/v1beta2@v0.19.2: topology_types.go, clusterqueue_types.go, resourceflavor_types.go. */
export const LIMITS = { levels: 16, flavors: 64, resources: 64, combinations: 512, nodeLabels: 8, tolerations: 8 } as const;

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/** What keeps queues from being made on this cluster; all of it. */
export function kueueProblems(
  contract: ClusterContract,
  namespaces: readonly string[],
  config: KueueConfig,
  path = "layers.kueue",
): Problem[] {
  const pools = queuePools(contract);
  return [
    ...versionProblems(contract, path),
    ...namespaceProblems(namespaces, path),
    ...unknownPools(contract, pools, config, path),
    ...levelProblems(contract, pools, path),
    ...pools.flatMap((pool) => poolProblems(contract, pool, config, `${path}.pools.${pool.name}`)),
    ...sharedLabels(contract, pools, config, path),
    ...sizeProblems(contract, pools, config, path),
  ];
}

/** What a user should know although the queues can be made. */
export function kueueWarnings(contract: ClusterContract, path = "layers.kueue"): Problem[] {
  const missing = [...missingLevels(contract)];
  if (missing.length === 0 || contract.labelsBy !== "layers") return [];
  const names = missing.map(([node]) => node);
  return [
    {
      path,
      value: names.length <= 12 ? names.join(", ") : `${names.slice(0, 12).join(", ")} and ${names.length - 12} more`,
      message: `it is not known in which domain of every tier they are; they get the label value ${KUEUE_MISSING_LEVEL} there, and Kueue takes those under one parent for neighbours`,
      fix: "say where they are in the cluster stack",
    },
  ];
}

function versionProblems(contract: ClusterContract, path: string): Problem[] {
  const reason = whyNot(placeOf(contract), "kueue");
  if (reason === undefined) return [];
  const allowed = `${KUEUE_LEAST_KUBERNETES} or newer`;
  return [
    { path, value: contract.kubernetes.version, message: reason, allowed, fix: "upgrade the cluster, or use another scheduler" },
  ];
}

function namespaceProblems(namespaces: readonly string[], path: string): Problem[] {
  if (namespaces.length === 0)
    return [{ path, message: "no namespace would have a queue", fix: "name a namespace for the workloads" }];
  const forbidden = namespaces.filter((each) => each === "kube-system" || each === KUEUE_NAMESPACE);
  return forbidden.map((value) => ({
    path,
    value,
    message: "Kueue must not hold jobs of this namespace back: the cluster or Kueue itself could not start",
    fix: "use a namespace of its own for the workloads",
  }));
}

function unknownPools(contract: ClusterContract, pools: readonly ContractPool[], config: KueueConfig, path: string): Problem[] {
  const none: Problem[] =
    pools.length > 0
      ? []
      : [
          {
            path,
            message: `no pool of cluster ${contract.name} has a node that can carry work`,
            fix: "add workers to the cluster stack",
          },
        ];
  const names = pools.map(({ name }) => name);
  const strange = Object.keys(config.pools).filter((name) => !names.includes(name));
  return [
    ...none,
    ...strange.map((value) => ({
      path: `${path}.pools.${value}`,
      value,
      message: `cluster ${contract.name} has no pool of this name that can carry work`,
      allowed: names.join(", ") || undefined,
      fix: "use the name of a pool of the cluster stack",
    })),
  ];
}

function levelProblems(contract: ClusterContract, pools: readonly ContractPool[], path: string): Problem[] {
  const keys = contract.topologyKeys.map(({ key }) => key);
  const problems: Problem[] = [];
  for (const { tier, key } of contract.topologyKeys) {
    const message =
      key === HOSTNAME_KEY
        ? "the host name is always the last level and cannot be a tier"
        : keys.indexOf(key) !== keys.lastIndexOf(key)
          ? "two tiers have this label key; Kueue's levels must differ"
          : LABEL_KEY.test(key)
            ? undefined
            : "it is not a label key";
    if (message) problems.push({ path, value: `${tier}: ${key}`, message, fix: "correct the tier's label key in the contract" });
  }
  const most = Math.max(0, ...pools.map((pool) => poolLevels(contract, pool.name).length));
  if (most > LIMITS.levels)
    problems.push({
      path,
      value: most,
      message: "Kueue takes no more levels, with the host name",
      allowed: `at most ${LIMITS.levels}`,
      fix: "leave outer tiers out",
    });
  const clash = contract.nodes.find(
    (node) => node.name === KUEUE_MISSING_LEVEL || Object.values(node.domains).includes(KUEUE_MISSING_LEVEL),
  );
  if (clash)
    problems.push({
      path,
      value: KUEUE_MISSING_LEVEL,
      message: `a host or domain (of ${clash.name}) has the name that stands for levels that a node lacks`,
      fix: "rename it",
    });
  return problems;
}

function poolProblems(contract: ClusterContract, pool: ContractPool, config: KueueConfig, path: string): Problem[] {
  return [
    ...labelProblems(contract, pool, config, path),
    ...countProblems(contract, pool, config, path),
    ...quotaProblems(contract, pool, config, path),
  ];
}

function labelProblems(contract: ClusterContract, pool: ContractPool, config: KueueConfig, path: string): Problem[] {
  const labels = poolLabels(contract, pool.name, config);
  const at = `${path}.nodeLabels`;
  const problems: Problem[] = [];
  if (!labels || Object.keys(labels).length === 0)
    problems.push({
      path: at,
      message:
        "no label tells this pool's nodes from others: the contract names no nodes, and no provider's node groups are there",
      allowed: "at least one label that all nodes of the pool carry, and no others",
      fix: "give `nodeLabels`",
    });
  const entries = Object.entries(labels ?? {});
  if (entries.length > LIMITS.nodeLabels)
    problems.push({
      path: at,
      value: entries.length,
      message: "Kueue takes no more labels",
      allowed: `at most ${LIMITS.nodeLabels}`,
      fix: "name fewer",
    });
  for (const [key, value] of entries.filter(([key, value]) => !LABEL_KEY.test(key) || !LABEL_VALUE.test(value)))
    problems.push({
      path: at,
      value: `${key}=${value}`,
      message: "it is not a node label",
      fix: "write it as it is on the nodes",
    });
  if (pool.tolerations.length > LIMITS.tolerations)
    problems.push({
      path,
      value: pool.tolerations.length,
      message: "the pool's taints need more tolerations than Kueue takes",
      allowed: `at most ${LIMITS.tolerations}`,
      fix: "use fewer taints on the pool",
    });
  return problems;
}

function countProblems(contract: ClusterContract, pool: ContractPool, config: KueueConfig, path: string): Problem[] {
  const said = config.pools[pool.name]?.nodes;
  const known = workNodes(contract, pool.name).length;
  if (contract.nodes.length > 0 && said !== undefined && said > known)
    return [
      {
        path: `${path}.nodes`,
        value: said,
        message: `pool ${pool.name} has ${known} that can carry work`,
        allowed: `at most ${known}`,
        fix: "leave it out to count all of them, or add hosts",
      },
    ];
  if (said === undefined && queueNodes(contract, pool, config) === 0)
    return [
      {
        path: `${path}.nodes`,
        message: "the contract promises no ready node of this pool, so its quota would be 0 and no job would ever start on it",
        fix: "say how many nodes the queue may count on, or 0 to leave the pool out",
      },
    ];
  return [];
}

function quotaProblems(contract: ClusterContract, pool: ContractPool, config: KueueConfig, path: string): Problem[] {
  return Object.entries(config.pools[pool.name]?.quota ?? {}).flatMap(([resource, text]): Problem[] => {
    const at = { path: `${path}.quota.${resource}`, value: text };
    const amount = quantity(text);
    if (!LABEL_KEY.test(resource))
      return [{ ...at, message: "it is not the name of a resource", allowed: "cpu, memory, nvidia.com/gpu", fix: "correct it" }];
    if (amount === undefined)
      return [
        {
          ...at,
          message: "it is not a Kubernetes quantity",
          allowed: "500m, 8, 4Gi",
          fix: "write a number with an optional unit",
        },
      ];
    const limit = poolLimit(contract, pool, resource);
    if (limit === undefined || amount <= limit) return [];
    return [
      {
        ...at,
        message: `the nodes of pool ${pool.name} together do not have so much`,
        allowed: `at most ${shown(resource, limit)}`,
        fix: "ask for less, or leave it out to count what they have",
      },
    ];
  });
}

function shown(resource: string, amount: number): string {
  return resource === "cpu" || amount < 2 ** 20 ? String(amount) : `${Math.floor(amount / 2 ** 20)}Mi`;
}

/** Two flavors that find the same nodes would count them twice. */
function sharedLabels(contract: ClusterContract, pools: readonly ContractPool[], config: KueueConfig, path: string): Problem[] {
  const owner = new Map<string, string>();
  return pools.flatMap(({ name }) => {
    const labels = poolLabels(contract, name, config);
    if (!labels) return [];
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const other = owner.get(key);
    owner.set(key, other ?? name);
    if (other === undefined) return [];
    return [
      {
        path: `${path}.pools.${name}.nodeLabels`,
        value: Object.entries(labels)
          .map(([label, value]) => `${label}=${value}`)
          .join(", "),
        message: `pool ${other} has the same labels, so its nodes would be counted twice`,
        fix: "give each pool labels of its own",
      },
    ];
  });
}

function sizeProblems(contract: ClusterContract, pools: readonly ContractPool[], config: KueueConfig, path: string): Problem[] {
  const resources = coveredResources(contract, config).length;
  const problem = (value: number, most: number, what: string): Problem[] =>
    value <= most
      ? []
      : [
          {
            path,
            value,
            message: `a queue of Kueue takes no more ${what}`,
            allowed: `at most ${most}`,
            fix: "use fewer pools, or clusters of their own",
          },
        ];
  return [
    ...problem(pools.length, LIMITS.flavors, "pools"),
    ...problem(resources, LIMITS.resources, "resources"),
    ...problem(pools.length * resources, LIMITS.combinations, "pairs of pool and resource"),
  ];
}
