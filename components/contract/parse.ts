import type { ZodError } from "zod";
import { ConfigError, type Problem } from "../config/problems";
import { clusterContract, type ClusterContract } from "./contract";

/**
 * A contract that somebody else wrote, checked whole.
 *
 * @param value the decoded JSON
 * @param origin where it came from, in the user's words: `output "cluster" of stack bare-metal` or a file name
 * @throws ConfigError with every problem
 */
export function parseContract(value: unknown, origin: string): ClusterContract {
  const parsed = clusterContract.safeParse(value);
  if (!parsed.success) throw new ConfigError(`cluster contract from ${origin}`, shapeProblems(parsed.error, value));
  const problems = referenceProblems(parsed.data);
  if (problems.length > 0) throw new ConfigError(`cluster contract from ${origin}`, problems);
  return parsed.data;
}

function shapeProblems(error: ZodError, value: unknown): Problem[] {
  return error.issues.map((issue) => ({
    path: `cluster.${issue.path.map(String).join(".")}`.replace(/\.$/, ""),
    value: valueAt(value, issue.path),
    message: issue.message,
    fix: "write the contract with the same version of turducken that reads it",
  }));
}

/** What a schema cannot say: names that must exist, and exist once. */
function referenceProblems(contract: ClusterContract): Problem[] {
  const problems: Problem[] = [];
  const pools = contract.pools.map((pool) => pool.name);
  const tiers = contract.topologyKeys.map((each) => each.tier);
  const fix = "correct the contract where it is made";
  for (const name of repeated(pools))
    problems.push({ path: "cluster.pools", value: name, message: "two pools have this name", fix });
  for (const name of repeated(contract.nodes.map((node) => node.name))) {
    problems.push({ path: "cluster.nodes", value: name, message: "two nodes have this name", fix });
  }
  if (contract.network.cni === "flannel" && !contract.network.podCIDR) {
    problems.push({
      path: "cluster.network.podCIDR",
      message: "flannel must know which addresses pods get",
      allowed: "10.244.0.0/16",
      fix,
    });
  }
  contract.nodes.forEach((node, index) => {
    const path = `cluster.nodes[${index}]`;
    if (!pools.includes(node.pool)) {
      problems.push({
        path: `${path}.pool`,
        value: node.pool,
        message: `${node.name} is in a pool that the contract does not have`,
        allowed: pools.join(", "),
        fix,
      });
    }
    for (const tier of Object.keys(node.domains).filter((each) => !tiers.includes(each))) {
      problems.push({
        path: `${path}.domains`,
        value: tier,
        message: `${node.name} has a domain at a tier without a label key`,
        allowed: tiers.join(", ") || "no tier",
        fix,
      });
    }
  });
  return problems;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here: unknown = value;
  for (const key of path)
    here = typeof here === "object" && here !== null ? (here as Record<PropertyKey, unknown>)[key] : undefined;
  return typeof here === "object" ? undefined : here;
}
