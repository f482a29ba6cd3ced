import { pollUntil, realClock, UnreachableError, type Answer, type ApiClient, type Clock } from "./client";
import type { Verdict } from "./run";

export interface GangApiQuestion {
  /** `scheduling.k8s.io/v1alpha2` */
  readonly api: string;
  readonly namespace: string;
  /** Also ask that a pod with this label comes back in the group that the label names. */
  readonly podGroupLabel?: string;
  readonly timeoutSeconds: number;
}

/** A group name that nothing has; dry runs leave nothing behind. */
const PROBE = "turducken-preflight";

interface Finding {
  readonly ok: boolean;
  readonly line: string;
}

/**
 * Whether gangs really work on this API server. Its version does not say: with the feature gate off it takes a pod's
 * `spec.schedulingGroup` and drops it without a word, and the pods of a gang are then placed one by one
 * (kubernetes/enhancements KEP-4671).
 */
export async function gangApiGate(question: GangApiQuestion, client: ApiClient, clock: Clock = realClock): Promise<Verdict> {
  const ask = async () => [
    await servesPodGroups(question.api, client),
    await keepsGroup(question.namespace, client),
    ...(question.podGroupLabel ? [await labelGroups(question.namespace, question.podGroupLabel, client)] : []),
  ];
  const { answer, failure } = await pollUntil(
    question.timeoutSeconds,
    ask,
    (findings) => findings.every((each) => each.ok),
    clock,
  );
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${question.timeoutSeconds} s: ${failure ?? "no reason"}`);
  const passed = answer.every((each) => each.ok);
  return { passed, lines: answer.filter((each) => passed || !each.ok).map((each) => each.line) };
}

async function servesPodGroups(api: string, client: ApiClient): Promise<Finding> {
  const answer = await client.call("GET", `/apis/${api}`);
  const kinds = ((answer.body.resources as { kind: string }[] | undefined) ?? []).map((each) => each.kind);
  if (answer.status === 200 && kinds.includes("PodGroup")) return { ok: true, line: `${api} serves PodGroup` };
  return {
    ok: false,
    line: `the API server does not serve PodGroup in ${api} (${answer.status}); it needs --runtime-config=${api}=true: set kubernetes.gangs in the cluster stack`,
  };
}

async function keepsGroup(namespace: string, client: ApiClient): Promise<Finding> {
  const group = groupOf(await tryPod(namespace, { schedulingGroup: { podGroupName: PROBE } }, {}, client));
  if (group === PROBE) return { ok: true, line: "a pod's spec.schedulingGroup is kept" };
  return {
    ok: false,
    line: "the API server drops a pod's spec.schedulingGroup: its feature gate GenericWorkload is off, so gangs would be placed pod by pod",
  };
}

async function labelGroups(namespace: string, label: string, client: ApiClient): Promise<Finding> {
  const group = groupOf(await tryPod(namespace, {}, { [label]: PROBE }, client));
  if (group === PROBE) return { ok: true, line: `label ${label} puts a pod into its group` };
  return {
    ok: false,
    line: `label ${label} does not put a pod into its group: the admission policy of the layers stack is missing or not in effect`,
  };
}

async function tryPod(namespace: string, spec: object, labels: Record<string, string>, client: ApiClient): Promise<Answer> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: `${PROBE}-`, labels },
    spec: { containers: [{ name: "none", image: "registry.invalid/none:0" }], automountServiceAccountToken: false, ...spec },
  };
  const answer = await client.call("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
  if (answer.status === 201) return answer;
  const message = `trying a pod in namespace ${namespace}: ${answer.status} ${String(answer.body.message ?? "")}`;
  if (answer.status === 401) throw new UnreachableError(message);
  throw new Error(message);
}

function groupOf(answer: Answer): string | undefined {
  const spec = answer.body.spec as { schedulingGroup?: { podGroupName?: string } } | undefined;
  return spec?.schedulingGroup?.podGroupName;
}
