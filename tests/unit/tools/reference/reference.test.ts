import { join } from "node:path";
import Ajv from "ajv";
import { z } from "zod";
import { field } from "../../../../components/config/fields";
import { staleFiles, withSection } from "../../../../tools/reference/files";
import { programSchemas, stackFileSchema, structureSchema, type JsonSchema } from "../../../../tools/reference/schemas";
import { rowsOf } from "../../../../tools/reference/table";

test("JSON Schemas and the README's reference are what the schemas say (else: make reference)", () => {
  expect(staleFiles(join(__dirname, "../../../.."))).toEqual([]);
});

test.each(programSchemas.map((each) => [each.program, each] as const))(
  "every field of %s has a description",
  (_program, each) => {
    const rows = rowsOf(structureSchema(each.schema));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter(({ meaning }) => meaning.length < 5).map(({ field: name }) => name)).toEqual([]);
  },
);

test.each(programSchemas.map((each) => [each.program, each] as const))(
  "every example of %s is one its schema takes",
  (_program, each) => {
    const ajv = new Ajv({ strict: false });
    const wrong: unknown[] = [];
    const visit = (schema: JsonSchema): void => {
      for (const example of (schema.examples as unknown[] | undefined) ?? []) {
        if (!ajv.validate(schema, example)) wrong.push([schema.description, example, ajv.errorsText()]);
      }
      for (const below of Object.values(schema)) {
        if (Array.isArray(below)) below.forEach((one) => typeof one === "object" && one !== null && visit(one as JsonSchema));
        else if (typeof below === "object" && below !== null) visit(below as JsonSchema);
      }
    };
    visit(structureSchema(each.schema));
    expect(wrong).toEqual([]);
  },
);

test("the schema of a stack file takes secrets beside the structure, and nothing unknown inside it", () => {
  const validate = new Ajv({ strict: false }).compile(stackFileSchema(programSchemas[1]!));
  const file = (structure: object, beside: object = {}) => ({
    encryptionsalt: "v1:x",
    config: { "turducken:layers": structure, ...beside },
  });
  expect(validate(file({ cluster: "bare-metal" }, { "turducken:kubeconfig": { secure: "v1:a:b" } }))).toBe(true);
  expect(validate(file({ cluster: "bare-metal", sheduler: "gang" }))).toBe(false);
  expect(validate({ config: {} })).toBe(false);
});

test("the table has a row for every place a field can be", () => {
  const schema = z.strictObject({
    one: field(z.string(), "One."),
    list: field(z.array(z.strictObject({ a: field(z.int().default(2), "A.") })).default([]), "List."),
    map: field(z.record(z.string(), z.strictObject({ b: field(z.boolean(), "B.") })).default({}), "Map."),
    source: field(
      z.discriminatedUnion("source", [
        z.strictObject({ source: z.literal("near") }),
        z.strictObject({ source: z.literal("far"), path: field(z.string(), "Path.", "/far") }),
      ]),
      "Source.",
    ),
  });
  expect(rowsOf(structureSchema(schema)).map((row) => [row.field, row.type, row.required, row.default, row.meaning])).toEqual([
    ["one", "text", true, "", "One."],
    ["list", "list of object", false, "", "List."],
    ["list[].a", "whole number", false, "2", "A."],
    ["map", "name → object", false, "", "Map."],
    ["map.<name>.b", "boolean", true, "", "B."],
    ["source", "`source: near` or `source: far`", true, "", "Source."],
    ["source{far}.path", "text", true, "", "Path. E.g. `/far`"],
  ]);
});

test("only what is between the markers of the README changes", () => {
  const again = (text: string) => withSection(text, "reference", "new\n");
  const readme = "# x\n<!-- reference:begin -->\nold\n<!-- reference:end -->\nrest\n";
  expect(again(readme)).toBe("# x\n<!-- reference:begin -->\n\nnew\n\n<!-- reference:end -->\nrest\n");
  expect(again(again(readme))).toBe(again(readme));
  expect(() => withSection("# x", "reference", "new")).toThrow(/reference:begin/);
});
