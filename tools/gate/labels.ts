import type { LabelGateRequest } from "../../components/topology/gate";
import type { ExpectedPool } from "../../components/topology/labels";
import { pollUntil, realClock, UnreachableError, type ApiClient, type Clock } from "./client";
import type { Verdict } from "./run";

/** When every pool has its least and nothing has changed for so long, the rest is not waited for. */
export const QUIET_SECONDS = 15;

export interface SeenNode {
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
}

export interface PoolState {
  readonly pool: string;
  readonly wanted: number;
  readonly minReady: number;
  readonly right: readonly string[];
  /** Node → what is wrong with it. */
  readonly wrong: Readonly<Record<string, string>>;
}

/**
 * Waits until every node of every pool is there, Ready and carries exactly its topology labels. When the time is over, a pool
 * that has its `minReady` is enough; the others are named either way.
 */
export async function labelGate(request: LabelGateRequest, client: ApiClient, clock: Clock = realClock): Promise<Verdict> {
  let last = "";
  let since = clock.now();
  const ask = async () => {
    const nodes = await readNodes(client);
    return request.pools.map((pool) => comparePool(pool, request.keys, nodes));
  };
  const settled = (pools: PoolState[]) => {
    const shape = JSON.stringify(pools);
    if (shape !== last) [last, since] = [shape, clock.now()];
    return pools.every(complete) || (pools.every(enough) && clock.now() - since >= QUIET_SECONDS * 1000);
  };
  const { answer, failure } = await pollUntil(request.timeoutSeconds, ask, settled, clock);
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${request.timeoutSeconds} s: ${failure ?? "no reason"}`);
  return { passed: answer.every(enough), lines: answer.flatMap((pool) => describe(pool, request.timeoutSeconds)) };
}

/** One pool as it should be against the nodes that are there. */
export function comparePool(pool: ExpectedPool, keys: readonly string[], nodes: ReadonlyMap<string, SeenNode>): PoolState {
  const wrong: Record<string, string> = {};
  const right: string[] = [];
  for (const [name, labels] of Object.entries(pool.nodes)) {
    const problem = nodeProblem(labels, keys, nodes.get(name));
    if (problem) wrong[name] = problem;
    else right.push(name);
  }
  return { pool: pool.name, wanted: Object.keys(pool.nodes).length, minReady: pool.minReady, right, wrong };
}

function nodeProblem(
  labels: Readonly<Record<string, string>>,
  keys: readonly string[],
  node: SeenNode | undefined,
): string | undefined {
  if (!node) return "there is no such node";
  const problems = [...new Set([...keys, ...Object.keys(labels)])].flatMap((key) => {
    const [want, have] = [labels[key], node.labels[key]];
    if (want === have) return [];
    if (have === undefined) return [`no label ${key} (should be ${want})`];
    return [want === undefined ? `label ${key}=${have} should not be there` : `${key}=${have} (should be ${want})`];
  });
  if (!node.ready) problems.push("not Ready");
  return problems.length > 0 ? problems.join(", ") : undefined;
}

const complete = (pool: PoolState) => pool.right.length === pool.wanted;
const enough = (pool: PoolState) => pool.right.length >= pool.minReady;

function describe(pool: PoolState, seconds: number): string[] {
  const head = `pool ${pool.pool}: ${pool.right.length} of ${pool.wanted} nodes are Ready with exactly their topology labels`;
  if (complete(pool)) return [head];
  const verdict = enough(pool)
    ? `enough: at least ${pool.minReady} are wanted`
    : `after ${seconds} s; at least ${pool.minReady} are wanted`;
  return [`${head} (${verdict}); not these:`, ...Object.entries(pool.wrong).map(([name, problem]) => `  ${name}: ${problem}`)];
}

interface NodeList {
  items: {
    metadata: { name: string; labels?: Record<string, string> };
    status?: { conditions?: { type: string; status: string }[] };
  }[];
  metadata?: { continue?: string };
}

async function readNodes(client: ApiClient): Promise<Map<string, SeenNode>> {
  const nodes = new Map<string, SeenNode>();
  let next = "";
  do {
    const { status, body } = await client.call(
      "GET",
      `/api/v1/nodes?limit=500${next && `&continue=${encodeURIComponent(next)}`}`,
    );
    if (status === 401 || status === 403)
      throw new UnreachableError(`the API server does not let these credentials list nodes (${status})`);
    if (status !== 200) throw new Error(`listing nodes: ${status} ${String(body.message ?? "")}`);
    const list = body as unknown as NodeList;
    for (const { metadata, status: state } of list.items) {
      const ready = state?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
      nodes.set(metadata.name, { labels: metadata.labels ?? {}, ready });
    }
    next = list.metadata?.continue ?? "";
  } while (next);
  return nodes;
}
