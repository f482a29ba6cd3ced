import fc from "fast-check";
import { treeFromInventory, type Inventory } from "../../../../hardware/topology/sources/inventory";
import { biggestDomain, distancesOf, domainOf, domainSizes, nodeOf } from "../../../../hardware/topology/tree";

const { tree } = treeFromInventory({
  nodes: [
    { name: "cp1", mayLackLeaf: true },
    ...["n01", "n02", "n03"].map((name) => ({ name, leaf: "l1", accelerator: "nvl1" })),
    ...["n04", "n05"].map((name) => ({ name, leaf: "l2" })),
    { name: "n06", leaf: "l3" },
  ],
  spines: { s1: ["l1", "l2"], s2: ["l3"] },
});

describe("asking a fabric tree", () => {
  test("how big the domains are", () => {
    expect([...domainSizes(tree, "leaf")]).toEqual([
      ["l1", 3],
      ["l2", 2],
      ["l3", 1],
    ]);
    expect([...domainSizes(tree, "spine")]).toEqual([
      ["s1", 5],
      ["s2", 1],
    ]);
    expect([...domainSizes(tree, "accelerator")]).toEqual([["nvl1", 3]]);
  });

  test("how big they are when some hosts do not count", () => {
    expect([...domainSizes(tree, "leaf", (name) => name !== "n01" && name !== "n06")]).toEqual([
      ["l1", 2],
      ["l2", 2],
    ]);
  });

  test("which domain is the biggest", () => {
    expect(biggestDomain(tree, "leaf")).toEqual({ domain: "l1", size: 3 });
    expect(biggestDomain(tree, "spine", (name) => name === "n06")).toEqual({ domain: "s2", size: 1 });
    expect(biggestDomain(tree, "leaf", () => false)).toBeUndefined();
  });

  test("for a tier it does not have is an error that lists those it has", () => {
    expect(() => domainSizes(tree, "core")).toThrow("the fabric tree has no tier core; it has: leaf, spine");
    expect(() => biggestDomain({ tiers: [], nodes: [] }, "leaf")).toThrow("it has: none");
  });

  test("for a node it does not have is an error that lists the nearest", () => {
    expect(nodeOf(tree, "n04").chain).toEqual(["l2", "s1"]);
    expect(() => nodeOf(tree, "n4")).toThrow("the fabric tree has no node n4; nearest: n04");
  });

  test("which distances there are", () => {
    expect(distancesOf(tree)).toEqual(["accelerator", "leaf", "spine"]);
    expect(distancesOf({ tiers: ["leaf"], nodes: [] })).toEqual(["leaf"]);
  });
});

/** Well-formed inventories: up to 40 hosts over up to 8 leaves under up to 4 spines under up to 3 cores. */
const inventory: fc.Arbitrary<Inventory> = fc
  .record({
    leafOf: fc.array(fc.nat(7), { minLength: 1, maxLength: 40 }),
    spineOf: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
    coreOf: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
    tiers: fc.integer({ min: 1, max: 3 }),
    controlPlanes: fc.nat(2),
  })
  .map(({ leafOf, spineOf, coreOf, tiers, controlPlanes }) => {
    const spines: Record<string, string[]> = {};
    for (const leaf of new Set(leafOf)) (spines[`s${spineOf[leaf]!}`] ??= []).push(`l${leaf}`);
    const cores: Record<string, string[]> = {};
    for (const spine of Object.keys(spines)) (cores[`c${coreOf[Number(spine.slice(1))]!}`] ??= []).push(spine);
    return {
      nodes: [
        ...Array.from({ length: controlPlanes }, (_, index) => ({ name: `cp${index}`, mayLackLeaf: true })),
        ...leafOf.map((leaf, index) => ({ name: `n${index}`, leaf: `l${leaf}` })),
      ],
      ...(tiers > 1 ? { spines } : {}),
      ...(tiers > 2 ? { cores } : {}),
    };
  });

describe("for any well-formed inventory", () => {
  test("there are no problems, and every host with a leaf is in exactly one domain of each tier", () => {
    fc.assert(
      fc.property(inventory, (given) => {
        const { tree: built, problems } = treeFromInventory(given);
        expect(problems).toEqual([]);
        const workers = built.nodes.filter(({ name }) => name.startsWith("n"));
        for (const [index, tier] of built.tiers.entries()) {
          const total = [...domainSizes(built, tier).values()].reduce((sum, size) => sum + size, 0);
          expect(total).toBe(workers.length);
          for (const node of workers) expect(domainOf(built, node, tier)).toBe(node.chain[index]);
        }
        expect(built.nodes.every(({ chain }) => chain.length === built.tiers.length)).toBe(true);
        expect(built.nodes.map(({ name }) => name)).toEqual(given.nodes.map(({ name }) => name));
      }),
    );
  });

  test("hosts that share a domain share all domains above it", () => {
    fc.assert(
      fc.property(inventory, (given) => {
        const { tree: built } = treeFromInventory(given);
        for (let tier = 0; tier + 1 < built.tiers.length; tier++) {
          const above = new Map<string, string>();
          for (const { chain, padded } of built.nodes) {
            if (padded.length > 0) continue;
            const known = above.get(chain[tier]!) ?? chain[tier + 1]!;
            expect(chain[tier + 1]).toBe(known);
            above.set(chain[tier]!, known);
          }
        }
      }),
    );
  });

  test("two runs give the same tree", () => {
    fc.assert(
      fc.property(inventory, (given) => expect(treeFromInventory(given)).toEqual(treeFromInventory(structuredClone(given)))),
    );
  });

  test("taking one leaf out of its spine is a problem that names the leaf", () => {
    fc.assert(
      fc.property(inventory, (given) => {
        fc.pre(given.spines !== undefined && given.cores === undefined);
        const [spine, leaves] = Object.entries(given.spines!)[0]!;
        const { problems } = treeFromInventory({ ...given, spines: { ...given.spines, [spine]: leaves.slice(1) } });
        expect(problems.map(({ value }) => value)).toEqual([leaves[0]]);
      }),
    );
  });
});
