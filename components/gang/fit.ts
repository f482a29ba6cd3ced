import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { gangProblems, poolOf, tierKey, tiersOf, type GangSpec } from "./spec";

export interface DomainSize {
  readonly domain: string;
  readonly nodes: number;
}

/** How many nodes that can carry work each domain of a tier has in a pool, biggest first; a node without the label is in none. */
export function domainSizes(contract: ClusterContract, pool: string, within: string): DomainSize[] {
  const place = tierKey(contract, within);
  if (!place) return [];
  const counts = new Map<string, number>();
  for (const node of contract.nodes.filter((each) => each.schedulable && each.pool === pool)) {
    const domain = place.tier === "accelerator" ? node.accelerator : node.domains[place.tier];
    const labelled = contract.labelsBy === "provider" || node.labels[place.key] !== undefined;
    if (domain !== undefined && labelled) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  return [...counts]
    .map(([domain, nodes]) => ({ domain, nodes }))
    .sort((a, b) => b.nodes - a.nodes || (a.domain < b.domain ? -1 : 1));
}

/**
 * Why a gang could never start on this cluster, even with nothing else on it. Empty where the cluster's nodes are not known by
 * name: then only the scheduler can tell.
 */
export function fitProblems(contract: ClusterContract, gang: GangSpec, path = `workload.gangs[${gang.name}]`): Problem[] {
  const pool = poolOf(contract, gang);
  if (!pool) return [];
  return [
    ...countProblems(contract, pool.name, gang, path),
    ...domainProblems(contract, pool.name, gang, path),
    ...sizeProblems(contract, gang, path),
  ];
}

/**
 * All that a user has to know before a gang is made: problems stop it; with `unchecked` those about fitting become warnings.
 */
export function checkGang(
  contract: ClusterContract,
  gang: GangSpec,
  path?: string,
): { problems: Problem[]; warnings: Problem[] } {
  const problems = gangProblems(contract, gang, path);
  const fit = fitProblems(contract, gang, path);
  return gang.unchecked ? { problems, warnings: fit } : { problems: [...problems, ...fit], warnings: [] };
}

function countProblems(contract: ClusterContract, pool: string, gang: GangSpec, path: string): Problem[] {
  if (contract.nodes.length === 0) return [];
  const size = contract.nodes.filter((node) => node.schedulable && node.pool === pool).length;
  if (gang.nodes <= size) return [];
  return [
    {
      path: `${path}.nodes`,
      value: gang.nodes,
      message: `it can never fit: pool ${pool} has ${count(size)} that can carry work`,
      allowed: `at most ${size}`,
      fix: "ask for fewer nodes, or add hosts to the pool; `unchecked: true` lets it wait for them",
    },
  ];
}

function domainProblems(contract: ClusterContract, pool: string, gang: GangSpec, path: string): Problem[] {
  if (gang.within === undefined || contract.nodes.length === 0 || !tierKey(contract, gang.within)) return [];
  const [biggest] = domainSizes(contract, pool, gang.within);
  if (biggest && gang.nodes <= biggest.nodes) return [];
  const wider = tiersOf(contract).find(
    (tier) => tier !== "accelerator" && (domainSizes(contract, pool, tier)[0]?.nodes ?? 0) >= gang.nodes,
  );
  const tier = tierKey(contract, gang.within)!.tier;
  return [
    {
      path: `${path}.nodes`,
      value: gang.nodes,
      message: biggest
        ? `it can never fit within one ${tier}: the biggest is ${biggest.domain} with ${count(biggest.nodes)}`
        : `it can never fit within one ${tier}: no node of pool ${pool} is in any`,
      allowed: biggest ? `at most ${biggest.nodes} within ${gang.within}` : undefined,
      fix: `${wider ? `use \`within: ${wider}\`, ` : ""}${biggest ? "ask for fewer nodes, " : ""}or leave \`within\` out; \`unchecked: true\` makes it all the same, and it stays Pending`,
    },
  ];
}

/** One pod against one machine. Two threads a core is the most that machines have, so this refuses only what no node can give. */
function sizeProblems(contract: ClusterContract, gang: GangSpec, path: string): Problem[] {
  const pool = poolOf(contract, gang);
  const problems: Problem[] = [];
  if (!pool) return problems;
  const limits: Record<string, number> = { cpu: pool.cores * 2, memory: pool.memoryGiB * 2 ** 30, ...pool.extendedResources };
  for (const [resource, text] of Object.entries(gang.resources ?? {})) {
    const wanted = quantity(text);
    const at = `${path}.resources.${resource}`;
    if (wanted === undefined) {
      problems.push({
        path: at,
        value: text,
        message: "it is not a Kubernetes quantity",
        allowed: "500m, 8, 4Gi",
        fix: "write a number with an optional unit",
      });
    } else if (limits[resource] !== undefined && wanted > limits[resource]) {
      const most = resource === "memory" ? `${pool.memoryGiB}Gi` : String(limits[resource]);
      problems.push({
        path: at,
        value: text,
        message: `no node of pool ${pool.name} (${pool.machineType}) has so much`,
        allowed: `less than ${most}`,
        fix: "ask for less per node, or use another pool",
      });
    }
  }
  return problems;
}

const UNITS: Record<string, number> = {
  m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50,
}; // prettier-ignore

/** A Kubernetes quantity as a number; undefined when it is not one. */
export function quantity(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.exec(text);
  return match ? Number(match[1]) * UNITS[match[2] ?? ""]! : undefined;
}

function count(nodes: number): string {
  return nodes === 1 ? "1 node" : `${nodes} nodes`;
}
