import type { FluenceGateRequest, FluenceHideRequest } from "../../../../components/fluence/gate";
import type { Answer, ApiClient, Clock, Method } from "../../../../tools/gate/client";
import type { LiveNode, Taint } from "../../../../tools/gate/cluster";
import { fluenceGate } from "../../../../tools/gate/fluence";
import { hideFromFluence, taintsAfter } from "../../../../tools/gate/hide";

const HIDDEN = { key: "turducken.dev/not-fluence", effect: "NoSchedule" };
const QUESTION: FluenceGateRequest = {
  kubeconfig: "x",
  own: ["n1", "n2"],
  restart: { namespace: "fluence-system", name: "fluence", hash: "abc" },
  timeoutSeconds: 3,
};
const HIDE: FluenceHideRequest = { kubeconfig: "x", hide: ["o1", "cp"], show: ["n1", "n2"], timeoutSeconds: 5 };

function handClock(): Clock & { seconds: () => number } {
  let now = 0;
  return { now: () => now, sleep: async (milliseconds) => void (now += milliseconds), seconds: () => now / 1000 };
}

function node(name: string, more: { own?: boolean; taints?: Taint[]; ready?: boolean } = {}): LiveNode {
  return {
    metadata: { name, resourceVersion: "5", labels: { "turducken.dev/fluence": String(more.own ?? false) } },
    spec: { taints: more.taints ?? [] },
    status: { conditions: [{ type: "Ready", status: more.ready === false ? "False" : "True" }] },
  };
}

const pod = (name: string, nodeName: string, spec: object = {}, more: object = {}) => ({
  metadata: { name, namespace: "work" },
  spec: { nodeName, ...spec },
  ...more,
});

interface World {
  nodes: LiveNode[];
  pods: object[];
  groups: object[];
  deployment?: string;
  policies: boolean;
  writes: { path: string; body: unknown }[];
  /** Answers to writes, one after the other; then 200. */
  conflicts: number[];
}

function world(more: Partial<World> = {}): World {
  const nodes = [node("n1", { own: true }), node("n2", { own: true }), node("o1", { taints: [HIDDEN] })];
  return { nodes, pods: [], groups: [], policies: true, writes: [], conflicts: [], ...more };
}

function clientOf(state: World): ApiClient {
  const ok = (body: Record<string, unknown>): Answer => ({ status: 200, body });
  return {
    call: async (method: Method, path: string, body?: unknown) => {
      if (method === "POST") {
        const affinity = { nodeAffinity: { required: [{ key: "turducken.dev/fluence" }] } };
        return { status: 201, body: { spec: state.policies ? { affinity, tolerations: [{ key: HIDDEN.key }] } : {} } };
      }
      if (method === "PATCH") {
        state.writes.push({ path, body });
        const status = state.conflicts.shift() ?? 200;
        return { status, body: { message: `answer ${status}` } };
      }
      if (path.startsWith("/api/v1/nodes")) return ok({ items: state.nodes });
      if (path.startsWith("/api/v1/pods")) return ok({ items: state.pods });
      if (path.includes("/podgroups")) return ok({ items: state.groups });
      if (state.deployment === undefined) return { status: 404, body: {} };
      return ok({ spec: { template: { metadata: { annotations: { "turducken.dev/fluence-restart": state.deployment } } } } });
    },
  };
}

const look = (more: Partial<World> = {}, question = QUESTION) => fluenceGate(question, clientOf(world(more)), handClock());

describe("before Fluence starts", () => {
  test("it passes when its nodes are its own and all others are hidden", async () => {
    expect(await look()).toEqual({ passed: true, lines: ["Fluence may read its 2 nodes; all others are hidden from it"] });
  });

  test("a taint that comes and goes hides nothing, one that stays does", async () => {
    const other = (key: string, effect: string) => [...world().nodes, node("o2", { taints: [{ key, effect }] })];
    const seen = ["not Fluence's, but it would take them: o2; they need the taint turducken.dev/not-fluence:NoSchedule"];
    expect((await look({ nodes: other("node.kubernetes.io/not-ready", "NoSchedule") })).lines).toEqual(seen);
    expect((await look({ nodes: other("site/x", "PreferNoSchedule") })).lines).toEqual(seen);
    expect((await look({ nodes: other("site/x", "NoExecute") })).passed).toBe(true);
  });

  test("daemons, static pods and pods that are done are no foreign pods; of many, ten are named", async () => {
    const done = { status: { phase: "Succeeded" } };
    const pods = [
      {
        ...pod("daemon", "n1"),
        metadata: { name: "daemon", namespace: "work", ownerReferences: [{ kind: "DaemonSet", controller: true }] },
      },
      {
        ...pod("static", "n1"),
        metadata: { name: "static", namespace: "work", annotations: { "kubernetes.io/config.mirror": "x" } },
      },
      pod("done", "n1", {}, done),
      pod("elsewhere", "o1"),
    ];
    expect((await look({ pods })).passed).toBe(true);
    const many = Array.from({ length: 12 }, (_, index) => pod(`p${String(index).padStart(2, "0")}`, "n2"));
    const { lines } = await look({ pods: many });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("work/p09 on n2 and 2 more; remove them");
    expect(lines[0]).not.toContain("p10");
  });

  test("gangs that run hold it up when it would restart, and not when nothing will", async () => {
    const pods = [pod("ring-0", "n1", { schedulerName: "fluence" }), pod("waits", "", { schedulerName: "fluence" })];
    const groups = [{ metadata: { name: "ring", namespace: "work", annotations: { "fluence.flux-framework.org/jobid": "1" } } }];
    const expected = [
      "Fluence would restart and forget that these run: work/ring-0 on n1; drain its nodes first",
      "PodGroups hold allocations that a new Fluence would mistake for its own: work/ring; delete them first",
    ];
    expect(await look({ pods, groups })).toEqual({ passed: false, lines: expected });
    expect(await look({ pods, groups, deployment: "old" })).toEqual({ passed: false, lines: expected });
    expect((await look({ pods, groups, deployment: "abc" })).passed).toBe(true);
  });

  test("it waits for what may still come, as long as it was told", async () => {
    const clock = handClock();
    const state = world({
      nodes: [node("n1", { own: true }), node("n2", { own: true, ready: false }), node("o1", { taints: [HIDDEN] })],
    });
    const client = clientOf(state);
    const waiting: Clock = {
      now: clock.now,
      sleep: async (milliseconds) => {
        await clock.sleep(milliseconds);
        if (clock.seconds() >= 2) state.nodes[1] = node("n2", { own: true });
      },
    };
    expect((await fluenceGate(QUESTION, client, waiting)).passed).toBe(true);
    expect(clock.seconds()).toBe(2);
  });

  test("credentials that may not look are told so at once", async () => {
    const refused: ApiClient = { call: async () => ({ status: 403, body: {} }) };
    await expect(fluenceGate(QUESTION, refused, handClock())).rejects.toThrow("list nodes (403)");
  });
});

describe("hiding nodes", () => {
  const cp = node("cp", { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] });

  test("writes only what must change, on what was read", async () => {
    const state = world({ nodes: [node("n1"), node("n2", { taints: [HIDDEN] }), node("o1"), cp] });
    expect(await hideFromFluence(HIDE, false, clientOf(state), handClock())).toMatchObject({ passed: true });
    const patch = (taints: object[]) => [
      { op: "test", path: "/metadata/resourceVersion", value: "5" },
      { op: "add", path: "/spec/taints", value: taints },
    ];
    expect(state.writes).toEqual([
      { path: "/api/v1/nodes/n2", body: patch([]) },
      { path: "/api/v1/nodes/o1", body: patch([HIDDEN]) },
    ]);
  });

  test("hides nothing while the policies are not in effect, and shows all the same", async () => {
    const state = world({ policies: false, nodes: [node("o1", { taints: [HIDDEN] }), node("o2")] });
    expect((await hideFromFluence(HIDE, false, clientOf(state), handClock())).passed).toBe(false);
    expect(state.writes).toEqual([]);
    expect((await hideFromFluence(HIDE, true, clientOf(state), handClock())).passed).toBe(true);
    expect(state.writes.map((each) => each.path)).toEqual(["/api/v1/nodes/o1"]);
  });

  test("tries again when a node changed meanwhile, lets go of one that went, and says what it could not write", async () => {
    const changed = world({ nodes: [node("o1")], conflicts: [422] });
    expect((await hideFromFluence(HIDE, false, clientOf(changed), handClock())).passed).toBe(true);
    expect(changed.writes).toHaveLength(2);
    const gone = world({ nodes: [node("o1")], conflicts: [404] });
    expect((await hideFromFluence(HIDE, false, clientOf(gone), handClock())).passed).toBe(true);
    const stuck = world({ nodes: [node("o1")], conflicts: Array.from({ length: 20 }, () => 409) });
    expect(await hideFromFluence(HIDE, false, clientOf(stuck), handClock())).toEqual({
      passed: false,
      lines: ["o1: 409 answer 409"],
    });
  });

  test("a node that is neither hidden nor shown is left alone", () => {
    const tainted = node("x", { taints: [HIDDEN] });
    expect(taintsAfter(tainted, false, false)).toBeUndefined();
    expect(taintsAfter(tainted, false, true)).toEqual([]);
    expect(taintsAfter(tainted, true, false)).toBeUndefined();
    expect(
      taintsAfter(node("x", { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] }), true, false),
    ).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }, HIDDEN]);
  });
});
