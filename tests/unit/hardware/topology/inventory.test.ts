import { treeFromInventory, type Inventory, type InventoryNode } from "../../../../hardware/topology/sources/inventory";
import { UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";

const host = (name: string, leaf?: string, more: Partial<InventoryNode> = {}): InventoryNode => ({ name, leaf, ...more });
const six = [host("n01", "l1"), host("n02", "l1"), host("n03", "l1"), host("n04", "l2"), host("n05", "l2"), host("n06", "l3")];
const spines = { s1: ["l1", "l2"], s2: ["l3"] };

/** Path, value and message of everything that is wrong. */
const wrong = (inventory: Inventory) =>
  treeFromInventory(inventory).problems.map(({ path, value, message }) => [path, value, message]);

/** What Go's hash/fnv gives for 64 times s and a 0, which is too long for a label. */
const HASH_OF_LONG = "x88ba27ebfbe442ef";

describe("the fabric tree of an inventory", () => {
  test("gives every host its chain of domains, nearest first", () => {
    const { tree, problems, warnings } = treeFromInventory({ nodes: six, spines });
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(tree.tiers).toEqual(["leaf", "spine"]);
    expect(tree.nodes.map(({ name, chain }) => [name, ...chain])).toEqual([
      ["n01", "l1", "s1"],
      ["n02", "l1", "s1"],
      ["n03", "l1", "s1"],
      ["n04", "l2", "s1"],
      ["n05", "l2", "s1"],
      ["n06", "l3", "s2"],
    ]);
    expect(tree.nodes.every(({ padded }) => padded.length === 0)).toBe(true);
  });

  test("has the tiers that were given and no others", () => {
    expect(treeFromInventory({ nodes: [host("a"), host("b")] }).tree).toEqual({
      tiers: [],
      nodes: [
        { name: "a", chain: [], padded: [] },
        { name: "b", chain: [], padded: [] },
      ],
    });
    expect(treeFromInventory({ nodes: six }).tree.tiers).toEqual(["leaf"]);
    expect(treeFromInventory({ nodes: six, spines: {} }).tree.tiers).toEqual(["leaf"]);
    const three = treeFromInventory({ nodes: six, spines, cores: { c1: ["s1", "s2"] } });
    expect(three.problems).toEqual([]);
    expect(three.tree.tiers).toEqual(["leaf", "spine", "core"]);
    expect(three.tree.nodes[5]!.chain).toEqual(["l3", "s2", "c1"]);
  });

  test("keeps accelerator domains beside the tiers", () => {
    const { tree, problems } = treeFromInventory({ nodes: [host("a", "l1", { accelerator: "nvl1" }), host("b", "l1")] });
    expect(problems).toEqual([]);
    expect(tree.nodes).toEqual([
      { name: "a", chain: ["l1"], padded: [], accelerator: "nvl1" },
      { name: "b", chain: ["l1"], padded: [] },
    ]);
  });

  test("pads a control-plane host without a leaf explicitly", () => {
    const { tree, problems } = treeFromInventory({ nodes: [host("cp1", undefined, { mayLackLeaf: true }), ...six], spines });
    expect(problems).toEqual([]);
    expect(tree.nodes[0]).toEqual({ name: "cp1", chain: [UNKNOWN_DOMAIN, UNKNOWN_DOMAIN], padded: ["leaf", "spine"] });
  });

  test("takes no harm from names that JavaScript objects have by themselves", () => {
    const { tree, problems } = treeFromInventory({ nodes: [host("a", "constructor")], spines: { toString: ["constructor"] } });
    expect(problems).toEqual([]);
    expect(tree.nodes[0]!.chain).toEqual(["constructor", "toString"]);
  });
});

describe("what is wrong with an inventory's topology", () => {
  test("hosts without a leaf are named together", () => {
    const nodes = [
      ...six,
      host("n07", undefined, { path: "cluster.hosts[3]" }),
      host("n08", undefined, { path: "cluster.hosts[3]" }),
    ];
    expect(wrong({ nodes, spines })).toEqual([
      ["cluster.hosts[3].leaf", "n[07-08]", "2 hosts have no leaf while others have one."],
    ]);
  });

  test("hosts without a leaf in several groups are named together as well", () => {
    const nodes = [
      ...six,
      host("m1", undefined, { path: "cluster.hosts[3]" }),
      host("m2", undefined, { path: "cluster.hosts[4]" }),
    ];
    expect(wrong({ nodes, spines })).toEqual([["cluster.hosts", "m[1-2]", "2 hosts have no leaf while others have one."]]);
  });

  test("a leaf with two spines", () => {
    expect(wrong({ nodes: six, spines: { s1: ["l1", "l2"], s2: ["l3", "l2"] } })).toEqual([
      ["cluster.topology.spines.s2[1]", "l2", "The leaf l2 is under two: s1 and s2."],
    ]);
  });

  test("a leaf in no spine", () => {
    const { problems, tree } = treeFromInventory({ nodes: six, spines: { s1: ["l1"] } });
    expect(problems).toEqual([
      {
        path: "cluster.topology.spines",
        value: "l[2-3]",
        message: "2 leaves are under no spine.",
        allowed: "one spine for each leaf",
        fix: "Add them to one of: s1.",
      },
    ]);
    expect(tree.nodes[5]).toEqual({ name: "n06", chain: ["l3", UNKNOWN_DOMAIN], padded: ["spine"] });
  });

  test("a spine that names an unknown leaf, with the nearest name", () => {
    const { problems } = treeFromInventory({
      nodes: six.map((node) => ({ ...node, leaf: `leaf-${node.leaf}` })),
      spines: { s1: ["leaf-l1", "leaf-l2"], s2: ["leaf-l3", "leef-l3"] },
    });
    expect(problems).toEqual([
      {
        path: "cluster.topology.spines.s2[1]",
        value: "leef-l3",
        message: "No host has this leaf.",
        allowed: "leaves: leaf-l[1-3]",
        fix: "Did you mean leaf-l3?",
      },
    ]);
  });

  test("a core that names an unknown spine, and spines under no core", () => {
    expect(wrong({ nodes: six, spines, cores: { c1: ["s1", "s9"] } })).toEqual([
      ["cluster.topology.cores.c1[1]", "s9", "There is no such spine."],
      ["cluster.topology.cores", "s2", "A spine is under no core."],
    ]);
  });

  test("spines without any leaf, and cores without spines", () => {
    expect(wrong({ nodes: [host("a")], spines })).toEqual([
      ["cluster.topology.spines", undefined, "Spines are given, but no host has a leaf."],
    ]);
    expect(wrong({ nodes: six, cores: { c1: ["s1"] } })).toEqual([
      ["cluster.topology.cores", undefined, "Cores are given without spines."],
    ]);
  });

  test.each([
    ["rack 1", 'character 5 is " "'],
    ["l/1", 'character 2 is "/"'],
    ["-l1", 'it begins with "-"'],
    ["l1.", 'it ends with "."'],
    ["größe", 'character 3 is "ö"'],
    ["", "it is empty"],
    [`${"l".repeat(80)} 1`, 'character 81 is " "'],
  ])("a leaf named %j, which no node label can carry", (leaf, reason) => {
    expect(wrong({ nodes: [host("a", leaf, { path: "cluster.hosts[0]" })] })).toEqual([
      ["cluster.hosts[0].leaf", leaf, `This name of a leaf cannot be a node label: ${reason}.`],
    ]);
  });

  test("names of spines, cores and accelerator domains are looked at as well", () => {
    const nodes = [host("a", "l1", { accelerator: "nvl:1", path: "cluster.hosts[0]" })];
    const found = wrong({ nodes, spines: { "s 1": ["l1"] }, cores: { "c@1": ["s 1"] } });
    expect(found.map(([path, value]) => [path, value])).toEqual([
      ["cluster.topology.spines", "s 1"],
      ["cluster.topology.cores", "c@1"],
      ["cluster.hosts[0].accelerator", "nvl:1"],
    ]);
  });

  test("a name that looks like the hash of another one's label", () => {
    const long = `${"s".repeat(64)}0`;
    const { problems } = treeFromInventory({ nodes: [host("a", long), host("b", HASH_OF_LONG)] });
    expect(problems.map(({ value, message }) => [value, message])).toEqual([
      [HASH_OF_LONG, `As a node label (${HASH_OF_LONG}) the leaf ${HASH_OF_LONG} cannot be told from ${long}.`],
    ]);
  });

  test("everything is shown at once", () => {
    const nodes = [...six, host("n07"), host("n08", "l 4")];
    expect(wrong({ nodes, spines: { s1: ["l1", "l2", "l9"], s2: ["l1"] } }).map(([path]) => path)).toEqual([
      "cluster.hosts",
      "cluster.topology.spines.s1[2]",
      "cluster.topology.spines.s2[0]",
      "cluster.topology.spines",
      "cluster.hosts.leaf",
    ]);
  });

  test("what does no harm is a warning", () => {
    const { problems, warnings } = treeFromInventory({ nodes: six, spines: { ...spines, s2: ["l3", "l3"], s3: [] } });
    expect(problems).toEqual([]);
    expect(warnings.map(({ path, message }) => [path, message])).toEqual([
      ["cluster.topology.spines.s2[1]", "The leaf is listed twice."],
      ["cluster.topology.spines.s3", "The spine has nothing under it."],
    ]);
  });

  test("the paths are those of whoever asks", () => {
    const { problems } = treeFromInventory({ nodes: six, spines: { s1: ["l9"] }, path: "layers.topology" });
    expect(problems[0]!.path).toBe("layers.topology.spines.s1[0]");
  });
});
