import type { Policy, PolicyGraph, PolicyResource } from "../types";
import { bagOf, reveal } from "../walk";
import { finding } from "./commands";

/** Components that carry the name of something the user named: a host, a gang, a MiniCluster. Numbers in them are the user's. */
const NAMED_BY_USER = ["turducken:hosts:Host", "turducken:gang:Gang", "turducken:minicluster:MiniCluster"];
/** Names that cannot clash, because their component exists once in a stack. */
const ONCE = ["set"];

export const stableNames: Policy = {
  id: "stable-names",
  title: "Names come from what they name, not from a position in a list",
  why: "A name is a resource's identity. When names count, taking the first of a list out renames all others: every one is replaced.",
  source: "pulumi/pulumi-awsx:AGENTS.md@e60adf3c",
  check: (graph) => {
    const owners = graph.resources.filter(({ type }) => NAMED_BY_USER.includes(type)).map(({ name }) => name);
    return graph.resources
      .filter((resource) => countsFromZero(resource, graph, owners))
      .map((resource) =>
        finding(
          "stable-names",
          resource,
          `the name ${resource.name} ends in a position`,
          "name it after the host, pool or gang it belongs to",
        ),
      );
  },
};

/** `worker-1` beside `worker-0` of the same type and parent: counted, unless the names are the user's own. */
function countsFromZero(resource: PolicyResource, { resources }: PolicyGraph, owners: readonly string[]): boolean {
  const stem = /^(.*[^0-9])[0-9]+\]?$/.exec(resource.name)?.[1];
  if (stem === undefined || NAMED_BY_USER.includes(resource.type) || ownedBy(resource, owners)) return false;
  const zero = /\]$/.test(resource.name) ? `${stem}0]` : `${stem}0`;
  return resources.some(({ name, type, parent }) => name === zero && type === resource.type && parent === resource.parent);
}

export const childNames: Policy = {
  id: "child-names",
  title: "A child's name begins with its component's, or with that of the host or object it stands for",
  why: "Two components of one kind would otherwise give two resources one identity, and the second registration fails.",
  source: "sst/sst:platform/src/components/component.ts@08fa0a622",
  check: (graph) => {
    const byUrn = new Map(graph.resources.map((resource) => [resource.urn, resource]));
    const owners = graph.resources.filter(({ type }) => NAMED_BY_USER.includes(type)).map(({ name }) => name);
    return graph.resources
      .filter((resource) => resource.custom && resource.parent !== undefined)
      .filter((resource) => {
        const parent = byUrn.get(resource.parent!);
        if (!parent || parent.custom || parent.type === "pulumi:pulumi:Stack") return false;
        return !ONCE.includes(resource.name) && !ownedBy(resource, [parent.name, ...owners]);
      })
      .map((resource) =>
        finding(
          "child-names",
          resource,
          `${resource.name} does not begin with ${byUrn.get(resource.parent!)!.name}-`,
          "put the component's name in front",
        ),
      );
  },
};

export const typeTokens: Policy = {
  id: "type-tokens",
  title: "Component types have the form package:module:Type",
  why: "The type is part of every child's identity; one that is not in this form cannot be registered or aliased.",
  source: "pulumi/pulumi-awsx:AGENTS.md@e60adf3c; https://www.pulumi.com/docs/iac/concepts/components/",
  check: ({ resources }) =>
    resources
      .filter(({ custom, type }) => !custom && type !== "pulumi:pulumi:Stack" && !/^[a-z][\w-]*:[\w/.-]+:[A-Z]\w*$/.test(type))
      .map((resource) =>
        finding("type-tokens", resource, `its type is ${resource.type}`, "use package:module:Type, e.g. turducken:hosts:Host"),
      ),
};

function ownedBy(resource: PolicyResource, owners: readonly string[]): boolean {
  const object = reveal(bagOf(reveal(resource.inputs.metadata))?.name);
  return [...owners, ...(typeof object === "string" ? [object] : [])].some(
    (owner) => resource.name === owner || resource.name.startsWith(`${owner}-`),
  );
}
