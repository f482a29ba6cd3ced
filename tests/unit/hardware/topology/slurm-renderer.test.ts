import { renderSlurmTopology } from "../../../../hardware/topology/renderers/slurm";
import { treeOf } from "./trees";

const lines = (...wanted: string[]) => wanted.map((line) => `${line}\n`).join("");
const asTree = (root?: string, ...nodes: string[]) =>
  renderSlurmTopology(treeOf(...nodes), { plugin: "tree", ...(root ? { root } : {}) });
const asBlocks = (...nodes: string[]) => renderSlurmTopology(treeOf(...nodes), { plugin: "block" });

describe("topology.conf for the tree plugin", () => {
  test("has leaves with their nodes before the spines above them", () => {
    const { output, problems, warnings } = asTree(
      undefined,
      "n08 l1 s1 c1",
      "n09 l1 s1 c1",
      "n10 l1 s1 c1",
      "n12 l2 s1 c1",
      "n13 l3 s2 c1",
    );
    expect([...problems, ...warnings]).toEqual([]);
    expect(output).toBe(
      lines(
        "SwitchName=l1 Nodes=n[08-10]",
        "SwitchName=l2 Nodes=n12",
        "SwitchName=s1 Switches=l[1-2]",
        "SwitchName=l3 Nodes=n13",
        "SwitchName=s2 Switches=l3",
        "SwitchName=c1 Switches=s[1-2]",
      ),
    );
  });

  test("warns of several roots, and joins them by one more switch when asked", () => {
    const nodes = ["n1 l1 s1", "n2 l2 s2"];
    expect(asTree(undefined, ...nodes).warnings).toEqual([
      expect.objectContaining({
        value: "s[1-2]",
        message: "2 switches have nothing above them, and no job can span two of them.",
      }),
    ]);
    const joined = asTree("fabric", ...nodes);
    expect(joined.warnings).toEqual([]);
    expect(joined.output).toContain("SwitchName=fabric Switches=s[1-2]\n");
  });

  test("gives a leaf and a spine of one name different switches, and says so", () => {
    const { output, warnings } = asTree("a", "n1 a a", "n2 b a");
    expect(output).toBe(
      lines(
        "SwitchName=a Nodes=n1",
        "SwitchName=b Nodes=n2",
        "SwitchName=spine-a Switches=a,b",
        "SwitchName=a-2 Switches=spine-a",
      ),
    );
    expect(warnings).toEqual([expect.objectContaining({ value: "a as spine-a" })]);
  });

  test("puts nodes without a leaf under a switch of their own, and says which", () => {
    const { output, warnings } = asTree(undefined, "n1 l1 s1", "n2 - s1", "n3 - s1", "n4 - -", "n5 l5 -");
    expect(output).toBe(
      lines(
        "SwitchName=l1 Nodes=n1",
        "SwitchName=unknown-leaf Nodes=n[2-3]",
        "SwitchName=s1 Switches=l1,unknown-leaf",
        "SwitchName=unknown-leaf-2 Nodes=n4",
        "SwitchName=l5 Nodes=n5",
      ),
    );
    expect(warnings.map(({ value }) => value)).toEqual(["s1,unknown-leaf-2,l5", "n[2-4]"]);
  });

  test("changes characters that end a name in Slurm's files", () => {
    const { output, warnings } = asTree(undefined, "n1 MF0;a=b#c", "n2 MF0;a=b;c");
    expect(output).toBe(lines("SwitchName=MF0-a-b-c Nodes=n1", "SwitchName=leaf-MF0-a-b-c Nodes=n2"));
    expect(warnings[0]!.message).toBe("2 switches are called otherwise in Slurm than in the fabric tree.");
  });

  test("of a tree without tiers is a problem", () => {
    const { output, problems } = renderSlurmTopology({ tiers: [], nodes: [] }, { plugin: "tree" });
    expect([output, problems.length]).toEqual(["", 1]);
  });
});

describe("topology.conf for the block plugin", () => {
  const nodes = (block: string, first: number, count: number, ...above: string[]) =>
    Array.from({ length: count }, (_, index) => [`n${first + index}`, block, ...above].join(" "));

  test("has the smallest block as base size, and tiers above it where they are powers of two", () => {
    const four = ["b1", "b2", "b3", "b4"].flatMap((block, index) =>
      nodes(block, 10 * (index + 1), 2, index < 2 ? "s1" : "s2", "c1"),
    );
    const { output, problems, warnings } = asBlocks(...four);
    expect([...problems, ...warnings]).toEqual([]);
    expect(output).toBe(
      lines(
        "BlockName=b1 Nodes=n[10-11]",
        "BlockName=b2 Nodes=n[20-21]",
        "BlockName=b3 Nodes=n[30-31]",
        "BlockName=b4 Nodes=n[40-41]",
        "BlockSizes=2,4,8",
      ),
    );
  });

  test("says what larger blocks lose, and which tiers cannot be told", () => {
    const { output, warnings } = asBlocks(
      ...nodes("b1", 10, 3, "s1"),
      ...nodes("b2", 20, 2, "s1"),
      ...nodes("b3", 30, 2, "s1"),
      "n99 - s1",
    );
    expect(output).toContain("BlockSizes=2\n");
    expect(warnings.map(({ value }) => value)).toEqual(["b1", "3", "n99"]);
  });

  test("can be by accelerator domain", () => {
    const { output, warnings } = renderSlurmTopology(treeOf("n1 l1 @v0", "n2 l2 @v0", "n3 l1"), {
      plugin: "block",
      within: "accelerator",
    });
    expect(output).toBe(lines("BlockName=v0 Nodes=n[1-2]", "BlockSizes=2"));
    expect(warnings).toEqual([expect.objectContaining({ value: "n3" })]);
    expect(renderSlurmTopology(treeOf("n1 l1"), { plugin: "block", within: "core" }).problems).toEqual([
      expect.objectContaining({ path: "within", value: "core", allowed: "leaf" }),
    ]);
    expect(renderSlurmTopology(treeOf("n1 l1"), { plugin: "block", within: "accelerator" }).problems).toHaveLength(1);
  });
});
