import { z } from "zod";
import { hiddenValues } from "./fields";

/** What is known about one place of a schema, without the wrappers (optional, default) around it. */
type AnySchema = z.core.$ZodType;
type Definition = z.core.$ZodTypes["_zod"]["def"];

const definition = (schema: AnySchema): Definition => (schema as z.core.$ZodTypes)._zod.def;

/** The schema inside optional, default, prefault, nullable and the input side of a transform. */
export function unwrap(schema: AnySchema): AnySchema {
  const def = definition(schema);
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return unwrap(def.innerType);
    case "pipe":
      return unwrap(def.in);
    default:
      return schema;
  }
}

/** Every wrapper layer and the schema inside; what is said about a field may hang on any of them. */
function layers(schema: AnySchema): AnySchema[] {
  const def = definition(schema);
  if ("innerType" in def) return [schema, ...layers(def.innerType)];
  return def.type === "pipe" ? [schema, ...layers(def.in)] : [schema];
}

/** The schema at a path of keys and indexes; undefined where the schema has no such place. `value` decides between alternatives. */
export function schemaAt(schema: AnySchema, path: readonly PropertyKey[], value: unknown): AnySchema | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner = unwrap(schema);
  const def = definition(inner);
  const below = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  if (def.type === "union") {
    const option = def.options.find((each) => accepts(each, value)) ?? def.options[0]!;
    return schemaAt(option, path, value);
  }
  const next =
    def.type === "object"
      ? def.shape[String(key)]
      : def.type === "array"
        ? def.element
        : def.type === "record"
          ? def.valueType
          : undefined;
  return next && schemaAt(next, rest, below);
}

/** The alternative of a union that a value is meant to be: the same kind of thing, and the same `source` or `kind` where it has one. */
export function accepts(option: AnySchema, value: unknown): boolean {
  const def = definition(unwrap(option));
  if (def.type !== "object") return z.safeParse(option, value).success;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(def.shape).every(([key, schema]) => {
    const inner = definition(unwrap(schema));
    return inner.type !== "literal" || inner.values.includes((value as Record<string, unknown>)[key] as never);
  });
}

export function keysOf(schema: AnySchema): string[] {
  const def = definition(unwrap(schema));
  if (def.type === "object") return Object.keys(def.shape);
  return def.type === "union" ? [...new Set(def.options.flatMap(keysOf))] : [];
}

/** Schemas whose value no message may show. */
export function isHidden(schema: AnySchema): boolean {
  return layers(schema).some((each) => hiddenValues.has(each as z.ZodType));
}

/** An example of what could stand there, from the schema's own words. */
export function exampleOf(schema: AnySchema): unknown {
  for (const layer of layers(schema)) {
    const examples = z.globalRegistry.get(layer)?.examples;
    if (Array.isArray(examples)) return examples[0];
  }
  return undefined;
}

/** What is accepted, in a few words. */
export function allowedBy(schema: AnySchema): string {
  const inner = unwrap(schema);
  const def = definition(inner);
  switch (def.type) {
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "number":
      return numberWords(inner);
    case "enum":
      return Object.values(def.entries).join(", ");
    case "literal":
      return def.values.map(String).join(", ");
    case "array":
      return "a list";
    case "object":
      return `an object with ${Object.keys(def.shape).join(", ")}`;
    case "record":
      return "an object";
    case "union":
      return [...new Set(def.options.map(allowedBy))].join("; or ");
    default:
      return def.type;
  }
}

function numberWords(schema: AnySchema): string {
  const { minValue, maxValue, isInt } = schema as z.ZodNumber;
  const from = minValue !== null && minValue > Number.MIN_SAFE_INTEGER ? ` from ${minValue}` : "";
  const to = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER ? ` to ${maxValue}` : "";
  return `${isInt ? "a whole number" : "a number"}${from}${to}`;
}
