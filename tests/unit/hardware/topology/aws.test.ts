import { readFileSync } from "node:fs";
import { join } from "node:path";
import { domainSizes, UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import { treeFromAwsTopology } from "../../../../hardware/topology/sources/aws";
import { damagedText, damagedValue, faultsOf, lineOrPath, messages, textOf } from "./mutations";

const dump = (name: string) => readFileSync(join(__dirname, "../../../fixtures/topology/aws", name), "utf8");
const instance = (id: string, layers: unknown, more: object = {}) => ({
  InstanceId: id,
  InstanceType: "p5.48xlarge",
  NetworkNodes: layers,
  ...more,
});
const answer = (...instances: unknown[]) => ({ Instances: instances });
const sizes = (text: string, tier: "leaf" | "spine" | "core") =>
  [...domainSizes(treeFromAwsTopology(text).tree, tier).values()].sort((a, b) => b - a);

describe("the tree of DescribeInstanceTopology", () => {
  test("has the groups of a real answer for 64 hpc6a nodes", () => {
    const { tree, problems, warnings } = treeFromAwsTopology(dump("eks-hpc6a-64.json"));
    expect({ problems, warnings, tiers: tree.tiers, nodes: tree.nodes.length }).toEqual({
      problems: [],
      warnings: [],
      tiers: ["leaf", "spine", "core"],
      nodes: 64,
    });
    expect(sizes(dump("eks-hpc6a-64.json"), "leaf")).toEqual([27, 11, 10, 8, 5, 3]);
    expect(sizes(dump("eks-hpc6a-64.json"), "spine")).toEqual([64]);
    expect(sizes(dump("eks-hpc6a-64.json"), "core")).toEqual([64]);
    expect(tree.nodes[0]).toEqual({
      name: "i-066cf13f7085cbc54",
      chain: ["nn-f2cf7e32b49b9e1ad", "nn-e965f7eaa5b9d71a5", "nn-38300f401fc553c2c"],
      padded: [],
    });
  });

  test("has the groups of a real answer for 16 p3dn nodes", () => {
    const { problems, warnings } = treeFromAwsTopology(dump("eks-p3dn-16.json"));
    expect([...problems, ...warnings]).toEqual([]);
    expect(sizes(dump("eks-p3dn-16.json"), "leaf")).toEqual([5, 5, 4, 2]);
    expect(sizes(dump("eks-p3dn-16.json"), "spine")).toEqual([14, 2]);
    expect(sizes(dump("eks-p3dn-16.json"), "core")).toEqual([16]);
  });

  test("takes the last of four layers for the nearest", () => {
    const { tree } = treeFromAwsTopology(answer(instance("i-1", ["nn-a", "nn-b", "nn-c", "nn-d"])));
    expect(tree).toEqual({
      tiers: ["leaf", "spine", "core", "tier-3"],
      nodes: [{ name: "i-1", chain: ["nn-d", "nn-c", "nn-b", "nn-a"], padded: [] }],
    });
  });

  test("is the same from pages, in their order, and says when a page is missing", () => {
    const { Instances: all } = JSON.parse(dump("eks-hpc6a-64.json")) as { Instances: unknown[] };
    const pages = [{ Instances: all.slice(0, 20), NextToken: "t" }, { Instances: all.slice(20) }];
    expect(treeFromAwsTopology(pages)).toEqual(treeFromAwsTopology(dump("eks-hpc6a-64.json")));
    expect(treeFromAwsTopology(all).tree).toEqual(treeFromAwsTopology({ Instances: all }).tree);
    expect(messages(treeFromAwsTopology([...pages].reverse()).warnings)).toEqual([
      "[1].NextToken: The last page has a NextToken: there are more instances than these.",
    ]);
  });

  test("gives nodes the names that they have elsewhere, and says whose name is not known", () => {
    const input = answer(instance("i-1", ["a", "b", "c"]), instance("i-2", ["a", "b", "c"]), instance("i-3", ["a", "b", "c"]));
    const { tree, problems, warnings } = treeFromAwsTopology(input, { names: { "i-1": "n1", "i-2": "n1", "i-9": "n9" } });
    expect(tree.nodes.map(({ name }) => name)).toEqual(["n1", "i-2", "i-3"]);
    expect(messages(problems)).toEqual(["names: Two instances have the node name n1: i-1 and i-2, which keeps its id."]);
    expect(messages(warnings)).toEqual([
      "names: 1 of 3 instances have no node name and keep their ids: i-3.",
      "names: 1 named instances are not in the answer: n9 (i-9).",
    ]);
    const map = new Map([["i-1", "n1"], ["i-2", "n2"], ["i-3", "n3"]]); // prettier-ignore
    expect(treeFromAwsTopology(input, { names: map }).tree.nodes.map(({ name }) => name)).toEqual(["n1", "n2", "n3"]);
  });

  test("pads types with fewer layers at the top, and says so", () => {
    const { tree, problems, warnings } = treeFromAwsTopology(
      answer(instance("i-1", ["top", "b", "c"]), instance("i-2", ["top", "x", "y", "z"], { InstanceType: "p6-b200.48xlarge" })),
    );
    expect(problems).toEqual([]);
    expect(tree.nodes).toEqual([
      { name: "i-1", chain: ["c", "b", "top", UNKNOWN_DOMAIN], padded: ["tier-3"] },
      { name: "i-2", chain: ["z", "y", "x", "top"], padded: [] },
    ]);
    expect(messages(warnings)).toEqual([
      "Instances: Instance types have different numbers of layers (p5.48xlarge 3, p6-b200.48xlarge 4); no tier-3 is known for node i-1.",
    ]);
  });

  test("takes fewer layers within one type for a fault, and names the nodes", () => {
    const { tree, problems } = treeFromAwsTopology(answer(instance("i-1", ["a", "b", "c"]), instance("i-2", ["a", "b"])));
    expect(messages(problems)).toEqual([
      "Instances[1].NetworkNodes: Fewer layers than others of the same type: node i-2. What is missing is taken to be the nearest.",
    ]);
    expect(tree.nodes[1]).toEqual({ name: "i-2", chain: [UNKNOWN_DOMAIN, "b", "a"], padded: ["leaf"] });
  });

  test("pads instances without network nodes, which the API gives for those that do not run", () => {
    const { tree, problems, warnings } = treeFromAwsTopology(
      answer(instance("i-1", ["a", "b", "c"]), instance("i-2", null), instance("i-3", [])),
    );
    expect(problems).toEqual([]);
    expect(tree.nodes.map(({ padded }) => padded.length)).toEqual([0, 3, 3]);
    expect(messages(warnings)).toEqual(["Instances[1].NetworkNodes: 2 of 3 instances have no network nodes: i-[2-3]."]);
  });

  test("has the capacity block as accelerator domain, which the API gives for UltraServers only", () => {
    const { tree } = treeFromAwsTopology(
      answer(instance("i-1", ["a", "b", "c"], { CapacityBlockId: "cr-1", InstanceType: "p6e-gb200.36xlarge" })),
    );
    expect(tree.nodes[0]!.accelerator).toBe("cr-1");
  });

  test("names both spines of a torn leaf, and the nodes", () => {
    const { problems } = treeFromAwsTopology(
      answer(instance("i-1", ["t", "s1", "l1"]), instance("i-2", ["t", "s2", "l1"]), instance("i-3", ["t", "s1", "l1"])),
    );
    expect(messages(problems)).toEqual(["Instances[1]: The leaf l1 is under two: s1 (i-[1,3]) and s2 (i-2)."]);
  });

  test("is empty, with the reason, for what is not such an answer", () => {
    const wrong = (input: unknown) => messages(treeFromAwsTopology(input).problems);
    expect(wrong('{\n "Instances": [\n  {"InstanceId": }\n]}')).toEqual([
      'line 3: This is not JSON: "}" where a value should be.',
    ]);
    expect(wrong('{"Instances": [')).toEqual(["line 1: This is not JSON: it ends too early."]);
    expect(wrong("")).toEqual(["line 1: This is not JSON: it is empty."]);
    expect(wrong({ Reservations: [] })).toEqual(["Instances: This is not an answer of DescribeInstanceTopology."]);
    expect(wrong(undefined)).toEqual(["Instances: This is not an answer of DescribeInstanceTopology."]);
    expect(wrong(answer(7, instance("", [])))).toEqual([
      "Instances[0].InstanceId: An instance has no id.",
      "Instances[1].InstanceId: An instance has no id.",
    ]);
    expect(wrong(answer(instance("i-1", ["a", 5, "c"]), instance("i-2", "a")))).toEqual([
      "Instances[0].NetworkNodes[1]: This cannot be understood for the instance i-1.",
      "Instances[1].NetworkNodes: This cannot be understood for the instance i-2.",
    ]);
    expect(wrong(answer(instance("i-1", ["a b"])))).toEqual([
      'Instances[0]: This name of a leaf cannot be a node label: character 2 is " ".',
    ]);
  });

  test("shows a wrong value shortly, however big or deep it is", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const { tree, problems } = treeFromAwsTopology(deep);
    expect([tree.nodes, problems.length]).toEqual([[], 1]);
    expect(JSON.stringify(problems).length).toBeLessThan(600);
    const { problems: big } = treeFromAwsTopology({ Instances: { "0": { InstanceId: "i".repeat(10_000) } } });
    expect(String(big[0]!.value)).toMatch(/^\{"0":\{"InstanceId":"i{170,}\.\.\.$/);
  });

  test("finds two instances that ran together into one object", () => {
    const text = '{"Instances": [\n{"InstanceId": "i-1", "NetworkNodes": ["a"],\n"InstanceId": "i-2", "NetworkNodes": ["a"]}]}';
    expect(messages(treeFromAwsTopology(text).problems)).toEqual([
      "line 3: The key InstanceId stands twice in one object; only the last counts.",
      "line 3: The key NetworkNodes stands twice in one object; only the last counts.",
    ]);
  });

  test("counts an instance once, and finds one that is in two places", () => {
    const one = instance("i-1", ["a", "b", "c"]);
    const twice = treeFromAwsTopology(answer(one, one));
    expect([twice.tree.nodes.length, messages(twice.problems), messages(twice.warnings)]).toEqual([
      1,
      [],
      ["Instances[1]: The node i-1 is listed twice (first at Instances[0])."],
    ]);
    const { problems } = treeFromAwsTopology(answer(one, instance("i-1", ["a", "b", "x"])));
    expect(messages(problems)).toEqual(["Instances[1]: The node i-1 is in two places: c < b < a (Instances[0]) and x < b < a."]);
  });
});

describe("a damaged answer of DescribeInstanceTopology", () => {
  const text = dump("eks-p3dn-16.json");

  /** Ids in the text that are neither in the tree nor in what is said about it. */
  const lost = (ids: readonly string[], result: ReturnType<typeof treeFromAwsTopology>) => {
    const names = new Set(result.tree.nodes.map(({ name }) => name));
    const said = textOf(result);
    return ids.filter((id) => !names.has(id) && !said.includes(id));
  };

  test("as text is a tree or a problem with its line, and loses no instance silently (2,500 cases)", () => {
    let trees = 0;
    for (let seed = 0; seed < 2500; seed++) {
      const damaged = damagedText(text, seed);
      const result = treeFromAwsTopology(damaged);
      const paths = result.problems.map(({ path }) => path);
      expect({ seed, faults: faultsOf(result), paths: paths.filter((path) => !lineOrPath.test(path)) }).toEqual({
        seed,
        faults: [],
        paths: [],
      });
      if (result.tree.nodes.length > 0) trees++;
      const ids = [...damaged.matchAll(/"InstanceId": "([^"\\\n\r\0]+)"/g)].map((match) => match[1]!);
      if (paths.length === 0) expect({ seed, lost: lost(ids, result) }).toEqual({ seed, lost: [] });
    }
    expect(trees).toBeGreaterThan(500);
  });

  test("as a value is a tree or problems with their paths, and loses no instance silently (2,500 cases)", () => {
    const value = JSON.parse(text) as unknown;
    for (let seed = 0; seed < 2500; seed++) {
      const damaged = damagedValue(value, seed);
      const result = treeFromAwsTopology(damaged);
      const instances = (damaged as { Instances?: unknown } | undefined | null)?.Instances;
      const ids = Array.isArray(instances) ? (instances as { InstanceId?: unknown }[]).map((each) => each?.InstanceId) : [];
      const real = ids.filter((id): id is string => typeof id === "string" && id !== "");
      expect({ seed, faults: faultsOf(result), lost: lost(real, result) }).toEqual({ seed, faults: [], lost: [] });
    }
  });
});

test("100,000 instances take less than ten seconds", () => {
  const many = (count: number) =>
    JSON.stringify(answer(...Array.from({ length: count }, (_, n) => instance(`i-${n}`, ["t", `s${n >> 10}`, `l${n >> 5}`]))));
  const text = many(100_000);
  const start = performance.now();
  const { tree, problems } = treeFromAwsTopology(text);
  const seconds = (performance.now() - start) / 1000;
  expect([tree.nodes.length, problems.length, domainSizes(tree, "leaf").size]).toEqual([100_000, 0, 3125]);
  expect(seconds).toBeLessThan(10);
});
