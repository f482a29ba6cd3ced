import { stringify } from "yaml";
import type { KueueConfig } from "./config";
import { namespaceSelector } from "./objects";
import { KUEUE_CHART, KUEUE_IMAGE, VERSIONS } from "./versions";

export const KUEUE_NAMESPACE = "kueue-system";

type Values = Record<string, unknown>;

/** The manager's pods meet the strictest level (kubernetes-sigs/kueue:charts/kueue/values.yaml@v0.19.2, `podSecurityContext`). */
export function kueueNamespace() {
  return {
    metadata: {
      name: KUEUE_NAMESPACE,
      labels: { "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest" },
    },
  };
}

/**
 * @param namespaces where Kueue may touch jobs
 */
export function kueueRelease(namespaces: readonly string[], config: Pick<KueueConfig, "values">) {
  return {
    // A fixed release name: a random one would leave two Kueues behind after a replacement.
    name: "kueue",
    namespace: KUEUE_NAMESPACE,
    chart: KUEUE_CHART,
    version: VERSIONS.kueueChart.version,
    values: merge(kueueValues(namespaces), config.values),
    timeout: 600,
  };
}

/**
 * The chart's defaults but for two things. Its webhooks fail closed for every job, pod, Deployment and StatefulSet of every
 * namespace, so that with Kueue down nothing could be started anywhere: here they see Jobs only, and only in the namespaces of
 * workloads (charts/kueue/templates/webhook/manifests.yaml@v0.19.2: `managedJobsNamespaceSelector`, `integrations.frameworks`).
 * A MiniCluster is a Job to Kueue (site/content/en/docs/tasks/run/external_workloads/flux_miniclusters.md).
 */
export function kueueValues(namespaces: readonly string[]): Values {
  const image = { repository: KUEUE_IMAGE, tag: VERSIONS.kueueImage.version, pullPolicy: "IfNotPresent" };
  return {
    controllerManager: { manager: { image } },
    managerConfig: { controllerManagerConfigYaml: stringify(managerConfig(namespaces)) },
  };
}

/** charts/kueue/values.yaml@v0.19.2, `managerConfig`; the chart adds the webhook's certificates. */
export function managerConfig(namespaces: readonly string[]) {
  return {
    apiVersion: "config.kueue.x-k8s.io/v1beta2",
    kind: "Configuration",
    health: { healthProbeBindAddress: ":8081" },
    metrics: { bindAddress: ":8443" },
    webhook: { port: 9443 },
    leaderElection: { leaderElect: true, resourceName: "c1f6bfd2.kueue.x-k8s.io" },
    controller: {
      groupKindConcurrency: {
        "Job.batch": 5,
        Pod: 5,
        "Workload.kueue.x-k8s.io": 10,
        "LocalQueue.kueue.x-k8s.io": 5,
        "ClusterQueue.kueue.x-k8s.io": 5,
        "ResourceFlavor.kueue.x-k8s.io": 1,
      },
    },
    clientConnection: { qps: 300, burst: 500 },
    managedJobsNamespaceSelector: namespaceSelector(namespaces),
    integrations: { frameworks: ["batch/job"] },
  };
}

/** The user's values over ours; lists and plain values are replaced whole. */
function merge(ours: Values, theirs: Values): Values {
  const result = { ...ours };
  for (const [key, value] of Object.entries(theirs)) {
    const below = ours[key];
    result[key] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
