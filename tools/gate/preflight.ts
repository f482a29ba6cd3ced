import type { LivePreflightRequest, NeededApi, PreflightPool } from "../../components/preflight/request";
import { compareVersions, minorOf } from "../../components/kubernetes/versions";
import { completeness, showNames } from "../../hardware";
import { pollUntil, realClock, UnreachableError, type ApiClient, type Clock } from "./client";
import { isPassing, listAll, type LiveNode, type Taint } from "./cluster";
import { QUIET_SECONDS } from "./labels";
import type { Verdict } from "./run";

/** Which properties of nodes are looked at, beside that they are there with the right architecture. */
export interface PreflightChecks {
  readonly ready: boolean;
  readonly labels: boolean;
  readonly resources: boolean;
}

/** `wrong` may still come right; `never` does not by waiting. */
interface Finding {
  readonly level: "right" | "warning" | "wrong" | "never";
  readonly lines: readonly string[];
}

/** What a Node tells about itself, beside what every gate reads. */
type Node = LiveNode & {
  readonly status?: {
    readonly nodeInfo?: { readonly architecture?: string };
    readonly allocatable?: Readonly<Record<string, string>>;
  };
};

/** Something wrong with one node; nodes with the same text are named together. */
interface NodeProblem {
  readonly text: string;
  readonly never?: boolean;
}

/**
 * Compares the live cluster with the contract. It asks again for what may still come (nodes that join, plugins that start) until
 * the time is over; every finding is told at once, whichever came first.
 */
export async function livePreflight(
  request: LivePreflightRequest,
  checks: PreflightChecks,
  client: ApiClient,
  clock: Clock = realClock,
): Promise<Verdict> {
  let last = "";
  let since = clock.now();
  const settled = (findings: Finding[]) => {
    const shape = JSON.stringify(findings);
    if (shape !== last) [last, since] = [shape, clock.now()];
    if (findings.some(({ level }) => level === "never")) return true;
    if (findings.some(({ level }) => level === "wrong")) return false;
    // What is left are warnings: a node that has just joined soon has its devices.
    return findings.every(({ level }) => level === "right") || clock.now() - since >= QUIET_SECONDS * 1000;
  };
  const { answer, failure } = await pollUntil(request.timeoutSeconds, () => look(request, checks, client), settled, clock);
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${request.timeoutSeconds} s: ${failure ?? "no reason"}`);
  const passed = answer.every(({ level }) => level === "right" || level === "warning");
  return { passed, lines: answer.filter(({ level }) => passed || level !== "right").flatMap(({ lines }) => lines) };
}

async function look(request: LivePreflightRequest, checks: PreflightChecks, client: ApiClient): Promise<Finding[]> {
  const version = await versionFinding(request.version, client);
  const apis: Finding[] = [];
  for (const needed of request.apis) apis.push(await apiFinding(needed, client));
  const nodes = request.pools.length === 0 ? [] : await listAll<Node>(client, "/api/v1/nodes", "nodes");
  return [version, ...apis, ...request.pools.map((pool) => poolFinding(pool, nodes, checks))];
}

/** A patch more or less changes nothing that the layers rely on; another minor changes APIs and gates. */
async function versionFinding(expected: string, client: ApiClient): Promise<Finding> {
  const { status, body } = await client.call("GET", "/version");
  if (status === 401 || status === 403)
    throw new UnreachableError(`the API server does not let these credentials ask for its version (${status})`);
  if (status !== 200) throw new Error(`asking for the version: ${status} ${String(body.message ?? "")}`);
  const seen = String(body.gitVersion ?? "").replace(/^v/, "");
  const numbers = /^\d+\.\d+\.\d+/.exec(seen)?.[0] ?? "";
  if (minorOf(numbers) !== minorOf(expected)) {
    const line = `Kubernetes: expected ${minorOf(expected)} (contract: ${expected}), the API server says ${seen || "nothing"}; run \`up\` in the cluster stack, or correct the contract`;
    return { level: "never", lines: [line] };
  }
  const exact = /^\d+\.\d+\.\d+/.test(expected);
  if (!exact || compareVersions(numbers, expected) === 0) return { level: "right", lines: [`Kubernetes ${seen}`] };
  return {
    level: "warning",
    lines: [`Kubernetes ${seen}; the contract says ${expected}, another patch of the same minor version`],
  };
}

async function apiFinding({ api, kind, remedy }: NeededApi, client: ApiClient): Promise<Finding> {
  const { status, body } = await client.call("GET", `/apis/${api}`);
  if (status === 401 || status === 403)
    throw new UnreachableError(`the API server does not let these credentials ask which APIs it serves (${status})`);
  const kinds = ((body.resources as { kind: string }[] | undefined) ?? []).map((each) => each.kind);
  if (status === 200 && kinds.includes(kind)) return { level: "right", lines: [`${api} serves ${kind}`] };
  if (status !== 200 && status !== 404) throw new Error(`asking for ${api}: ${status} ${String(body.message ?? "")}`);
  const seen = status === 404 ? "the API server does not serve this version" : "the API server serves it without";
  return { level: "never", lines: [`${api}: expected ${kind}; ${seen}; ${remedy}`] };
}

function poolFinding(pool: PreflightPool, nodes: readonly Node[], checks: PreflightChecks): Finding {
  const members = membersOf(pool, nodes);
  const unlabelled = checks.labels ? lackingLabels(pool, members) : new Map<string, readonly string[]>();
  const problems = new Map<string, NodeProblem[]>();
  for (const [name, node] of members) {
    const found = node ? nodeProblems(pool, node, checks, unlabelled.get(name) ?? []) : [MISSING];
    if (found.length > 0) problems.set(name, found);
  }
  const right = members.size - problems.size;
  const wanted = pool.nodes ? `${right} of ${members.size} nodes are` : `${right} ${right === 1 ? "node is" : "nodes are"}`;
  const head = `pool ${pool.name}: ${wanted} ${asTheContractSays(checks)}`;
  const short = right < pool.minReady;
  if (problems.size === 0 && !short) return { level: "right", lines: [head] };
  const least = `at least ${pool.minReady} ${pool.minReady === 1 ? "is" : "are"} wanted`;
  const lines = [
    `${head} (${short ? "" : "enough: "}${least})${problems.size > 0 ? "; not these:" : found(pool)}`,
    ...grouped(problems),
  ];
  const never = [...problems.values()].flat().some((each) => each.never);
  return { level: !short ? "warning" : never ? "never" : "wrong", lines };
}

const MISSING: NodeProblem = {
  text: "expected, but there is no such node; see `kubelet` on the host, or set its state in the cluster stack",
};

/** How a reader sees which nodes were counted. */
function found({ match }: PreflightPool): string {
  return match ? `; only nodes with ${match.key}=${match.values.join(" or ")} count` : "";
}

function asTheContractSays({ ready, labels, resources }: PreflightChecks): string {
  const more = [...(ready ? ["Ready"] : []), ...(labels ? ["labelled"] : []), ...(resources ? ["with their devices"] : [])];
  return ["there with the right architecture", ...more].join(", ");
}

function membersOf({ nodes: expected, match }: PreflightPool, nodes: readonly Node[]): Map<string, Node | undefined> {
  if (expected) {
    const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
    return new Map(Object.keys(expected).map((name) => [name, byName.get(name)]));
  }
  const own = match ? nodes.filter((node) => match.values.includes(node.metadata.labels?.[match.key] ?? "")) : nodes;
  return new Map(own.map((node) => [node.metadata.name, node]));
}

/** Node → label keys that it should have and has not. Each node is judged by keys of its own, as a pool of one. */
function lackingLabels(pool: PreflightPool, members: ReadonlyMap<string, Node | undefined>): Map<string, readonly string[]> {
  const levels = (name: string) => pool.nodes?.[name] ?? pool.keys;
  const there = [...members].flatMap(([name, node]) => (node ? [{ name, labels: node.metadata.labels ?? {} }] : []));
  const keys = Object.fromEntries(there.flatMap(({ name }) => levels(name)).map((key) => [key, key]));
  const { pools } = completeness(
    { keys, nodes: there },
    there.map(({ name }) => ({ name, pool: name })),
    { levels },
  );
  return new Map(pools.flatMap(({ lacking }) => [...lacking]));
}

function nodeProblems(pool: PreflightPool, node: Node, checks: PreflightChecks, lacks: readonly string[]): NodeProblem[] {
  return [
    ...archProblem(pool, node),
    ...(checks.ready ? readyProblem(node) : []),
    ...(checks.ready ? taintProblem(pool, node) : []),
    ...lacks.map((key) => ({ text: `expected the label ${key}, seen none; see the topology gate, or who labels nodes there` })),
    ...(checks.resources ? resourceProblems(pool, node) : []),
  ];
}

function archProblem({ arch }: PreflightPool, { status, metadata }: Node): NodeProblem[] {
  const seen = status?.nodeInfo?.architecture || metadata.labels?.["kubernetes.io/arch"];
  if (seen === arch) return [];
  if (!seen) return [{ text: `expected ${arch}, seen no architecture: its kubelet has not reported yet` }];
  return [{ text: `expected ${arch}, seen ${seen}; correct the pool's machine type in the cluster stack`, never: true }];
}

function readyProblem({ status }: Node): NodeProblem[] {
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status;
  if (ready === "True") return [];
  const text = `expected Ready, seen ${ready === undefined ? "no condition" : `Ready=${ready}`}; \`kubectl describe node\` says why`;
  return [{ text }];
}

/** A taint that the pool's pods do not tolerate. Those of Kubernetes come and go, and admission policies see to ours. */
function taintProblem({ tolerations }: PreflightPool, { spec }: Node): NodeProblem[] {
  const hard = (spec?.taints ?? []).filter(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
  const foreign = hard.filter(
    (taint) =>
      !isPassing(taint) && !taint.key.startsWith("turducken.dev/") && !tolerations.some((each) => tolerates(each, taint)),
  );
  return foreign.map(({ key, value, effect }) => ({
    text: `expected no taint but the pool's own, seen ${key}${value ? `=${value}` : ""}:${effect}; remove it, or add it to the contract's \`tolerations\``,
  }));
}

function tolerates(toleration: PreflightPool["tolerations"][number], taint: Taint): boolean {
  const effect = toleration.effect === "" || toleration.effect === taint.effect;
  if (!effect || (toleration.key !== taint.key && toleration.key !== "")) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

function resourceProblems({ resources }: PreflightPool, { status }: Node): NodeProblem[] {
  return Object.entries(resources).flatMap(([name, least]) => {
    const text = status?.allocatable?.[name];
    const seen = Number(text ?? 0);
    if (seen >= least) return [];
    const what = text === undefined ? "none" : text;
    return [{ text: `expected ${least} ${name}, seen ${what}; the log of its device plugin's pod on that node says why` }];
  });
}

/** One line for each thing that is wrong, with all nodes that have it. */
function grouped(problems: ReadonlyMap<string, readonly NodeProblem[]>): string[] {
  const names = new Map<string, string[]>();
  for (const [name, found] of problems) for (const { text } of found) names.set(text, [...(names.get(text) ?? []), name]);
  return [...names].map(([text, nodes]) => `  ${showNames(nodes)}: ${text}`);
}
