import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import type { DevicesConfig } from "../devices/config";
import { devicesProblems } from "../devices/problems";
import type { FluenceConfig } from "../fluence/config";
import { fluenceProblems, fluenceWarnings, type PoolClaim } from "../fluence/problems";
import { fluxOperatorProblems, type FluxOperatorConfig } from "../flux-operator/config";
import type { KueueConfig } from "../kueue/config";
import { kueueProblems, kueueWarnings } from "../kueue/problems";
import { contractProblems, contractWarnings } from "./contract";
import { labelProblems, schedulerProblems, type LayersOptions } from "./layers";
import { poolChecks } from "./pools";

/** What is put on the cluster; parts that are left out are not. */
export interface PreflightInput extends LayersOptions {
  readonly devices?: DevicesConfig;
  /** Judged with `scheduler: fluence`, which needs it. */
  readonly fluence?: FluenceConfig;
  /** Judged with `scheduler: kueue`. */
  readonly kueue?: KueueConfig;
  /** Namespaces of the work. */
  readonly namespaces?: readonly string[];
  readonly fluxOperator?: FluxOperatorConfig;
  /** What else places pods on pools, for Fluence, which cannot share. */
  readonly claims?: readonly PoolClaim[];
}

export interface PreflightResult {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/**
 * Everything that can be known before anything is made about whether these layers can lie on this cluster: Kubernetes' version and
 * distribution, gates, scheduler, taints, architecture of images, the pools' fabrics and devices, the contract itself. All at once.
 */
export function preflight(contract: ClusterContract, input: PreflightInput): PreflightResult {
  const contracts = contractProblems(contract);
  const pools = poolChecks(contract);
  const devices = input.devices ? devicesProblems(contract, input.devices) : { problems: [], warnings: [] };
  return {
    problems: distinct([
      ...contracts,
      ...pools.problems,
      // Reasons that come from a wrong contract would only repeat it.
      ...(contracts.length > 0 ? [] : schedulerChecks(contract, input)),
      ...labelProblems(contract, input.topology.labels),
      ...(input.fluxOperator ? fluxOperatorProblems(input.fluxOperator, contract) : []),
      ...devices.problems,
    ]),
    warnings: distinct([
      ...contractWarnings(contract, input.scheduler),
      ...pools.warnings,
      ...(input.scheduler === "kueue" && input.kueue ? kueueWarnings(contract) : []),
      ...(input.scheduler === "fluence" && input.fluence ? fluenceWarnings(contract, input.fluence) : []),
      ...devices.warnings,
    ]),
  };
}

/** The scheduler first; what its own configuration gets wrong is asked only of one that can run there. */
function schedulerChecks(contract: ClusterContract, input: PreflightInput): Problem[] {
  const problems = schedulerProblems(contract, input.scheduler);
  if (problems.length > 0) return problems;
  if (input.scheduler === "kueue" && input.kueue) return kueueProblems(contract, input.namespaces ?? [], input.kueue);
  if (input.scheduler !== "fluence") return [];
  return input.fluence ? fluenceProblems(contract, input.fluence, input.claims) : [withoutFluence(contract)];
}

function withoutFluence(contract: ClusterContract): Problem {
  return {
    path: "layers.fluence",
    message: "Fluence needs nodes of its own, and it is not said which",
    allowed: `pools of the cluster: ${contract.pools.map(({ name }) => name).join(", ")}`,
    fix: "name its pools and its image under `fluence`",
  };
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const text = JSON.stringify(problem);
    return !seen.has(text) && seen.add(text);
  });
}
