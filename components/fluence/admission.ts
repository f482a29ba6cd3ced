import { FLUENCE_NODE_LABEL, FLUENCE_SCHEDULER, HIDDEN_TAINT } from "./nodes";

/** Keeps pods that are not Fluence's off its nodes. */
export const KEEP_OFF_NAME = "turducken-fluence-keep-off";
/** Lets pods that are not Fluence's run on the nodes that are hidden from it. */
export const TOLERATE_NAME = "turducken-fluence-tolerate";

/**
 * Fluence's pods need nothing from these policies. One that names its node itself was not placed by Fluence, whatever it says:
 * Fluence would not know that the node is in use.
 */
const NOT_FLUENCES = {
  name: "not-placed-by-fluence",
  expression: `!has(object.spec.schedulerName) || object.spec.schedulerName != "${FLUENCE_SCHEDULER}" || (has(object.spec.nodeName) && object.spec.nodeName != "")`,
};

/** Daemons belong on every node that their DaemonSet names; Fluence's too need their network and their device plugins. */
const NOT_A_DAEMON = {
  name: "not-of-a-daemonset",
  expression: `!(has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, owner.kind == "DaemonSet" && has(owner.controller) && owner.controller))`,
};

/** What the API server shows of a static pod: the kubelet runs that one whatever happens here. */
const NOT_STATIC = {
  name: "not-a-static-pod",
  expression: `!(has(object.metadata.annotations) && "kubernetes.io/config.mirror" in object.metadata.annotations)`,
};

/**
 * A pod that Fluence does not place gets a required node affinity: no node of Fluence's. Any scheduler honours it, and so does
 * the kubelet when a pod names its node itself (kubernetes/kubernetes:pkg/kubelet/lifecycle/predicate.go@v1.36.3), so a pod that
 * gets past the scheduler ends as Failed, reason NodeAffinity, and uses nothing. A guard against accidents: who may write owner
 * references can pretend to be a daemon.
 *
 * A JSON patch, because terms of a node affinity are alternatives and their list is atomic: the expression goes into each term.
 * A term that is empty matches no node, and stays so.
 */
export function keepOffPolicy() {
  return policy(KEEP_OFF_NAME, [NOT_FLUENCES, NOT_A_DAEMON, NOT_STATIC], keepOffPatch());
}

/** Every pod that Fluence does not place tolerates the taint that hides a node from it; of daemons, too. */
export function toleratePolicy() {
  return policy(TOLERATE_NAME, [NOT_FLUENCES, NOT_STATIC], toleratePatch());
}

export function policyBinding(name: string) {
  return { metadata: { name }, spec: { policyName: name } };
}

function policy(name: string, matchConditions: { name: string; expression: string }[], expression: string) {
  return {
    metadata: { name },
    spec: {
      // It sees every pod of the cluster, the control plane's add-ons too. If it could not be evaluated, a pod on a node too many
      // is better than no pods at all: the first stops Fluence, the second everybody.
      failurePolicy: "Ignore",
      // A webhook after this one may change the affinity; applied twice it changes nothing more.
      reinvocationPolicy: "IfNeeded",
      matchConstraints: {
        matchPolicy: "Equivalent",
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [
          { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" },
        ],
      },
      matchConditions,
      mutations: [{ patchType: "JSONPatch", jsonPatch: { expression } }],
    },
  };
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
/** `dyn`: the values of a CEL map must be of one type. */
const ELSEWHERE = `{"key": dyn("${FLUENCE_NODE_LABEL}"), "operator": dyn("NotIn"), "values": dyn(["true"])}`;

function keepOffPatch(): string {
  const spec = "object.spec";
  const affinity = `${spec}.affinity`;
  const required = `${affinity}.nodeAffinity.${REQUIRED}`;
  const terms = `{"nodeSelectorTerms": [{"matchExpressions": [${ELSEWHERE}]}]}`;
  const path = `/spec/affinity/nodeAffinity/${REQUIRED}`;
  const here = `"${path}/nodeSelectorTerms/" + string(index) + "/matchExpressions`;
  const expressions = "has(term.matchExpressions) && term.matchExpressions.size() > 0";
  const fields = "has(term.matchFields) && term.matchFields.size() > 0";
  const done = `has(term.matchExpressions) && term.matchExpressions.exists(each, each.key == "${FLUENCE_NODE_LABEL}" && each.operator == "NotIn")`;
  return [
    `!has(${affinity}) ? [${add("/spec/affinity", `{"nodeAffinity": {"${REQUIRED}": ${terms}}}`)}]`,
    `!has(${affinity}.nodeAffinity) ? [${add("/spec/affinity/nodeAffinity", `{"${REQUIRED}": ${terms}}`)}]`,
    `!has(${required}) ? [${add(path, terms)}]`,
    `${required}.nodeSelectorTerms.transformList(index, term, (${expressions} || ${fields}) && !(${done}),` +
      ` ${expressions} ? JSONPatch{op: "add", path: ${here}/-", value: ${ELSEWHERE}}` +
      ` : JSONPatch{op: "add", path: ${here}", value: [${ELSEWHERE}]})`,
  ].join(" :\n");
}

function toleratePatch(): string {
  const toleration = `{"key": "${HIDDEN_TAINT.key}", "operator": "Exists", "effect": "${HIDDEN_TAINT.effect}"}`;
  return [
    `!has(object.spec.tolerations) ? [${add("/spec/tolerations", `[${toleration}]`)}]`,
    `object.spec.tolerations.exists(each, has(each.key) && each.key == "${HIDDEN_TAINT.key}") ? []`,
    `[${add("/spec/tolerations/-", toleration)}]`,
  ].join(" :\n");
}

function add(path: string, value: string): string {
  return `JSONPatch{op: "add", path: "${path}", value: ${value}}`;
}
