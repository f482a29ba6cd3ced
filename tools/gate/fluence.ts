import type { FluenceGateRequest } from "../../components/fluence/gate";
import { FLUENCE_NODE_LABEL, FLUENCE_SCHEDULER, HIDDEN_TAINT } from "../../components/fluence/nodes";
import { RESTART_ANNOTATION } from "../../components/fluence/objects";
import { JOBID_ANNOTATION } from "../../components/fluence/workload";
import { pollUntil, realClock, UnreachableError, type ApiClient, type Clock } from "./client";
import { hardTaints, isPassing, listAll, type LiveNode } from "./cluster";
import type { Verdict } from "./run";

const PROBE = "turducken-preflight";
/** More of one kind than this are counted, not named. */
const NAMED = 10;

interface LivePod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
  };
  readonly spec: { readonly nodeName?: string; readonly schedulerName?: string };
  readonly status?: { readonly phase?: string };
}

interface Template {
  readonly spec?: { readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } } };
}

/** The last look before Fluence starts or starts anew; the rules are those of `FluenceGateRequest`. */
export async function fluenceGate(request: FluenceGateRequest, client: ApiClient, clock: Clock = realClock): Promise<Verdict> {
  const { answer, failure } = await pollUntil(
    request.timeoutSeconds,
    () => look(request, client),
    (lines) => lines.length === 0,
    clock,
  );
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${request.timeoutSeconds} s: ${failure ?? "no reason"}`);
  if (answer.length > 0) return { passed: false, lines: answer };
  return { passed: true, lines: [`Fluence may read its ${request.own.length} nodes; all others are hidden from it`] };
}

async function look(request: FluenceGateRequest, client: ApiClient): Promise<string[]> {
  const nodes = await listAll<LiveNode>(client, "/api/v1/nodes", "nodes");
  const pods = (await listAll<LivePod>(client, "/api/v1/pods", "pods")).filter(isAlive);
  return [
    ...(await policyLines(client)),
    ...ownLines(request.own, nodes),
    ...seenLines(request.own, nodes),
    ...foreignLines(request.own, pods),
    ...((await runsAlready(request, client)) ? [] : [...gangLines(pods), ...(await groupLines(client))]),
  ];
}

/** Whether the admission policies are in effect, by a pod that is tried and not made. */
export async function policyLines(client: ApiClient): Promise<string[]> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: `${PROBE}-` },
    spec: { containers: [{ name: "none", image: "registry.invalid/none:0" }], automountServiceAccountToken: false },
  };
  const answer = await client.call("POST", "/api/v1/namespaces/default/pods?dryRun=All", pod);
  if (answer.status === 401 || answer.status === 403)
    throw new UnreachableError(`the API server does not let these credentials try a pod (${answer.status})`);
  if (answer.status !== 201) throw new Error(`trying a pod: ${answer.status} ${String(answer.body.message ?? "")}`);
  const spec = answer.body.spec as { affinity?: unknown; tolerations?: { key?: string }[] };
  const lines: string[] = [];
  if (!JSON.stringify(spec.affinity ?? {}).includes(`"${FLUENCE_NODE_LABEL}"`))
    lines.push("the admission policy that keeps other pods off Fluence's nodes is missing or not in effect");
  if (!spec.tolerations?.some(({ key }) => key === HIDDEN_TAINT.key))
    lines.push("the admission policy that lets other pods run on hidden nodes is missing or not in effect");
  return lines;
}

function ownLines(own: readonly string[], nodes: readonly LiveNode[]): string[] {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  return own.flatMap((name) => {
    const problem = ownProblem(byName.get(name));
    return problem ? [`${name}: ${problem}`] : [];
  });
}

function ownProblem(node: LiveNode | undefined): string | undefined {
  if (!node) return "there is no such node";
  const taints = hardTaints(node).map(({ key, effect }) => `${key}:${effect}`);
  const problems = [
    ...(node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ? [] : ["not Ready"]),
    ...(node.spec?.unschedulable ? ["cordoned"] : []),
    ...(taints.length > 0 ? [`tainted (${taints.join(", ")})`] : []),
    ...(node.metadata.labels?.[FLUENCE_NODE_LABEL] === "true" ? [] : [`not labelled ${FLUENCE_NODE_LABEL}=true`]),
  ];
  return problems.length > 0 ? `${problems.join(", ")}; Fluence would not see it, or not as its own` : undefined;
}

function seenLines(own: readonly string[], nodes: readonly LiveNode[]): string[] {
  const seen = nodes.filter((node) => !own.includes(node.metadata.name) && hardTaints(node).every(isPassing));
  return named(
    seen.map((node) => node.metadata.name),
    (names) => `not Fluence's, but it would take them: ${names}; they need the taint ${HIDDEN_TAINT.key}:${HIDDEN_TAINT.effect}`,
  );
}

function foreignLines(own: readonly string[], pods: readonly LivePod[]): string[] {
  const foreign = pods.filter(
    (pod) =>
      own.includes(pod.spec.nodeName ?? "") && pod.spec.schedulerName !== FLUENCE_SCHEDULER && !isDaemon(pod) && !isStatic(pod),
  );
  return named(
    foreign.map(where),
    (names) => `pods that Fluence does not know are on its nodes and would block it: ${names}; remove them`,
  );
}

function gangLines(pods: readonly LivePod[]): string[] {
  const gangs = pods.filter((pod) => pod.spec.schedulerName === FLUENCE_SCHEDULER && pod.spec.nodeName);
  return named(gangs.map(where), (names) => `Fluence would restart and forget that these run: ${names}; drain its nodes first`);
}

async function groupLines(client: ApiClient): Promise<string[]> {
  const path = "/apis/scheduling.k8s.io/v1alpha2/podgroups";
  const groups = (await listAll<LivePod>(client, path, "PodGroups")).filter(
    ({ metadata }) => metadata.annotations?.[JOBID_ANNOTATION] !== undefined,
  );
  return named(
    groups.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    (names) => `PodGroups hold allocations that a new Fluence would mistake for its own: ${names}; delete them first`,
  );
}

/** Nothing will be restarted when the Deployment has this very template already. */
async function runsAlready({ restart }: FluenceGateRequest, client: ApiClient): Promise<boolean> {
  const { status, body } = await client.call("GET", `/apis/apps/v1/namespaces/${restart.namespace}/deployments/${restart.name}`);
  if (status === 404) return false;
  if (status !== 200)
    throw new Error(`reading Deployment ${restart.namespace}/${restart.name}: ${status} ${String(body.message ?? "")}`);
  return (body as Template).spec?.template?.metadata?.annotations?.[RESTART_ANNOTATION] === restart.hash;
}

const isAlive = (pod: LivePod) => pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
const isDaemon = (pod: LivePod) =>
  pod.metadata.ownerReferences?.some((each) => each.kind === "DaemonSet" && each.controller) ?? false;
const isStatic = (pod: LivePod) => pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
const where = (pod: LivePod) => `${pod.metadata.namespace}/${pod.metadata.name} on ${pod.spec.nodeName}`;

function named(names: readonly string[], line: (names: string) => string): string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return [line(`${[...names].sort().slice(0, NAMED).join(", ")}${more}`)];
}
