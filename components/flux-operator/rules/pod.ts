import type { MiniClusterObject } from "../model/spec";
import { isLabelKey, isLabelValue, isSubdomain, type Check, type Place } from "./check";

/** Set by the operator or the Job controller on every pod (controllers/flux/pods.go@0d75cef8; https://kubernetes.io/docs/reference/labels-annotations-taints/). */
const OWN_LABELS = [
  "app", "app.kubernetes.io/name", "namespace", "hpa-selector", "job-index", "job-name", "controller-uid",
  "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index",
]; // prettier-ignore

const WORDS = {
  restartPolicy: ["OnFailure", "Never"],
  dnsPolicy: ["ClusterFirst", "ClusterFirstWithHostNet", "Default"],
} as const;

export function checkPod({ spec }: MiniClusterObject, check: Check): void {
  const pod = spec.pod ?? {};
  for (const field of ["restartPolicy", "dnsPolicy"] as const) {
    const allowed: readonly string[] = WORDS[field];
    check.when(Boolean(pod[field]) && !allowed.includes(pod[field]!), ["spec", "pod", field], {
      value: pod[field],
      message: "The API server refuses the Job; the operator then tries for ever.",
      allowed: allowed.join(", "),
      fix: "Use one of the words, or leave it out.",
    });
  }
  for (const field of ["serviceAccountName", "runtimeClassName", "schedulerName"] as const) {
    check.when(Boolean(pod[field]) && !isSubdomain(pod[field]!), ["spec", "pod", field], {
      value: pod[field],
      message: "It is not the name of an object.",
      fix: "Correct the name.",
    });
  }
  checkIgnored(pod, check);
  checkLabels(spec, check);
  checkPlacement(spec, check);
  (pod.tolerations ?? []).forEach((each, index) => checkToleration(each, ["spec", "pod", "tolerations", index], check));
}

type Pod = NonNullable<MiniClusterObject["spec"]["pod"]>;

function checkIgnored(pod: Pod, check: Check): void {
  check.when(Object.keys(pod.resources ?? {}).length > 0, ["spec", "pod", "resources"], {
    message: "The operator makes it the pod's overhead, not its requests; without a matching RuntimeClass no pod is admitted.",
    fix: "Move it to `resources` of a container.",
  });
  for (const field of Object.keys(pod.securityContext ?? {}).filter((each) => each !== "fsGroup")) {
    check.when(true, ["spec", "pod", "securityContext", field], {
      message: "The operator passes only `fsGroup` on.",
      fix: "Move it to `securityContext` of each container and of `flux.container`.",
    });
  }
}

function checkLabels(spec: MiniClusterObject["spec"], check: Check): void {
  const maps: readonly [Place, Readonly<Record<string, string>> | undefined, readonly string[]][] = [
    [["spec", "pod", "labels"], spec.pod?.labels, OWN_LABELS],
    [["spec", "jobLabels"], spec.jobLabels, []],
    [["spec", "pod", "nodeSelector"], spec.pod?.nodeSelector, []],
  ];
  for (const [at, labels, own] of maps) {
    for (const [key, value] of Object.entries(labels ?? {})) {
      check.when(own.includes(key), [...at, key], {
        value,
        message: "The operator or Kubernetes sets this label itself.",
        fix: "Take it out.",
      });
      checkKey(key, [...at, key], check);
      checkValue(value, [...at, key], check);
    }
  }
  for (const key of Object.keys(spec.pod?.annotations ?? {})) checkKey(key, ["spec", "pod", "annotations", key], check);
}

function checkPlacement(spec: MiniClusterObject["spec"], check: Check): void {
  const affinity = Object.entries(spec.pod?.nodeAffinity ?? {});
  const at = ["spec", "pod", "nodeAffinity"];
  check.when(affinity.length > 0 && spec.network?.disableAffinity === true, at, {
    message: "`network.disableAffinity` takes this away as well.",
    allowed: "`pod.nodeSelector`, which stays",
    fix: "Use `pod.nodeSelector`, or take `network.disableAffinity` out.",
  });
  for (const [key, values] of affinity) {
    checkKey(key, [...at, key], check);
    values.forEach((value, index) => checkValue(value, [...at, key, index], check));
    check.when(values.length === 0, [...at, key], {
      message: "It has no value that a node's label could have.",
      fix: "Name the values, or take the label out.",
    });
  }
}

function checkKey(key: string, at: Place, check: Check): void {
  check.when(!isLabelKey(key), at, {
    value: key,
    message: "It is not the key of a label or annotation.",
    allowed: "letters, digits, `-`, `_` and `.`, at most 63 characters, with or without a domain and `/` in front",
    fix: "Correct the key.",
  });
}

function checkValue(value: string, at: Place, check: Check): void {
  check.when(!isLabelValue(value), at, {
    value,
    message: "It is not the value of a label.",
    allowed: "letters, digits, `-`, `_` and `.`, at most 63 characters",
    fix: "Correct the value.",
  });
}

type Toleration = NonNullable<Pod["tolerations"]>[number];

function checkToleration({ key, effect, operator, value }: Toleration, at: Place, check: Check): void {
  const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
  check.when(Boolean(effect) && !effects.includes(effect!), [...at, "effect"], {
    value: effect,
    message: "There is no such effect.",
    allowed: effects.join(", "),
    fix: "Use one of the words, or leave it out for all.",
  });
  check.when(Boolean(operator) && !["Equal", "Exists"].includes(operator!), [...at, "operator"], {
    value: operator,
    message: "There is no such operator.",
    allowed: "Equal, Exists",
    fix: "Use one of the words.",
  });
  check.when(operator === "Exists" && Boolean(value), [...at, "value"], {
    value,
    message: "With Exists there is no value.",
    fix: "Take it out, or use Equal.",
  });
  check.when(!key && operator !== "Exists", [...at, "key"], {
    message: "Without a key the operator must be Exists, which bears every taint.",
    fix: "Add the key.",
  });
  if (key) checkKey(key, [...at, "key"], check);
}
