import fc from "fast-check";
import { fnv64a, labelProblem, labelValue, nodeLabels, topologyKeys } from "../../../../hardware/topology/renderers/labels";
import { treeFromInventory } from "../../../../hardware/topology/sources/inventory";

/** Kubernetes' own rule: apimachinery/pkg/util/validation `labelValueFmt`, and at most 63 characters. */
const KUBERNETES_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

describe("the labels of a node", () => {
  const { tree } = treeFromInventory({
    nodes: [
      { name: "cp1", mayLackLeaf: true },
      { name: "n01", leaf: "l1", accelerator: "nvl1" },
      { name: "n06", leaf: "l3" },
    ],
    spines: { s1: ["l1"], s2: ["l3"] },
  });

  test("are Topograph's, tier 0 nearest", () => {
    expect(topologyKeys(tree)).toEqual([
      { tier: "leaf", key: "fabric.topograph.run/tier-0" },
      { tier: "spine", key: "fabric.topograph.run/tier-1" },
    ]);
    expect(nodeLabels(tree, "n01")).toEqual({
      "fabric.topograph.run/tier-0": "l1",
      "fabric.topograph.run/tier-1": "s1",
      "accelerator.topograph.run/domain": "nvl1",
    });
    expect(nodeLabels(tree, "n06")).toEqual({ "fabric.topograph.run/tier-0": "l3", "fabric.topograph.run/tier-1": "s2" });
  });

  test("are none where no domain was given", () => {
    expect(nodeLabels(tree, "cp1")).toEqual({});
    expect(topologyKeys(treeFromInventory({ nodes: [{ name: "a" }] }).tree)).toEqual([]);
  });

  test("of a node that does not exist are an error", () => {
    expect(() => nodeLabels(tree, "n99")).toThrow(RangeError);
  });
});

describe("a label value", () => {
  test("is the name as long as it fits", () => {
    expect(labelValue("l1")).toBe("l1");
    expect(labelValue("L".repeat(63))).toBe("L".repeat(63));
  });

  // The values were printed by Go's hash/fnv, which Topograph uses, as fmt.Sprintf("x%x", h.Sum64()); the first has leading zeros.
  test.each([
    ["rack17-leaf-leaf-leaf-leaf-leaf-leaf-leaf-leaf-leaf-leaf-leaf-leaf-1", "xdc48af2060d1a18"],
    ["LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL", "x1a8a6b620ec62725"],
    ["MQM9700-rack-a08-row-3-hall-2-building-north-campus-west.example.org", "x55739c31c52b42df"],
  ])("of %s is Topograph's hash %s", (name, value) => {
    expect(labelValue(name)).toBe(value);
  });

  test.each([
    ["", 0xcbf29ce484222325n],
    ["a", 0xaf63dc4c8601ec8cn],
    ["foobar", 0x85944171f73967e8n],
  ])("hashes %j as the FNV authors do", (text, hash) => {
    expect(fnv64a(text)).toBe(hash);
  });

  test.each(["", "a b", "-a", "a-", "_a", "a.", "a/b", "é", "<unknown>", "a\n", `${"a".repeat(70)} `])(
    "is refused for %j instead of being changed",
    (name) => {
      expect(labelProblem(name)).toBeDefined();
      expect(() => labelValue(name)).toThrow("cannot be a node label");
    },
  );

  const anyText = fc.oneof(fc.string({ maxLength: 90 }), fc.stringMatching(/^[A-Za-z0-9_.-]{0,90}$/));

  test("is valid by Kubernetes' rule, whatever the name, or the name is refused", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        if (labelProblem(name) !== undefined) return expect(() => labelValue(name)).toThrow(RangeError);
        const value = labelValue(name);
        expect(value.length).toBeGreaterThan(0);
        expect(value.length).toBeLessThanOrEqual(63);
        return expect(value).toMatch(KUBERNETES_VALUE);
      }),
      { numRuns: 500 },
    );
  });

  test("is refused only for what Kubernetes would refuse at any length", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(labelProblem(name) === undefined).toBe(name !== "" && KUBERNETES_VALUE.test(name));
      }),
      { numRuns: 500 },
    );
  });

  test("is different for different names", () => {
    const valid = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,80}[A-Za-z0-9])?$/);
    fc.assert(
      fc.property(fc.uniqueArray(valid, { maxLength: 200 }), (names) => {
        expect(new Set(names.map(labelValue)).size).toBe(names.length);
      }),
    );
  });
});
