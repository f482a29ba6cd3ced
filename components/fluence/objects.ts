import { stringify } from "yaml";
import type { ClusterContract } from "../contract/contract";
import type { FluenceConfig } from "./config";
import { fluenceNodes, FLUENCE_SCHEDULER, HIDDEN_TOLERATION, nodeSetHash, shortHash, type ContractPool } from "./nodes";
import { FLUENCE_ARCH } from "./versions";

/** Name of all its objects; those that belong to no namespace are `fluence-…`. */
export const FLUENCE_NAME = "fluence";
/** Pod template: the set of Fluence's nodes as a hash. It reads its nodes once, at start. */
export const NODES_ANNOTATION = "turducken.dev/fluence-nodes";
/** Pod template: all that a restart depends on, as a hash; the gate compares it with what runs. */
export const RESTART_ANNOTATION = "turducken.dev/fluence-restart";
export const CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane";
/** kubernetes/kubernetes:cmd/kube-scheduler/app/options/options.go@v1.36.3: its secure port, with a certificate it makes itself. */
const HEALTH_PORT = 10259;
const CONFIG_FILE = "scheduler-config.yaml";

const RBAC = "rbac.authorization.k8s.io";

/**
 * Its own namespace, so that nothing else's account or quota touches it, and removing it leaves nothing in kube-system but one
 * RoleBinding that has to be there.
 */
export function fluenceNamespace(namespace: string) {
  return {
    metadata: {
      name: namespace,
      labels: { "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest" },
    },
  };
}

export function serviceAccount(namespace: string) {
  return { metadata: { name: FLUENCE_NAME, namespace }, automountServiceAccountToken: false };
}

/**
 * What a kube-scheduler may do, which Fluence is: with the GenericWorkload gate on, the API server gives this role reading of
 * PodGroups and writing of their status (kubernetes/kubernetes:plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go@v1.36.3).
 */
export function roleBindings(namespace: string) {
  const subjects = [{ kind: "ServiceAccount", name: FLUENCE_NAME, namespace }];
  const cluster = (name: string, role: string) => ({
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects,
  });
  return {
    scheduler: cluster("fluence-as-kube-scheduler", "system:kube-scheduler"),
    volumes: cluster("fluence-as-volume-scheduler", "system:volume-scheduler"),
    extra: cluster("fluence-extra", "fluence-extra"),
    /** The API server's client CA, by which the scheduler knows who asks it for metrics; it lies in kube-system. */
    authentication: {
      metadata: { name: "fluence-extension-apiserver-authentication-reader", namespace: "kube-system" },
      roleRef: { apiGroup: RBAC, kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects,
    },
  };
}

/**
 * What the scheduler does beyond a kube-scheduler, by pkg/fluence/fluence.go@e242622. Upstream's role also serves its webhook
 * (webhook configurations, service accounts, config maps, roles, jobs, making pods), leader election and the deletion of
 * PodGroups that the webhook made; there is no webhook and one replica here.
 */
export function extraRole() {
  return {
    metadata: { name: "fluence-extra" },
    rules: [
      // PreBind writes the allocation's number on the PodGroup (`recordJobIDs`), from which it is freed when that is deleted.
      { apiGroups: ["scheduling.k8s.io"], resources: ["podgroups"], verbs: ["patch"] },
      // The same on the pod itself, for a pod without a group.
      { apiGroups: [""], resources: ["pods"], verbs: ["patch"] },
    ],
  };
}

/** One profile with every default plugin and Fluence; kubescheduler.config.k8s.io/v1. */
export function schedulerConfiguration(): string {
  return stringify({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    // One replica, and never two: a second one would not know the first one's allocations.
    leaderElection: { leaderElect: false },
    profiles: [{ schedulerName: FLUENCE_SCHEDULER, plugins: { multiPoint: { enabled: [{ name: "Fluence" }] } } }],
  });
}

export function configMap(namespace: string) {
  return {
    metadata: { name: "fluence-scheduler-config", namespace },
    data: { [CONFIG_FILE]: schedulerConfiguration() },
  };
}

/**
 * Without `TopologyAwareWorkloadScheduling`: its placement and Fluence's contradict each other (1 of 3 gangs was placed, or none).
 * `SchedulerPopFromBackoffQ` is Kubernetes' default and stays on for `fast`.
 */
export function featureGates(retries: FluenceConfig["retries"]): string {
  const gates = ["GenericWorkload=true", "GangScheduling=true"];
  return [...gates, ...(retries === "calm" ? ["SchedulerPopFromBackoffQ=false"] : [])].join(",");
}

/**
 * The scheduler. Recreate: two at once would give the same nodes twice. What changes its pod template restarts it, and a restart
 * forgets the allocations of gangs that run, so that happens only on drained nodes: see `fluenceGate`.
 */
export function deployment(contract: ClusterContract, config: FluenceConfig) {
  const labels = { "app.kubernetes.io/name": FLUENCE_NAME };
  return {
    metadata: { name: FLUENCE_NAME, namespace: config.namespace, labels },
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: {
            [NODES_ANNOTATION]: nodeSetHash(fluenceNodes(contract, config.pools)),
            [RESTART_ANNOTATION]: restartHash(contract, config),
          },
        },
        spec: podSpec(contract, config),
      },
    },
  };
}

/** Changes with everything that makes the scheduler start anew: its nodes, its pod, its configuration. */
export function restartHash(contract: ClusterContract, config: FluenceConfig): string {
  const nodes = fluenceNodes(contract, config.pools);
  return shortHash(JSON.stringify([nodes, podSpec(contract, config), schedulerConfiguration()]));
}

function podSpec(contract: ClusterContract, config: FluenceConfig) {
  return {
    serviceAccountName: FLUENCE_NAME,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    // Being evicted is a restart.
    priorityClassName: "system-cluster-critical",
    ...where(contract, config.runOn),
    // Any user but root will do: it reads its program and writes to /tmp alone.
    securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [container(config)],
    volumes: [
      { name: "config", configMap: { name: "fluence-scheduler-config" } },
      // The graph of its nodes is handed to Fluxion as a file; about 1 KB for each node.
      { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
    ],
  };
}

function container(config: FluenceConfig) {
  return {
    name: FLUENCE_NAME,
    image: config.image,
    command: [
      "/bin/fluence",
      `--config=/etc/fluence/${CONFIG_FILE}`,
      `--feature-gates=${featureGates(config.retries)}`,
      `--v=${config.logLevel}`,
    ],
    env: [
      { name: "FLUENCE_MATCH_POLICY", value: config.matchPolicy },
      { name: "TMPDIR", value: "/tmp" },
    ],
    ports: [{ name: "https", containerPort: HEALTH_PORT }],
    // The limit holds the one core of a waiting gang to what the control plane can give. Memory is generous: killed is restarted.
    resources: { requests: { cpu: "500m", memory: "512Mi" }, limits: { cpu: "2", memory: "2Gi" } },
    // Ready when it has seen nodes, pods and PodGroups. No liveness probe: slow under load is better than restarted.
    readinessProbe: { httpGet: { path: "/readyz", port: HEALTH_PORT, scheme: "HTTPS" }, periodSeconds: 5, timeoutSeconds: 5 },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "config", mountPath: "/etc/fluence", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

/** Never on a node that it schedules: there its own pod would be the foreign one. */
function where(contract: ClusterContract, runOn: string) {
  const arch = { "kubernetes.io/arch": FLUENCE_ARCH };
  const controlPlane = { key: CONTROL_PLANE_LABEL, operator: "Exists", effect: "NoSchedule" };
  if (runOn === "control-plane") {
    return { nodeSelector: { ...arch, [CONTROL_PLANE_LABEL]: "" }, tolerations: [controlPlane, HIDDEN_TOLERATION] };
  }
  const names = contract.nodes.filter((node) => node.schedulable && node.pool === runOn).map((node) => node.name);
  const terms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: names.sort() }] }];
  return {
    nodeSelector: arch,
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
    tolerations: [...tolerationsOf(contract.pools.find((pool) => pool.name === runOn)), HIDDEN_TOLERATION],
  };
}

function tolerationsOf(pool: ContractPool | undefined) {
  return (pool?.tolerations ?? []).map((each) => ({ ...each }));
}
