import fc from "fast-check";
import { KUEUE_MISSING_LEVEL, renderKueueTopology } from "../../../../hardware/topology/renderers/kueue";
import { anyTree, treeOf } from "./trees";

describe("a Kueue Topology", () => {
  test("has levels broadest first and ends with the host name", () => {
    expect(renderKueueTopology(treeOf("n1 l1 s1 c1")).output).toEqual({
      topology: {
        apiVersion: "kueue.x-k8s.io/v1beta2",
        kind: "Topology",
        metadata: { name: "fabric" },
        spec: {
          levels: [
            { nodeLabel: "fabric.topograph.run/tier-2" },
            { nodeLabel: "fabric.topograph.run/tier-1" },
            { nodeLabel: "fabric.topograph.run/tier-0" },
            { nodeLabel: "kubernetes.io/hostname" },
          ],
        },
      },
      fills: [],
    });
  });

  test("fills missing levels with a constant, never with the host's name", () => {
    const keys = [
      { tier: "leaf", key: "x/leaf" },
      { tier: "spine", key: "x/spine" },
    ] as const;
    const { output, problems, warnings } = renderKueueTopology(treeOf("n1 l1 s1", "n2 - s1", "n3 - -"), keys, { name: "gpu" });
    expect(problems).toEqual([]);
    expect(output.topology.metadata.name).toBe("gpu");
    expect(output.fills).toEqual([
      { node: "n2", key: "x/leaf", value: "unknown" },
      { node: "n3", key: "x/spine", value: "unknown" },
      { node: "n3", key: "x/leaf", value: "unknown" },
    ]);
    expect(warnings.map(({ path, value }) => [path, value])).toEqual([
      ["x/leaf", "n[2-3]"],
      ["x/spine", "n3"],
    ]);
  });

  test.each<[string, Parameters<typeof renderKueueTopology>, string]>([
    ["a tier without a key", [treeOf("n1 l1 s1"), [{ tier: "leaf", key: "a" }]], "The tier spine has no label key."],
    [
      "the host name as a tier",
      [treeOf("n1 l1"), [{ tier: "leaf", key: "kubernetes.io/hostname" }]],
      "The host name can only be the last level.",
    ],
    ["no label key", [treeOf("n1 l1"), [{ tier: "leaf", key: "a b" }]], "This is no label key."],
    [
      "one key for two tiers",
      [treeOf("n1 l1 s1"), [{ tier: "leaf", key: "a" }, { tier: "spine", key: "a" }]],
      "The tiers leaf and spine have the same key.",
    ], // prettier-ignore
    ["a bad name", [treeOf("n1 l1"), undefined, { name: "A" }], "This cannot be the name of a Kubernetes object."],
    [
      "a host called like the constant",
      [treeOf("unknown l1")],
      "A host or domain is called unknown, which stands for levels that a node lacks.",
    ],
  ])("refuses %s", (_, given, message) => {
    expect(renderKueueTopology(...given).problems.map((problem) => problem.message)).toEqual([message]);
  });

  test("leaves every node of any tree with a value at every level", () => {
    fc.assert(
      fc.property(anyTree(true), (tree) => {
        const { topology, fills } = renderKueueTopology(tree).output;
        expect(topology.spec.levels).toHaveLength(tree.tiers.length + 1);
        expect(fills.filter(({ value }) => value !== KUEUE_MISSING_LEVEL)).toEqual([]);
        for (const node of tree.nodes) expect(fills.filter((fill) => fill.node === node.name)).toHaveLength(node.padded.length);
      }),
    );
  });
});
