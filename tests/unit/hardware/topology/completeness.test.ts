import { completeness, describeCompleteness, type ExpectedNode } from "../../../../hardware/topology/completeness";
import { treeFromNodeLabels } from "../../../../hardware/topology/sources/labels";
import { treeFromInventory } from "../../../../hardware/topology/sources/inventory";

const names = (count: number, prefix = "h3-") =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(2, "0")}`);
const pool = (name: string, members: readonly string[]): ExpectedNode[] => members.map((each) => ({ name: each, pool: name }));
const labels = (rack: number) => ({
  "cloud.google.com/gce-topology-block": "b",
  "cloud.google.com/gce-topology-subblock": `s${rack}`,
});

/** Nodes in racks of eight, the last so many of them without labels. */
const labelled = (count: number, without: number) =>
  names(count).map((name, n) => ({ name, labels: n < count - without ? labels(n >> 3) : {} }));

describe("completeness", () => {
  test("catches the one node of eight that is not labelled", () => {
    const { tree } = treeFromNodeLabels(labelled(8, 1));
    const result = completeness(tree, pool("h3", names(8)));
    expect(result).toEqual({
      complete: false,
      judged: true,
      unexpected: [],
      pools: [
        {
          pool: "h3",
          levels: ["leaf", "spine"],
          expected: 8,
          complete: 7,
          missing: [],
          lacking: new Map([["h3-07", ["leaf", "spine"]]]),
        },
      ],
    });
    expect(describeCompleteness(result)).toEqual(["Pool h3: 7 of 8 nodes have leaf and spine; no leaf and spine: h3-07."]);
  });

  test("catches five of 32", () => {
    const { tree } = treeFromNodeLabels(labelled(32, 5));
    const result = completeness(tree, pool("h3", names(32)));
    expect(result.complete).toBe(false);
    expect(describeCompleteness(result)).toEqual(["Pool h3: 27 of 32 nodes have leaf and spine; no leaf and spine: h3-[27-31]."]);
  });

  test("is reached when every node has every level", () => {
    const { tree } = treeFromNodeLabels(labelled(8, 0));
    const result = completeness(tree, pool("h3", names(8)));
    expect(result.complete).toBe(true);
    expect(describeCompleteness(result)).toEqual(["Pool h3: 8 of 8 nodes have leaf and spine."]);
  });

  test("counts by pool, and names who is missing and whom nobody expects", () => {
    const { tree } = treeFromNodeLabels(labelled(16, 1));
    const expected = [...pool("a", names(8)), ...pool("b", [...names(16).slice(8, 15), "h3-90", "h3-91"])];
    const result = completeness(tree, expected);
    expect(result.pools.map((each) => [each.pool, each.expected, each.complete, each.missing])).toEqual([
      ["a", 8, 8, []],
      ["b", 9, 7, ["h3-90", "h3-91"]],
    ]);
    expect(result.unexpected).toEqual(["h3-15"]);
    expect(describeCompleteness(result)).toEqual([
      "Pool a: 8 of 8 nodes have leaf and spine.",
      "Pool b: 7 of 9 nodes have leaf and spine; not there: h3-[90-91].",
      "1 node is in no pool: h3-15.",
    ]);
  });

  test("is not reached by a tree without any level, and says why", () => {
    const { tree } = treeFromNodeLabels(labelled(4, 4));
    const result = completeness(tree, pool("h3", names(4)));
    expect([result.complete, result.judged]).toEqual([false, false]);
    expect(describeCompleteness(result)[0]).toBe("No level is known to judge by: no node has a place in the network.");
    const asked = completeness(tree, pool("h3", names(4)), { levels: ["leaf"] });
    expect(describeCompleteness(asked)).toEqual(["Pool h3: 0 of 4 nodes have leaf; no leaf: h3-[00-03]."]);
  });

  test("can want other levels of each pool, the accelerator domain among them", () => {
    const { tree } = treeFromInventory({
      nodes: [
        { name: "cp", mayLackLeaf: true },
        { name: "g1", leaf: "l1", accelerator: "nvl1" },
        { name: "g2", leaf: "l1" },
      ],
    });
    const expected = [...pool("control", ["cp"]), ...pool("gpu", ["g1", "g2"])];
    const result = completeness(tree, expected, { levels: (name) => (name === "gpu" ? ["accelerator", "leaf"] : []) });
    expect(describeCompleteness(result)).toEqual([
      "Pool control: 1 of 1 node is there.",
      "Pool gpu: 1 of 2 nodes has accelerator and leaf; no accelerator: g2.",
    ]);
    expect(result.complete).toBe(false);
  });

  test("judges labels by their keys as it judges a tree", () => {
    const keys = { leaf: "cloud.google.com/gce-topology-subblock", spine: "cloud.google.com/gce-topology-block" };
    const nodes = labelled(32, 5);
    const expected = pool("h3", names(33));
    const fromLabels = completeness({ keys, nodes }, expected);
    expect(fromLabels).toEqual(completeness(treeFromNodeLabels(nodes).tree, expected));
    const empty = completeness(
      { keys, nodes: [{ name: "h3-00", labels: { [keys.leaf]: "", [keys.spine]: "b" } }] },
      pool("h3", ["h3-00"]),
    );
    expect([...empty.pools[0]!.lacking]).toEqual([["h3-00", ["leaf"]]]);
  });

  test("counts a name that is expected twice once", () => {
    const { tree } = treeFromNodeLabels(labelled(2, 0));
    expect(completeness(tree, [...pool("a", names(2)), ...pool("b", names(1))]).pools.map((each) => each.expected)).toEqual([2]);
  });

  test("of 100,000 nodes takes less than ten seconds", () => {
    const many = names(100_000, "n");
    const { tree } = treeFromNodeLabels(many.map((name, n) => ({ name, labels: n % 9 === 0 ? {} : labels(n >> 5) })));
    const start = performance.now();
    const result = completeness(tree, pool("h3", many));
    describeCompleteness(result);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(result.pools[0]!.complete).toBe(100_000 - 11_112);
  });
});
