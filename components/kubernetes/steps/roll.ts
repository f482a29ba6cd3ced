import { quote } from "../../hosts/render/quote";
import type { HostSpec, RollHooks, Step } from "../../hosts/types";
import { kubeadmConfiguration } from "../kubeadm";
import type { KubernetesSettings } from "../settings";
import {
  ADMIN,
  KUBEADM_COMPLAINT,
  KUBELET,
  kubectl,
  kubeletHash,
  LOG,
  markKubelet,
  readMark,
  remember,
  remembered,
  rememberedKubelet,
  rememberKubelet,
  type ClusterView,
} from "./membership";
import { kubeadmStep, packageSteps } from "./packages";
import { all, fileIs, lines } from "./text";

/** Changes of version and configuration of a host that is in the cluster. The control plane rolls before the workers. */
export function rollSteps(host: HostSpec, settings: KubernetesSettings, cluster: ClusterView): Step[] {
  const packages = packageSteps(settings).filter((step) => step.disruption !== "none");
  const first =
    host.role === "control-plane"
      ? [kubeadmStep(settings), controlPlane(host, settings, cluster), sharedKubeletConfiguration(host, settings, cluster)]
      : [];
  return [...first, ...packages, kubeletConfiguration(host, settings)];
}

/** `kubeadm upgrade apply` also rewrites the manifests of an unchanged version, so one way serves both kinds of change. */
function controlPlane(host: HostSpec, settings: KubernetesSettings, cluster: ClusterView): Step {
  const configuration = kubeadmConfiguration(host, settings, cluster);
  const ignore = settings.ignorePreflightErrors?.length
    ? ` --ignore-preflight-errors=${quote(settings.ignorePreflightErrors.join(","))}`
    : "";
  const [, kubeProxy] = remembered(configuration);
  return {
    id: "control-plane",
    title: `the control plane runs ${settings.version} with this configuration`,
    check: all(
      `grep -q 'image: .*/kube-apiserver:v${settings.version.replaceAll(".", "\\.")}$' /etc/kubernetes/manifests/kube-apiserver.yaml`,
      ...remembered(configuration).map(([path, content]) => fileIs(path, "0600", content)),
    ),
    apply: lines(
      "configuration=$(mktemp)",
      "trap 'rm -f \"$configuration\"' EXIT",
      `printf '%s' ${quote(configuration.init)} > "$configuration"`,
      'kubeadm init phase upload-config all --config "$configuration"',
      `if ! ${fileIs(kubeProxy![0], "0600", kubeProxy![1])}; then`,
      '  kubeadm init phase addon kube-proxy --config "$configuration"',
      `  kubectl --kubeconfig ${ADMIN} -n kube-system rollout restart daemonset kube-proxy`,
      "fi",
      KUBEADM_COMPLAINT,
      `install -m 0600 /dev/null ${LOG}`,
      `if ! timeout --kill-after 10 900 kubeadm upgrade apply -y v${settings.version}${ignore} >> ${LOG} 2>&1; then`,
      "  kubeadm_complaint",
      "  exit 1",
      "fi",
      ...remember(configuration, settings),
    ),
    disruption: "restart",
    remedy: `the whole output of kubeadm is in ${LOG}, the manifests of before under /etc/kubernetes/tmp; run it again`,
  };
}

/** The cluster keeps the kubelets' configuration, marked with what it was made from. */
function sharedKubeletConfiguration(host: HostSpec, settings: KubernetesSettings, cluster: ClusterView): Step {
  const configuration = kubeadmConfiguration(host, settings, cluster);
  return {
    id: "kubelet-config-shared",
    title: "the cluster hands out this configuration of kubelets",
    check: all(readMark(host), `[ "$mark" = ${kubeletHash(settings)} ]`),
    apply: lines(
      "configuration=$(mktemp)",
      "trap 'rm -f \"$configuration\"' EXIT",
      `printf '%s' ${quote(configuration.init)} > "$configuration"`,
      'kubeadm init phase upload-config kubelet --config "$configuration"',
      markKubelet(settings),
    ),
    disruption: "none",
  };
}

/** Each node fetches it. */
function kubeletConfiguration(host: HostSpec, settings: KubernetesSettings): Step {
  return {
    id: "kubelet-config",
    title: "the kubelet runs with this configuration",
    check: fileIs(...pathModeContent(rememberedKubelet(settings))),
    apply: lines(
      readMark(host),
      `if [ "$mark" != ${kubeletHash(settings)} ]; then echo 'the control plane has not taken the new configuration yet' >&2; exit 1; fi`,
      "kubeadm upgrade node phase kubelet-config",
      "systemctl restart kubelet",
      rememberKubelet(settings),
    ),
    disruption: "restart",
    remedy: "roll the control plane first (it is deferred while work runs there), then run it again",
  };
}

function pathModeContent([path, content]: [string, string]): [string, string, string] {
  return [path, "0600", content];
}

/**
 * Namespaces whose pods are no work: they may be moved at any time, and nothing that runs notices. Of what the layers bring these
 * are the Flux Operator, Kueue and the GPU Operator; Fluence is not among them, for its restart forgets what it has given out.
 */
const SYSTEM_NAMESPACES = ["kube-system", "operator-system", "kueue-system", "gpu-operator"];

/** Pods that are work: not of a DaemonSet, not a static pod's mirror (its owner is the Node), not ended. */
function podsTemplate(systemToo: boolean): string {
  const work = ['(ne $owner "DaemonSet")', '(ne $owner "Node")', '(ne .status.phase "Succeeded")', '(ne .status.phase "Failed")'];
  if (!systemToo) work.push(...SYSTEM_NAMESPACES.map((name) => `(ne .metadata.namespace "${name}")`));
  return (
    '{{range .items}}{{$owner := ""}}{{range .metadata.ownerReferences}}{{if .controller}}{{$owner = .kind}}{{end}}{{end}}' +
    `{{if and ${work.join(" ")}}}{{.metadata.namespace}} {{.metadata.name}}{{"\\n"}}{{end}}{{end}}`
  );
}

/** A worker waits for the control plane, which may have been deferred, before it is emptied in vain. */
function controlPlaneFirst(host: HostSpec, settings: KubernetesSettings): string {
  return lines(
    `${readMark(host)} || exit 3`,
    `if [ "$mark" != ${kubeletHash(settings)} ]; then`,
    "  echo 'the control plane has not taken this version and configuration yet'",
    "  exit 0",
    "fi",
  );
}

/** How long evicted pods may take to end, budgets included. */
const EVICTION_SECONDS = 300;

/**
 * How a roll empties a node and puts it back, with the credentials that are on the host. On a worker those are the kubelet's:
 * it may cordon itself and list and evict its own pods, but not read DaemonSets, so ownership is read from the pods
 * (kubernetes/kubernetes:plugin/pkg/admission/noderestriction/admission.go, plugin/pkg/auth/authorizer/node/
 * node_authorizer.go@v1.36.3).
 */
export function rollHooks(host: HostSpec, settings: KubernetesSettings): RollHooks {
  const ask = kubectl(host);
  const pods = (systemToo: boolean) =>
    `${ask} get pods -A --field-selector spec.nodeName=${host.name} -o go-template=${quote(podsTemplate(systemToo))}`;
  return {
    member: `[ -s ${KUBELET} ]`,
    busy: lines(
      ...(host.role === "worker" ? [controlPlaneFirst(host, settings)] : []),
      `pods=$(${pods(false)}) || exit 3`,
      '[ -n "$pods" ] || exit 1',
      'count=$(wc -l <<<"$pods")',
      'read -r namespace name <<<"$pods"',
      'echo "$count pods run here, $namespace/$name first"',
    ),
    before: lines(
      // Somebody else's cordon stays theirs.
      `unschedulable=$(${ask} get node ${host.name} -o jsonpath='{.spec.unschedulable}')`,
      'if [ "$unschedulable" != true ]; then',
      `  : > "$STATE/cordoned"`,
      `  ${ask} cordon ${host.name}`,
      "fi",
      "evict() {",
      "  local namespace name left",
      `  left=$(${pods(true)}) || return 1`,
      '  [ -n "$left" ] || return 0',
      "  while read -r namespace name; do",
      `    printf '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"%s","namespace":"%s"}}' "$name" "$namespace" |`,
      `      ${ask} create --raw "/api/v1/namespaces/$namespace/pods/$name/eviction" -f - || true`,
      '  done <<<"$left"',
      `  echo "still here: \${left//$'\\n'/, }" >&2`,
      "  return 1",
      "}",
      `wait_for ${EVICTION_SECONDS} evict`,
    ),
    after: lines(
      `ready() { [ "$(${ask} get node ${host.name} -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = True ]; }`,
      "wait_for 180 ready",
      `if [ -e "$STATE/cordoned" ]; then`,
      `  ${ask} uncordon ${host.name}`,
      '  rm -f "$STATE/cordoned"',
      "fi",
    ),
  };
}
