import { matchJsonPath, parseJsonPath } from "./jsonpath";
import { annotation, at, conditionOf, numberAt } from "./objects";
import type { KubernetesObject } from "./objects";

export interface Readiness {
  readonly ready: boolean;
  /** What is still missing, in a few words. */
  readonly message: string;
  /** It will never become ready; `message` says why. */
  readonly failed?: boolean;
}

export type ReadyCheck = (live: KubernetesObject, related: Related) => Promise<Readiness> | Readiness;

/** Reads another object by its place; undefined when there is none. */
export type Related = (
  apiVersion: string,
  kind: string,
  name: string,
  namespace?: string,
) => Promise<KubernetesObject | undefined>;

/**
 * What to wait for after a create or an update (pulumi-kubernetes provider/pkg/metadata/overrides.go:ReadyCondition and
 * provider/pkg/await/awaiters.go): nothing with `pulumi.com/skipAwait`; the conditions of `pulumi.com/waitFor` when given;
 * else the kind's own rule. Kinds without a rule, custom resources among them, are ready at once.
 * @throws Error when `pulumi.com/waitFor` cannot be read
 */
export function readyCheckOf(wanted: KubernetesObject): ReadyCheck | undefined {
  if (annotation(wanted, "skipAwait") === "true") return undefined;
  const waitFor = annotation(wanted, "waitFor");
  if (waitFor) return all(expressions(waitFor).map(customCheck));
  return rules[`${wanted.apiVersion}/${wanted.kind}`];
}

const rules: Record<string, ReadyCheck> = {
  "apiextensions.k8s.io/v1/CustomResourceDefinition": (live) => byCondition(live, "Established"),
  "apps/v1/DaemonSet": daemonSet,
  "apps/v1/Deployment": deployment,
  "apps/v1/StatefulSet": statefulSet,
  "batch/v1/Job": job,
  "v1/PersistentVolume": (live) => phase(live, ["Available", "Bound"]),
  "v1/PersistentVolumeClaim": claim,
  "v1/Pod": pod,
  "v1/ResourceQuota": (live) => ({
    ready: JSON.stringify(sorted(at(live, "spec", "hard"))) === JSON.stringify(sorted(at(live, "status", "hard"))),
    message: "waiting for the quota to be counted",
  }),
  "v1/Secret": (live) => ({
    ready:
      live["type"] !== "kubernetes.io/service-account-token" ||
      Object.keys((live["data"] as object | undefined) ?? {}).length > 0,
    message: "waiting for the service account's token",
  }),
  "v1/Service": service,
};

function expressions(annotationValue: string): string[] {
  try {
    const parsed: unknown = JSON.parse(annotationValue);
    if (Array.isArray(parsed) && parsed.length > 0) return parsed.map(String);
    if (Array.isArray(parsed)) throw new Error("at least one condition must be specified");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return [annotationValue];
}

function customCheck(expression: string): ReadyCheck {
  if (expression.startsWith("jsonpath=")) {
    const condition = parseJsonPath(expression);
    return (live) => {
      if (behind(live)) return { ready: false, message: `waiting for ${condition.path}` };
      const { matched, found } = matchJsonPath(condition, live);
      return { ready: matched, message: `waiting for ${condition.path}${found === undefined ? "" : ` (found "${found}")`}` };
    };
  }
  if (!expression.startsWith("condition="))
    throw new Error(`pulumi.com/waitFor: expected a "jsonpath=" or "condition=" prefix, got "${expression}"`);
  const [type = "", status = "True"] = expression.slice("condition=".length).split("=");
  return (live) => byCondition(live, type, status);
}

function all(checks: readonly ReadyCheck[]): ReadyCheck {
  return async (live, related) => {
    const results = await Promise.all(checks.map((check) => check(live, related)));
    return results.find((result) => !result.ready) ?? { ready: true, message: "" };
  };
}

function byCondition(live: KubernetesObject, type: string, status = "True"): Readiness {
  const found = conditionOf(live, type);
  return {
    ready: !behind(live) && found?.status === status,
    message: `waiting for condition ${type} to be ${status}${found?.message ? `: ${found.message}` : ""}`,
  };
}

/** The controller has not seen the newest change yet. */
function behind(live: KubernetesObject): boolean {
  const observed = at(live, "status", "observedGeneration");
  return typeof observed === "number" && observed < (live.metadata.generation ?? 0);
}

function unobserved(live: KubernetesObject): boolean {
  return numberAt(live, "status", "observedGeneration") < (live.metadata.generation ?? 0);
}

function deployment(live: KubernetesObject): Readiness {
  const progressing = conditionOf(live, "Progressing");
  const available = conditionOf(live, "Available");
  if (!unobserved(live) && progressing?.reason === "ProgressDeadlineExceeded")
    return { ready: false, failed: true, message: progressing.message ?? "" };
  const done = progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable" && available?.status === "True";
  const message = `waiting for ${numberAt(live, "status", "updatedReplicas")} of ${numberAt(live, "spec", "replicas")} replicas; ${available?.message ?? progressing?.message ?? ""}`;
  return { ready: !unobserved(live) && done, message };
}

function daemonSet(live: KubernetesObject): Readiness {
  const desired = numberAt(live, "status", "desiredNumberScheduled");
  const counts = ["currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"];
  const least = Math.min(...counts.map((count) => numberAt(live, "status", count)));
  return { ready: !unobserved(live) && least >= desired, message: `waiting for ${least} of ${desired} pods` };
}

function statefulSet(live: KubernetesObject): Readiness {
  const replicas = Number(at(live, "spec", "replicas") ?? 1);
  const ready = numberAt(live, "status", "readyReplicas");
  const settled = at(live, "status", "currentRevision") === at(live, "status", "updateRevision");
  return { ready: !unobserved(live) && ready >= replicas && settled, message: `waiting for ${ready} of ${replicas} replicas` };
}

function job(live: KubernetesObject): Readiness {
  const failed = conditionOf(live, "Failed");
  if (failed?.status === "True")
    return { ready: false, failed: true, message: `[${failed.reason ?? "Failed"}] ${failed.message ?? ""}` };
  const [active, succeeded, lost] = ["active", "succeeded", "failed"].map((count) => numberAt(live, "status", count));
  return {
    ready: at(live, "status", "startTime") !== undefined && conditionOf(live, "Complete")?.status === "True",
    message: `waiting for the job to complete (active ${active}, succeeded ${succeeded}, failed ${lost})`,
  };
}

function pod(live: KubernetesObject): Readiness {
  const unscheduled = conditionOf(live, "PodScheduled");
  const ready = conditionOf(live, "Ready");
  const succeeded = at(live, "status", "phase") === "Succeeded";
  const why = unscheduled?.status === "False" ? unscheduled.message : ready?.message;
  return { ready: succeeded || ready?.status === "True", message: `waiting for the pod to be ready${why ? `: ${why}` : ""}` };
}

function phase(live: KubernetesObject, wanted: readonly string[]): Readiness {
  const found = String(at(live, "status", "phase") ?? "");
  return { ready: wanted.includes(found), message: `waiting for phase ${wanted.join(" or ")}, is ${found || "none"}` };
}

async function claim(live: KubernetesObject, related: Related): Promise<Readiness> {
  const className = at(live, "spec", "storageClassName");
  const storage =
    typeof className === "string" && className ? await related("storage.k8s.io/v1", "StorageClass", className) : undefined;
  return phase(live, storage?.["volumeBindingMode"] === "WaitForFirstConsumer" ? ["Pending", "Bound"] : ["Bound"]);
}

/** Headless services, those without a selector and ExternalName do not wait for pods; the real provider's 10 s of settling is left out. */
async function service(live: KubernetesObject, related: Related): Promise<Readiness> {
  const type = at(live, "spec", "type");
  if (type === "LoadBalancer" && !Array.isArray(at(live, "status", "loadBalancer", "ingress")))
    return { ready: false, message: "waiting for a load balancer address" };
  const selector = at(live, "spec", "selector");
  if (type === "ExternalName" || at(live, "spec", "clusterIP") === "None" || !selector) return { ready: true, message: "" };
  const endpoints = await related("v1", "Endpoints", live.metadata.name, live.metadata.namespace);
  const subsets = (endpoints?.["subsets"] ?? []) as { notReadyAddresses?: unknown[] }[];
  const pending = subsets.some((subset) => (subset.notReadyAddresses ?? []).length > 0);
  return { ready: endpoints !== undefined && !pending, message: "waiting for the service's pods to be ready" };
}

function sorted(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).sort(([left], [right]) => left.localeCompare(right))
    : value;
}
