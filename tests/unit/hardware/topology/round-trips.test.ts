import fc from "fast-check";
import { renderSlurmTopology } from "../../../../hardware/topology/renderers/slurm";
import { treeFromSlurmTopology } from "../../../../hardware/topology/sources/slurm";
import type { FabricTree } from "../../../../hardware/types";
import { anyTree } from "./trees";

/** Name → chain: Slurm's file has the nodes by leaf, so their order is not kept. */
const places = (tree: FabricTree) => new Map(tree.nodes.map(({ name, chain }) => [name, chain]));

describe("what was written for Slurm and read again", () => {
  test("is the same tree when every node has all its domains", () => {
    fc.assert(
      fc.property(anyTree(false), (tree) => {
        const read = treeFromSlurmTopology(renderSlurmTopology(tree, { plugin: "tree" }).output);
        expect(read.problems).toEqual([]);
        expect(read.tree.tiers).toEqual(tree.tiers);
        expect(places(read.tree)).toEqual(places(tree));
      }),
    );
  });

  test("has every node, and the leaf of each that has one, for any tree", () => {
    fc.assert(
      fc.property(anyTree(true), (tree) => {
        const read = treeFromSlurmTopology(renderSlurmTopology(tree, { plugin: "tree", root: "all" }).output);
        expect(read.problems).toEqual([]);
        const leaves = new Map(read.tree.nodes.map(({ name, chain }) => [name, chain[0]]));
        expect(leaves.size).toBe(tree.nodes.length);
        for (const { name, chain, padded } of tree.nodes) {
          if (padded.includes("leaf")) expect(leaves.get(name)).toMatch(/^unknown-leaf/);
          else expect(leaves.get(name)).toBe(chain[0]);
        }
      }),
    );
  });

  test("is the same blocks, with sizes that Slurm takes", () => {
    fc.assert(
      fc.property(anyTree(false), (tree) => {
        const { output } = renderSlurmTopology(tree, { plugin: "block" });
        const read = treeFromSlurmTopology(output);
        expect(read.problems).toEqual([]);
        expect(read.plugin).toBe("block");
        expect(places(read.tree)).toEqual(new Map(tree.nodes.map(({ name, chain }) => [name, [chain[0]]])));
        const [base] = read.blockSizes;
        for (const size of read.blockSizes) expect(Number.isInteger(Math.log2(size / base!))).toBe(true);
      }),
    );
  });

  test("is the same bytes in two runs", () => {
    fc.assert(
      fc.property(anyTree(true), (tree) => {
        const again = { tiers: [...tree.tiers], nodes: tree.nodes.map((node) => ({ ...node })) };
        for (const plugin of ["tree", "block"] as const)
          expect(renderSlurmTopology(again, { plugin })).toEqual(renderSlurmTopology(tree, { plugin }));
      }),
    );
  });
});
