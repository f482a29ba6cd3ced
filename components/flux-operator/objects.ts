import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "./rbac";
import type { Arch } from "./versions";

const LABELS = { "control-plane": "controller-manager" };

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface OperatorSettings {
  /** With digest. */
  readonly image: string;
  /** What the image is built for; it is not an index of several. */
  readonly arch: Arch;
  readonly tolerations?: readonly Toleration[];
  /** Beside the architecture and Linux. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** `restricted`: the operator's pod keeps to the strictest level, so nothing else needs to be let in there. */
export function operatorNamespace() {
  return {
    metadata: {
      name: OPERATOR_NAMESPACE,
      labels: {
        ...LABELS,
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
      },
    },
  };
}

export function operatorAccount() {
  // The pod mounts the token itself; no other pod of the namespace gets one by accident.
  return { metadata: { name: OPERATOR_ACCOUNT, namespace: OPERATOR_NAMESPACE }, automountServiceAccountToken: false };
}

/**
 * The controller (flux-framework/flux-operator:config/manager/manager.yaml@0d75cef8), and no metrics Service: upstream's points
 * at a port that the pod has not had since its proxy was taken out.
 */
export function operatorDeployment(settings: OperatorSettings) {
  const { arch, nodeSelector, tolerations = [] } = settings;
  return {
    metadata: { name: OPERATOR_ACCOUNT, namespace: OPERATOR_NAMESPACE, labels: LABELS },
    spec: {
      replicas: 1,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS, annotations: { "kubectl.kubernetes.io/default-container": "manager" } },
        spec: {
          serviceAccountName: OPERATOR_ACCOUNT,
          automountServiceAccountToken: true,
          terminationGracePeriodSeconds: 10,
          nodeSelector: { "kubernetes.io/os": "linux", "kubernetes.io/arch": arch, ...nodeSelector },
          tolerations: tolerations.map((each) => ({ ...each })),
          securityContext: {
            runAsNonRoot: true,
            // The image's own user (Dockerfile).
            runAsUser: 65532,
            runAsGroup: 65532,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [managerContainer(settings.image)],
        },
      },
    },
  };
}

function managerContainer(image: string) {
  const probe = (path: string) => ({ httpGet: { path, port: 8081 } });
  return {
    name: "manager",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["/manager"],
    args: ["--leader-elect"],
    livenessProbe: { ...probe("/healthz"), initialDelaySeconds: 15, periodSeconds: 20 },
    readinessProbe: { ...probe("/readyz"), initialDelaySeconds: 5, periodSeconds: 10 },
    resources: {
      requests: { cpu: "10m", memory: "64Mi" },
      // Upstream's 128Mi are for a small cluster: its caches hold every pod, Job, ConfigMap, Service and Secret of all namespaces.
      limits: { cpu: "500m", memory: "512Mi" },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      // Its code writes no file: scripts are rendered in memory (pkg/flux).
      readOnlyRootFilesystem: true,
    },
  };
}
