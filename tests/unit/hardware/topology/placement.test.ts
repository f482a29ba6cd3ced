import fc from "fast-check";
import { LATENCY_PROFILES } from "../../../../hardware/topology/latency";
import { placementQuality } from "../../../../hardware/topology/placement";
import { anyTree, treeOf } from "./trees";

const tree = treeOf(
  "n1 l1 s1",
  "n2 l1 s1 @v0",
  "n3 l1 s1 @v0",
  "n4 l2 s1",
  "n5 l2 s1",
  "n6 l3 s2",
  "n7 l3 s2",
  "n8 l3 s2",
  "n9 l3 s2",
  "lost - -",
);

describe("the quality of a placement", () => {
  test("counts what it spans and what would do", () => {
    const quality = placementQuality(tree, ["n2", "n4", "n5", "n6"], { latency: LATENCY_PROFILES.gke });
    expect(quality.spans).toEqual([
      { distance: "accelerator", domains: [{ name: "v0", nodes: 1 }], unknown: 3, fewest: undefined },
      {
        distance: "leaf",
        domains: [
          { name: "l2", nodes: 2 },
          { name: "l1", nodes: 1 },
          { name: "l3", nodes: 1 },
        ],
        unknown: 0,
        fewest: 1,
      },
      {
        distance: "spine",
        domains: [
          { name: "s1", nodes: 3 },
          { name: "s2", nodes: 1 },
        ],
        unknown: 0,
        fewest: 1,
      },
    ]);
    // One of six pairs shares a leaf.
    expect(quality.nearPairs).toBeCloseTo(1 / 6);
    expect(quality.latency!.mean).toBeCloseTo(19.07 / 6 + (23.1 * 5) / 6);
    expect(quality.latency!.worst).toBe(23.1);
    expect(quality.latency!.best).toBe(19.07);
    expect(quality.sentence).toBe(
      "4 nodes span 1 accelerator domain (not known for 3), 3 leaves (1 would do) and 2 spines (1 would do); 22.4 µs between two of them on average, 19.1 µs at best (GKE, h3-standard-88, compact placement).",
    );
  });

  test("counts a node with several pods once, and one leaf as near only", () => {
    const quality = placementQuality(tree, ["n6", "n6", "n7"], { latency: LATENCY_PROFILES.eks });
    expect([quality.nodes, quality.nearPairs, quality.latency!.mean, quality.latency!.worst]).toEqual([2, 1, 14, 14]);
    expect(placementQuality(tree, ["n6"]).sentence).toBe(
      "1 node spans 0 accelerator domains (not known for 1), 1 leaf and 1 spine.",
    );
  });

  test("does not take nodes of unknown leaves for neighbours", () => {
    const quality = placementQuality(treeOf("a l1", "b -", "c -"), ["b", "c"], { latency: LATENCY_PROFILES.gke });
    expect([quality.nearPairs, quality.latency!.worst, quality.spans[0]!.unknown]).toEqual([0, 23.1, 2]);
    expect(quality.latency!.best).toBeUndefined();
    expect(quality.sentence).toBe(
      "2 nodes span 0 leaves (not known for 2); 23.1 µs between two of them on average (GKE, h3-standard-88, compact placement).",
    );
  });

  test("looks for the best placement among eligible nodes only", () => {
    const eligible = (name: string) => name !== "n9" && name !== "n8";
    expect(placementQuality(tree, ["n1", "n4", "n6", "n7"], { eligible }).spans[1]!.fewest).toBe(2);
  });

  test("names nodes that are not in the tree, and judges the rest", () => {
    const quality = placementQuality(tree, ["n1", "n10"]);
    expect(quality.problems).toEqual([expect.objectContaining({ path: "nodes", value: "n10", fix: "Did you mean n1?" })]);
    expect(quality.nodes).toBe(1);
    expect(placementQuality({ tiers: [], nodes: [] }, []).sentence).toBe("0 nodes; where they are in the network is not known.");
  });

  test("finds no better placement by trying all, on small trees", () => {
    const cases = anyTree(true).map((any) => ({ ...any, nodes: any.nodes.slice(0, 9) }));
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 5 }), (any, wanted) => {
        const names = any.nodes.map(({ name }) => name);
        const size = Math.min(wanted, names.length);
        const all = subsets(names, size).map((some) => placementQuality(any, some, { latency: LATENCY_PROFILES.gke }));
        for (const [index, distance] of any.tiers.entries()) {
          const known = all.filter(({ spans }) => spans[index]!.unknown === 0).map(({ spans }) => spans[index]!.domains.length);
          expect([distance, all[0]!.spans[index]!.fewest]).toEqual([distance, known.length > 0 ? Math.min(...known) : undefined]);
        }
        const best = all[0]!.latency?.best;
        if (best !== undefined) expect(Math.min(...all.map(({ latency }) => latency!.mean))).toBeCloseTo(best);
      }),
      { numRuns: 60 },
    );
  });
});

function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) => subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]));
}
