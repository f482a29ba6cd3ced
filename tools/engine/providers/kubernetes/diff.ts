import type { KubernetesObject } from "./objects";

const selector = ["spec.selector"];
const pod = [
  ..."affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
    .split(" ")
    .map((field) => `spec.${field}`),
  ...["spec.containers[*]", "spec.initContainers[*]"].flatMap((list) =>
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
      .split(" ")
      .map((field) => `${list}.${field}`),
  ),
];

/**
 * Fields whose change makes the real provider replace the object instead of updating it
 * (pulumi/pulumi-kubernetes@94977969d:provider/pkg/provider/diff.go). What is not here is updated, and the API server may refuse:
 * a PodGroup's spec, for instance, needs `replaceOnChanges: ["spec"]` in the program.
 */
const forceNew: Record<string, readonly string[]> = {
  "apps/v1/DaemonSet": selector,
  "apps/v1/Deployment": selector,
  "apps/v1/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
    ...selector,
  ],
  "batch/v1/Job": ["spec.completions", "spec.parallelism", "spec.template", ...selector],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/ConfigMap": ["data", "binaryData"],
  "v1/PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "v1/Pod": pod,
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Secret": ["type", "stringData", "data"],
  "v1/Service": ["spec.clusterIP"],
};

export interface MutableKinds {
  readonly secrets: boolean;
  readonly configMaps: boolean;
}

/** Paths that differ, `spec.containers[*].image` style, and those of them that force a replacement. */
export function compare(
  olds: KubernetesObject,
  news: KubernetesObject,
  patch: boolean,
  mutable: MutableKinds,
): { changed: string[]; forcing: string[] } {
  const changed = [...new Set(changedPaths(olds, news, ""))].sort();
  const identity = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];
  const fields = patch ? identity : [...identity, ...fieldsOf(news, mutable)];
  return { changed, forcing: changed.filter((path) => fields.some((field) => touches(path, field))) };
}

function fieldsOf(object: KubernetesObject, mutable: MutableKinds): readonly string[] {
  const frozen = object["immutable"] === true;
  if (object.kind === "Secret" && mutable.secrets && !frozen) return ["type"];
  if (object.kind === "ConfigMap" && mutable.configMaps && !frozen) return [];
  return forceNew[`${object.apiVersion}/${object.kind}`] ?? [];
}

function touches(path: string, field: string): boolean {
  const under = (inner: string, outer: string) =>
    inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return under(path, field) || under(field, path);
}

function changedPaths(old: unknown, next: unknown, path: string): string[] {
  if (Array.isArray(old) && Array.isArray(next)) {
    const length = Math.max(old.length, next.length);
    return Array.from({ length }, (_, index) => changedPaths(old[index], next[index], `${path}[*]`)).flat();
  }
  const [left, right] = [fieldsIn(old), fieldsIn(next)];
  // An absent object equals an empty one: their fields are compared one by one, so that the path stays exact.
  if (left && right && (typeof old === "object" || typeof next === "object")) {
    if (Object.keys(left).length > 0 || Object.keys(right).length > 0) {
      const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
      return [...keys].flatMap((key) => changedPaths(left[key], right[key], path === "" ? key : `${path}.${key}`));
    }
    return empty(old) === empty(next) ? [] : [path];
  }
  return (empty(old) && empty(next)) || JSON.stringify(old) === JSON.stringify(next) ? [] : [path];
}

function fieldsIn(value: unknown): Record<string, unknown> | undefined {
  if (empty(value)) return {};
  return typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function empty(value: unknown): boolean {
  return value === undefined || value === null;
}
