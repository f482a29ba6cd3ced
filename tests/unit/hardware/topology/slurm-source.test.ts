import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expandHostlist } from "../../../../hardware/hostlist";
import { treeFromSlurmTopology } from "../../../../hardware/topology/sources/slurm";
import { domainSizes, UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import { damagedText, faultsOf, messages, textOf } from "./mutations";

const file = (name: string) => readFileSync(join(__dirname, "../../../fixtures/topology/slurm", name), "utf8");
const read = (...lines: string[]) => treeFromSlurmTopology(lines.join("\n"));
const chains = (...lines: string[]) => read(...lines).tree.nodes.map(({ name, chain }) => [name, ...chain]);

describe("the tree of Slurm's topology.conf", () => {
  test("has the levels of the switches, whatever their order, case, comments and continued lines", () => {
    const { tree, plugin, problems, warnings } = treeFromSlurmTopology(file("tree-3-levels.conf"));
    expect({ problems, warnings, plugin, tiers: tree.tiers, nodes: tree.nodes.length }).toEqual({
      problems: [],
      warnings: [],
      plugin: "tree",
      tiers: ["leaf", "spine", "core"],
      nodes: 95 + 64 + 11 + 2,
    });
    expect([...domainSizes(tree, "leaf")]).toEqual([
      ["su1-leaf1", 32],
      ["su1-leaf2", 32],
      ["su1-leaf3", 31],
      ["su2-leaf1", 32],
      ["su2-leaf2", 32],
      ["su2-leaf3", 11],
      ["svc-leaf", 2],
    ]);
    expect([...domainSizes(tree, "spine")]).toEqual([["su1", 95], ["su2", 75], ["svc", 2]]); // prettier-ignore
    expect(tree.nodes[tree.nodes.length - 1]).toEqual({ name: "login2", chain: ["svc-leaf", "svc", "core"], padded: [] });
  });

  test("may have several roots", () => {
    expect(chains("SwitchName=s1 Nodes=a", "SwitchName=s2 Nodes=b")).toEqual([["a", "s1"], ["b", "s2"]]); // prettier-ignore
  });

  test("pads branches that are shorter, in the middle and at the top, and names the nodes", () => {
    const { tree, problems, warnings } = read(
      "SwitchName=root Switches=s1,l3",
      "SwitchName=s1 Switches=l[1-2]",
      "SwitchName=l1 Nodes=n[1-2]",
      "SwitchName=l2 Nodes=n3",
      "SwitchName=l3 Nodes=n4",
      "SwitchName=l4 Nodes=n5",
    );
    expect(problems).toEqual([]);
    expect(tree.nodes.slice(2)).toEqual([
      { name: "n3", chain: ["l2", "s1", "root"], padded: [] },
      { name: "n4", chain: ["l3", UNKNOWN_DOMAIN, "root"], padded: ["spine"] },
      { name: "n5", chain: ["l4", UNKNOWN_DOMAIN, UNKNOWN_DOMAIN], padded: ["spine", "core"] },
    ]);
    expect(messages(warnings)).toEqual([
      "line 5: Branches are of unequal depth: no spine switch is above nodes n[4-5].",
      "line 6: Branches are of unequal depth: no core switch is above node n5.",
    ]);
  });

  test("of the block plugin has blocks nearest, and the block sizes beside it", () => {
    const { tree, plugin, blockSizes, problems, warnings } = treeFromSlurmTopology(file("block-nvl72.conf"));
    expect({ problems, warnings, plugin, blockSizes, tiers: tree.tiers }).toEqual({
      problems: [],
      warnings: [],
      plugin: "block",
      blockSizes: [16, 32, 64],
      tiers: ["leaf"],
    });
    expect([...domainSizes(tree, "leaf")]).toEqual([["rack1", 18], ["rack2", 18], ["rack3", 18], ["rack4", 18]]); // prettier-ignore
    expect(tree.nodes[18]!.name).toBe("gb019");
  });

  test.each<[string, string[], string[]]>([
    ["a child that no line defines", ["SwitchName=s0 Switches=leaf1,leaf3", "SwitchName=leaf1 Nodes=a"], ["line 1: The switch s0 has the child leaf3, which no line defines."]],
    ["two parents", ["SwitchName=a Switches=l", "SwitchName=b Switches=l", "SwitchName=l Nodes=n1"], ["line 2: The switch l is under two: a (line 1) and b."]],
    ["a node on two switches", ["SwitchName=a Nodes=n[1-2]", "SwitchName=b Nodes=n2"], ["line 2: The node n2 is in two places: a (line 1) and b."]],
    ["a circle", ["SwitchName=a Switches=b", "SwitchName=b Switches=a"], ["line 2: These switches are above each other, so that there is no root: b < a < b."]],
    ["a switch above itself", ["SwitchName=a Switches=a"], ["line 1: These switches are above each other, so that there is no root: a < a."]],
    ["a switch twice", ["SwitchName=a Nodes=n1", "SwitchName=a Nodes=n2"], ["line 2: The switch a is there already, in line 1."]],
    ["nodes and switches together", ["SwitchName=a Nodes=n1 Switches=b", "SwitchName=b Nodes=n2"], ["line 1: The switch a has nodes and switches; Slurm takes one of them."]],
    ["an Include line", ["Include other.conf", "SwitchName=a Nodes=n1"], ["line 1: Include is refused: only one text is read, and the switches of the other file would be missing."]],
    ["a hostlist that is none", ["# c", "SwitchName=a Nodes=n[1-"], ["line 2: This is not a hostlist: `[` is not closed (character 2)."]],
    ["a key that Slurm does not know", ["SwitchName=a Nodes=n1 Speed=4"], ["line 1: Slurm does not know speed here."]],
    ["a line of another file", ["NodeName=n1 CPUs=4", "SwitchName=a Nodes=n1"], ["line 1: This line is neither a switch nor a block."]],
    ["no Key=value", ["SwitchName=a Nodes=n1, n2"], ["line 1: This is not Key=value.", "line 1: This is not a hostlist: an element between commas is empty (character 3)."]],
    ["a LinkSpeed that is no number", ["SwitchName=a Nodes=n1 LinkSpeed=fast"], ["line 1: LinkSpeed of a is not a number."]],
    ["a name that cannot be a label", ["SwitchName=a/b Nodes=n1"], ['line 1: This name of a leaf cannot be a node label: character 2 is "/".']],
    ["switches and blocks in one file", ["SwitchName=a Nodes=n1", "BlockName=b Nodes=n2"], ["line 2: Switches (line 1) and blocks are for different plugins; both are read as far as they go."]],
    ["a block without nodes", ["BlockName=b"], ["line 1: The block b has no nodes."]],
    ["a block twice", ["BlockName=b Nodes=n1", "BlockName=b Nodes=n2"], ["line 2: The block b is there already, in line 1."]],
    ["a block that is too small", ["BlockName=b Nodes=n[1-3]", "BlockSizes=4"], ["line 1: The block b has 3 nodes, fewer than the base block size of 4."]],
    ["block sizes that are no powers of two", ["BlockName=b Nodes=n[1-3]", "BlockSizes=2,6"], ["line 2: Slurm does not take these block sizes."]],
    ["nothing at all", ["# nothing"], ["line 1: There is no switch and no block."]],
    ["a comment that swallows a switch", ["SwitchName=a Nodes=n1 # x \\", "SwitchName=b Nodes=n2"], ["line 1: A comment ends in a backslash, so that line 2 is a comment for Slurm: SwitchName=b Nodes=n2"]],
  ])("names the line of %s", (_, lines, expected) => {
    expect(messages(read(...lines).problems)).toEqual(expected);
  }); // prettier-ignore

  test("offers the nearest name for a child that is misspelt, and warns of a switch with nothing under it", () => {
    const { problems, warnings } = read("SwitchName=s0 Switches=laef1,q", "SwitchName=leaf1 Nodes=a", "SwitchName=q");
    expect(problems[0]!.fix).toBe("Did you mean leaf1?");
    expect(messages(warnings)[0]).toBe("line 3: The switch q has nothing under it; older versions of Slurm refuse that.");
  });

  test("names a node once that its switch lists twice, with a warning", () => {
    const { tree, problems, warnings } = read("SwitchName=a Nodes=n1,n[1-2]");
    expect([tree.nodes.length, problems, messages(warnings)]).toEqual([
      2,
      [],
      ["line 1: The node n1 is listed twice (first at line 1)."],
    ]);
  });

  test("keeps the nearest 16 levels of a chain of switches that goes on and on", () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `SwitchName=s${n} ${n === 0 ? "Nodes=n0" : `Switches=s${n - 1}`}`);
    const { tree, problems } = read(...lines);
    expect([tree.tiers.length, tree.nodes[0]!.chain[15], problems.length]).toEqual([16, "s15", 1]);
    expect(problems[0]!.message).toMatch(/^The switches have more than 16 levels; only the 16 nearest the nodes are kept\.$/);
  });
});

/** Nodes of lines that are right by themselves: every name of them must be somewhere in the answer. */
function namedNodes(text: string): { nodes: string[]; list: string }[] {
  return [...text.matchAll(/^(?:SwitchName|BlockName)=[a-z][a-z0-9-]* +Nodes=([a-z][a-z0-9,[\]-]*)$/gm)].flatMap((match) => {
    try {
      return [{ nodes: expandHostlist(match[1]!), list: match[1]! }];
    } catch {
      return [];
    }
  });
}

test("a damaged topology.conf is a tree or a problem with its line, and loses no node silently (3,000 cases)", () => {
  const texts = [file("tree-3-levels.conf"), file("block-nvl72.conf")];
  let right = 0;
  for (let seed = 0; seed < 3000; seed++) {
    const damaged = damagedText(texts[seed % 2]!, seed);
    const result = treeFromSlurmTopology(damaged);
    const strange = [...result.problems, ...result.warnings].filter(({ path }) => !/^line \d+$/.test(path));
    const names = new Set(result.tree.nodes.map(({ name }) => name));
    const said = textOf(result);
    const lost = namedNodes(damaged).filter(({ nodes, list }) => !nodes.every((name) => names.has(name)) && !said.includes(list));
    expect({ seed, faults: faultsOf(result), strange, lost }).toEqual({ seed, faults: [], strange: [], lost: [] });
    if (result.problems.length === 0) right++;
  }
  expect(right).toBeGreaterThan(300);
  expect(right).toBeLessThan(2700);
});

test("100,000 nodes below 3,125 leaves take less than ten seconds", () => {
  const lines = ["SwitchName=core Switches=s[0-97]"];
  for (let spine = 0; spine < 98; spine++)
    lines.push(`SwitchName=s${spine} Switches=l[${spine * 32}-${Math.min(3124, spine * 32 + 31)}]`);
  for (let leaf = 0; leaf < 3125; leaf++) lines.push(`SwitchName=l${leaf} Nodes=n[${leaf * 32}-${leaf * 32 + 31}]`);
  const start = performance.now();
  const { tree, problems, warnings } = read(...lines);
  const seconds = (performance.now() - start) / 1000;
  expect([tree.nodes.length, tree.tiers.length, problems, warnings]).toEqual([100_000, 3, [], []]);
  expect(seconds).toBeLessThan(10);
});
