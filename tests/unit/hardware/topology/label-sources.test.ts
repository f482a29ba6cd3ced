import { readFileSync } from "node:fs";
import { join } from "node:path";
import { treeFromNodeLabels } from "../../../../hardware/topology/sources/labels";
import { domainSizes, UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import { damagedText, damagedValue, faultsOf, lineOrPath, messages, textOf } from "./mutations";

type Labels = Record<string, string>;
const node = (name: string, labels: Labels) => ({ kind: "Node", metadata: { name, labels } });
const list = (nodes: readonly unknown[]) => ({ kind: "List", apiVersion: "v1", items: nodes });
const TYPE = "node.kubernetes.io/instance-type";

/** AWS labels, layer 1 first. */
const aws = (layers: readonly string[], more: Labels = {}): Labels => ({
  ...Object.fromEntries(layers.map((id, index) => [`topology.k8s.aws/network-node-layer-${index + 1}`, id])),
  ...more,
});
const gke = (block: string, subblock: string, host: string, more: Labels = {}): Labels => ({
  "cloud.google.com/gce-topology-block": block,
  "cloud.google.com/gce-topology-subblock": subblock,
  "cloud.google.com/gce-topology-host": host,
  ...more,
});
const topograph = (...tiers: string[]): Labels =>
  Object.fromEntries(tiers.map((id, tier) => [`fabric.topograph.run/tier-${tier}`, id]));

/** A node list with the columns of a dump: node, times, labels as JSON, allocatable. */
function dumped(file: string) {
  const text = readFileSync(join(__dirname, "../../../fixtures/topology", file), "utf8");
  const [, ...rows] = text.trim().split("\n");
  return list(rows.map((row) => node(row.split("\t")[0]!, JSON.parse(row.split("\t")[3]!) as Labels)));
}

/** An H3 pool of GKE: nodes of one block in sub-blocks of these sizes, and as many without labels. */
function h3(subblocks: readonly number[], unlabelled = 0) {
  const labelled = subblocks.flatMap((size, rack) =>
    Array.from({ length: size }, (_, host) => gke("b00", `5b${rack}`, `h${rack}-${host}`)),
  );
  const bare = Array.from({ length: unlabelled }, (): Labels => ({ "cloud.google.com/gke-placement-group": "h3" }));
  return list([...labelled, ...bare].map((labels, n) => node(`gke-h3-${String(n).padStart(3, "0")}`, labels)));
}

describe("the tree of node labels", () => {
  test.each(["aws/eks-p3dn-16-nodes.tsv", "gke/gke-v100-16-nodes.tsv"])(
    "of %s, which is not labelled, has no tiers and says so",
    (file) => {
      const { tree, found, profile, problems, warnings } = treeFromNodeLabels(JSON.stringify(dumped(file)));
      expect({ tiers: tree.tiers, nodes: tree.nodes.length, found, profile, problems }).toEqual({
        tiers: [],
        nodes: 16,
        found: {},
        profile: undefined,
        problems: [],
      });
      expect(warnings.map(({ message }) => message)).toEqual([
        "No node has a topology label of a profile that is known (topograph, topograph-v0, aws, gke): 16 nodes.",
      ]);
    },
  );

  test("of GKE has the sub-block nearest and the block above, whatever the host", () => {
    const { tree, profile, found, problems, warnings } = treeFromNodeLabels(h3([21, 21, 16, 15, 11, 11, 11, 11, 11]));
    expect({ problems, warnings, profile, found }).toEqual({ problems: [], warnings: [], profile: "gke", found: { gke: 128 } });
    expect(tree.tiers).toEqual(["leaf", "spine"]);
    expect([...domainSizes(tree, "leaf").values()]).toEqual([21, 21, 16, 15, 11, 11, 11, 11, 11]);
    expect([...domainSizes(tree, "spine").values()]).toEqual([128]);
  });

  test("pads the one of eight nodes that is not labelled, and names it", () => {
    const { tree, problems, warnings } = treeFromNodeLabels(h3([7], 1));
    expect(problems).toEqual([]);
    expect(tree.nodes[7]).toEqual({
      name: "gke-h3-007",
      chain: [UNKNOWN_DOMAIN, UNKNOWN_DOMAIN],
      padded: ["leaf", "spine"],
    });
    expect([...domainSizes(tree, "leaf").values()]).toEqual([7]);
    expect(messages(warnings)).toEqual([
      "nodes: 1 of 8 nodes have no label cloud.google.com/gce-topology-subblock, cloud.google.com/gce-topology-block: gke-h3-007.",
    ]);
  });

  test("of AWS has the highest layer nearest, three or four of them", () => {
    const three = treeFromNodeLabels([{ name: "a", labels: aws(["top", "mid", "low"]) }]);
    expect(three.tree).toEqual({
      tiers: ["leaf", "spine", "core"],
      nodes: [{ name: "a", chain: ["low", "mid", "top"], padded: [] }],
    });
    const four = treeFromNodeLabels([node("a", aws(["w", "x", "y", "z"]))]);
    expect(four.tree.nodes[0]!.chain).toEqual(["z", "y", "x", "w"]);
    expect(four.tree.tiers).toEqual(["leaf", "spine", "core", "tier-3"]);
  });

  test("of AWS tells a node that lacks a layer from a type that has fewer", () => {
    const p5 = { [TYPE]: "p5.48xlarge" };
    const b200 = { [TYPE]: "p6-b200.48xlarge" };
    const { tree, problems, warnings } = treeFromNodeLabels(
      list([node("a", aws(["t", "m", "l"], p5)), node("b", aws(["t", "m"], p5)), node("c", aws(["t", "x", "y", "z"], b200))]),
    );
    expect(problems).toEqual([]);
    expect(tree.nodes.map(({ chain }) => chain)).toEqual([
      ["l", "m", "t", UNKNOWN_DOMAIN],
      [UNKNOWN_DOMAIN, "m", "t", UNKNOWN_DOMAIN],
      ["z", "y", "x", "t"],
    ]);
    expect(messages(warnings)).toEqual([
      "nodes: 1 of 3 nodes have no label topology.k8s.aws/network-node-layer-3: b.",
      "nodes: Instance types have different numbers of layers (p5.48xlarge 3, p6-b200.48xlarge 4); no tier-3 is known for nodes a,b.",
    ]);
  });

  test("of Topograph has tier 0 nearest, and of its old keys comes with a warning", () => {
    expect(treeFromNodeLabels([node("a", topograph("l1", "s1"))]).tree.nodes[0]!.chain).toEqual(["l1", "s1"]);
    const old = (word: string, value: string) => [`network.topology.nvidia.com/${word}`, value];
    const v03 = Object.fromEntries([old("leaf", "l"), old("spine", "s"), old("core", "c"), old("accelerator", "nvl")]);
    const v01 = Object.fromEntries([old("block", "l"), old("spine", "s"), old("datacenter", "c")]);
    const { tree, profile, warnings } = treeFromNodeLabels([node("a", v03), node("b", v01)]);
    expect(profile).toBe("topograph-v0");
    expect(tree.nodes).toEqual([
      { name: "a", chain: ["l", "s", "c"], padded: [], accelerator: "nvl" },
      { name: "b", chain: ["l", "s", "c"], padded: [] },
    ]);
    expect(messages(warnings)).toEqual([
      "profile: These are labels of Topograph before 1.0; nothing writes them any more, so they may be out of date.",
    ]);
  });

  test("leaves old keys aside that an upgrade of Topograph left behind", () => {
    const both = { ...topograph("l1"), "network.topology.nvidia.com/leaf": "old" };
    const { tree, profile, problems, warnings } = treeFromNodeLabels([node("a", both), node("b", topograph("l2"))]);
    expect([profile, problems, tree.nodes.map(({ chain }) => chain[0])]).toEqual(["topograph", [], ["l1", "l2"]]);
    expect(warnings[0]!.message).toBe(
      "Nodes carry labels of Topograph from before 1.0 beside new ones (topograph on 2 of 2, topograph-v0 on 1 of 2); the old are not read.",
    );
  });

  test("refuses a mixture unless told which profile is meant", () => {
    const mixed = [node("a", aws(["t", "m", "l"])), node("b", gke("b", "s", "h")), node("c", gke("b", "s", "h2"))];
    const auto = treeFromNodeLabels(mixed);
    expect([auto.profile, auto.tree.tiers, auto.found]).toEqual([undefined, [], { aws: 1, gke: 2 }]);
    expect(messages(auto.problems)).toEqual([
      "profile: Nodes carry topology labels of 2 profiles (aws on 1 of 3, gke on 2 of 3).",
    ]);
    const told = treeFromNodeLabels(mixed, { profile: "gke" });
    expect([told.problems, told.tree.nodes.map(({ padded }) => padded.length)]).toEqual([[], [2, 0, 0]]);
    expect(treeFromNodeLabels(mixed, { profile: "topograph" }).warnings[0]!.message).toBe(
      "No node has a topology label of the profile topograph; there are aws on 1 of 3, gke on 2 of 3: 3 nodes.",
    );
  });

  test("names both spines of a torn leaf, and the nodes", () => {
    const { problems } = treeFromNodeLabels([
      node("n1", topograph("l1", "s1")),
      node("n2", topograph("l1", "s2")),
      node("n3", topograph("l1", "s1")),
    ]);
    expect(messages(problems)).toEqual(["[1]: The leaf l1 is under two: s1 (n[1,3]) and s2 (n2)."]);
  });

  test("has accelerator domains only where a label means one", () => {
    const accelerators = (...labels: Labels[]) =>
      treeFromNodeLabels(labels.map((each, n) => node(`n${n}`, each))).tree.nodes.map(({ accelerator }) => accelerator);
    expect(
      accelerators(gke("b", "s1", "h", { [TYPE]: "a4x-highgpu-4g" }), gke("b", "s2", "h", { [TYPE]: "a3-ultragpu-8g" })),
    ).toEqual(["s1", undefined]);
    const clique = (id: string) => ({ "nvidia.com/gpu.clique": id });
    expect(accelerators({ ...topograph("l1"), ...clique("7c6b-1.0") }, { ...topograph("l1"), ...clique("0000-0000.0") })).toEqual(
      ["7c6b-1.0", undefined],
    );
    expect(accelerators({ ...topograph("l1"), "accelerator.topograph.run/domain": "nvl1", ...clique("7c6b-1.0") })).toEqual([
      "nvl1",
    ]);
    const block = { "topology.k8s.aws/capacity-block-id": "cr-1" };
    expect(accelerators(aws(["t", "m", "l"], { ...block, [TYPE]: "p6e-gb200.36xlarge" }))).toEqual(["cr-1"]);
    expect(accelerators(aws(["t", "m", "l"], { ...block, [TYPE]: "p5.48xlarge" }))).toEqual([undefined]);
    expect(accelerators(aws(["t", "m", "l"], { ...block, "topology.k8s.aws/ultraserver-id": "us-1" }))).toEqual(["us-1"]);
  });

  test("says which keys mean no tier", () => {
    const { tree, warnings } = treeFromNodeLabels([
      node("a", { ...topograph("l1"), "fabric.topograph.run/tier-99999": "x", "fabric.topograph.run/tier-01": "y" }),
    ]);
    expect(tree.tiers).toEqual(["leaf"]);
    expect(messages(warnings)).toEqual([
      "nodes: The label fabric.topograph.run/tier-99999 means no tier and is not read: node a.",
      "nodes: The label fabric.topograph.run/tier-01 means no tier and is not read: node a.",
    ]);
  });

  test("names what is not a node list, and reads the nodes that are right", () => {
    const wrong = (input: unknown) => messages(treeFromNodeLabels(input).problems);
    expect(wrong("{")).toEqual(["line 1: This is not JSON: it ends too early."]);
    expect(wrong({ foo: 1 })).toEqual(["items: This is not a list of nodes."]);
    expect(wrong(list([{ kind: "Pod", metadata: { name: "p" } }]))).toEqual(["items[0].kind: This is a Pod, not a node."]);
    const { tree, problems } = treeFromNodeLabels(
      list([
        node("", {}),
        { metadata: { name: "a", labels: { ...topograph("l1"), x: 5 } } },
        { metadata: { name: "b", labels: [] } },
      ]),
    );
    expect(messages(problems)).toEqual([
      "items[0].metadata.name: A node has no name.",
      'items[1].metadata.labels["x"]: A label of a is not a text.',
      "items[2].metadata.labels: The labels of b are not an object.",
    ]);
    expect(tree.nodes.map(({ name, chain }) => [name, ...chain])).toEqual([["a", "l1"], ["b", UNKNOWN_DOMAIN]]); // prettier-ignore
  });

  test("says when the API server has more nodes than the list", () => {
    const { warnings } = treeFromNodeLabels({ ...list([node("a", topograph("l1"))]), metadata: { continue: "token" } });
    expect(messages(warnings)).toEqual(["metadata.continue: The list goes on: the API server has more nodes than these."]);
  });
});

describe("a damaged node list", () => {
  const lists = [
    h3([7, 5], 1),
    dumped("gke/gke-v100-16-nodes.tsv"),
    list(["l1", "l1", "l2", "l3"].map((leaf, n) => node(`n${n}`, aws(["t", `s${leaf}`, leaf], { [TYPE]: "hpc7g.16xlarge" })))),
    list(["l1", "l1", "l2", "l3"].map((leaf, n) => node(`n${n}`, topograph(leaf, `s-${leaf}`, "c")))),
  ];
  const texts = lists.map((each) => JSON.stringify(each, null, 1));
  const lost = (names: readonly string[], result: ReturnType<typeof treeFromNodeLabels>) => {
    const there = new Set(result.tree.nodes.map(({ name }) => name));
    const said = textOf(result);
    return names.filter((name) => !there.has(name) && !said.includes(JSON.stringify(name).slice(1, -1)));
  };

  test("as text is a tree or a problem with its line, and loses no node silently (2,400 cases)", () => {
    for (let seed = 0; seed < 2400; seed++) {
      const damaged = damagedText(texts[seed % texts.length]!, seed);
      const result = treeFromNodeLabels(damaged);
      const paths = result.problems.map(({ path }) => path);
      expect({ seed, faults: faultsOf(result), paths: paths.filter((path) => !lineOrPath.test(path)) }).toEqual({
        seed,
        faults: [],
        paths: [],
      });
      const names = [...damaged.matchAll(/"metadata": \{\s*"name": "([^"\\\n\r\0]+)"/g)].map((match) => match[1]!);
      if (paths.length === 0) expect({ seed, lost: lost(names, result) }).toEqual({ seed, lost: [] });
    }
  });

  test("as a value is a tree or problems with their paths, and loses no node silently (2,400 cases)", () => {
    for (let seed = 0; seed < 2400; seed++) {
      const damaged = damagedValue(lists[seed % lists.length]!, seed) as { items?: unknown } | undefined | null;
      const result = treeFromNodeLabels(damaged);
      const items = Array.isArray(damaged?.items) ? (damaged.items as { kind?: string; metadata?: { name?: unknown } }[]) : [];
      const names = items.filter((each) => each?.kind === "Node").map((each) => each.metadata?.name);
      const real = names.filter((name): name is string => typeof name === "string" && name !== "");
      expect({ seed, faults: faultsOf(result), lost: lost(real, result) }).toEqual({ seed, faults: [], lost: [] });
    }
  });
});

test("100,000 nodes, every tenth without labels, take less than ten seconds", () => {
  const nodes = Array.from({ length: 100_000 }, (_, n) => ({
    name: `n${n}`,
    labels: n % 10 === 0 ? {} : topograph(`l${n >> 5}`, `s${n >> 10}`, `c${n >> 14}`),
  }));
  const start = performance.now();
  const { tree, problems, warnings } = treeFromNodeLabels(nodes);
  const seconds = (performance.now() - start) / 1000;
  expect([tree.nodes.length, tree.tiers.length, problems.length, warnings.length]).toEqual([100_000, 3, 0, 1]);
  expect(seconds).toBeLessThan(10);
});
