import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  nodeLabels,
  treeFromAwsTopology,
  treeFromIbnetdiscover,
  treeFromNodeLabels,
  type FabricTree,
  type SourceTree,
} from "../../hardware";
import { treeFromInventoryFile } from "../../tools/topology/inventory-file";
import { ControlPlane, findPrograms } from "./controlPlane";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: labels on a real API server: ${found.missing}`);

jest.setTimeout(60_000);
const root = join(__dirname, "..", "..");
const fixture = (name: string) => readFileSync(join(root, "tests/fixtures/topology", name), "utf8");
const SOURCES: readonly (readonly [string, () => SourceTree])[] = [
  ["the example's inventory", () => treeFromInventoryFile(readFileSync(join(root, "stacks/Pulumi.bare-metal.yaml"), "utf8"))],
  ["64 real EC2 instances", () => treeFromAwsTopology(fixture("aws/eks-hpc6a-64.json"))],
  ["a drawn fabric of eight rails", () => treeFromIbnetdiscover(fixture("ibnetdiscover/rails.txt"))],
];

/** What `turducken topology convert --to labels` is for: node objects that the API server takes, and gives back the same. */
("missing" in found ? describe.skip : describe)("topology labels on a real API server", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start((found as { folder: string }).folder);
  }, 120_000);
  afterAll(() => plane?.stop());

  test.each(SOURCES)("of %s are accepted, and read back they are the same tree", async (_, read) => {
    const { tree, problems } = read();
    expect(problems).toEqual([]);
    await plane.kubectl(["delete", "nodes", "--all", "--wait=true"]);
    await plane.kubectl(["create", "-f", "-"], JSON.stringify(nodesWith(tree)));
    const { tree: again } = treeFromNodeLabels(await plane.kubectl(["get", "nodes", "-o", "json"]), { profile: "topograph" });
    const places = (each: FabricTree) => new Map(each.nodes.map(({ name, chain }) => [name, chain]));
    expect(again.tiers).toEqual(tree.tiers);
    expect(places(again)).toEqual(places(tree));
  });

  test("from the command line go through kubectl as they are", async () => {
    const command = [join(root, "bin/turducken.js"), "topology", "convert", "--to", "labels", "stacks/Pulumi.bare-metal.yaml"];
    const { stdout, status } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
    expect(status).toBe(0);
    await plane.kubectl(["delete", "nodes", "--all", "--wait=true"]);
    await plane.kubectl(["apply", "--server-side", "-f", "-"], stdout);
    const shown = await plane.kubectl(["get", "nodes", "-l", "fabric.topograph.run/tier-0=l1", "-o", "name"]);
    expect(shown.trim().split("\n")).toEqual(["node/n01", "node/n02", "node/n03"]);
  });
});

function nodesWith(tree: FabricTree): object {
  const items = tree.nodes.map(({ name }) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: nodeLabels(tree, name) },
  }));
  return { apiVersion: "v1", kind: "List", items };
}
