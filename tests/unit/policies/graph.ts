import type { PolicyGraph, PolicyResource, PolicyValue } from "../../../policies/types";

export const secret = (value: PolicyValue): PolicyValue => ({ kind: "secret", value });
export const unknown: PolicyValue = { kind: "unknown" };

const STACK = "urn:pulumi:test::turducken::pulumi:pulumi:Stack::turducken-test";

/** One resource of a graph, free of findings but for what is changed. */
export function resource(
  type: string,
  name: string,
  inputs: Record<string, PolicyValue> = {},
  more: Partial<PolicyResource> = {},
): PolicyResource {
  return {
    urn: `urn:pulumi:test::turducken::${type}::${name}`,
    type,
    name,
    custom: !type.startsWith("turducken:"),
    parent: STACK,
    dependsOn: [],
    inputs,
    options: { protect: false, deleteBeforeReplace: false, retainOnDelete: false, additionalSecretOutputs: [] },
    ...more,
  };
}

export function graph(resources: PolicyResource[], outputs: Record<string, PolicyValue> = {}): PolicyGraph {
  return { project: "turducken", stack: "test", resources, outputs };
}

export const PROVIDER = "urn:pulumi:test::turducken::pulumi:providers:kubernetes::kubernetes::id";

/** A command on a host as the stacks make it. */
export function command(name: string, inputs: Record<string, PolicyValue> = {}): PolicyResource {
  const connection = secret({
    host: "10.0.0.1",
    user: "admin",
    privateKey: "-----BEGIN PRIVATE KEY-----",
    hostKey: "ssh-ed25519 AAAA",
  });
  return resource("command:remote:Command", name, {
    connection,
    create: "true",
    logging: "none",
    addPreviousOutputInEnv: false,
    ...inputs,
  });
}
