import type * as policy from "@pulumi/policy";
import type { PolicyGraph, PolicyResource, PolicyValue } from "./types";

/** What rules need of the arguments of a Pulumi stack validation. */
export type StackArgs = Pick<policy.StackValidationArgs, "resources">;

/**
 * The graph as Pulumi's policy engine gives it. It takes secrets out of their wrappers, so rules that tell secrets from plain
 * values (`seesSecrets`) must not be asked about it; outputs of the stack are not among its resources.
 */
export function graphFrom({ resources }: StackArgs): PolicyGraph {
  const [, stack = "", project = ""] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(resources[0]?.urn ?? "") ?? [];
  return { project, stack, outputs: {}, resources: resources.map(toResource) };
}

function toResource(resource: policy.PolicyResource): PolicyResource {
  return {
    urn: resource.urn,
    type: resource.type,
    name: resource.name,
    custom: isCustom(resource.type),
    parent: resource.parent?.urn,
    dependsOn: resource.dependencies.map(({ urn }) => urn),
    provider: resource.provider?.urn,
    inputs: resource.props as Record<string, PolicyValue>,
    options: {
      protect: resource.opts.protect,
      deleteBeforeReplace: resource.opts.deleteBeforeReplace ?? false,
      retainOnDelete: false,
      additionalSecretOutputs: resource.opts.additionalSecretOutputs,
    },
  };
}

/** Not told by the policy engine; components of this project are known by their package. */
function isCustom(type: string): boolean {
  return !type.startsWith("turducken:") && type !== "pulumi:pulumi:Stack";
}
