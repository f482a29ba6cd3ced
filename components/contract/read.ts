import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import type { ZodError } from "zod";
import { ConfigError, type Problem } from "../config/problems";
import { clusterContract, type ClusterContract } from "./contract";

/** Names of the cluster stack's two outputs. */
export const CONTRACT_OUTPUT = "cluster";
export const KUBECONFIG_OUTPUT = "kubeconfig";

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

/**
 * Reads a contract file (JSON), e.g. of a cluster that another team made.
 *
 * @param path relative to the current folder, which is the program's folder (`stacks/`)
 * @throws ConfigError when the file is missing, not JSON, or not a contract
 */
export function contractFromFile(path: string): ClusterContract {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = (error as Error).message;
    throw new ConfigError(`cluster contract from ${path}`, [
      {
        path: "contract",
        value: path,
        message: `it cannot be read: ${reason}`,
        allowed: "a JSON file with the `cluster` output of a cluster stack",
        fix: "`pulumi stack output cluster --json > contract.json` in the cluster's stack; the path starts at the folder of the stack file",
      },
    ]);
  }
  return parseContract(value, path);
}

/** Another stack of this project and organization; its configuration name is the stack's alone. */
export function referenceTo(stack: string): pulumi.StackReference {
  return new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`);
}

/**
 * Reads the contract out of a cluster stack. It holds only values known from configuration, so it is awaited as a plain value
 * and may decide which resources exist.
 *
 * @throws ConfigError when the stack has no such output
 */
export async function contractFromStack(reference: pulumi.StackReference, stack: string): Promise<ClusterContract> {
  const { value, secretValue } = await reference.getOutputDetails(CONTRACT_OUTPUT);
  if (secretValue !== undefined) {
    throw new ConfigError(`stack ${stack}`, [
      {
        path: CONTRACT_OUTPUT,
        message: "the contract is a secret output, so nothing may be decided by it",
        fix: "keep secrets out of the cluster stack's output `cluster`; they belong into `kubeconfig`",
      },
    ]);
  }
  if (value === undefined) throw missingOutput(stack, CONTRACT_OUTPUT);
  return parseContract(value, `output "${CONTRACT_OUTPUT}" of stack ${stack}`);
}

/**
 * A secret output of another stack, such as a kubeconfig. Stays unknown in a preview before that stack exists.
 *
 * @throws ConfigError in an update when the output is not there
 */
export async function secretFromStack(
  reference: pulumi.StackReference,
  stack: string,
  output: string,
): Promise<pulumi.Output<string>> {
  const { value, secretValue } = await reference.getOutputDetails(output);
  if (value !== undefined || secretValue !== undefined)
    return pulumi.secret(reference.getOutput(output)) as pulumi.Output<string>;
  if (!pulumi.runtime.isDryRun()) throw missingOutput(stack, output);
  // Not `undefined`, which would be a value: an output that does not exist yet is one that nobody knows.
  return pulumi.secret(pulumi.output(unknown)) as unknown as pulumi.Output<string>;
}

function missingOutput(stack: string, output: string): ConfigError {
  return new ConfigError(`stack ${stack}`, [
    {
      path: output,
      message: `the stack has no output \`${output}\``,
      fix: `run \`pulumi up --stack ${stack}\` first, or name another stack`,
    },
  ]);
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
