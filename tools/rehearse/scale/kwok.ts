import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { ControlPlane } from "../control-plane";

const KWOK_API = "kwok.x-k8s.io/v1alpha1";

/**
 * Starts kwok beside a control plane: it makes every node Ready and every bound pod Running, as kubelets would, and removes
 * deleted pods. No container runs. Nodes have no leases, because no controller asks for them here.
 */
export function launchKwok(plane: ControlPlane, kwok: string): void {
  const config = plane.path("kwok.yaml");
  writeFileSync(config, kwokStages().map((stage) => stringify(stage)).join("---\n")); // prettier-ignore
  const argv = ["--kubeconfig", plane.path("kubeconfig"), "--config", config, "--manage-all-nodes=true"];
  plane.launch("kwok", [...argv, "--node-lease-duration-seconds=0"], kwok);
}

/**
 * What kwok does with nodes and pods: shorter forms of its own kustomize/stage/node/fast and pod/fast (kubernetes-sigs/kwok
 * v0.8.0), without `pod-complete`, which would end the pods of a Job as soon as they run and so give their room back.
 */
export function kwokStages() {
  const ready = (kind: string) => `.status.conditions.[] | select( .type == "${kind}" ) | .status`;
  return [
    stage("node-ready", "Node", [{ key: ready("Ready"), operator: "NotIn", values: ["True"] }], {
      statusTemplate: `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
phase: Running
`,
    }),
    stage(
      "pod-ready",
      "Pod",
      [
        { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" },
        { key: ".status.phase", operator: "In", values: ["Pending"] },
      ],
      {
        statusTemplate: `
{{ $now := Now }}
conditions:
{{ range $type := list "Initialized" "Ready" "ContainersReady" }}
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: {{ $type | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`,
      },
    ),
    stage("pod-delete", "Pod", [{ key: ".metadata.deletionTimestamp", operator: "Exists" }], { delete: true }),
  ];
}

interface Condition {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
}

function stage(name: string, kind: "Node" | "Pod", when: readonly Condition[], next: object) {
  return {
    apiVersion: KWOK_API,
    kind: "Stage",
    metadata: { name },
    spec: { resourceRef: { apiGroup: "v1", kind }, selector: { matchExpressions: when }, next },
  };
}
