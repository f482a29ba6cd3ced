import { pollUntil, realClock, UnreachableError, type ApiClient, type Clock } from "./client";
import type { Verdict } from "./run";

export interface KueueQuestion {
  /** `kueue.x-k8s.io/v1beta2` */
  readonly api: string;
  readonly timeoutSeconds: number;
}

const KINDS = ["ClusterQueue", "LocalQueue", "ResourceFlavor", "Topology"] as const;
const PROBE = "turducken-preflight";
/** What Kueue's webhook adds to every new flavor (kubernetes-sigs/kueue:pkg/webhooks/resourceflavor_webhook.go@v0.19.2, `Default`). */
const FINALIZER = "kueue.x-k8s.io/resource-in-use";

/** Undefined when it is so, else what is not. */
type Finding = string | undefined;

/**
 * Waits until Kueue can take queues: its kinds are served, and a flavor that is tried (a dry run: nothing is made) comes back with
 * what only Kueue's webhook writes into it. That the call succeeds would not do: it does so before the webhook is registered, too.
 */
export async function kueueGate(question: KueueQuestion, client: ApiClient, clock: Clock = realClock): Promise<Verdict> {
  const ask = async (): Promise<Finding> =>
    (await servesKinds(question.api, client)) ?? (await webhookAnswers(question.api, client));
  const { answer, failure } = await pollUntil(
    question.timeoutSeconds,
    async () => ({ finding: await ask() }),
    ({ finding }) => finding === undefined,
    clock,
  );
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${question.timeoutSeconds} s: ${failure ?? "no reason"}`);
  if (answer.finding === undefined) return { passed: true, lines: [`${question.api} is served and Kueue's webhook answers`] };
  return { passed: false, lines: [`${answer.finding}; waited ${question.timeoutSeconds} s`] };
}

async function servesKinds(api: string, client: ApiClient): Promise<Finding> {
  const { status, body } = await client.call("GET", `/apis/${api}`);
  if (status === 401 || status === 403)
    throw new UnreachableError(`the API server does not let these credentials look at ${api} (${status})`);
  const served = ((body.resources as { kind: string }[] | undefined) ?? []).map((each) => each.kind);
  const missing = status === 200 ? KINDS.filter((kind) => !served.includes(kind)) : [...KINDS];
  if (missing.length === 0) return undefined;
  return `the API server does not serve ${missing.join(", ")} in ${api} (${status}): Kueue is not installed, or is older than 0.15`;
}

async function webhookAnswers(api: string, client: ApiClient): Promise<Finding> {
  const flavor = { apiVersion: api, kind: "ResourceFlavor", metadata: { generateName: `${PROBE}-` }, spec: {} };
  const { status, body } = await client.call("POST", `/apis/${api}/resourceflavors?dryRun=All`, flavor);
  if (status === 401 || status === 403)
    throw new UnreachableError(`the API server does not let these credentials make a ResourceFlavor (${status})`);
  if (status !== 201) return `a ResourceFlavor that was tried is refused: ${status} ${String(body.message ?? "")}`.trimEnd();
  const { finalizers } = (body.metadata ?? {}) as { finalizers?: string[] };
  if (finalizers?.includes(FINALIZER)) return undefined;
  return "a ResourceFlavor that was tried did not pass Kueue's webhook: it is not registered yet, or the controller does not run";
}
