import { pollUntil, realClock, UnreachableError, type ApiClient, type Clock } from "./client";
import type { Verdict } from "./run";

export interface JobQuestion {
  readonly job: string;
  readonly namespace: string;
  readonly until: "started" | "complete";
  /** uid of the object that the Job must be of: one left over from an older object is not meant. */
  readonly owner: string;
  readonly timeoutSeconds: number;
}

export interface JobState {
  readonly stage: "none" | "waiting" | "started" | "complete" | "failed";
  /** One line for people. */
  readonly line: string;
  /** What pods said when they ended, and why others do not start. */
  readonly pods: readonly string[];
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
interface Job {
  readonly metadata?: { readonly ownerReferences?: readonly { readonly uid: string }[] };
  readonly spec?: { readonly completions?: number; readonly suspend?: boolean };
  readonly status?: { readonly ready?: number; readonly succeeded?: number; readonly conditions?: readonly Condition[] };
}
export interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly state?: {
        readonly terminated?: { readonly exitCode: number; readonly message?: string; readonly reason?: string };
      };
    }[];
  };
}

const SHOWN = 8;

/**
 * Waits until a Job has started or is complete. A Job that failed ends the wait at once. The Job and not the MiniCluster is asked:
 * 25 s after the one completed, the other's status did not say so.
 */
export async function jobGate(question: JobQuestion, client: ApiClient, clock: Clock = realClock): Promise<Verdict> {
  const enough = (stage: JobState["stage"]) => stage === "complete" || (question.until === "started" && stage === "started");
  const ask = () => readState(question, client);
  const settled = ({ stage }: JobState) => stage === "failed" || enough(stage);
  const { answer, failure } = await pollUntil(question.timeoutSeconds, ask, settled, clock);
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${question.timeoutSeconds} s: ${failure ?? "no reason"}`);
  const passed = enough(answer.stage);
  const late = !passed && answer.stage !== "failed" ? [`not ${question.until} after ${question.timeoutSeconds} s`] : [];
  return { passed, lines: [answer.line, ...late, ...(passed ? [] : answer.pods)] };
}

async function readState(question: JobQuestion, client: ApiClient): Promise<JobState> {
  const { job: name, namespace } = question;
  const { status, body } = await client.call("GET", `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
  if (status === 401 || status === 403)
    throw new UnreachableError(`the API server does not let these credentials read Jobs in namespace ${namespace} (${status})`);
  if (status !== 200 && status !== 404) throw new Error(`reading Job ${name}: ${status} ${String(body.message ?? "")}`);
  const job = body as Job;
  if (status === 404 || !job.metadata?.ownerReferences?.some(({ uid }) => uid === question.owner)) {
    const line = `the operator has not made Job ${name} in namespace ${namespace}; why not is only in its log`;
    return { stage: "none", line, pods: [] };
  }
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${name}`);
  const pods = await client.call("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  return judgeJob(name, job, pods.status === 200 ? ((pods.body.items ?? []) as Pod[]) : []);
}

export function judgeJob(name: string, job: Job, pods: readonly Pod[]): JobState {
  const wanted = job.spec?.completions ?? 1;
  const { ready = 0, succeeded = 0, conditions = [] } = job.status ?? {};
  const is = (type: string) => conditions.find((each) => each.type === type && each.status === "True");
  const words = podWords(pods);
  if (is("Complete"))
    return { stage: "complete", line: `Job ${name} is complete: ${succeeded} of ${wanted} pods succeeded`, pods: words };
  const failed = is("Failed") ?? is("FailureTarget");
  if (failed)
    return { stage: "failed", line: `Job ${name} failed: ${failed.reason ?? ""} ${failed.message ?? ""}`.trim(), pods: words };
  if (job.spec?.suspend)
    return { stage: "waiting", line: `Job ${name} is suspended: its queue has not admitted it`, pods: words };
  const stage = ready + succeeded >= wanted ? "started" : "waiting";
  return { stage, line: `Job ${name}: ${ready} of ${wanted} pods run, ${succeeded} succeeded`, pods: words };
}

/** Last words of pods that failed, and the scheduler's reason for pods without a node. Each text once. */
function podWords(pods: readonly Pod[]): string[] {
  const words = new Map<string, string[]>();
  for (const { metadata, status } of pods) {
    for (const word of wordsOf(status)) words.set(word, [...(words.get(word) ?? []), metadata.name]);
  }
  const lines = [...words].map(
    ([word, names]) => `  ${names.length === 1 ? names[0] : `${names[0]} and ${names.length - 1} more`}: ${word}`,
  );
  return lines.length <= SHOWN ? lines : [...lines.slice(0, SHOWN), `  and ${lines.length - SHOWN} more reasons`];
}

function wordsOf(status: Pod["status"]): string[] {
  const ended = (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated ?? []);
  const failed = ended
    .filter(({ exitCode }) => exitCode !== 0)
    .map(
      ({ exitCode, reason, message }) => `exit code ${exitCode}${message ? `: ${message.trim()}` : reason ? ` (${reason})` : ""}`,
    );
  const place = status?.conditions?.find(({ type, status: holds }) => type === "PodScheduled" && holds === "False");
  return status?.phase === "Pending" && place
    ? [...failed, `not placed: ${place.message ?? place.reason ?? "no reason"}`]
    : failed;
}
