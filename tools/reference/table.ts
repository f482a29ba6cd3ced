/** The reference table of the README, one row per field, from the JSON Schemas. Pure. */
import { programSchemas, structureSchema, type JsonSchema } from "./schemas";

export interface Row {
  /** `hosts[].addresses.reach`; `<name>` stands for a key of the user's choice. */
  readonly field: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string;
  readonly meaning: string;
}

/** The Markdown between the markers of the README. */
export function referenceMarkdown(): string {
  const parts = programSchemas.map(({ program, title, schema }) => {
    const rows = rowsOf(structureSchema(schema));
    return [
      `### \`turducken:${program}\`: ${title}`,
      "",
      "| field | type | default | meaning |",
      "|---|---|---|---|",
      ...rows.map(markdownRow),
    ].join("\n");
  });
  return `Fields in **bold** must be given. Generated from \`stacks/config\` by \`make reference\`.\n\n${parts.join("\n\n")}\n`;
}

export function rowsOf(schema: JsonSchema, prefix = ""): Row[] {
  const required = (schema.required as string[] | undefined) ?? [];
  const properties = Object.entries((schema.properties as Record<string, JsonSchema> | undefined) ?? {});
  return properties.flatMap(([name, property]) => {
    const field = `${prefix}${name}`;
    const row: Row = {
      field,
      type: typeOf(property),
      required: required.includes(name),
      default: property.default === undefined || isEmpty(property.default) ? "" : JSON.stringify(property.default),
      meaning: meaningOf(property),
    };
    return [row, ...below(property, field)];
  });
}

/** Fields of nested objects, list elements, named entries, and of each form that a field may have. */
function below(property: JsonSchema, field: string): Row[] {
  if (property.properties) return rowsOf(property, `${field}.`);
  const items = property.items as JsonSchema | undefined;
  if (items?.properties) return rowsOf(items, `${field}[].`);
  const named = property.additionalProperties as JsonSchema | boolean | undefined;
  if (typeof named === "object" && named.properties) return rowsOf(named, `${field}.<name>.`);
  if (typeof named === "object") return belowForms(named, `${field}.<name>`);
  return belowForms(property, field);
}

/** Rows of each form; a form that says by a word which one it is has the word in braces. */
function belowForms(property: JsonSchema, field: string): Row[] {
  return formsOf(property).flatMap((form) => {
    const word = formWord(form);
    const at = word === undefined ? `${field}.` : `${field}{${word.value}}.`;
    return form.properties ? rowsOf(form, at).filter((row) => row.field !== `${at}${word?.key ?? ""}`) : [];
  });
}

function formWord(form: JsonSchema): { key: string; value: string } | undefined {
  for (const key of ["source", "provider"]) {
    const value = (form.properties as Record<string, JsonSchema> | undefined)?.[key]?.const;
    if (value !== undefined) return { key, value: String(value) };
  }
  return undefined;
}

function formsOf(property: JsonSchema): JsonSchema[] {
  return ((property.anyOf ?? property.oneOf) as JsonSchema[] | undefined) ?? [];
}

function typeOf(property: JsonSchema): string {
  if (property.const !== undefined) return `\`${String(property.const)}\``;
  if (Array.isArray(property.enum)) return property.enum.map((each) => `\`${String(each)}\``).join(" ");
  const forms = formsOf(property);
  if (forms.length > 0) return [...new Set(forms.map(formName))].join(" or ");
  switch (property.type) {
    case "array":
      return `list of ${typeOf(property.items as JsonSchema)}`;
    case "object":
      return typeof property.additionalProperties === "object" && !isEmpty(property.additionalProperties)
        ? `name → ${typeOf(property.additionalProperties as JsonSchema)}`
        : "object";
    case "integer":
      return "whole number";
    case "string":
      return "text";
    default:
      return String(property.type ?? "any");
  }
}

function formName(form: JsonSchema): string {
  const word = formWord(form);
  return word === undefined ? typeOf(form) : `\`${word.key}: ${word.value}\``;
}

function meaningOf(property: JsonSchema): string {
  const [example] = (property.examples as unknown[] | undefined) ?? [];
  const text = String(property.description ?? "");
  const redundant =
    example === undefined || example === property.default || property.const !== undefined || Array.isArray(property.enum);
  if (redundant) return text;
  const shown = typeof example === "string" ? example : JSON.stringify(example);
  return `${text} E.g. \`${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown}\``;
}

function markdownRow({ field, type, required, default: fallback, meaning }: Row): string {
  const name = required ? `**\`${field}\`**` : `\`${field}\``;
  const cells = [name, type, fallback === "" ? "" : `\`${fallback}\``, meaning];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
