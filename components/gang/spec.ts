import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";

/** Pods with this label are put under the PodGroup that it names. */
export const POD_GROUP_LABEL = "turducken.dev/pod-group";

/**
 * A Job's pods are named `<job>-<index>-<5 letters>` and have `<job>-<index>` as host name, which a DNS label limits to 63
 * characters; 52 leaves room for any index that a gang can have.
 */
export const GANG_NAME_LENGTH = 52;

/** Pods that start together or not at all, one on each node. */
export interface GangSpec {
  /** Name of the Job, the PodGroup and the Service. RFC 1123 label of at most 52 characters. */
  readonly name: string;
  readonly nodes: number;
  /** `accelerator`, `leaf`, `spine`, `core` or `tier-N`: all nodes in one domain of that tier. Without it, anywhere. */
  readonly within?: string;
  /** Which pool's machines. Needed when more than one pool has nodes that can carry work. */
  readonly pool?: string;
  /** With digest: a tag may mean another image tomorrow, and on another node. */
  readonly image: string;
  /** @default the image's own */
  readonly command?: readonly string[];
  /** Per pod, as Kubernetes quantities; requests and limits alike. The pool's devices are added. */
  readonly resources?: Readonly<Record<string, string>>;
  /** Places the gang even when it can never fit; the reasons become warnings. */
  readonly unchecked?: boolean;
}

export type ContractPool = ClusterContract["pools"][number];

/** The pool a gang runs on: the one it names, or the only one with nodes that can carry work. */
export function poolOf(contract: ClusterContract, gang: Pick<GangSpec, "pool">): ContractPool | undefined {
  if (gang.pool !== undefined) return contract.pools.find((pool) => pool.name === gang.pool);
  const candidates = workPools(contract);
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** Pools with nodes that can carry work; all of them where nodes are not known by name. */
export function workPools(contract: ClusterContract): ContractPool[] {
  if (contract.nodes.length === 0) return [...contract.pools];
  return contract.pools.filter((pool) => contract.nodes.some((node) => node.schedulable && node.pool === pool.name));
}

/** Label key of a tier word; `tier-0` is the nearest tier whatever its name. Undefined when the cluster has no such tier. */
export function tierKey(contract: ClusterContract, within: string): { tier: string; key: string } | undefined {
  if (within === "accelerator") return contract.acceleratorKey ? { tier: within, key: contract.acceleratorKey } : undefined;
  const named = contract.topologyKeys.find((each) => each.tier === within);
  if (named) return named;
  const number = /^tier-(\d+)$/.exec(within)?.[1];
  return number === undefined ? undefined : contract.topologyKeys[Number(number)];
}

export function tiersOf(contract: ClusterContract): string[] {
  return [...contract.topologyKeys.map((each) => each.tier), ...(contract.acceleratorKey ? ["accelerator"] : [])];
}

/** What is wrong with a gang whatever its size: it cannot be written down for this cluster. */
export function gangProblems(contract: ClusterContract, gang: GangSpec, path = `workload.gangs[${gang.name}]`): Problem[] {
  return [
    ...nameProblems(gang, path),
    ...clusterProblems(contract, path),
    ...poolProblems(contract, gang, path),
    ...tierProblems(contract, gang, path),
  ];
}

function nameProblems(gang: GangSpec, path: string): Problem[] {
  const problems: Problem[] = [];
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(gang.name) || gang.name.length > GANG_NAME_LENGTH) {
    problems.push({
      path: `${path}.name`,
      value: gang.name,
      message: "it becomes the name of a Job, a Service and the pods' host names",
      allowed: `small letters, digits and "-", beginning with a letter, at most ${GANG_NAME_LENGTH} characters`,
      fix: "choose a shorter or plainer name",
    });
  }
  if (!Number.isInteger(gang.nodes) || gang.nodes < 1) {
    problems.push({
      path: `${path}.nodes`,
      value: gang.nodes,
      message: "a gang has whole nodes",
      allowed: "1 or more",
      fix: "say how many nodes start together",
    });
  }
  return problems;
}

function clusterProblems(contract: ClusterContract, path: string): Problem[] {
  if (contract.kubernetes.gangApi && contract.schedulers.includes("gang")) return [];
  return [
    {
      path,
      message: `cluster ${contract.name} (${contract.kubernetes.distribution} ${contract.kubernetes.version}) does not schedule gangs`,
      allowed: `schedulers there: ${contract.schedulers.join(", ") || "none"}`,
      fix: "set `kubernetes.gangs: true` in the cluster stack, where its Kubernetes can (kubeadm 1.36 or 1.37), and run `up` there",
    },
  ];
}

/** A pool that is not there, or not named where there are several. */
export function poolProblems(contract: ClusterContract, gang: Pick<GangSpec, "pool">, path: string): Problem[] {
  if (poolOf(contract, gang)) return [];
  const names = workPools(contract).map((pool) => pool.name);
  const message =
    gang.pool === undefined
      ? names.length === 0
        ? "no pool has a node that can carry work"
        : "the cluster has more than one pool"
      : "the cluster has no such pool";
  return [
    {
      path: `${path}.pool`,
      value: gang.pool,
      message,
      allowed: names.join(", ") || undefined,
      fix: names.length === 0 ? "add workers to the cluster stack" : "name the pool to run on",
    },
  ];
}

function tierProblems(contract: ClusterContract, gang: GangSpec, path: string): Problem[] {
  if (gang.within === undefined || tierKey(contract, gang.within)) return [];
  const tiers = tiersOf(contract);
  return [
    {
      path: `${path}.within`,
      value: gang.within,
      message: `cluster ${contract.name} has no tier of this name`,
      allowed: tiers.join(", ") || "none: the cluster's inventory gives no topology",
      fix:
        tiers.length === 0
          ? "leave `within` out, or give the hosts a leaf in the cluster stack"
          : "use one of the tiers it has, nearest first",
    },
  ];
}
