import { createHash } from "node:crypto";
import { quote } from "../../hosts/render/quote";
import type { HostSpec, Step } from "../../hosts/types";
import { CA_HASH_PLACE, kubeadmConfiguration, kubeletDocument, TOKEN_PLACE, type KubeadmConfiguration } from "../kubeadm";
import { CRI_SOCKET, imageRepository, type KubernetesSettings } from "../settings";
import { all, lines, writeFile } from "./text";

/** What init and later changes of the control plane are compared with; holds no secret, but stays root's. */
export const STATE_FOLDER = "/etc/turducken/kubernetes";
export const LOG = "/var/log/turducken-kubeadm.log";
/** Read by the kubelet for every pull (kubernetes.io/docs/concepts/containers/images, "Configuring nodes to authenticate"). */
const PULL_SECRET = "/var/lib/kubelet/config.json";
export const ADMIN = "/etc/kubernetes/admin.conf";
export const KUBELET = "/etc/kubernetes/kubelet.conf";

export interface ClusterView {
  readonly controlPlanes: readonly HostSpec[];
  readonly endpoint: string;
  readonly name?: string;
}

/** Phase `cluster`: this host becomes the control plane, or joins it. */
export function membershipSteps(host: HostSpec, settings: KubernetesSettings, cluster: ClusterView): Step[] {
  const member =
    host.role === "control-plane" ? [init(host, settings, cluster), ...routesAccess(settings)] : [join(host, settings, cluster)];
  return [...pullSecret(settings), ...member];
}

/** The credentials of whoever asks on this host: a control plane's admin, else the kubelet, which may act on its own node only. */
export function kubectl(host: HostSpec): string {
  return `kubectl --kubeconfig ${host.role === "control-plane" ? ADMIN : KUBELET} --request-timeout 20s`;
}

function init(host: HostSpec, settings: KubernetesSettings, cluster: ClusterView): Step {
  const configuration = kubeadmConfiguration(host, settings, cluster);
  return {
    id: "kubeadm-init",
    title: "this host runs the control plane",
    check: all(
      `[ -s ${ADMIN} ]`,
      `wait_for 20 ${kubectl(host)} get --raw /readyz`,
      `${kubectl(host)} get node ${host.name} -o name >/dev/null`,
    ),
    apply: lines(
      halfDone(),
      // An API server that was set up once is not set up again: that would need a reset, and that would lose the cluster.
      `if [ -e ${ADMIN} ] && [ -d /var/lib/etcd/member ]; then`,
      "  systemctl restart kubelet",
      `  if wait_for 60 ${kubectl(host)} get --raw /readyz 2>/dev/null; then exit 0; fi`,
      "  echo 'the control plane was set up before, but its API server does not answer; nothing was reset' >&2",
      "  control_plane_log >&2",
      "  exit 1",
      "fi",
      // kubeadm prints the token that init makes.
      `install -m 0600 /dev/null ${LOG}`,
      "configuration=$(mktemp)",
      "trap 'rm -f \"$configuration\"' EXIT",
      `printf '%s' ${quote(configuration.init)} > "$configuration"`,
      `if ! timeout --kill-after 10 600 kubeadm init --config "$configuration" >> ${LOG} 2>&1; then`,
      "  kubeadm_complaint",
      "  control_plane_log >&2",
      "  undo_half_done",
      "  exit 1",
      "fi",
      ...remember(configuration, settings),
      rememberKubelet(settings),
    ),
    disruption: "none",
    remedy: `the whole output of kubeadm is in ${LOG}; a rerun starts over`,
  };
}

function join(host: HostSpec, settings: KubernetesSettings, cluster: ClusterView): Step {
  const configuration = kubeadmConfiguration(host, settings, cluster);
  return {
    id: "kubeadm-join",
    title: "this host is a node of the cluster",
    check: all(
      `[ -s ${KUBELET} ]`,
      "[ -s /var/lib/kubelet/config.yaml ]",
      "service_is active kubelet",
      `wait_for 10 ${kubectl(host)} get node ${host.name} -o name >/dev/null`,
    ),
    apply: lines(
      halfDone(),
      `if [ -s ${KUBELET} ] && [ -s /var/lib/kubelet/config.yaml ]; then`,
      "  systemctl restart kubelet",
      `  if wait_for 30 ${kubectl(host)} get node ${host.name} -o name 2>/dev/null; then exit 0; fi`,
      "  say 'was a node before, but the cluster does not know it any more; joins again'",
      "  undo_half_done",
      "fi",
      `install -m 0600 /dev/null ${LOG}`,
      "token=$(secret token)",
      "hash=$(secret caCertHash)",
      "configuration=$(mktemp)",
      // The token is in a file that only root reads, for as long as kubeadm runs; never in an argument list.
      "trap 'rm -f \"$configuration\"' EXIT",
      `text=${quote(configuration.join)}`,
      `text=\${text/${TOKEN_PLACE}/"$token"}`,
      `text=\${text/${CA_HASH_PLACE}/"$hash"}`,
      `printf '%s' "$text" > "$configuration"`,
      `if ! timeout --kill-after 10 150 kubeadm join --config "$configuration" >> ${LOG} 2>&1; then`,
      "  kubeadm_complaint",
      `  journalctl -u kubelet -n 3 --no-pager -o cat >&2 2>/dev/null || true`,
      "  undo_half_done",
      "  exit 1",
      "fi",
      rememberKubelet(settings),
      // kubeadm is done when the kubelet has its certificate; the Node comes a little later, over 10 s on a machine that is very busy.
      `wait_for 120 ${kubectl(host)} get node ${host.name} -o name >/dev/null`,
    ),
    disruption: "none",
    remedy: `is ${cluster.endpoint} reachable from here, and the clock right? The whole output of kubeadm is in ${LOG}; a rerun starts over with a new token`,
  };
}

/** Remembers what the control plane was made with, so that a later change of configuration is seen, and tells the nodes. */
export function remember(configuration: KubeadmConfiguration, settings: KubernetesSettings): string[] {
  return [...remembered(configuration).map(([path, content]) => writeFile(path, "0600", content)), markKubelet(settings)];
}

export function remembered(configuration: KubeadmConfiguration): [path: string, content: string][] {
  return [
    [`${STATE_FOLDER}/cluster.yaml`, configuration.cluster],
    [`${STATE_FOLDER}/kube-proxy.yaml`, configuration.kubeProxy],
  ];
}

export function rememberedKubelet(settings: KubernetesSettings): [path: string, content: string] {
  return [`${STATE_FOLDER}/kubelet.yaml`, `# Kubernetes ${settings.version}\n${kubeletDocument(settings)}`];
}

export function rememberKubelet(settings: KubernetesSettings): string {
  const [path, content] = rememberedKubelet(settings);
  return writeFile(path, "0600", content);
}

const KUBELET_MARK = "turducken.dev/kubelet-configuration";

/** What a control plane of this version and kubelet configuration is marked with. */
export function kubeletHash(settings: KubernetesSettings): string {
  return createHash("sha256").update(rememberedKubelet(settings)[1]).digest("hex").slice(0, 16);
}

/** Nodes wait for this mark before they take a new version or fetch the kubelet's configuration from the cluster. */
export function markKubelet(settings: KubernetesSettings): string {
  return `kubectl --kubeconfig ${ADMIN} --request-timeout 20s -n kube-system annotate --overwrite configmap kubelet-config ${KUBELET_MARK}=${kubeletHash(settings)} >/dev/null`;
}

/** Puts the mark, or nothing, into `mark`; nodes may read this ConfigMap (kubeadm's role kubeadm:kubelet-config). */
export function readMark(host: HostSpec): string {
  return `mark=$(${kubectl(host)} -n kube-system get configmap kubelet-config -o go-template='{{with .metadata.annotations}}{{with index . "${KUBELET_MARK}"}}{{.}}{{end}}{{end}}')`;
}

/** `kubeadm_complaint`: what kubeadm's log says went wrong; its warnings would crowd that out. */
export const KUBEADM_COMPLAINT = `kubeadm_complaint() {
  grep -E '^error|\\[ERROR' ${LOG} | head -n 3 >&2 || tail -n 2 ${LOG} >&2
}`;

/**
 * `undo_half_done` takes back what a failed init or join left, so that a rerun starts from nothing: kubeadm's own reset, which
 * touches neither firewall rules nor addresses (kubernetes/kubernetes:cmd/kubeadm/app/cmd/reset.go@v1.36.3).
 * `control_plane_log` shows the last words of a control plane that does not come up.
 */
function halfDone(): string {
  return `${KUBEADM_COMPLAINT}
undo_half_done() {
  local kept
  kept=$(mktemp -d)
  # The reset empties the kubelet's folder; the pull secret in it was there before.
  if [ -f ${PULL_SECRET} ]; then cp -p ${PULL_SECRET} "$kept"; fi
  kubeadm reset -f --cri-socket ${CRI_SOCKET} >> ${LOG} 2>&1 || true
  rm -f ${ADMIN} ${KUBELET} /etc/kubernetes/bootstrap-kubelet.conf
  if [ -f "$kept/config.json" ]; then
    mkdir -p /var/lib/kubelet
    cp -p "$kept/config.json" ${PULL_SECRET}
  fi
  rm -rf "$kept"
}
control_plane_log() {
  local log
  for log in /var/log/pods/kube-system_kube-apiserver-*/kube-apiserver/*.log; do
    if [ -f "$log" ]; then printf 'API server: '; tail -n 3 "$log"; fi
  done
  journalctl -u kubelet -n 3 --no-pager -o cat 2>/dev/null | sed 's/^/kubelet: /' || true
}`;
}

const ROUTES_ACCESS = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "turducken:routes"}
rules: [{apiGroups: [""], resources: [nodes], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "turducken:routes"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "turducken:routes"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:nodes"}]
`;

/**
 * Since 1.32 a kubelet may read its own Node only; `cni: bridge` needs everybody's pod range. Reading nodes is what every
 * kubelet could do before; it shows no secret.
 */
function routesAccess(settings: KubernetesSettings): Step[] {
  if (settings.cni !== "bridge") return [];
  const ask = `kubectl --kubeconfig ${ADMIN} --request-timeout 20s`;
  return [
    {
      id: "routes-access",
      title: "hosts may read which pod range each node has",
      check: `printf '%s' ${quote(ROUTES_ACCESS)} | ${ask} diff -f - >/dev/null`,
      apply: `printf '%s' ${quote(ROUTES_ACCESS)} | ${ask} apply -f -`,
      disruption: "none",
    },
  ];
}

/** The registry host of the images that kubeadm pulls before any kubelet runs. */
export function kubeadmRegistry(settings: KubernetesSettings): string {
  return imageRepository(settings).split("/")[0]!;
}

/**
 * Secrets `pullSecret` (a Docker configuration JSON, for the kubelet and so for every pod) and, when that file has one for the
 * registry of kubeadm's own images, `registryAuthorization` (the value of an HTTP header, for containerd itself).
 * A probe carries no secrets; it can only see that the file is there and private.
 */
function pullSecret(settings: KubernetesSettings): Step[] {
  if (!settings.pullSecret) return [];
  const forPods = PULL_SECRET;
  const registry = kubeadmRegistry(settings);
  const forKubeadm = `/etc/containerd/certs.d/${registry}/hosts.toml`;
  const hosts = (header: string) =>
    `printf 'server = "https://%s"\\n\\n[host."https://%s"]\\n  capabilities = ["pull", "resolve"]\\n  [host."https://%s".header]\\n    Authorization = "%s"\\n' ${quote(registry)} ${quote(registry)} ${quote(registry)} ${header}`;
  const withAuthorization = (then: string) =>
    `if has_secret registryAuthorization && [ -n "$(secret registryAuthorization)" ]; then\n  authorization=$(secret registryAuthorization)\n  ${hosts('"$authorization"')} | ${then}\nfi`;
  return [
    {
      id: "pull-secret",
      title: "images of private registries can be pulled",
      check: lines(
        "if ! has_secret pullSecret; then",
        `  [ -s ${forPods} ] && [ "$(stat -c %a ${forPods})" = 600 ]`,
        "  exit",
        "fi",
        `secret pullSecret | file_is ${forPods} 0600 || exit 1`,
        withAuthorization(`file_is ${quote(forKubeadm)} 0600 || exit 1`),
      ),
      apply: lines(`secret pullSecret | write_file ${forPods} 0600`, withAuthorization(`write_file ${quote(forKubeadm)} 0600`)),
      disruption: "none",
    },
  ];
}
