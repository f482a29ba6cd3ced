import fc from "fast-check";
import { expandHostlist } from "../../../../hardware/hostlist";
import { drawTree } from "../../../../hardware/topology/renderers/picture";
import { treeFromInventory } from "../../../../hardware/topology/sources/inventory";

const nodes = [
  { name: "cp1", mayLackLeaf: true },
  ...expandHostlist("n[01-03]").map((name) => ({ name, leaf: "l1" })),
  ...expandHostlist("n[04-05]").map((name) => ({ name, leaf: "l2" })),
  { name: "n06", leaf: "l3" },
];
const { tree } = treeFromInventory({ nodes, spines: { s1: ["l1", "l2"], s2: ["l3"] } });

describe("the picture of a fabric tree", () => {
  test("is nested boxes, the farthest tier outside", () => {
    expect(drawTree(tree)).toBe(
      [
        "┌ spine s1 · 5 hosts ───────────────────────────┐ ┌ spine s2 · 1 host ────┐ ┌ no leaf · 1 host ─┐",
        "│ ┌ leaf l1 · 3 hosts ─┐ ┌ leaf l2 · 2 hosts ─┐ │ │ ┌ leaf l3 · 1 host ─┐ │ │ cp1               │",
        "│ │ n[01-03]           │ │ n[04-05]           │ │ │ │ n06               │ │ └───────────────────┘",
        "│ └────────────────────┘ └────────────────────┘ │ │ └───────────────────┘ │",
        "└───────────────────────────────────────────────┘ └───────────────────────┘",
      ].join("\n"),
    );
  });

  test("flows into rows where the width ends, and can be plain ASCII with remarks", () => {
    expect(drawTree(tree, { width: 40, ascii: true, note: (name) => (name === "n02" ? "leaving" : undefined) })).toBe(
      [
        "+ spine s1 - 5 hosts ----+",
        "| + leaf l1 - 3 hosts -+ |",
        "| | n[01,03]           | |",
        "| | n02 (leaving)      | |",
        "| +--------------------+ |",
        "| + leaf l2 - 2 hosts -+ |",
        "| | n[04-05]           | |",
        "| +--------------------+ |",
        "+------------------------+",
        "+ spine s2 - 1 host ----+",
        "| + leaf l3 - 1 host -+ |",
        "| | n06               | |",
        "| +-------------------+ |",
        "+-----------------------+",
        "+ no leaf - 1 host -+",
        "| cp1               |",
        "+-------------------+",
      ].join("\n"),
    );
  });

  test("names accelerator domains beside their hosts", () => {
    const nvl = treeFromInventory({
      nodes: expandHostlist("g[1-4]").map((name, index) => ({ name, leaf: "l1", accelerator: `nvl${index >> 1}` })),
    });
    expect(drawTree(nvl.tree).split("\n").slice(1, 3)).toEqual(["│ nvl0: g[1-2]       │", "│ nvl1: g[3-4]       │"]);
  });

  test("of hosts without topology is one box", () => {
    expect(drawTree(treeFromInventory({ nodes: [{ name: "a" }, { name: "b" }] }).tree)).toBe(
      ["┌ no network tiers · 2 hosts ─┐", "│ a,b                         │", "└─────────────────────────────┘"].join("\n"),
    );
    expect(drawTree({ tiers: [], nodes: [] })).toBe("no hosts");
  });

  test("of 1,000 hosts fits a screen's width and stays readable", () => {
    const thousand = expandHostlist("n[0001-1000]").map((name, index) => ({ name, leaf: `l${index >> 5}` }));
    const spines = {
      s1: Array.from({ length: 16 }, (_, leaf) => `l${leaf}`),
      s2: Array.from({ length: 16 }, (_, leaf) => `l${leaf + 16}`),
    };
    const lines = drawTree(treeFromInventory({ nodes: thousand, spines }).tree).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(lines.length).toBeLessThan(40);
    expect(lines.join("\n")).toContain("n[0993-1000]");
  });

  test("breaks long lists of irregular names at commas", () => {
    const odd = Array.from({ length: 40 }, (_, index) => ({ name: `node${index * 7}x`, leaf: "l1" }));
    const lines = drawTree(treeFromInventory({ nodes: odd }).tree, { width: 60 }).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    for (const { name } of odd) expect(lines.join("\n")).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test("shows every host exactly once, in whatever width", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), fc.integer({ min: 20, max: 140 }), (leaves, width) => {
        const hosts = leaves.map((leaf, index) => ({
          name: `h${String.fromCharCode(97 + (index % 26))}${index}z`,
          leaf: `l${leaf}`,
        }));
        const text = drawTree(treeFromInventory({ nodes: hosts }).tree, { width });
        for (const { name } of hosts) expect(text.split(name)).toHaveLength(2);
      }),
    );
  });
});
