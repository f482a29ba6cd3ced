import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { ConfigError } from "../config/problems";
import type { ClusterContract } from "./contract";
import { parseContract } from "./parse";

/** Names of the cluster stack's two outputs. */
export const CONTRACT_OUTPUT = "cluster";
export const KUBECONFIG_OUTPUT = "kubeconfig";

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
