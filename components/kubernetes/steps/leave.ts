import type { HostSpec, Step } from "../../hosts/types";
import { CRI_SOCKET, type KubernetesSettings } from "../settings";
import { ADMIN, KUBELET, LOG, STATE_FOLDER } from "./membership";
import { removeNetwork } from "./network";
import { all, lines } from "./text";

/**
 * Phase `leave`, armed only by `state: leaving`. kubeadm's reset changes neither firewall rules nor addresses; what it leaves of
 * ours goes too. containerd and the packages stay: they may serve something else.
 */
export function leaveSteps(_host: HostSpec, settings: KubernetesSettings): Step[] {
  return [reset(), ...(settings.cni === "bridge" ? [ownNetwork()] : []), ...(settings.cni === "flannel" ? [flannel()] : [])];
}

function reset(): Step {
  return {
    id: "leave-cluster",
    title: "this host is no node any more",
    check: all(
      `[ ! -e ${KUBELET} ]`,
      `[ ! -e ${ADMIN} ]`,
      `[ ! -e ${STATE_FOLDER} ]`,
      "[ ! -e /var/lib/kubelet/config.yaml ]",
      '[ -z "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ]',
      "! service_is active kubelet",
      "! service_is enabled kubelet",
    ),
    apply: lines(
      // A kubelet that has just begun may not hear that it is to stop, and systemd then waits 90 s (seen in the rehearsal). The host is drained.
      "if service_is active kubelet; then timeout 15 systemctl stop kubelet || systemctl kill --signal=KILL kubelet || true; fi",
      `if have kubeadm; then kubeadm reset -f --cri-socket ${CRI_SOCKET} 2>&1; fi`,
      "systemctl disable --now kubelet 2>&1 || true",
      // Either folder may be a mount of its own.
      'for folder in /etc/kubernetes /var/lib/kubelet; do if [ -d "$folder" ]; then find "$folder" -xdev -mindepth 1 -delete; fi; done',
      `rm -rf ${STATE_FOLDER} ${LOG}`,
      'rm -f "$STATE/member" "$STATE/cordoned"',
    ),
    disruption: "none",
    remedy: "see what holds /var/lib/kubelet (findmnt -R /var/lib/kubelet), then run it again",
  };
}

function ownNetwork(): Step {
  return { id: "leave-network", title: "this host's pod bridge and routes are gone", ...removeNetwork(), disruption: "none" };
}

const FLANNEL_CONFLIST = "/etc/cni/net.d/10-flannel.conflist";

/** What flannel's pod wrote on the host; its links go only together with its file. */
function flannel(): Step {
  return {
    id: "leave-network",
    title: "what flannel left on this host is gone",
    check: `[ ! -e ${FLANNEL_CONFLIST} ]`,
    apply: lines(
      'for link in flannel.1 cni0; do if ip link show "$link" >/dev/null 2>&1; then ip link del "$link"; fi; done',
      `rm -rf /run/flannel ${FLANNEL_CONFLIST}`,
    ),
    disruption: "none",
  };
}
