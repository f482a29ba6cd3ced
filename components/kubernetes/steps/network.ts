import { quote } from "../../hosts/render/quote";
import type { HostSpec, Step } from "../../hosts/types";
import { cniBinDir, type KubernetesSettings } from "../settings";
import { fileIs, all, lines, writeFile } from "./text";

/** Routes that we made carry this protocol number, so that nobody else's is ever changed or removed. */
export const ROUTE_PROTOCOL = 117;
export const BRIDGE = "turducken0";
const SCRIPT = "/usr/local/lib/turducken/routes";
const UNIT = "/etc/systemd/system/turducken-routes.service";
export const CONFLIST = "/etc/cni/net.d/10-turducken.conflist";

/** Pod networking that belongs to hosts: plugins there, and with `cni: bridge` the bridge and the routes. */
export function networkSteps(host: HostSpec, settings: KubernetesSettings): Step[] {
  if (settings.cni === "none") return [];
  const plugins =
    settings.cni === "bridge" ? ["loopback", "bridge", "host-local"] : ["loopback", "bridge", "host-local", "portmap"];
  return [pluginsPresent(cniBinDir(settings), plugins), ...(settings.cni === "bridge" ? [routes(host, settings)] : [])];
}

function pluginsPresent(folder: string, plugins: readonly string[]): Step {
  return {
    id: "cni-plugins",
    title: `network plugins ${plugins.join(", ")} are in ${folder}`,
    check: all(...plugins.map((plugin) => `[ -x ${quote(`${folder}/${plugin}`)} ]`)),
    apply: lines(
      `for plugin in ${plugins.join(" ")}; do`,
      `  [ -x ${quote(folder)}/"$plugin" ] || echo "${folder}/$plugin is missing" >&2`,
      "done",
      "exit 1",
    ),
    disruption: "none",
    remedy:
      "they come with package kubernetes-cni (pkgs.k8s.io) or containernetworking-plugins (Debian: set kubernetes.containerd.cniBinDir: /usr/lib/cni)",
  };
}

function routes(host: HostSpec, settings: KubernetesSettings): Step {
  const script = routesScript(host.name, cniBinDir(settings));
  return {
    id: "cni-routes",
    title: "this host keeps its pods' bridge and the routes to other hosts' pods",
    check: all(
      fileIs(SCRIPT, "0755", script),
      fileIs(UNIT, "0644", ROUTES_UNIT),
      "systemctl is-enabled --quiet turducken-routes",
      "systemctl is-active --quiet turducken-routes",
    ),
    apply: lines(
      writeFile(SCRIPT, "0755", script),
      writeFile(UNIT, "0644", ROUTES_UNIT),
      "systemctl daemon-reload",
      "systemctl enable turducken-routes",
      "systemctl restart turducken-routes",
    ),
    disruption: "none",
    remedy: "journalctl -u turducken-routes shows what it met",
  };
}

const ROUTES_UNIT = `[Unit]
Description=Bridge and routes for the pods of this cluster
Documentation=https://kubernetes.io/docs/concepts/cluster-administration/networking/
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${SCRIPT}
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RuntimeDirectory=turducken-routes
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
`;

/**
 * The program behind `cni: bridge`. It asks the API server with the kubelet's credentials which pod range each node has, so a
 * host that is added or goes touches no other host's configuration. Reading all nodes is granted by `routes-access`, because
 * since 1.32 the Node authorizer lets a kubelet read only its own (kubernetes/kubernetes:plugin/pkg/auth/authorizer/node/
 * node_authorizer.go@v1.36.3). No address is rewritten (`ipMasq: false`): the site's network must route answers to pods, or
 * pods talk only inside the cluster. The firewall is not touched.
 */
export function routesScript(node: string, binDir: string): string {
  return `#!/bin/bash
# Written by turducken. Keeps ${CONFLIST} and the routes to other nodes' pods (protocol ${ROUTE_PROTOCOL}).
set -uo pipefail
node=${quote(node)}
plugins=${quote(binDir)}
kubeconfig=/etc/kubernetes/kubelet.conf
cache=\${RUNTIME_DIRECTORY:-/run/turducken-routes}
template='{range .items[*]}{.metadata.name}{" "}{.spec.podCIDR}{" "}{.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}'

log() { printf '%s\\n' "$*" >&2; }

# write_conflist CIDR: atomic, only when different; returns 0 when it changed.
write_conflist() {
  local portmap="" text
  if [ -x "$plugins/portmap" ]; then portmap=',{"type":"portmap","capabilities":{"portMappings":true}}'; fi
  text='{"cniVersion":"1.0.0","name":"turducken","plugins":[{"type":"bridge","bridge":"${BRIDGE}","isGateway":true,"ipMasq":false,"hairpinMode":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"'$1'"}]],"routes":[{"dst":"0.0.0.0/0"}]}}'$portmap']}'
  if [ -f ${CONFLIST} ] && [ "$(cat ${CONFLIST})" = "$text" ]; then return 1; fi
  mkdir -p /etc/cni/net.d
  printf '%s\\n' "$text" > ${CONFLIST}.new && mv ${CONFLIST}.new ${CONFLIST}
  # A bridge of an earlier life on this host would keep its old address; without pods on it, it can go.
  if ip link show ${BRIDGE} >/dev/null 2>&1 && [ -z "$(ip -o link show master ${BRIDGE})" ]; then ip link del ${BRIDGE}; fi
  log "pods of this node are in $1"
  return 0
}

# One round: returns 0 when something changed, 1 when all was right, 2 when the API server did not answer.
round() {
  local nodes name cidr address wanted="" changed=1 current line
  [ -f "$kubeconfig" ] || return 2
  nodes=$(kubectl --kubeconfig "$kubeconfig" --cache-dir "$cache" --request-timeout 10s get nodes -o jsonpath="$template" 2>"$cache/error") || return 2
  [ -n "$nodes" ] || return 2
  while read -r name cidr address _; do
    [[ $cidr == */* ]] || continue
    if [ "$name" = "$node" ]; then
      if write_conflist "$cidr"; then changed=0; fi
      continue
    fi
    [ -n "$address" ] || continue
    wanted+="$cidr via $address"$'\\n'
    line=$(ip -4 route show exact "$cidr")
    case $line in
      *"via $address "*"proto ${ROUTE_PROTOCOL}"*) ;;
      ""|*"proto ${ROUTE_PROTOCOL}"*)
        if ip route replace "$cidr" via "$address" proto ${ROUTE_PROTOCOL}; then log "$cidr via $address ($name)"; changed=0; fi ;;
      *) log "left alone, not ours: $line" ;;
    esac
  done <<<"$nodes"
  while read -r current; do
    cidr=\${current%% *}
    [ -n "$cidr" ] || continue
    if ! grep -qF -- "$cidr via " <<<"$wanted"; then
      if ip route del "$cidr" proto ${ROUTE_PROTOCOL}; then log "$cidr removed: its node is gone"; changed=0; fi
    fi
  done < <(ip -4 route show proto ${ROUTE_PROTOCOL})
  return "$changed"
}

mkdir -p "$cache"
quiet=0
told=""
while true; do
  round
  case $? in
    0) quiet=0 ;;
    1) quiet=$((quiet + 1)) ;;
    *) if [ -s "$cache/error" ] && [ "$(cat "$cache/error")" != "$told" ]; then told=$(cat "$cache/error"); log "$told"; fi ;;
  esac
  # Nodes come in groups: look often while something moves, seldom afterwards.
  if [ "$quiet" -lt 30 ]; then sleep 2; else sleep 10; fi
done
`;
}

/** What `cni: bridge` leaves on a host, taken away; nothing that is not ours. */
export function removeNetwork(): { check: string; apply: string } {
  return {
    check: all(
      `[ ! -e ${CONFLIST} ]`,
      `[ ! -e ${UNIT} ]`,
      `[ ! -e ${SCRIPT} ]`,
      `[ -z "$(ip -4 route show proto ${ROUTE_PROTOCOL})" ]`,
      `! ip link show ${BRIDGE} >/dev/null 2>&1`,
    ),
    apply: lines(
      "systemctl disable --now turducken-routes || true",
      `rm -f ${UNIT} ${SCRIPT} ${CONFLIST}`,
      "rm -rf /run/turducken-routes /var/lib/cni/networks/turducken",
      "systemctl daemon-reload",
      `ip -4 route show proto ${ROUTE_PROTOCOL} | while read -r cidr _; do ip route del "$cidr" proto ${ROUTE_PROTOCOL}; done`,
      `if ip link show ${BRIDGE} >/dev/null 2>&1; then ip link del ${BRIDGE}; fi`,
    ),
  };
}
