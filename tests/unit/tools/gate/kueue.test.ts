import type { Answer, ApiClient, Clock } from "../../../../tools/gate/client";
import { kueueGate } from "../../../../tools/gate/kueue";
import { runGate } from "../../../../tools/gate/run";

const API = "kueue.x-k8s.io/v1beta2";
const KINDS: Answer = {
  status: 200,
  body: { resources: ["ClusterQueue", "LocalQueue", "ResourceFlavor", "Topology", "Workload"].map((kind) => ({ kind })) },
};
const flavor = (...finalizers: string[]): Answer => ({ status: 201, body: { metadata: { name: "x", finalizers } } });
const GOOD = flavor("kueue.x-k8s.io/resource-in-use");

/** Time that passes only when somebody sleeps. */
function handClock(): Clock {
  let now = 0;
  return { now: () => now, sleep: async (milliseconds) => void (now += milliseconds) };
}

/** One list of answers for what is served, one for flavors that are tried; the last of each for ever. */
function server(served: (Answer | Error)[], tried: (Answer | Error)[] = []): ApiClient & { calls: [string, string][] } {
  const calls: [string, string][] = [];
  const next = (answers: (Answer | Error)[], method: string) => {
    const answer = answers[Math.min(calls.filter(([each]) => each === method).length, answers.length) - 1]!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    calls,
    call: async (method, path) => {
      calls.push([method, path]);
      return method === "GET" ? next(served, method) : next(tried, method);
    },
  };
}

const ask = (client: ApiClient, timeoutSeconds = 30) => kueueGate({ api: API, timeoutSeconds }, client, handClock());

test("waits for the kinds, then for a webhook that answers, and makes nothing", async () => {
  const refused: Answer = {
    status: 500,
    body: { message: 'failed calling webhook "mresourceflavor.kb.io": no endpoints available' },
  };
  const client = server(
    [new Error("ECONNREFUSED"), { status: 404, body: {} }, KINDS],
    [flavor(), refused, new Error("no answer within 10 s"), GOOD],
  );
  expect(await ask(client)).toEqual({ passed: true, lines: [`${API} is served and Kueue's webhook answers`] });
  expect(client.calls.filter(([method]) => method === "POST").map(([, path]) => path)).toEqual(
    Array.from({ length: 4 }, () => `/apis/${API}/resourceflavors?dryRun=All`),
  );
});

test.each<[string, (Answer | Error)[], (Answer | Error)[], string]>([
  [
    "nothing is installed",
    [{ status: 404, body: {} }],
    [],
    `the API server does not serve ClusterQueue, LocalQueue, ResourceFlavor, Topology in ${API} (404): Kueue is not installed, or is older than 0.15; waited 30 s`,
  ],
  [
    "a kind is missing",
    [{ status: 200, body: { resources: [{ kind: "ClusterQueue" }, { kind: "LocalQueue" }, { kind: "ResourceFlavor" }] } }],
    [],
    `the API server does not serve Topology in ${API} (200): Kueue is not installed, or is older than 0.15; waited 30 s`,
  ],
  [
    "only the definitions are there",
    [KINDS],
    [flavor()],
    "a ResourceFlavor that was tried did not pass Kueue's webhook: it is not registered yet, or the controller does not run; waited 30 s",
  ],
  [
    "the webhook does not answer",
    [KINDS],
    [{ status: 500, body: { message: "failed calling webhook" } }],
    "a ResourceFlavor that was tried is refused: 500 failed calling webhook; waited 30 s",
  ],
])("gives up when the time is over and %s", async (_title, served, tried, line) => {
  expect(await ask(server(served, tried))).toEqual({ passed: false, lines: [line] });
});

test("does not wait for credentials that may not ask", async () => {
  await expect(ask(server([KINDS], [{ status: 403, body: {} }]))).rejects.toThrow(
    "the API server does not let these credentials make a ResourceFlavor (403)",
  );
  await expect(ask(server([{ status: 401, body: {} }]))).rejects.toThrow("the API server does not let these credentials look at");
  await expect(ask(server([new Error("ECONNREFUSED")]), 5)).rejects.toThrow(
    "the API server did not answer within 5 s: ECONNREFUSED",
  );
});

test("is reached by `gate --kueue`, and never prints the kubeconfig", async () => {
  const lines: string[] = [];
  const print = { out: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
  const input = JSON.stringify({ kubeconfig: "super-secret-text", timeoutSeconds: 1 });
  expect(await runGate({ namespace: "default", kueue: API }, input, print)).toBe(2);
  expect(lines).toEqual(["the kubeconfig of the request cannot be read, or its current context names no server"]);
});
