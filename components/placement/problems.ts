import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { domainSizes } from "../gang/fit";
import { poolOf, tierKey, tiersOf } from "../gang/spec";
import type { Scheduler } from "../kubernetes/gates";
import { whyNot, type KubernetesPlace } from "./schedulers";
import { PLACEMENT_WORDS, placementMeaning, schedulersFor, type PlacementRequest, type PlacementWord } from "./table";

/** What placement depends on beside its words; all of it may be left out. */
export interface PlacementJob {
  /** Pods of the job, one on each node. */
  readonly nodes?: number;
  readonly pool?: string;
}

export function placeOf(contract: ClusterContract): KubernetesPlace {
  const { version, distribution, gangApi } = contract.kubernetes;
  return { version, distribution, gangs: gangApi !== undefined };
}

/**
 * Why a cluster's scheduler cannot do what a job asks of its place; all of it. Whether a domain is big enough for the whole job
 * is asked by `fitProblems` of components/gang.
 *
 * @param path of the thing whose fields `within`, `preferred`, … are, e.g. `workload.miniclusters[0]`
 */
export function placementProblems(
  contract: ClusterContract,
  scheduler: Scheduler,
  request: PlacementRequest & PlacementJob,
  path: string,
): Problem[] {
  const refused = schedulerProblems(contract, scheduler, path);
  const tiers = tierProblems(contract, request, path);
  if (refused.length > 0) return [...refused, ...tiers];
  const words = PLACEMENT_WORDS.filter((word) => request[word] !== undefined);
  return [
    ...words.flatMap((word) => wordProblems(contract, scheduler, request, word, path)),
    ...tiers,
    ...leafProblems(contract, scheduler, request, path),
    ...togetherProblems(contract, request, path),
    ...sliceProblems(contract, request, path),
  ];
}

function schedulerProblems(contract: ClusterContract, scheduler: Scheduler, path: string): Problem[] {
  const { version, distribution } = contract.kubernetes;
  const offered = contract.schedulers.includes(scheduler);
  const reason = whyNot(placeOf(contract), scheduler) ?? (offered ? undefined : "the cluster's contract does not offer it");
  if (reason === undefined) return [];
  return [
    {
      path: `${path}.scheduler`,
      value: scheduler,
      message: `it cannot run on cluster ${contract.name} (${distribution} ${version}): ${reason}`,
      allowed: contract.schedulers.join(", ") || "none",
      fix: "use layers with a scheduler that the cluster offers",
    },
  ];
}

function wordProblems(
  contract: ClusterContract,
  scheduler: Scheduler,
  request: PlacementRequest,
  word: PlacementWord,
  path: string,
): Problem[] {
  const place = placeOf(contract);
  const meaning = placementMeaning(place, scheduler, word);
  if (meaning.supported) return [];
  const others = schedulersFor(place, word).filter((each) => contract.schedulers.includes(each));
  return [
    {
      path: `${path}.${word}`,
      value: request[word],
      message: `\`${word}\` is not possible with scheduler ${scheduler}: ${meaning.text}`,
      allowed: others.length > 0 ? `\`${word}\` with scheduler ${others.join(" or ")}` : undefined,
      fix: wordFix(word, others),
    },
  ];
}

function wordFix(word: PlacementWord, others: readonly Scheduler[]): string {
  const instead = word === "preferred" ? "use `within`, which is hard, or leave it out" : "leave it out";
  return others.length > 0 ? `${instead}, or use layers with \`scheduler: ${others[0]}\`` : instead;
}

/** A tier that the cluster does not have, wherever it is named. */
function tierProblems(contract: ClusterContract, request: PlacementRequest, path: string): Problem[] {
  const named: [string, string | undefined][] = [
    ["within", request.within],
    ["preferred", request.preferred],
    ["slices.within", request.slices?.within],
    ["pack", request.pack === undefined ? undefined : "tier-0"],
    ["leaf", request.leaf === undefined ? undefined : "tier-0"],
  ];
  const tiers = tiersOf(contract);
  return named.flatMap(([field, tier]) => {
    if (tier === undefined || tierKey(contract, tier)) return [];
    const implied = field === "pack" || field === "leaf";
    return [
      {
        path: `${path}.${field}`,
        value: implied ? request[field] : tier,
        message: missingTier(contract, tier, implied),
        allowed: tiers.join(", ") || "none: nothing says where the cluster's nodes are",
        fix:
          tiers.length === 0
            ? "leave it out, or give the hosts a leaf in the cluster stack"
            : "use one of the tiers it has, nearest first",
      },
    ];
  });
}

function missingTier(contract: ClusterContract, tier: string, implied: boolean): string {
  if (implied) return `cluster ${contract.name} has no tiers, so its nodes are in no leaf`;
  if (tier === "accelerator") return `no node of cluster ${contract.name} is in an accelerator (NVLink) domain`;
  return `cluster ${contract.name} has no tier of this name`;
}

/** Fluence needs a leaf to be chosen for it, and a leaf that is named must be there. */
function leafProblems(contract: ClusterContract, scheduler: Scheduler, request: PlacementRequest, path: string): Problem[] {
  const problems: Problem[] = [];
  const nearest = contract.topologyKeys[0];
  const leaves = leavesOf(contract);
  if (request.leaf !== undefined && leaves.length > 0 && !leaves.includes(request.leaf)) {
    problems.push({
      path: `${path}.leaf`,
      value: request.leaf,
      message: `cluster ${contract.name} has no ${nearest?.tier ?? "leaf"} of this name with nodes that can carry work`,
      allowed: some(leaves),
      fix: "name one of those",
    });
  }
  if (scheduler !== "fluence" || !nearest) return problems;
  if (request.within !== undefined && tierKey(contract, request.within) && tierKey(contract, request.within) !== nearest) {
    problems.push({
      path: `${path}.within`,
      value: request.within,
      message: "Fluence knows no topology; a job can only be kept in one leaf, by a node selector",
      allowed: nearest.tier,
      fix: `use \`within: ${nearest.tier}\`, or layers with another scheduler`,
    });
  } else if (request.within !== undefined && request.leaf === undefined && leaves.length === 0) {
    problems.push({
      path: `${path}.within`,
      value: request.within,
      message: "no leaf can be chosen for Fluence: the contract does not say which nodes are in which",
      fix: "name the leaf with `leaf`",
    });
  }
  if (request.pack !== undefined && !namesInLeafOrder(contract)) {
    problems.push({
      path: `${path}.pack`,
      value: request.pack,
      message: "Fluence takes nodes by name, and sorted by name this cluster's nodes are not leaf by leaf",
      fix: "leave it out, use `within`, or name the hosts so that those of one leaf come one after the other",
    });
  }
  return problems;
}

/** Names of the nearest tier's domains with nodes that can carry work, in the contract's order. */
export function leavesOf(contract: ClusterContract): string[] {
  const tier = contract.topologyKeys[0]?.tier;
  if (tier === undefined) return [];
  return [...new Set(contract.nodes.filter((node) => node.schedulable).flatMap((node) => node.domains[tier] ?? []))];
}

/** Whether every leaf's nodes come one after the other when all are sorted by name; unknown places break the order. */
export function namesInLeafOrder(contract: ClusterContract): boolean {
  const tier = contract.topologyKeys[0]?.tier;
  const nodes = contract.nodes.filter((node) => node.schedulable).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (tier === undefined || nodes.length === 0 || nodes.some((node) => node.domains[tier] === undefined)) return false;
  const changes = nodes.filter((node, index) => index > 0 && node.domains[tier] !== nodes[index - 1]!.domains[tier]).length;
  return changes === leavesOf(contract).length - 1;
}

/** Words that say opposite things; Kueue refuses two topology annotations on one pod (pkg/controller/jobframework/tas_validation.go). */
function togetherProblems(contract: ClusterContract, request: PlacementRequest, path: string): Problem[] {
  const problems: Problem[] = [];
  if (request.within !== undefined && request.preferred !== undefined) {
    problems.push({
      path: `${path}.preferred`,
      value: request.preferred,
      message: `\`within: ${request.within}\` is hard and \`preferred\` is a wish; a job has one of them`,
      fix: "keep one of the two; inside the domain of `within`, Kueue takes the fewest lower domains anyway",
    });
  }
  for (const word of ["preferred", "pack"] as const) {
    if (request.leaf === undefined || request[word] === undefined) continue;
    problems.push({
      path: `${path}.${word}`,
      value: request[word],
      message: `\`leaf: ${request.leaf}\` already says where all nodes are`,
      fix: `leave \`${word}\` or \`leaf\` out`,
    });
  }
  return problems;
}

function sliceProblems(contract: ClusterContract, request: PlacementRequest & PlacementJob, path: string): Problem[] {
  const { slices, nodes } = request;
  if (!slices) return [];
  const problems: Problem[] = [];
  const size = { path: `${path}.slices.size`, value: slices.size };
  if (!Number.isInteger(slices.size) || slices.size < 1)
    problems.push({ ...size, message: "a slice has whole nodes", allowed: "1 or more", fix: "say how many nodes a slice has" });
  else if (nodes !== undefined && nodes % slices.size !== 0)
    problems.push({
      ...size,
      message: `${nodes} nodes cannot be cut into slices of ${slices.size}`,
      allowed: `a divisor of ${nodes}`,
      fix: "change `nodes` or the size of a slice",
    });
  else problems.push(...sliceRoom(contract, request, path));
  const outer = request.within ?? request.preferred;
  if (outer !== undefined && rank(contract, slices.within) > rank(contract, outer))
    problems.push({
      path: `${path}.slices.within`,
      value: slices.within,
      message: `a slice lies inside the job, and ${slices.within} is broader than ${outer}, where the whole job is`,
      allowed: tiersOf(contract)
        .filter((tier) => rank(contract, tier) <= rank(contract, outer))
        .join(", "),
      fix: "use a nearer tier for the slices, or a broader one for the job",
    });
  return problems;
}

function sliceRoom(contract: ClusterContract, request: PlacementRequest & PlacementJob, path: string): Problem[] {
  const { size, within } = request.slices!;
  const pool = poolOf(contract, request);
  if (!pool || contract.nodes.length === 0 || !tierKey(contract, within)) return [];
  const [biggest] = domainSizes(contract, pool.name, within);
  if (biggest && size <= biggest.nodes) return [];
  return [
    {
      path: `${path}.slices.size`,
      value: size,
      message: biggest
        ? `no ${within} of pool ${pool.name} has so many nodes: the biggest is ${biggest.domain} with ${biggest.nodes}`
        : `no node of pool ${pool.name} is in any ${within}`,
      allowed: biggest ? `at most ${biggest.nodes}` : undefined,
      fix: "use smaller slices, or a broader tier for them",
    },
  ];
}

/** Nearest 0; accelerator domains are nearer than any tier. Unknown tiers are reported elsewhere and compare as equal. */
function rank(contract: ClusterContract, tier: string): number {
  const key = tierKey(contract, tier)?.key;
  if (key === undefined) return Number.NaN;
  return contract.topologyKeys.findIndex((each) => each.key === key);
}

function some(names: readonly string[]): string {
  return names.length <= 12 ? names.join(", ") : `${names.slice(0, 12).join(", ")} and ${names.length - 12} more`;
}
