import type { LivePreflightRequest } from "../../../../components/preflight/request";
import type { Answer, ApiClient, Clock } from "../../../../tools/gate/client";
import { livePreflight, type PreflightChecks } from "../../../../tools/gate/preflight";
import { runPreflight } from "../../../../tools/gate/preflight-command";

const KEY = "fabric.topograph.run/tier-0";
const ALL: PreflightChecks = { ready: true, labels: true, resources: true };
const request = (more: Partial<LivePreflightRequest> = {}): LivePreflightRequest => ({
  kubeconfig: "super-secret-text",
  version: "1.36.3",
  apis: [{ api: "scheduling.k8s.io/v1alpha2", kind: "PodGroup", remedy: "set `kubernetes.gangs`" }],
  pools: [
    {
      name: "gpu",
      arch: "amd64",
      minReady: 2,
      nodes: { g1: [KEY], g2: [KEY], g3: [KEY] },
      keys: [],
      resources: { "nvidia.com/gpu": 8 },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    },
  ],
  timeoutSeconds: 60,
  ...more,
});

interface Fake {
  labels?: Record<string, string>;
  ready?: string;
  arch?: string;
  gpus?: string;
  taints?: { key: string; effect: string; value?: string }[];
}

const node = (name: string, { labels = { [KEY]: "l1" }, ready = "True", arch = "amd64", gpus = "8", taints }: Fake = {}) => ({
  metadata: { name, labels },
  spec: { taints },
  status: {
    conditions: ready === "" ? [] : [{ type: "Ready", status: ready }],
    nodeInfo: { architecture: arch },
    allocatable: gpus === "" ? {} : { "nvidia.com/gpu": gpus },
  },
});

const three = (change: Record<string, Fake> = {}) => ["g1", "g2", "g3"].map((name) => node(name, change[name]));

/** An API server whose nodes may change from one question to the next. */
function server(
  nodes: object[] | (() => object[]) = three(),
  version = "v1.36.3",
  kinds: string[] | undefined = ["PodGroup"],
): ApiClient & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    call: async (_method, path): Promise<Answer> => {
      asked.push(path);
      if (path === "/version") return { status: 200, body: { gitVersion: version } };
      if (path.startsWith("/apis/"))
        return kinds ? { status: 200, body: { resources: kinds.map((kind) => ({ kind })) } } : { status: 404, body: {} };
      return { status: 200, body: { items: typeof nodes === "function" ? nodes() : nodes } };
    },
  };
}

function handClock(): Clock & { seconds: () => number } {
  let now = 0;
  return { now: () => now, sleep: async (milliseconds) => void (now += milliseconds), seconds: () => now / 1000 };
}

async function run(client: ApiClient, more: Partial<LivePreflightRequest> = {}, checks = ALL) {
  const clock = handClock();
  const verdict = await livePreflight(request(more), checks, client, clock);
  return { ...verdict, seconds: clock.seconds() };
}

test("a cluster that is the contract's passes at once and says what was seen", async () => {
  expect(await run(server())).toEqual({
    passed: true,
    seconds: 0,
    lines: [
      "Kubernetes 1.36.3",
      "scheduling.k8s.io/v1alpha2 serves PodGroup",
      "pool gpu: 3 of 3 nodes are there with the right architecture, Ready, labelled, with their devices",
    ],
  });
});

describe("the version", () => {
  test("of another minor is wrong without waiting", async () => {
    const { passed, seconds, lines } = await run(server(three(), "v1.37.2"));
    expect({ passed, seconds }).toEqual({ passed: false, seconds: 0 });
    expect(lines).toEqual([
      "Kubernetes: expected 1.36 (contract: 1.36.3), the API server says 1.37.2; run `up` in the cluster stack, or correct the contract",
    ]);
  });

  test("of another patch is a warning; a provider's suffix and a contract without a patch are neither", async () => {
    const patch = await run(server(three(), "v1.36.1"));
    expect(patch.passed).toBe(true);
    expect(patch.lines[0]).toBe("Kubernetes 1.36.1; the contract says 1.36.3, another patch of the same minor version");
    expect((await run(server(three(), "v1.36.3-gke.1200"))).seconds).toBe(0);
    expect((await run(server(three(), "v1.36.9-eks-1234"), { version: "1.36" })).lines[0]).toBe("Kubernetes 1.36.9-eks-1234");
  });
});

test("an API that is not served, or served without the kind, is wrong with its remedy", async () => {
  const without = await run(server(three(), "v1.36.3", []));
  expect(without.lines).toEqual([
    "scheduling.k8s.io/v1alpha2: expected PodGroup; the API server serves it without; set `kubernetes.gangs`",
  ]);
  const missing = server();
  const call = missing.call;
  missing.call = async (method, path) => (path.startsWith("/apis/") ? { status: 404, body: {} } : call(method, path));
  expect((await run(missing)).lines).toEqual([
    "scheduling.k8s.io/v1alpha2: expected PodGroup; the API server does not serve this version; set `kubernetes.gangs`",
  ]);
});

describe("nodes", () => {
  test("everything wrong with them is told at once, with all nodes that have it, after the time is over", async () => {
    const { passed, seconds, lines } = await run(
      server([node("g1", { labels: {}, gpus: "" }), node("g2", { ready: "False", gpus: "7" })]),
    );
    expect({ passed, seconds }).toEqual({ passed: false, seconds: 60 });
    expect(lines).toEqual([
      "pool gpu: 0 of 3 nodes are there with the right architecture, Ready, labelled, with their devices (at least 2 are wanted); not these:",
      `  g1: expected the label ${KEY}, seen none; see the topology gate, or who labels nodes there`,
      "  g1: expected 8 nvidia.com/gpu, seen none; the log of its device plugin's pod on that node says why",
      "  g2: expected Ready, seen Ready=False; `kubectl describe node` says why",
      "  g2: expected 8 nvidia.com/gpu, seen 7; the log of its device plugin's pod on that node says why",
      "  g3: expected, but there is no such node; see `kubelet` on the host, or set its state in the cluster stack",
    ]);
  });

  test("that come late are waited for", async () => {
    let calls = 0;
    const { passed, seconds } = await run(
      server(() => (++calls < 5 ? three({ g1: { gpus: "" }, g2: { ready: "Unknown" } }) : three())),
    );
    expect({ passed, seconds }).toEqual({ passed: true, seconds: 4 });
  });

  test("beyond the least are not waited for longer than it is quiet, and named all the same", async () => {
    const { passed, seconds, lines } = await run(server(three({ g3: { ready: "" } })));
    expect({ passed, seconds }).toEqual({ passed: true, seconds: 15 });
    expect(lines.slice(-2)).toEqual([
      "pool gpu: 2 of 3 nodes are there with the right architecture, Ready, labelled, with their devices (enough: at least 2 are wanted); not these:",
      "  g3: expected Ready, seen no condition; `kubectl describe node` says why",
    ]);
  });

  test("of another architecture never come right", async () => {
    const { passed, seconds, lines } = await run(server(three({ g1: { arch: "arm64" }, g3: { arch: "arm64" } })));
    expect({ passed, seconds }).toEqual({ passed: false, seconds: 0 });
    expect(lines[1]).toBe("  g[1,3]: expected amd64, seen arm64; correct the pool's machine type in the cluster stack");
  });

  test("with a taint that the pool's pods do not tolerate are not right; the pool's own, Kubernetes' and ours are", async () => {
    const fine = [
      { key: "nvidia.com/gpu", effect: "NoSchedule", value: "present" },
      { key: "node.kubernetes.io/disk-pressure", effect: "NoSchedule" },
      { key: "turducken.dev/not-fluence", effect: "NoSchedule" },
      { key: "example.org/soft", effect: "PreferNoSchedule" },
    ];
    const own = [...fine, { key: "team", value: "physics", effect: "NoSchedule" }];
    const { lines } = await run(server(three({ g1: { taints: fine }, g2: { taints: own } })));
    expect(lines.at(-1)).toBe(
      "  g2: expected no taint but the pool's own, seen team=physics:NoSchedule; remove it, or add it to the contract's `tolerations`",
    );
  });

  test("are judged only by what was asked", async () => {
    const bare = three().map((each) => ({
      ...each,
      metadata: { ...each.metadata, labels: {} },
      status: { nodeInfo: { architecture: "amd64" } },
    }));
    const { passed, lines } = await run(server(bare), {}, { ready: false, labels: false, resources: false });
    expect(passed).toBe(true);
    expect(lines.at(-1)).toBe("pool gpu: 3 of 3 nodes are there with the right architecture");
  });

  test("of a cloud are found by their label and counted; the label is named when there are too few", async () => {
    const type = "node.kubernetes.io/instance-type";
    const [pool] = request().pools;
    const cloud = { ...pool!, nodes: undefined, match: { key: type, values: ["p5.48xlarge"] }, keys: [KEY] };
    const labels = (value: string) => ({ [KEY]: "l1", [type]: value });
    const nodes = [node("a", { labels: labels("p5.48xlarge") }), node("b", { labels: labels("m7g.large"), arch: "arm64" })];
    const { lines } = await run(server(nodes), { pools: [cloud] });
    expect(lines).toEqual([
      `pool gpu: 1 node is there with the right architecture, Ready, labelled, with their devices (at least 2 are wanted); only nodes with ${type}=p5.48xlarge count`,
    ]);
    expect((await run(server(nodes), { pools: [{ ...cloud, minReady: 1 }] })).passed).toBe(true);
  });
});

describe("from request to exit code", () => {
  async function code(input: string) {
    const lines: string[] = [];
    const print = { out: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };
    return { code: await runPreflight(ALL, input, print), text: lines.join("\n") };
  }

  test("a request that is none, or a kubeconfig that cannot be read, is 2, and nothing of it is shown", async () => {
    for (const input of ["super-secret-text", JSON.stringify({ kubeconfig: "super-secret-text" }), JSON.stringify(request())]) {
      const { code: status, text } = await code(input);
      expect(status).toBe(2);
      expect(text).not.toContain("super-secret-text");
    }
  });

  test("credentials that may not ask are 2, not wrong", async () => {
    const forbidden: ApiClient = { call: async () => ({ status: 403, body: {} }) };
    await expect(run(forbidden)).rejects.toThrow("does not let these credentials");
    const mute: ApiClient = { call: async () => Promise.reject(new Error("connect ECONNREFUSED")) };
    await expect(run(mute)).rejects.toThrow("did not answer within 60 s: connect ECONNREFUSED");
  });
});
