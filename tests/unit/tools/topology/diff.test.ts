import * as fc from "fast-check";
import { diffTrees, isSame } from "../../../../tools/topology/diff";
import type { FabricTree } from "../../../../hardware/types";
import { file, labelled, piped, PLACES, topology } from "./inputs";

describe("turducken topology diff", () => {
  const changed = (change: (place: readonly [string, string, string]) => [string, string, string] | undefined) =>
    labelled(PLACES.map(change).filter((place) => place !== undefined));
  const diff = async (after: unknown) => topology("diff", file("before.json", labelled()), file("after.json", after));

  it("finds no difference in another order", async () => {
    expect(await diff([...labelled()].reverse())).toEqual({ code: 0, out: "no difference\n", error: "" });
  });

  it("compares different forms of one fabric", async () => {
    const slurm = await topology("convert", "--to", "slurm", file("before.json", labelled()));
    expect(await diff(slurm.out)).toMatchObject({ code: 0, out: "no difference\n" });
  });

  it("says that a domain of the same members under another name is renamed, and moves nobody", async () => {
    const { code, out } = await diff(changed(([name, leaf, spine]) => [name, leaf === "l1" ? "rack7" : leaf, spine]));
    expect([code, out]).toEqual([1, "leaf renamed: l1 is now rack7 (3 nodes)\n"]);
  });

  it("says which nodes moved between domains, and which came and went", async () => {
    const after = [
      ...changed(([name, leaf, spine]) =>
        name === "n06" ? undefined : name === "n03" ? [name, "l2", spine] : [name, leaf, spine],
      ),
      ...labelled([["n07", "l2", "s1"]]),
    ];
    const { code, out } = await diff(after);
    expect([code, out]).toEqual([1, "nodes removed: n06\nnodes added: n07\nmoved from leaf l1 to l2: n03\n"]);
  });

  it("calls it a move when two domains become one, or one becomes two", async () => {
    const merged = await diff(changed(([name, leaf, spine]) => [name, leaf === "l3" ? "l3" : "both", spine]));
    expect(merged.out).toBe("moved from leaf l1 to both: n[01-03]\nmoved from leaf l2 to both: n[04-05]\n");
    const split = await diff(changed(([name, leaf, spine]) => [name, name === "n03" ? "l9" : leaf, spine]));
    expect(split.out).toBe("moved from leaf l1 to l9: n03\n");
  });

  it("tells tiers that came or went, and labels that were lost", async () => {
    const after = labelled().map(({ name, labels }) => ({
      name,
      labels: name === "n01" ? {} : { "fabric.topograph.run/tier-0": labels["fabric.topograph.run/tier-0"] },
    }));
    const { code, out } = await diff(after);
    expect([code, out]).toEqual([1, "tiers removed: spine\nmoved from leaf l1 to unknown: n01\n"]);
  });

  it("gives the differences as JSON, and takes one side from standard input", async () => {
    const after = labelled(PLACES.slice(1));
    const { code, out } = await piped(JSON.stringify(after), "diff", "--json", file("before.json", labelled()), "-");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ tiersAdded: [], tiersRemoved: [], added: [], removed: ["n01"], renamed: [], moved: [] });
    expect((await topology("diff", "-", "-")).code).toBe(2);
  });
});

describe("the difference of two trees", () => {
  const anyTree = fc
    .uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z][0-9]{1,2}$/), leaf: fc.integer({ min: 0, max: 9 }) }), {
      selector: ({ name }) => name,
      maxLength: 30,
    })
    .map((nodes): FabricTree => treeOf(nodes.map(({ name, leaf }) => [name, `l${leaf}`, `s${leaf % 3}`])));
  const treeOf = (places: readonly (readonly [string, string, string])[]): FabricTree => ({
    tiers: ["leaf", "spine"],
    nodes: places.map(([name, ...chain]) => ({ name, chain, padded: [] })),
  });
  const renamed = (tree: FabricTree): FabricTree => ({
    ...tree,
    nodes: tree.nodes.map((node) => ({ ...node, chain: node.chain.map((domain) => `${domain}x`) })),
  });

  it("is none between a tree and itself", () => {
    fc.assert(fc.property(anyTree, (tree) => expect(isSame(diffTrees(tree, tree))).toBe(true)));
  });

  it("is nothing but names when every domain gets a new one", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const diff = diffTrees(tree, renamed(tree));
        const domains = new Set(tree.nodes.flatMap(({ chain }) => chain));
        expect([diff.added, diff.removed, diff.moved]).toEqual([[], [], []]);
        expect(diff.renamed.map(({ before, after }) => [before, after]).sort()).toEqual(
          [...domains].map((name) => [name, `${name}x`]).sort(),
        );
      }),
    );
  });

  it("swaps sides when the trees do", () => {
    fc.assert(
      fc.property(anyTree, anyTree, (one, other) => {
        const [there, back] = [diffTrees(one, other), diffTrees(other, one)];
        expect([back.added, back.removed]).toEqual([there.removed, there.added]);
        const ways = (moved: typeof there.moved) => moved.map((each) => `${each.name} ${each.tier}`).sort();
        expect(ways(back.moved)).toEqual(ways(there.moved));
      }),
    );
  });
});
