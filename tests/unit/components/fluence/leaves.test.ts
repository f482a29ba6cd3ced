import fc from "fast-check";
import type { ClusterContract } from "../../../../components/contract/contract";
import { assignLeaves, leafSelector, type LeafItem } from "../../../../components/fluence/leaves";
import { exampleContract } from "../../../fixtures/contract";

const item = (name: string, nodes: number, more: Partial<LeafItem> = {}): LeafItem => ({ name, nodes, within: "leaf", ...more });
const entries = (items: LeafItem[], contract = exampleContract()) => {
  const { leaves, problems } = assignLeaves(items, contract, "compute");
  return { leaves: Object.fromEntries(leaves), problems };
};

test("by name, each goes into the first leaf with room for all of it", () => {
  expect(entries([item("c", 1), item("b", 2), item("a", 2)])).toEqual({ leaves: { a: "l1", b: "l2", c: "l1" }, problems: [] });
});

test("one that does not fit says what is left where, and takes nothing", () => {
  const { leaves, problems } = entries([item("a", 2), item("b", 2), item("c", 2), item("d", 1)]);
  expect(leaves).toEqual({ a: "l1", b: "l2", d: "l1" });
  expect(problems).toEqual([
    {
      path: "workload.miniclusters[c].nodes",
      value: 2,
      message: "it does not fit within one leaf beside the rest of this stack",
      allowed: "left: l1 1 of 3, l2 0 of 2, l3 1 of 1",
      fix: "ask for fewer nodes or a wider `within`, or leave `within` out, or run it after another one is gone",
    },
  ]);
});

test("one that is larger than the biggest leaf can never fit, and is told the size", () => {
  expect(entries([item("a", 4)]).problems).toMatchObject([
    {
      value: 4,
      message: "it can never fit within one leaf: the biggest has 3 nodes of the pool",
      allowed: "left: l1 3 of 3, l2 2 of 2, l3 1 of 1",
    },
  ]);
});

test("what is kept stays, and what the user names is taken, before anything is chosen", () => {
  expect(entries([item("a", 2), item("b", 2, { kept: "l1" }), item("z", 1, { leaf: "l3" })])).toEqual({
    leaves: { a: "l2", b: "l1", z: "l3" },
    problems: [],
  });
  expect(entries([item("a", 3, { leaf: "l1" }), item("b", 1, { kept: "l1" })])).toMatchObject({
    leaves: { b: "l1" },
    problems: [{ path: "workload.miniclusters[a].leaf", value: "l1", message: "it does not fit: 3 wanted, l1 has 3 and 2 left" }],
  });
  expect(entries([item("a", 1, { leaf: "l2", kept: "l1" })]).leaves).toEqual({ a: "l2" });
});

test("a kept or named leaf that is not there is refused, and nothing is chosen in its place", () => {
  expect(entries([item("a", 1, { kept: "l9" }), item("b", 1, { leaf: "l8" })])).toEqual({
    leaves: {},
    problems: [
      expect.objectContaining({ path: "workload.miniclusters[a].kept", value: "l9", allowed: "l1, l2, l3" }),
      expect.objectContaining({ path: "workload.miniclusters[b].leaf", value: "l8", allowed: "l1, l2, l3" }),
    ],
  });
});

test("what lies in a spine and what lies in its leaves share its nodes", () => {
  expect(entries([item("a", 3, { within: "spine", kept: "s1" }), item("b", 3)])).toMatchObject({
    leaves: { a: "s1" },
    problems: [{ allowed: "left: l1 2 of 3, l2 2 of 2, l3 1 of 1" }],
  });
  expect(entries([item("a", 3), item("b", 3, { within: "spine" })]).problems).toMatchObject([
    { allowed: "left: s1 2 of 5, s2 1 of 1" },
  ]);
});

test("a tier that the cluster lacks, no nodes and two of one name are refused", () => {
  const { leaves, problems } = entries([item("a", 1, { within: "core" }), item("b", 0), item("c", 1), item("c", 2)]);
  expect(leaves).toEqual({});
  expect(problems.map((each) => each.path).sort()).toEqual([
    "workload.miniclusters[a].within",
    "workload.miniclusters[b].nodes",
    "workload.miniclusters[c].name",
    "workload.miniclusters[c].name",
  ]);
});

test("only nodes that can carry work, of the pool, with the label, count", () => {
  const base = exampleContract();
  const change = (name: string, more: object) => base.nodes.map((node) => (node.name === name ? { ...node, ...more } : node));
  for (const more of [{ schedulable: false }, { pool: "control" }, { labels: {} }]) {
    expect(entries([item("a", 3)], { ...base, nodes: change("n01", more) }).problems).toMatchObject([
      { allowed: "left: l1 2 of 2, l2 2 of 2, l3 1 of 1" },
    ]);
  }
});

test("the selector is the label that the nodes really carry", () => {
  const contract = exampleContract();
  expect(leafSelector(contract, "leaf", "l2")).toEqual({ "fabric.topograph.run/tier-0": "l2" });
  expect(leafSelector(contract, "tier-1", "s1")).toEqual({ "fabric.topograph.run/tier-1": "s1" });
  expect(leafSelector(contract, "leaf", "l9")).toBeUndefined();
  expect(leafSelector(contract, "core", "x")).toBeUndefined();
});

/** Spines of leaves of any sizes. */
const fabric = fc
  .array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
  .map((spines) =>
    exampleContract({
      nodes: spines.flatMap((leaves, spine) =>
        leaves.flatMap((size, leaf) => Array.from({ length: size }, (_, node) => place(`s${spine}`, `s${spine}l${leaf}`, node))),
      ),
    }),
  );

function place(spine: string, leaf: string, node: number): ClusterContract["nodes"][number] {
  const labels = { "fabric.topograph.run/tier-0": leaf, "fabric.topograph.run/tier-1": spine };
  return { name: `${leaf}n${node}`, pool: "compute", schedulable: true, domains: { leaf, spine }, labels };
}

const wanted = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    nodes: fc.integer({ min: 1, max: 7 }),
    within: fc.constantFrom("leaf", "leaf", "spine"),
    leaf: fc.option(fc.constantFrom("s0l0", "s0l1", "s1l0"), { nil: undefined, freq: 6 }),
  }),
  { selector: (each) => each.name, maxLength: 12 },
);

test("never over capacity: every domain has room for all that lies in it, at any tier", () => {
  fc.assert(
    fc.property(fabric, wanted, (contract, items) => {
      const { leaves, problems } = assignLeaves(items, contract, "compute");
      expect(leaves.size + problems.length).toBe(items.length);
      const spineOf = (domain: string) => domain.slice(0, 2);
      for (const tier of ["leaf", "spine"] as const) {
        for (const domain of new Set(contract.nodes.map((node) => node.domains[tier]!))) {
          const size = contract.nodes.filter((node) => node.domains[tier] === domain).length;
          const inside = items.filter(({ name }) => {
            const at = leaves.get(name);
            return at !== undefined && (at === domain || (tier === "spine" && spineOf(at) === domain));
          });
          expect(inside.reduce((sum, each) => sum + each.nodes, 0)).toBeLessThanOrEqual(size);
        }
      }
    }),
  );
});

test("with the choices kept, another run and another item move none of them", () => {
  fc.assert(
    fc.property(fabric, wanted, fc.integer({ min: 1, max: 7 }), fc.constantFrom("0", "zzzz"), (contract, items, nodes, name) => {
      const before = assignLeaves(items, contract, "compute").leaves;
      const kept = items.filter((each) => before.has(each.name)).map((each) => ({ ...each, kept: before.get(each.name) }));
      const after = assignLeaves([item(name, nodes), ...kept], contract, "compute").leaves;
      for (const [each, domain] of before) expect(after.get(each)).toBe(domain);
    }),
  );
});

test("the order of the items has no effect", () => {
  const shuffled = wanted.chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })));
  fc.assert(
    fc.property(fabric, shuffled, (contract, [items, other]) => {
      const result = (list: LeafItem[]) => JSON.stringify([...assignLeaves(list, contract, "compute").leaves]);
      expect(result(other)).toBe(result(items));
    }),
  );
});
