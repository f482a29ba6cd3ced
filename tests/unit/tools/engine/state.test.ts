import { SecretScanner } from "../../../../tools/engine/secrets";
import { assembleOutputs, changedPaths, ignoringChanges, splitPath } from "../../../../tools/engine/state";
import { Asset, Secret } from "../../../../tools/engine/types";
import { makeUrn, nameOf, typeOf } from "../../../../tools/engine/urn";

test.each([
  ["a.b", ["a", "b"]],
  ["a[0].b", ["a", "0", "b"]],
  ['a["x.y"].z', ["a", "x.y", "z"]],
  ["triggers[*]", ["triggers"]],
  ["*", []],
])("the property path %s is %j", (path, parts) => {
  expect(splitPath(path)).toEqual(parts);
});

test("a changed path is found whatever else changed", () => {
  expect(changedPaths({ a: { b: 1 }, c: 1 }, { a: { b: 1 }, c: 2 }, ["a.b", "c"])).toEqual(["c"]);
  expect(changedPaths({ triggers: [1, 2] }, { triggers: [1] }, ["triggers[*]"])).toEqual(["triggers[*]"]);
});

test("an ignored change looks inside secrets", () => {
  const olds = { connection: new Secret({ host: "old", port: 22 }) };
  expect(ignoringChanges({ connection: new Secret({ host: "new", port: 23 }) }, olds, ["connection.host"])).toEqual({
    connection: new Secret({ host: "old", port: 23 }),
  });
  expect(ignoringChanges({ a: 1 }, { b: 2 }, ["*"])).toEqual({ b: 2 });
});

test("outputs keep the wrapping of inputs, and whatever holds a secret is secret", () => {
  const scanner = new SecretScanner();
  scanner.add("token", "s3cr3t-token-value");
  const inputs = { stdin: new Secret("in"), source: new Asset("h", "p"), plain: 1 };
  const made = {
    stdin: "in",
    source: { hash: "h", path: "p" },
    plain: 1,
    stdout: "x",
    told: "y",
    found: "got s3cr3t-token-value",
  };
  expect(assembleOutputs(inputs, made, ["told"], scanner)).toEqual({
    stdin: new Secret("in"),
    source: new Asset("h", "p"),
    plain: 1,
    stdout: "x",
    told: new Secret("y"),
    found: new Secret("got s3cr3t-token-value"),
  });
});

test("URNs carry the types of all components above, but not the stack's", () => {
  const stack = makeUrn("s", "p", undefined, "pulumi:pulumi:Stack", "p-s");
  const outer = makeUrn("s", "p", stack, "x:y:Outer", "o");
  const inner = makeUrn("s", "p", outer, "x:y:Inner", "i");
  expect(makeUrn("s", "p", inner, "z:z:Leaf", "a::b")).toBe("urn:pulumi:s::p::x:y:Outer$x:y:Inner$z:z:Leaf::a::b");
  expect([typeOf("urn:pulumi:s::p::x:y:Outer$z:z:Leaf::a::b"), nameOf("urn:pulumi:s::p::x:y:Outer$z:z:Leaf::a::b")]).toEqual([
    "z:z:Leaf",
    "a::b",
  ]);
});
