import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { expandHostlist } from "../../../../hardware/hostlist";
import { treeFromInventoryFile } from "../../../../tools/topology/inventory-file";
import { readTree } from "../../../../tools/topology/sources";
import { damagedText, damagedValue, faultsOf, messages } from "../../hardware/topology/mutations";

// A busy machine takes its time.
jest.setTimeout(60_000);

const stack = readFileSync(path.resolve(__dirname, "../../../../stacks/Pulumi.bare-metal.yaml"), "utf8");
const cluster = (parse(stack) as { config: Record<string, unknown> }).config["turducken:cluster"];

describe("an inventory from a file", () => {
  it("is the same from a stack file, from its cluster, and from the fields that matter", () => {
    const { hosts, topology } = cluster as { hosts: Record<string, unknown>[]; topology: unknown };
    const few = hosts.map(({ names, leaf, role, pool, machineType }) => ({ names, leaf, role, pool, machineType }));
    const whole = treeFromInventoryFile(stack);
    expect(whole.problems).toEqual([]);
    expect(whole.tree.nodes.map(({ name }) => name)).toEqual(["cp1", "n01", "n02", "n03", "n04", "n05", "n06"]);
    for (const text of [stringify({ cluster }), JSON.stringify(cluster), stringify({ hosts: few, topology })])
      expect(treeFromInventoryFile(text)).toEqual(whole);
  });

  it("tells a host that stands twice, and keeps its first place", () => {
    const { tree, problems } = treeFromInventoryFile("hosts:\n  - {names: 'n[1-2]', leaf: a}\n  - {names: n2, leaf: b}\n");
    expect(messages(problems)).toEqual(["hosts[1].names: hosts[0] has this host already."]);
    expect(tree.nodes.map(({ name, chain }) => [name, ...chain])).toEqual([
      ["n1", "a"],
      ["n2", "a"],
    ]);
  });

  it("takes hosts without groups, and numbers as names of leaves", () => {
    const { tree, problems } = treeFromInventoryFile("hosts:\n  - {name: a, leaf: 7}\n  - {names: [b, 'c[1-2]'], leaf: 7}\n");
    expect(problems).toEqual([]);
    expect(tree.nodes.map(({ name, chain }) => name + chain.join())).toEqual(["a7", "b7", "c17", "c27"]);
    expect(treeFromInventoryFile("hosts: [a, b]").tree.nodes).toHaveLength(2);
  });

  it("refuses YAML that would fill the memory", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x,x]",
      ..."bcdefgh".split("").map((key, at) => `${key}: &${key} [${Array(10).fill(`*${"abcdefg"[at]}`).join(",")}]`),
    ];
    const { problems } = treeFromInventoryFile(`${bomb.join("\n")}\nhosts: *h\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toMatch(/^This YAML cannot be read: /);
  });

  it("reads 1,500 damaged stack files as a tree or an error that says where", () => {
    for (let seed = 0; seed < 1500; seed++) {
      const found = treeFromInventoryFile(damagedText(stack, seed));
      expect([seed, ...faultsOf(found)]).toEqual([seed]);
      for (const each of found.problems)
        expect([seed, each.path]).toEqual([seed, expect.stringMatching(/^(line \d+|hosts|cluster\.)/)]);
    }
  });

  it("reads 1,500 damaged inventories and never drops a host without saying so", () => {
    for (let seed = 0; seed < 1500; seed++) {
      const value = damagedValue(cluster, seed);
      const found = treeFromInventoryFile(JSON.stringify(value) ?? "");
      expect([seed, ...faultsOf(found)]).toEqual([seed]);
      if (found.problems.length > 0) continue;
      const names = (value as { hosts: { names: string }[] }).hosts.flatMap((group) => expandHostlist(group.names));
      expect([seed, found.tree.nodes.map(({ name }) => name)]).toEqual([seed, names]);
    }
  });

  it("finds out what 500 damaged files of each kind are, or says that it cannot", () => {
    const fixtures = ["aws/eks-p3dn-16.json", "ibnetdiscover/two-levels.txt", "slurm/tree-3-levels.conf"];
    for (const name of fixtures) {
      const text = readFileSync(path.resolve(__dirname, "../../../fixtures/topology", name), "utf8");
      for (let seed = 0; seed < 500; seed++) {
        const found = readTree(damagedText(text, seed), { from: "auto" });
        if (found.from === undefined) expect([name, seed, found.problems.length]).toEqual([name, seed, 1]);
      }
    }
  });
});
