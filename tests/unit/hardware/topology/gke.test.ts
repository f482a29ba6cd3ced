import { treeFromComputeInstances, treeFromPhysicalHosts } from "../../../../hardware/topology/sources/gke";
import { UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import { damagedText, damagedValue, faultsOf, messages } from "./mutations";

const vm = (name: string, cluster: unknown, block: unknown, subblock: unknown, type = "h3-standard-88") => ({
  name,
  machineType: `https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/machineTypes/${type}`,
  resourceStatus: { physicalHostTopology: { cluster, block, subblock, host: `h-${name}` } },
});

describe("the tree of Compute Engine instances", () => {
  test("has the subblock nearest, then the block, then the cluster", () => {
    const input = JSON.stringify([vm("a", "c", "b1", "s1"), vm("b", "c", "b1", "s2"), vm("c", "c", "b2", "s3")]);
    const { tree, problems, warnings } = treeFromComputeInstances(input);
    expect([problems, warnings, tree.tiers]).toEqual([[], [], ["leaf", "spine", "core"]]);
    expect(tree.nodes.map(({ name, chain }) => [name, ...chain])).toEqual([
      ["a", "s1", "b1", "c"],
      ["b", "s2", "b1", "c"],
      ["c", "s3", "b2", "c"],
    ]);
    expect(treeFromComputeInstances({ items: JSON.parse(input) as unknown }).tree).toEqual(tree);
  });

  test("has accelerator domains on A4X only", () => {
    const types = ["a4x-highgpu-4g", "a4x-maxgpu-4g-metal", "a4-highgpu-8g"];
    const { tree } = treeFromComputeInstances(types.map((type, n) => vm(`n${n}`, "c", "b", `s${n}`, type)));
    expect(tree.nodes.map(({ accelerator }) => accelerator)).toEqual(["s0", "s1", undefined]);
  });

  test("pads instances without a topology and names them", () => {
    const { tree, problems, warnings } = treeFromComputeInstances([vm("a", "c", "b", "s"), { name: "b" }]);
    expect([problems, tree.nodes[1]!.padded]).toEqual([[], ["leaf", "spine", "core"]]);
    expect(messages(warnings)).toEqual([
      "nodes: 1 of 2 nodes have no subblock: b.",
      "nodes: 1 of 2 nodes have no block: b.",
      "nodes: 1 of 2 nodes have no cluster: b.",
    ]);
  });

  test("names what is wrong with its path", () => {
    const { problems } = treeFromComputeInstances([
      vm("", "c", "b", "s"),
      vm("a", "c", 7, "s"),
      vm("b", "c", "b", "s2"),
      vm("c", "c", "b2", "s2"),
    ]);
    expect(messages(problems)).toEqual([
      "[0].name: An instance has no name.",
      "[1].resourceStatus.physicalHostTopology.block: The block of a is not a text.",
      "[3]: The leaf s2 is under two: b (b) and b2 (c).",
    ]);
    expect(messages(treeFromComputeInstances({}).problems)).toEqual(["items: This is not a list of instances."]);
    expect(messages(treeFromComputeInstances("[\n1,]").problems)).toEqual([
      'line 2: This is not JSON: "]" where a value should be.',
    ]);
  });
});

describe("the tree of physical_host metadata", () => {
  const expected = [
    { name: "n1", chain: ["r1", "c1"], padded: [] },
    { name: "n2", chain: ["r2", "c1"], padded: [] },
    { name: "n3", chain: [UNKNOWN_DOMAIN, UNKNOWN_DOMAIN], padded: ["leaf", "spine"] },
  ];

  test("has the rack nearest and the cluster above, from lines and from an object", () => {
    const lines = treeFromPhysicalHosts("n1 /c1/r1/h1\n# comment\nn2\t/c1/r2/h2\n\nn3\n");
    expect([lines.problems, lines.tree.nodes]).toEqual([[], expected]);
    expect(messages(lines.warnings)).toEqual([
      "nodes: 1 of 3 nodes have no rack: n3.",
      "nodes: 1 of 3 nodes have no cluster: n3.",
    ]);
    const object = { n1: "/c1/r1/h1", n2: "/c1/r2/h2", n3: "" };
    expect(treeFromPhysicalHosts(object).tree.nodes).toEqual(expected);
    expect(treeFromPhysicalHosts(JSON.stringify(object)).tree.nodes).toEqual(expected);
  });

  test("names the line or the node of a value that is none", () => {
    expect(messages(treeFromPhysicalHosts("n1 /c1/r1/h1\nn2 /c1/r1\nn3 /c/r/h x").problems)).toEqual([
      "line 3: A line has more than a node and its physical host.",
      "line 2: The physical host of n2 is not of the form /cluster/rack/host.",
    ]);
    expect(messages(treeFromPhysicalHosts({ n1: 5 }).problems)).toEqual(['["n1"]: The physical host of n1 is not a text.']);
    expect(messages(treeFromPhysicalHosts(7).problems)).toEqual(["nodes: This is not a list of physical hosts."]);
  });
});

test("damaged instances and metadata give a tree or problems (1,000 cases each)", () => {
  const value = ["s1", "s1", "s2"].map((rack, n) => vm(`n${n}`, "c", "b", rack, "a4x-highgpu-4g"));
  const lines = "n1 /c1/r1/h1\nn2 /c1/r2/h2\nn3 /c2/r3/h3\n";
  for (let seed = 0; seed < 1000; seed++) {
    const all = [
      treeFromComputeInstances(damagedValue(value, seed)),
      treeFromComputeInstances(damagedText(JSON.stringify(value, null, 1), seed)),
      treeFromPhysicalHosts(damagedText(lines, seed)),
    ];
    expect({ seed, faults: all.flatMap(faultsOf) }).toEqual({ seed, faults: [] });
    // Each line that is not blank, a comment or JSON names a node.
    const damaged = damagedText(lines, seed);
    const names = damaged.split(/\r\n|\r|\n/).map((line) => line.trim().split(/\s+/)[0]!).filter((name) => name !== "" && !name.startsWith("#")); // prettier-ignore
    if (!/^[{["]/.test(damaged.trim()))
      expect([seed, new Set(all[2]!.tree.nodes.map(({ name }) => name))]).toEqual([seed, new Set(names)]);
  }
});
