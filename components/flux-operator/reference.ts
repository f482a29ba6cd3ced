import { z } from "zod";
import { allowedBy, unwrap } from "../config/schema";
import { operatorDefaults } from "./model/fields";
import { specSchema, statusSchema } from "./model/spec";

export interface ReferenceRow {
  /** `spec.containers[].volumes.<name>.path` */
  readonly field: string;
  readonly type: string;
  /** Empty where there is none. */
  readonly default: string;
  readonly required: boolean;
  readonly meaning: string;
}

/** Fields of ResourceRequirements and of security contexts are Kubernetes' own, and told once each. */
const TOLD_ONCE = ["resources", "securityContext", "services", "seLinuxOptions", "windowsOptions"];

/** Every field of MiniCluster v1alpha2, in the order of the description. */
export function referenceRows(): ReferenceRow[] {
  const seen = new Set<string>();
  return [...rowsOf(specSchema, "spec", seen), ...rowsOf(statusSchema, "status", seen)];
}

/** A Markdown table: field, type, default, meaning. A star marks what is required. */
export function miniClusterReference(): string {
  const cells = referenceRows().map(({ field, type, default: filled, required, meaning }) =>
    [`\`${field}\`${required ? " *" : ""}`, type, filled, meaning].map((cell) => cell.replaceAll("|", "\\|")).join(" | "),
  );
  return ["| field | type | default | meaning |", "| --- | --- | --- | --- |", ...cells.map((cell) => `| ${cell} |`), ""].join(
    "\n",
  );
}

function rowsOf(schema: z.ZodType, path: string, seen: Set<string>): ReferenceRow[] {
  const { shape } = unwrap(schema) as z.ZodObject;
  return Object.entries(shape).flatMap(([name, wrapped]) => {
    const inner = unwrap(wrapped) as z.ZodType;
    const row = rowOf(inner, `${path}.${name}`, !(wrapped instanceof z.ZodOptional));
    const below = nested(inner);
    if (below === undefined) return [row];
    if (TOLD_ONCE.includes(name)) {
      const content = name === "services" ? "containers" : `${name} ${Object.keys(below.schema.shape).join()}`;
      if (seen.has(content)) return [{ ...row, meaning: `${row.meaning} Fields as above.` }];
      seen.add(content);
    }
    if (name === "containers") seen.add("containers");
    return [row, ...rowsOf(below.schema, `${path}.${name}${below.suffix}`, seen)];
  });
}

function rowOf(schema: z.ZodType, field: string, required: boolean): ReferenceRow {
  const told = z.globalRegistry.get(schema);
  const byOperator = operatorDefaults.get(schema)?.value;
  const filled = told?.default === undefined ? byOperator && `${byOperator} (operator)` : `\`${JSON.stringify(told.default)}\``;
  return { field, type: typeOf(schema), default: filled ?? "", required, meaning: told?.description ?? "" };
}

function typeOf(schema: z.ZodType): string {
  const inner = unwrap(schema) as z.ZodType;
  const format = z.globalRegistry.get(inner)?.format;
  if (inner instanceof z.ZodArray) return `list of ${typeOf(inner.element as z.ZodType)}`;
  if (inner instanceof z.ZodRecord) return `map of ${typeOf(inner.valueType as z.ZodType)}`;
  if (inner instanceof z.ZodObject) return "object";
  if (inner instanceof z.ZodUnion) return "quantity";
  if (inner instanceof z.ZodBoolean) return "boolean";
  if (inner instanceof z.ZodEnum) return allowedBy(inner);
  return typeof format === "string" ? format.replace("date-time", "time") : "string";
}

/** The object inside a list or a map, or the object itself. */
function nested(schema: z.ZodType): { schema: z.ZodObject; suffix: string } | undefined {
  if (schema instanceof z.ZodObject) return { schema, suffix: "" };
  const [inside, suffix] =
    schema instanceof z.ZodArray
      ? [unwrap(schema.element), "[]"]
      : schema instanceof z.ZodRecord
        ? [unwrap(schema.valueType), ".<name>"]
        : [undefined, ""];
  return inside instanceof z.ZodObject ? { schema: inside, suffix } : undefined;
}
