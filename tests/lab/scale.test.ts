import { placementQuality } from "../../hardware";
import { ensureKwok, missingKwok } from "../../tools/rehearse/binaries/kwok";
import { SimulatedCluster, type Placing } from "../../tools/rehearse/scale/cluster";
import { leavesOf } from "../../tools/rehearse/scale/leaves";
import { PODS_PER_NODE, podsOf, scalePlan, SMALL_SCALE } from "../../tools/rehearse/scale/plan";
import { findPrograms } from "./controlPlane";

const found = findPrograms();
const missing = "missing" in found ? found.missing : missingKwok();
if (missing) console.warn(`skipped: gangs on 100 simulated nodes: ${missing}`);

/** kwok is built the first time, in one or two minutes. */
const BUILD_MILLISECONDS = 600_000;

(missing ? describe.skip : describe)("20 gangs on 100 simulated nodes in 6 leaves", () => {
  const plan = scalePlan(SMALL_SCALE);
  let cluster: SimulatedCluster;
  let placing: Placing;

  beforeAll(async () => {
    if ("missing" in found) return;
    cluster = await SimulatedCluster.start(plan, { programs: found.folder, kwok: await ensureKwok() });
    placing = await cluster.place(plan.gangs);
  }, BUILD_MILLISECONDS);

  afterAll(async () => cluster?.stop(), 30_000);

  test("are all bound, every pod of them", () => {
    expect(Object.fromEntries([...placing.nodes].map(([name, nodes]) => [name, nodes.length]))).toEqual(
      Object.fromEntries(plan.gangs.map((gang) => [gang.name, gang.nodes])),
    );
    expect([placing.bound, placing.pods]).toEqual([podsOf(plan.gangs), podsOf(plan.gangs)]);
  });

  test("lie in one leaf each, and none is split", () => {
    for (const gang of plan.gangs) {
      const nodes = placing.nodes.get(gang.name)!;
      expect({ gang: gang.name, leaves: leavesOf(plan.tree, nodes).length }).toEqual({ gang: gang.name, leaves: 1 });
      expect(placementQuality(plan.tree, nodes).nearPairs).toBe(1);
    }
  });

  test("have a node for each pod of a gang, and no node has more than it has room for", () => {
    const onNode = new Map<string, number>();
    for (const nodes of placing.nodes.values()) {
      expect(new Set(nodes).size).toBe(nodes.length);
      for (const node of nodes) onNode.set(node, (onNode.get(node) ?? 0) + 1);
    }
    expect(Math.max(...onNode.values())).toBeLessThanOrEqual(PODS_PER_NODE);
  });

  test("run, as kwok plays the kubelets of their nodes", async () => {
    const end = Date.now() + 60_000;
    while ((await cluster.running()) < placing.pods && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await cluster.running()).toBe(placing.pods);
  }, 90_000);

  test("are not followed by one that is larger than every leaf: it waits whole, though the nodes have room", async () => {
    expect(podsOf(plan.gangs) + plan.misfit.nodes).toBeLessThan(plan.tree.nodes.length * PODS_PER_NODE);
    expect(await cluster.pend(plan.misfit, 5)).toMatchObject({ pods: plan.misfit.nodes, bound: 0 });
  }, 90_000);
});
