/** A plan as JSON: everything the picture shows and more, no secret in it, the same bytes for the same stack. Pure. */
import * as path from "node:path";
import type { Finding } from "../../policies/types";
import { toMasked } from "../engine/properties";
import { exitCodeOf, type StackPlan } from "./plan";

export interface PlanJson {
  readonly schema: 1;
  readonly project: string;
  readonly stack: string;
  readonly references: readonly string[];
  readonly resources: readonly {
    readonly urn: string;
    readonly type: string;
    readonly name: string;
    readonly custom: boolean;
    readonly parent?: string;
    readonly dependsOn: readonly string[];
    readonly provider?: string;
    /** Secrets are "[secret]", what is not known yet "[unknown]". */
    readonly inputs: unknown;
    readonly options: unknown;
    /** File relative to the project's folder. */
    readonly source?: { readonly file: string; readonly line: number };
  }[];
  readonly outputs: unknown;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly findings: readonly Finding[];
  readonly exitCode: number;
}

export function planJson(plan: StackPlan): PlanJson {
  // Registrations arrive in an order that timing decides.
  const resources = [...plan.result.resources].sort((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0));
  return {
    schema: 1,
    project: plan.project,
    stack: plan.stack,
    references: plan.references,
    resources: resources.map((resource) => ({
      urn: resource.urn,
      type: resource.type,
      name: resource.name,
      custom: resource.custom,
      parent: resource.parent,
      dependsOn: [...resource.dependsOn].sort(),
      provider: resource.provider?.replace(/::[^:]*$/, ""),
      inputs: sortKeys(toMasked(resource.inputs)),
      options: resource.options,
      source:
        resource.source === undefined
          ? undefined
          : { file: path.relative(plan.root, resource.source.file), line: resource.source.line },
    })),
    outputs: sortKeys(toMasked(plan.result.outputs)),
    warnings: plan.warnings,
    errors: plan.notChecked === undefined ? plan.errors : [...plan.errors, plan.notChecked],
    findings: plan.findings,
    exitCode: exitCodeOf(plan),
  };
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
