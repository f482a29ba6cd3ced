import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { minorOf } from "../kubernetes/versions";
import type { FluenceConfig } from "./config";
import { fluenceNodes, hasHardTaint, HIDDEN_TAINT, namesFollowTopology, poolsToTaint } from "./nodes";
import { FLUENCE_ARCH, FLUENCE_VERSIONS } from "./versions";

/** Something else that places pods on a pool: gangs of the Kubernetes scheduler, a Kueue flavour. */
export interface PoolClaim {
  readonly pool: string;
  /** In the user's words, e.g. `gang ring` or `Kueue flavour gpu`. */
  readonly by: string;
}

/**
 * Why Fluence cannot run on a cluster, by what is known before anything is made; all of it. That every other node is hidden and
 * that its own are free of foreign pods, only the live gate can tell.
 *
 * @param claims what else places pods; two schedulers on one node is what blocks Fluence for ever
 * @param path of the configuration in the user's words
 */
export function fluenceProblems(
  contract: ClusterContract,
  config: Pick<FluenceConfig, "pools" | "runOn">,
  claims: readonly PoolClaim[] = [],
  path = "layers.fluence",
): Problem[] {
  return [
    ...clusterProblems(contract, path),
    ...poolProblems(contract, config.pools, path),
    ...taintProblems(contract, config.pools, path),
    ...runOnProblems(contract, config, path),
    ...claimProblems(config.pools, claims, path),
  ];
}

/** What works and is likely not what was meant. */
export function fluenceWarnings(
  contract: ClusterContract,
  config: Pick<FluenceConfig, "pools" | "retries" | "logLevel">,
  path = "layers.fluence",
): Problem[] {
  const warnings: Problem[] = [];
  if (contract.pools.every((pool) => config.pools.includes(pool.name) || !usable(contract, pool.name))) {
    warnings.push({
      path: `${path}.pools`,
      value: config.pools,
      message:
        "every node that can carry work is Fluence's; pods of other schedulers that do not tolerate the control plane's taint stay Pending",
      fix: "leave a pool for operators and services, unless the control plane takes them all",
    });
  }
  if (!namesFollowTopology(contract, config.pools)) {
    warnings.push({
      path: `${path}.pools`,
      value: config.pools,
      message:
        "Fluence places by the order of node names, which here goes to and fro between leaves; gangs without `within` will straddle them",
      fix: "use `within`, or name hosts in the order of their leaves",
    });
  }
  if (config.retries === "fast" && config.logLevel >= 2) {
    warnings.push({
      path: `${path}.logLevel`,
      value: config.logLevel,
      message: "while a gang waits, thousands of failed attempts a second are logged: 6 to 10 MB a second at 4",
      allowed: "0 or 1",
      fix: "use it to look for a fault, and set it back",
    });
  }
  return warnings;
}

function clusterProblems(contract: ClusterContract, path: string): Problem[] {
  const { version, distribution, gangApi } = contract.kubernetes;
  const where = `cluster ${contract.name} (${distribution} ${version})`;
  const wanted = FLUENCE_VERSIONS.kubernetes.version;
  const problems: Problem[] = [];
  if (distribution !== "kubeadm") {
    problems.push({
      path,
      message: `Fluence cannot run on ${where}: it needs feature gates of the control plane, which ${distribution} gives no access to`,
      allowed: "kubeadm",
      fix: "use Kueue there, or a cluster on hosts of your own",
    });
  }
  if (minorOf(version) !== wanted) {
    problems.push({
      path,
      message: `Fluence cannot run on ${where}: it uses scheduling.k8s.io/v1alpha2, which only Kubernetes ${wanted} serves`,
      allowed: `${wanted}.x`,
      fix: `set \`kubernetes.version\` of the cluster stack to a ${wanted} version, or use the native gangs`,
    });
  } else if (distribution === "kubeadm" && gangApi !== "scheduling.k8s.io/v1alpha2") {
    problems.push({
      path,
      message: `Fluence cannot run on ${where}: the control plane runs without the gate GenericWorkload and without the PodGroup API`,
      fix: "set `kubernetes.gangs: true` in the cluster stack and run `up` there",
    });
  }
  return problems;
}

function poolProblems(contract: ClusterContract, pools: readonly string[], path: string): Problem[] {
  const known = contract.pools.map((pool) => pool.name);
  const problems: Problem[] = [];
  pools.forEach((name, index) => {
    const at = `${path}.pools[${index}]`;
    const pool = contract.pools.find((each) => each.name === name);
    if (!pool) {
      const fix = "name pools of the cluster";
      problems.push({ path: at, value: name, message: "the cluster has no such pool", allowed: known.join(", "), fix });
    } else if (pools.indexOf(name) !== index) {
      problems.push({ path: at, value: name, message: "the pool is named twice", fix: "take one of the two out" });
    } else if (hasHardTaint(pool)) {
      problems.push({
        path: at,
        value: name,
        message: "its nodes carry a taint, and Fluence never sees a node that had one when it started, tolerated or not",
        allowed: "pools without NoSchedule and NoExecute taints",
        fix: "take the taint away; an admission policy keeps other pods off Fluence's nodes without it",
      });
    }
  });
  if (problems.length === 0 && fluenceNodes(contract, pools).length === 0) {
    problems.push({
      path: `${path}.pools`,
      value: pools,
      message: "the contract names no node of these pools that can carry work; Fluence reads its nodes once, at start",
      fix: "add workers in the cluster stack, or name a pool that has some",
    });
  }
  return problems;
}

function taintProblems(contract: ClusterContract, pools: readonly string[], path: string): Problem[] {
  return poolsToTaint(contract, pools).nameless.map((name) => ({
    path: `${path}.pools`,
    value: pools,
    message: `nodes of pool ${name} are not known by name, so they cannot be hidden from Fluence, which takes every node without a taint`,
    allowed: `${HIDDEN_TAINT.key}:${HIDDEN_TAINT.effect} on every node of ${name}, from its start`,
    fix: `give pool ${name} the taint, and its toleration in the contract, where it is made`,
  }));
}

function runOnProblems(
  contract: ClusterContract,
  { pools, runOn }: Pick<FluenceConfig, "pools" | "runOn">,
  path: string,
): Problem[] {
  const at = `${path}.runOn`;
  const others = contract.pools.filter((pool) => !pools.includes(pool.name) && usable(contract, pool.name));
  const fitting = ["control-plane", ...others.filter((pool) => pool.arch === FLUENCE_ARCH).map((pool) => pool.name)];
  const fix = `run it on ${FLUENCE_ARCH} nodes that are not its own`;
  const problem = (message: string, allowed: readonly string[]) => [
    { path: at, value: runOn, message, allowed: allowed.join(", ") || undefined, fix },
  ];
  if (runOn === "control-plane") {
    const arch = controlPlaneArch(contract);
    if (arch.length === 0 || arch.includes(FLUENCE_ARCH)) return [];
    return problem(`its image is for ${FLUENCE_ARCH}, and the control plane is ${arch.join(" and ")}`, fitting.slice(1));
  }
  const pool = contract.pools.find((each) => each.name === runOn);
  if (!pool) return problem("the cluster has no such pool", fitting);
  if (pools.includes(runOn)) return problem("on its own nodes its own pod would be the foreign pod that blocks it", fitting);
  if (pool.arch !== FLUENCE_ARCH) return problem(`its image is for ${FLUENCE_ARCH}, and the pool is ${pool.arch}`, fitting);
  if (!usable(contract, runOn)) return problem("no node of the pool can carry work", fitting);
  return [];
}

/** Where nodes carry no work; that a node is a control plane the contract does not say. */
function controlPlaneArch(contract: ClusterContract): string[] {
  const pools = contract.nodes.filter((node) => !node.schedulable).map((node) => node.pool);
  return [...new Set(contract.pools.filter((pool) => pools.includes(pool.name)).map((pool) => pool.arch))];
}

function usable(contract: ClusterContract, pool: string): boolean {
  return contract.nodes.some((node) => node.schedulable && node.pool === pool);
}

function claimProblems(pools: readonly string[], claims: readonly PoolClaim[], path: string): Problem[] {
  return claims
    .filter((claim) => pools.includes(claim.pool))
    .map((claim) => ({
      path: `${path}.pools`,
      value: claim.pool,
      message: `${claim.by} places pods there, too: a node that another scheduler made busy blocks Fluence for ever`,
      allowed: "pools that only Fluence uses",
      fix: `give ${claim.by} another pool, or take this one from Fluence`,
    }));
}
