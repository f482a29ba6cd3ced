import { z } from "zod";
import { field, secretName } from "../../../../components/config/fields";
import { configProblems, parseConfig, salvage } from "../../../../components/config/parse";
import { ConfigError } from "../../../../components/config/problems";

const schema = z.strictObject({
  name: field(z.string(), "A name.", "example"),
  key: secretName().optional(),
  size: z.int().min(1).max(9).default(3),
  kind: z.enum(["a", "b"]).default("a"),
  list: z.array(z.strictObject({ id: z.int(), tag: z.string().optional() })).default([]),
  either: z.union([z.string(), z.strictObject({ from: z.string(), to: z.string().optional() })]).optional(),
  source: z
    .discriminatedUnion("source", [
      z.strictObject({ source: z.literal("near") }),
      z.strictObject({ source: z.literal("far"), path: z.string() }),
    ])
    .optional(),
  by: z.record(z.string(), z.int()).default({}),
});

const problems = (raw: unknown) =>
  configProblems(schema, raw, "root").map(({ path, value, allowed, fix }) => ({ path, value, allowed, fix }));

test("what is right is parsed, with its defaults", () => {
  expect(parseConfig(schema, { name: "n" }, "root")).toEqual({ name: "n", size: 3, kind: "a", list: [], by: {} });
});

test.each<[string, object, object[]]>([
  ["missing", {}, [{ path: "root.name", allowed: "text", fix: "Add it, e.g. example." }]],
  ["of another type", { name: 3 }, [{ path: "root.name", value: 3, allowed: "text", fix: "Correct it, e.g. example." }]],
  [
    "too small",
    { name: "n", size: 0 },
    [{ path: "root.size", value: 0, allowed: "a whole number from 1 to 9", fix: "Correct it." }],
  ],
  ["none of the words", { name: "n", kind: "c" }, [{ path: "root.kind", value: "c", allowed: "a, b", fix: "Correct it." }]],
  [
    "unknown",
    { name: "n", kin: "a" },
    [{ path: "root.kin", allowed: "name, key, size, kind, list, either, source, by", fix: "Did you mean kind?" }],
  ],
  [
    "unknown in a list",
    { name: "n", list: [{ id: 1 }, { id: 2, tga: "x" }] },
    [{ path: "root.list[1].tga", allowed: "id, tag", fix: "Did you mean tag?" }],
  ],
  [
    "wrong in the form that was meant",
    { name: "n", either: { form: "x" } },
    [
      { path: "root.either.from", allowed: "text", fix: "Add it." },
      { path: "root.either.form", allowed: "from, to", fix: "Did you mean from?" },
    ],
  ],
  [
    "of no form",
    { name: "n", either: 3 },
    [{ path: "root.either", value: 3, allowed: "text; or an object with from, to", fix: "Correct it." }],
  ],
  [
    "missing in the form that was meant",
    { name: "n", source: { source: "far" } },
    [{ path: "root.source.path", allowed: "text", fix: "Add it." }],
  ],
  [
    "under a name that needs quotes",
    { name: "n", by: { "a b": "x" } },
    [{ path: 'root.by["a b"]', value: "x", allowed: "a whole number", fix: "Correct it." }],
  ],
])("a value that is %s is one problem with path, value, what is allowed and what to do", (_what, raw, expected) => {
  expect(problems(raw)).toEqual(expected.map((each) => expect.objectContaining(each)));
  expect(problems(raw)).toHaveLength(expected.length);
});

test("a value that may be a secret is not shown, nor are structures", () => {
  expect(problems({ name: "n", key: "not a name!" })[0]).toMatchObject({ path: "root.key", value: undefined });
  expect(problems({ name: { token: "t0k3n" } })[0]).toMatchObject({ path: "root.name", value: undefined });
});

test("a check gets what could be understood, and its problems join the schema's", () => {
  const seen: unknown[] = [];
  const raw = { name: "n", size: "big", list: [{ id: 1 }, { id: "x" }, { id: 3 }] };
  const run = () =>
    parseConfig(schema, raw, "root", {
      check: (draft) => {
        seen.push(draft);
        return [
          { path: "root.size", message: "already said", fix: "-" },
          { path: "root.list", message: "Not enough.", fix: "Add one." },
        ];
      },
    });
  expect(run).toThrow(ConfigError);
  expect(seen).toEqual([{ name: "n", size: 3, kind: "a", list: [{ id: 1 }, { id: 3 }], by: {} }]);
  try {
    run();
  } catch (error) {
    expect((error as ConfigError).problems.map(({ path }) => path)).toEqual(["root.size", "root.list[1].id", "root.list"]);
  }
});

test("salvage gives undefined when nothing is left", () => {
  expect(salvage(schema, 3)).toBeUndefined();
  expect(salvage(schema, { size: 2 })).toBeUndefined();
  expect(salvage(schema.partial(), { size: 2, name: 3 })).toEqual({ size: 2, kind: "a", list: [], by: {} });
});
