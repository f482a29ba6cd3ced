import { quote } from "../hosts/render/quote";
import { endpointUrl } from "./kubeadm";

/** Short programs that run as root on a control plane, beside the host programs. Names of hosts are the only thing in them. */

const ASK = "kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 20s";
/** Where the programs may be, whatever sudo made of PATH. */
const START = `set -euo pipefail\nexport PATH="$PATH:/usr/local/bin"\n`;
export const TOKEN_MINUTES = 15;

/** Description of a host's bootstrap tokens; older ones of the same host are found by it. */
export function tokenDescription(host: string): string {
  return `turducken join ${host}`;
}

/**
 * Mints a bootstrap token for one host and prints `{"token": "…", "caCertHash": "sha256:…"}`; older tokens of that host are
 * deleted. Nothing of it is in an argument list: kubeadm makes the token itself and prints it.
 */
export function tokenScript(host: string): string {
  const description = tokenDescription(host);
  const older = `{{range $secret := .items}}{{with $secret.data.description}}{{if eq (base64decode .) "${description}"}}{{$secret.metadata.name}}{{"\\n"}}{{end}}{{end}}{{end}}`;
  return `${START}ask() { ${ASK} -n kube-system "$@"; }
for name in $(ask get secrets --field-selector type=bootstrap.kubernetes.io/token -o go-template=${quote(older)}); do
  ask delete secret "$name" --ignore-not-found >&2
done
said=$(kubeadm --kubeconfig /etc/kubernetes/admin.conf token create --ttl ${TOKEN_MINUTES}m --description ${quote(description)} --print-join-command)
if ! [[ $said =~ --token\\ ([a-z0-9.]+) ]]; then echo 'kubeadm printed no token' >&2; exit 1; fi
token=\${BASH_REMATCH[1]}
if ! [[ $said =~ (sha256:[0-9a-f]+) ]]; then echo 'kubeadm printed no hash of the certificate authority' >&2; exit 1; fi
printf '{"token":"%s","caCertHash":"%s"}\\n' "$token" "\${BASH_REMATCH[1]}"
`;
}

/** Takes a node out of use for good; pods of DaemonSets stay until it is gone. Succeeds when the node is gone already. */
export function drainScript(host: string, seconds = 600): string {
  return `${START}found=$(${ASK} get node ${quote(host)} --ignore-not-found -o name)
if [ -z "$found" ]; then echo 'no such node any more'; exit 0; fi
kubectl --kubeconfig /etc/kubernetes/admin.conf drain ${quote(host)} --ignore-daemonsets --delete-emptydir-data --force --timeout ${seconds}s
`;
}

/** Forgets a node. */
export function deleteNodeScript(host: string): string {
  return `${START}${ASK} delete node ${quote(host)} --ignore-not-found --wait=false\n`;
}

/** Prints the administrator's kubeconfig with the cluster's endpoint. */
export function kubeconfigScript(endpoint: string): string {
  return `${START}sed -E ${quote(`s#^( *server: ).*#\\1${endpointUrl(endpoint)}#`)} /etc/kubernetes/admin.conf\n`;
}
