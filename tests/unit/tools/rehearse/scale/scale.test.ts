import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { domainSizes } from "../../../../../hardware";
import { checkGang } from "../../../../../components/gang";
import { findKwok, KWOK_VERSION, missingKwok } from "../../../../../tools/rehearse/binaries/kwok";
import { REHEARSED } from "../../../../../tools/rehearse/binaries/versions";
import { inOneLeaf, leavesOf } from "../../../../../tools/rehearse/scale/leaves";
import { kwokStages } from "../../../../../tools/rehearse/scale/kwok";
import { FULL_SCALE, NODE_ROOM, podsOf, scalePlan, SMALL_SCALE } from "../../../../../tools/rehearse/scale/plan";
import { processorSeconds, secondsOfStat } from "../../../../../tools/rehearse/scale/processor";

describe("the plan of simulated nodes and gangs", () => {
  const counts = (values: Iterable<number>) => {
    const result: Record<number, number> = {};
    for (const value of values) result[value] = (result[value] ?? 0) + 1;
    return result;
  };

  it("has 1,000 nodes in 60 leaves of 16 or 17, and 100 in 6", () => {
    const leaves = (options: typeof FULL_SCALE) => counts(domainSizes(scalePlan(options).tree, "leaf").values());
    expect(leaves(FULL_SCALE)).toEqual({ 16: 20, 17: 40 });
    expect(leaves(SMALL_SCALE)).toEqual({ 16: 2, 17: 4 });
  });

  it("has 200 gangs of 2 to 16 of every size, and with one seed always the same", () => {
    const plan = scalePlan(FULL_SCALE);
    const sizes = plan.gangs.map(({ nodes }) => nodes);
    expect(Object.keys(counts(sizes)).map(Number)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect([sizes.length, podsOf(plan.gangs)]).toEqual([200, 1831]);
    expect(scalePlan(FULL_SCALE)).toEqual(plan);
    expect(scalePlan({ ...FULL_SCALE, seed: 2 }).gangs).not.toEqual(plan.gangs);
  });

  it("labels every node with its leaf, by the key that the gangs are placed by", () => {
    const { contract, tree } = scalePlan(SMALL_SCALE);
    expect(contract.topologyKeys).toEqual([{ tier: "leaf", key: "fabric.topograph.run/tier-0" }]);
    expect(contract.nodes.map(({ labels }) => labels)).toEqual(
      tree.nodes.map(({ chain }) => ({ "fabric.topograph.run/tier-0": chain[0] })),
    );
    expect(contract.nodes[7]!.labels).toEqual({ "fabric.topograph.run/tier-0": "leaf-1" });
  });

  it("asks for a quarter of a node with each pod", () => {
    const { gangs } = scalePlan(SMALL_SCALE);
    expect(new Set(gangs.map(({ resources }) => JSON.stringify(resources)))).toEqual(new Set(['{"cpu":"2","memory":"8Gi"}']));
    expect(NODE_ROOM).toMatchObject({ cpu: "8", memory: "32Gi" });
  });

  it("has one gang that our own check calls too large for every leaf", () => {
    const { contract, misfit } = scalePlan(FULL_SCALE);
    expect(misfit).toMatchObject({ nodes: 18, within: "leaf" });
    expect(checkGang(contract, misfit).warnings.map(({ message }) => message)).toEqual([
      "it can never fit within one leaf: the biggest is leaf-00 with 17 nodes",
    ]);
  });

  it("is refused where a scheduler could choose so that a gang finds no place", () => {
    expect(() => scalePlan({ nodes: 100, leaves: 6, gangs: 25 })).toThrow(
      "25 gangs of up to 16 need not fit into 6 leaves of at least 16 nodes",
    );
    expect(() => scalePlan({ nodes: 90, leaves: 6, gangs: 20 })).toThrow("20 gangs of up to 16 need not fit into 6 leaves");
  });
});

test("gangs are counted in one leaf only with all of their nodes", () => {
  const { tree } = scalePlan(SMALL_SCALE);
  expect(leavesOf(tree, ["n00", "n06", "n01"])).toEqual(["leaf-0", "leaf-1"]);
  const placed = { near: ["n00", "n06", "n12"], split: ["n00", "n06", "n01"], part: ["n00", "n06"] };
  const gangs = ["near", "split", "part", "absent"].map((name) => ({ name, nodes: 3 }));
  expect(inOneLeaf(tree, gangs, new Map(Object.entries(placed)))).toBe(1);
});

describe("processor time", () => {
  it("is fields 14 and 15 of stat, whatever the program is called", () => {
    const rest = "S 1 2 3 4 5 6 7 8 9 10 1250 75 0 0 20 0 9 0 100";
    expect(secondsOfStat(`42 (kube-scheduler) ${rest}`)).toBe(13.25);
    expect(secondsOfStat(`42 (a) b (c)) ${rest}`)).toBe(13.25);
  });

  it("is that of the process that is asked for", () => {
    if (process.platform !== "linux") return expect(() => processorSeconds(process.pid)).toThrow("/proc");
    const { user, system } = process.cpuUsage();
    expect(Math.abs(processorSeconds(process.pid) - (user + system) / 1e6)).toBeLessThan(1);
  });
});

describe("kwok", () => {
  const module = join(__dirname, "../../../../../tools/rehearse/binaries/kwok/go.mod");

  it("is of the version that its Go module pins, with the Kubernetes libraries of the rehearsal", () => {
    const pins = readFileSync(module, "utf8");
    expect(pins).toContain(`sigs.k8s.io/kwok ${KWOK_VERSION}\n`);
    for (const library of ["api", "apimachinery", "client-go", "component-base"])
      expect(pins).toContain(`k8s.io/${library} ${REHEARSED.kubernetes.replace("v1", "v0")} `);
  });

  it("is taken from the folder that the user names before any that was built", () => {
    const folder = mkdtempSync(join(tmpdir(), "kwok-"));
    const before = process.env.TURDUCKEN_BINARIES;
    process.env.TURDUCKEN_BINARIES = folder;
    try {
      expect(findKwok()).not.toBe(join(folder, "kwok"));
      writeFileSync(join(folder, "kwok"), "");
      expect(findKwok()).toBe(join(folder, "kwok"));
      expect(missingKwok()).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env.TURDUCKEN_BINARIES;
      else process.env.TURDUCKEN_BINARIES = before;
      rmSync(folder, { recursive: true });
    }
  });

  it("makes nodes Ready and pods Running, and lets no Job's pod end", () => {
    const stages = kwokStages();
    expect(stages.map(({ metadata, spec }) => [metadata.name, spec.resourceRef.kind])).toEqual([
      ["node-ready", "Node"],
      ["pod-ready", "Pod"],
      ["pod-delete", "Pod"],
    ]);
    expect(JSON.stringify(stages)).not.toContain("Succeeded");
  });
});
