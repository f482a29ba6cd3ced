import { expectedPools, topologyLabelKeys } from "../../../../components/topology/labels";
import { gangApiGate } from "../../../../tools/gate/api";
import type { Answer, ApiClient, Clock } from "../../../../tools/gate/client";
import { comparePool, labelGate } from "../../../../tools/gate/labels";
import { runGate } from "../../../../tools/gate/run";
import { exampleContract } from "../../../fixtures/contract";

const contract = exampleContract();
const pools = expectedPools(contract);
const keys = topologyLabelKeys(contract);
const KUBECONFIG = "super-secret-text";

/** Time that passes only when somebody sleeps. */
function handClock(): Clock & { seconds: () => number } {
  let now = 0;
  return { now: () => now, sleep: async (milliseconds) => void (now += milliseconds), seconds: () => now / 1000 };
}

function nodes(change: Record<string, { labels?: Record<string, string>; ready?: boolean; missing?: boolean }> = {}): Answer {
  const items = contract.nodes
    .filter((node) => node.schedulable && !change[node.name]?.missing)
    .map((node) => ({
      metadata: { name: node.name, labels: { ...node.labels, ...change[node.name]?.labels } },
      status: { conditions: [{ type: "Ready", status: change[node.name]?.ready === false ? "False" : "True" }] },
    }));
  return { status: 200, body: { items } };
}

/** Gives one answer after the other, the last for ever. */
function answers(...given: (Answer | Error)[]): ApiClient & { calls: number } {
  const client = {
    calls: 0,
    call: async () => {
      const answer = given[Math.min(client.calls++, given.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return client;
}

describe("labelGate", () => {
  const gate = (client: ApiClient, least = 6, clock = handClock()) =>
    labelGate(
      { kubeconfig: KUBECONFIG, keys, pools: pools.map((pool) => ({ ...pool, minReady: least })), timeoutSeconds: 60 },
      client,
      clock,
    );

  test("waits through an API server that restarts and a node that comes late", async () => {
    const client = answers(
      new Error("connect ECONNREFUSED"),
      { status: 503, body: {} },
      nodes({ n05: { missing: true } }),
      nodes(),
    );
    expect(await gate(client)).toEqual({
      passed: true,
      lines: ["pool compute: 6 of 6 nodes are Ready with exactly their topology labels"],
    });
    expect(client.calls).toBe(4);
  });

  test("names each node that is not right, with what is wrong with it", async () => {
    const verdict = await gate(
      answers(nodes({ n01: { ready: false }, n02: { missing: true }, n06: { labels: { "fabric.topograph.run/tier-1": "s1" } } })),
    );
    expect(verdict).toEqual({
      passed: false,
      lines: [
        "pool compute: 3 of 6 nodes are Ready with exactly their topology labels (after 60 s; at least 6 are wanted); not these:",
        "  n01: not Ready",
        "  n02: there is no such node",
        "  n06: fabric.topograph.run/tier-1=s1 (should be s2)",
      ],
    });
  });

  test("goes on with a pool's least once nothing moves any more, and still names the others", async () => {
    const clock = handClock();
    const verdict = await gate(answers(nodes({ n06: { missing: true } })), 5, clock);
    expect(verdict.passed).toBe(true);
    expect(verdict.lines).toEqual([
      "pool compute: 5 of 6 nodes are Ready with exactly their topology labels (enough: at least 5 are wanted); not these:",
      "  n06: there is no such node",
    ]);
    expect(clock.seconds()).toBe(15);
  });

  test("reads all pages of nodes", async () => {
    const { items } = nodes().body as { items: unknown[] };
    const client = answers(
      { status: 200, body: { items: items.slice(0, 4), metadata: { continue: "next" } } },
      { status: 200, body: { items: items.slice(4) } },
    );
    expect((await gate(client)).passed).toBe(true);
    expect(client.calls).toBe(2);
  });

  test("a topology label that the node's place does not give is wrong", () => {
    const seen = new Map([["n01", { ready: true, labels: { "fabric.topograph.run/tier-0": "l1" } }]]);
    expect(comparePool({ name: "p", minReady: 1, nodes: { n01: {} } }, keys, seen).wrong).toEqual({
      n01: "label fabric.topograph.run/tier-0=l1 should not be there",
    });
  });
});

describe("gangApiGate", () => {
  const served: Answer = { status: 200, body: { resources: [{ kind: "PodGroup" }] } };
  const pod = (group?: string): Answer => ({
    status: 201,
    body: { spec: group ? { schedulingGroup: { podGroupName: group } } : {} },
  });
  const question = { api: "scheduling.k8s.io/v1alpha2", namespace: "work", timeoutSeconds: 3 };

  test("passes when PodGroup is served and a pod keeps its group", async () => {
    const verdict = await gangApiGate(question, answers(served, pod("turducken-preflight")), handClock());
    expect(verdict).toEqual({
      passed: true,
      lines: ["scheduling.k8s.io/v1alpha2 serves PodGroup", "a pod's spec.schedulingGroup is kept"],
    });
  });

  test("says that the gate is off when the field is dropped, though the API is served", async () => {
    const client: ApiClient = { call: async (method) => (method === "GET" ? served : pod()) };
    const verdict = await gangApiGate(question, client, handClock());
    expect(verdict.passed).toBe(false);
    expect(verdict.lines).toEqual([
      "the API server drops a pod's spec.schedulingGroup: its feature gate GenericWorkload is off, so gangs would be placed pod by pod",
    ]);
  });

  test("only tries pods and never makes one", async () => {
    const paths: string[] = [];
    const client: ApiClient = {
      call: async (method, path) => {
        paths.push(`${method} ${path}`);
        return method === "GET" ? served : pod("turducken-preflight");
      },
    };
    await gangApiGate({ ...question, podGroupLabel: "turducken.dev/pod-group" }, client, handClock());
    expect(paths).toEqual([
      "GET /apis/scheduling.k8s.io/v1alpha2",
      "POST /api/v1/namespaces/work/pods?dryRun=All",
      "POST /api/v1/namespaces/work/pods?dryRun=All",
    ]);
  });

  test("gives up with the API server's own words when no pod may be tried", async () => {
    const client: ApiClient = {
      call: async (method) => (method === "GET" ? served : { status: 403, body: { message: "pods is forbidden" } }),
    };
    await expect(gangApiGate(question, client, handClock())).rejects.toThrow(
      "trying a pod in namespace work: 403 pods is forbidden",
    );
  });
});

describe("runGate", () => {
  test.each([
    ["no JSON", `{"kubeconfig": "${KUBECONFIG}`],
    ["a field that is missing", JSON.stringify({ kubeconfig: KUBECONFIG })],
    ["a kubeconfig that is none", JSON.stringify({ kubeconfig: KUBECONFIG, keys, pools, timeoutSeconds: 1 })],
  ])("exits 2 on %s and shows nothing of the request", async (_, input) => {
    const lines: string[] = [];
    const code = await runGate({ namespace: "default" }, input, {
      out: (line) => lines.push(line),
      error: (line) => lines.push(line),
    });
    expect(code).toBe(2);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain(KUBECONFIG);
  });

  test("exits 2 when nothing answers", async () => {
    const kubeconfig = JSON.stringify({
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user: { token: KUBECONFIG } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    });
    const lines: string[] = [];
    const input = JSON.stringify({ kubeconfig, keys, pools, timeoutSeconds: 0.2 });
    const code = await runGate({ namespace: "default" }, input, {
      out: (line) => lines.push(line),
      error: (line) => lines.push(line),
    });
    expect([code, lines]).toEqual([
      2,
      [expect.stringContaining("the API server did not answer within 0.2 s: connect ECONNREFUSED")],
    ]);
  });
});
