import type { GraphResource } from "../../../../tools/engine/types";
import { drawResources } from "../../../../tools/plan/tree";

const options = {
  protect: false,
  deleteBeforeReplace: false,
  retainOnDelete: false,
  ignoreChanges: [],
  replaceOnChanges: [],
  additionalSecretOutputs: [],
  aliases: [],
};

function resource(name: string, type: string, parent?: string): GraphResource {
  return { urn: name, name, type, parent, custom: true, dependsOn: [], propertyDependencies: {}, inputs: {}, options };
}

function hosts(count: number): GraphResource[] {
  const names = Array.from({ length: count }, (_, index) => `n${String(index + 1).padStart(2, "0")}`);
  return names.flatMap((name) => [resource(name, "x:Host", "set"), resource(`${name}-facts`, "x:Command", name)]);
}

const root = [resource("stack", "pulumi:pulumi:Stack"), resource("set", "x:Set", "stack")];

test("children stand indented under their parent in the order of their names, types in one column", () => {
  expect(drawResources([...hosts(2).reverse(), ...root])).toBe(
    [
      "stack          pulumi:pulumi:Stack",
      "  set          x:Set",
      "    n01        x:Host",
      "      n01-facts  x:Command",
      "    n02        x:Host",
      "      n02-facts  x:Command",
    ]
      .map((line) => line.replace(/^( *\S+) +/, (_, name: string) => name.padEnd(17)))
      .join("\n"),
  );
});

test("more than thirty alike are shown as the first and a hostlist of the others", () => {
  const lines = drawResources([...root, ...hosts(40)]).split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[4]).toMatch(/^ {4}… and 39 like it: n\[02-40\] +x:Host$/);
});

test("thirty are all shown, and so is everything when asked", () => {
  expect(drawResources([...root, ...hosts(30)]).split("\n")).toHaveLength(62);
  expect(drawResources([...root, ...hosts(40)], { all: true }).split("\n")).toHaveLength(82);
});

test("a host unlike the others is shown by itself", () => {
  const odd = [resource("z9", "x:Host", "set"), resource("z9-init", "x:Command", "z9")];
  const text = drawResources([...root, ...hosts(40), ...odd]);
  expect(text).toContain("z9-init");
  expect(text).toContain("… and 39 like it");
});

test("single resources of different purpose are never thrown together", () => {
  const flat = Array.from({ length: 31 }, (_, index) => [`n${index}-join`, `n${index}-roll`]).flat();
  const lines = drawResources([...root, ...flat.map((name) => resource(name, "x:Command", "set"))]).split("\n");
  expect(lines.filter((line) => line.includes("like it")).map((line) => line.trim().replace(/ {2,}/, " "))).toEqual([
    "… and 30 like it: n1-join … n30-join x:Command",
    "… and 30 like it: n1-roll … n30-roll x:Command",
  ]);
});
