/** A plan as text for people. Pure. */
import { toMasked } from "../engine/properties";
import { nameOf } from "../engine/urn";
import type { StackPlan } from "./plan";
import { drawTopology } from "./topology";
import { type TreeOptions, drawResources } from "./tree";

export function renderPlan(plan: StackPlan, options: TreeOptions = {}): string {
  const { resources, outputs } = plan.result;
  const custom = resources.filter((resource) => resource.custom).length;
  const with_ = plan.references.length === 0 ? "" : `, on ${plan.references.join(", ")}`;
  const sections = [
    `${plan.stack}${with_}: ${custom} resources in ${resources.length - custom - 1} components`,
    drawResources(resources, options),
    titled("Topology", drawTopology(outputs)),
    titled("Outputs", renderOutputs(plan)),
    titled("Warnings", list(plan.warnings)),
    titled(
      "Policy",
      list(
        plan.findings.map(
          (each) =>
            `${each.severity} ${each.policy}${each.urn === undefined ? "" : ` ${nameOf(each.urn)}`}: ${each.message}${each.fix === undefined ? "" : `\n  do: ${each.fix}`}`,
        ),
      ),
    ),
    titled("Errors", list(plan.notChecked === undefined ? plan.errors : [...plan.errors, plan.notChecked])),
  ];
  return `${plan.redact(sections.filter((section) => section !== undefined).join("\n\n"))}\n`;
}

function renderOutputs(plan: StackPlan): string | undefined {
  const entries = Object.entries(plan.result.outputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : entries.map(([key, value]) => `${key}: ${short(toMasked(value))}`).join("\n");
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

function list(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.map((item) => `- ${item.split("\n").join("\n  ")}`).join("\n");
}

function titled(title: string, body: string | undefined): string | undefined {
  return body === undefined ? undefined : `${title}\n${body.replace(/^/gm, "  ").replace(/[ ]+$/gm, "")}`;
}
