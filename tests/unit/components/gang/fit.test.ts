import fc from "fast-check";
import { checkGang, domainSizes, fitProblems, quantity } from "../../../../components/gang/fit";
import { gangProblems, type GangSpec } from "../../../../components/gang/spec";
import { exampleContract, pool } from "../../../fixtures/contract";

const gang = (nodes: number, within?: string, more: Partial<GangSpec> = {}): GangSpec => ({
  name: "g",
  nodes,
  within,
  image: "i@sha256:1",
  ...more,
});

describe("fitProblems", () => {
  test("refuses a gang of 4 within a leaf with the biggest leaf's size and name, and the tier that would do", () => {
    expect(fitProblems(exampleContract(), gang(4, "leaf"))).toEqual([
      {
        path: "workload.gangs[g].nodes",
        value: 4,
        message: "it can never fit within one leaf: the biggest is l1 with 3 nodes",
        allowed: "at most 3 within leaf",
        fix: "use `within: spine`, ask for fewer nodes, or leave `within` out; `unchecked: true` makes it all the same, and it stays Pending",
      },
    ]);
  });

  test("lets a gang of 3 within a leaf and one of 5 within a spine through", () => {
    expect(fitProblems(exampleContract(), gang(3, "leaf"))).toEqual([]);
    expect(fitProblems(exampleContract(), gang(5, "spine"))).toEqual([]);
  });

  test("counts neither control planes nor hosts that are out of use", () => {
    const base = exampleContract();
    const contract = { ...base, nodes: base.nodes.map((node) => (node.name === "n02" ? { ...node, schedulable: false } : node)) };
    expect(domainSizes(contract, "compute", "leaf")).toEqual([
      { domain: "l1", nodes: 2 },
      { domain: "l2", nodes: 2 },
      { domain: "l3", nodes: 1 },
    ]);
    expect(fitProblems(contract, gang(6)).map((each) => each.message)).toEqual([
      "it can never fit: pool compute has 5 nodes that can carry work",
    ]);
  });

  test("leaves a node without the label out, as the scheduler does", () => {
    const base = exampleContract();
    const contract = { ...base, nodes: base.nodes.map((node) => (node.name === "n03" ? { ...node, labels: {} } : node)) };
    expect(domainSizes(contract, "compute", "leaf")[0]).toEqual({ domain: "l1", nodes: 2 });
  });

  test("counts accelerator domains by themselves", () => {
    const base = exampleContract({ acceleratorKey: "accelerator.topograph.run/domain" });
    const labelled = (name: string) => ["n01", "n02"].includes(name);
    const nodes = base.nodes.map((node) =>
      labelled(node.name)
        ? { ...node, accelerator: "nvl1", labels: { ...node.labels, "accelerator.topograph.run/domain": "nvl1" } }
        : node,
    );
    const contract = { ...base, nodes };
    expect(fitProblems(contract, gang(2, "accelerator"))).toEqual([]);
    expect(fitProblems(contract, gang(3, "accelerator"))[0]!.message).toBe(
      "it can never fit within one accelerator: the biggest is nvl1 with 2 nodes",
    );
  });

  test("says nothing where nodes are not known by name", () => {
    const contract = exampleContract({ nodes: [], pools: [pool("compute")] });
    expect(fitProblems(contract, gang(1000, "leaf"))).toEqual([]);
  });

  test("refuses what no machine of the pool has", () => {
    const problems = fitProblems(
      exampleContract(),
      gang(1, undefined, { resources: { cpu: "17", memory: "64Gi", "example.org/x": "1" } }),
    );
    expect(problems.map((each) => [each.path, each.value, each.allowed])).toEqual([
      ["workload.gangs[g].resources.cpu", "17", "less than 16"],
      ["workload.gangs[g].resources.memory", "64Gi", "less than 32Gi"],
    ]);
  });

  test("a gang is refused within a tier exactly when it is bigger than the tier's biggest domain", () => {
    const leaves = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(leaves, fc.integer({ min: 1, max: 12 }), (sizes, nodes) => {
        const base = exampleContract();
        const all = sizes.flatMap((size, leaf) =>
          Array.from({ length: size }, (_, index) => ({
            ...base.nodes[1]!,
            name: `l${leaf}n${index}`,
            domains: { leaf: `l${leaf}` },
            labels: { "fabric.topograph.run/tier-0": `l${leaf}` },
          })),
        );
        const refused = fitProblems({ ...base, nodes: all }, gang(nodes, "leaf")).length > 0;
        return refused === nodes > Math.max(...sizes);
      }),
    );
  });
});

describe("checkGang", () => {
  test("turns what cannot fit into warnings with `unchecked`", () => {
    const { problems, warnings } = checkGang(exampleContract(), gang(4, "leaf", { unchecked: true }));
    expect(problems).toEqual([]);
    expect(warnings.map((each) => each.message)).toEqual(["it can never fit within one leaf: the biggest is l1 with 3 nodes"]);
  });

  test("never lets a tier through that does not exist", () => {
    const { problems } = checkGang(exampleContract(), gang(2, "core", { unchecked: true }));
    expect(problems).toEqual([
      {
        path: "workload.gangs[g].within",
        value: "core",
        message: "cluster example has no tier of this name",
        allowed: "leaf, spine",
        fix: "use one of the tiers it has, nearest first",
      },
    ]);
  });
});

describe("gangProblems", () => {
  test("names every problem of one gang at once", () => {
    const contract = exampleContract({
      kubernetes: { version: "1.34.1", distribution: "eks" },
      schedulers: ["kueue", "default"],
    });
    const problems = gangProblems(contract, { ...gang(0, "tier-7"), name: "Ring!", pool: "gpus" });
    expect(problems.map((each) => each.path)).toEqual([
      "workload.gangs[g].name".replace("[g]", "[Ring!]"),
      "workload.gangs[Ring!].nodes",
      "workload.gangs[Ring!]",
      "workload.gangs[Ring!].pool",
      "workload.gangs[Ring!].within",
    ]);
  });

  test("wants a pool when there are two that can carry work", () => {
    const base = exampleContract();
    const contract = {
      ...base,
      pools: [...base.pools, pool("big")],
      nodes: [...base.nodes, { ...base.nodes[1]!, name: "b1", pool: "big" }],
    };
    expect(gangProblems(contract, gang(1)).map((each) => [each.path, each.allowed])).toEqual([
      ["workload.gangs[g].pool", "compute, big"],
    ]);
    expect(gangProblems(contract, gang(1, undefined, { pool: "big" }))).toEqual([]);
  });

  test("keeps names so short that the last pod's host name is a DNS label", () => {
    expect(gangProblems(exampleContract(), { ...gang(1), name: "a".repeat(52) })).toEqual([]);
    expect(gangProblems(exampleContract(), { ...gang(1), name: "a".repeat(53) })).toHaveLength(1);
  });
});

test.each([
  ["500m", 0.5],
  ["8", 8],
  ["4Gi", 4294967296],
  ["1.5G", 1500000000],
  ["4 Gi", undefined],
  ["-1", undefined],
])("quantity %s is %s", (text, value) => expect(quantity(text)).toBe(value));
