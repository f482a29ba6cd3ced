import type { HostSpec, Step } from "../../hosts/types";
import type { KubernetesSettings } from "../settings";
import { all, fileIs, lines, writeFile } from "./text";

/** What the kernel must give before a container runs: modules, sysctls, no swap, huge pages. */
export function systemSteps(host: HostSpec, settings: KubernetesSettings): Step[] {
  const swapAllowed = settings.kubelet?.failSwapOn === false;
  const pages = settings.hugePages2Mi ?? host.machineType.hugePages2Mi;
  return [kernelModules(settings), sysctls(), ...(swapAllowed ? [] : [swapOff()]), ...(pages > 0 ? [hugePages(pages)] : [])];
}

const MODULES_FILE = "/etc/modules-load.d/turducken-kubernetes.conf";
const SYSCTL_FILE = "/etc/sysctl.d/90-turducken-kubernetes.conf";
const HUGE_PAGES_FILE = "/etc/sysctl.d/91-turducken-huge-pages.conf";

/** What the modules give, whether loaded or built in. */
const FEATURES_PRESENT = all("grep -qw overlay /proc/filesystems", "[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]");

function kernelModules(settings: KubernetesSettings): Step {
  if (settings.kernelModules === "verify") {
    return {
      id: "kernel-modules",
      title: "the kernel has overlay filesystems and bridge filtering",
      check: FEATURES_PRESENT,
      apply: lines(
        "grep -qw overlay /proc/filesystems || echo 'the kernel offers no overlay filesystem (module overlay)' >&2",
        "[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 'bridged packets do not pass the filter (module br_netfilter)' >&2",
        "exit 1",
      ),
      disruption: "none",
      remedy: "load overlay and br_netfilter on this host, or set kubernetes.kernelModules: manage",
    };
  }
  const content = "overlay\nbr_netfilter\n";
  return {
    id: "kernel-modules",
    title: "kernel modules overlay and br_netfilter are loaded, now and at boot",
    check: all(fileIs(MODULES_FILE, "0644", content), FEATURES_PRESENT),
    apply: lines(
      writeFile(MODULES_FILE, "0644", content),
      "grep -qw overlay /proc/filesystems || modprobe overlay",
      "[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || modprobe br_netfilter",
    ),
    disruption: "none",
    remedy: "if the kernel has both built in but no modules, set kubernetes.kernelModules: verify",
  };
}

const SYSCTLS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_forward": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
};

function sysctls(): Step {
  const content = Object.entries(SYSCTLS)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join("");
  const path = (key: string) => `/proc/sys/${key.replaceAll(".", "/")}`;
  return {
    id: "sysctls",
    title: "packets are forwarded, and bridged ones filtered",
    check: all(
      fileIs(SYSCTL_FILE, "0644", content),
      ...Object.entries(SYSCTLS).map(([key, value]) => `[ "$(cat ${path(key)})" = ${value} ]`),
    ),
    apply: lines(
      writeFile(SYSCTL_FILE, "0644", content),
      ...Object.entries(SYSCTLS).map(([key, value]) => `echo ${value} > ${path(key)}`),
    ),
    disruption: "none",
  };
}

/** A unit that would switch swap on again is masked; lines of fstab are commented, never removed. */
function swapOff(): Step {
  return {
    id: "swap",
    title: "swap is off, now and at boot",
    check: all(
      '[ "$(wc -l < /proc/swaps)" -le 1 ]',
      // A negated grep as the last command would pass when the file is missing, which is right: then there is nothing to mount.
      "! grep -Eqs '^[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]' /etc/fstab",
    ),
    apply: lines(
      "swapoff -a",
      "if [ -f /etc/fstab ]; then",
      "  mode=$(stat -c %a /etc/fstab)",
      "  text=$(sed -E 's/^([^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]])/# turducken: no swap under kubelet # \\1/' /etc/fstab; printf x)",
      `  printf '%s' "\${text%x}" | write_file /etc/fstab "$mode"`,
      "fi",
      "systemctl daemon-reload",
      "units=$(systemctl list-units --type swap --all --plain --no-legend | awk '{print $1}')",
      'for unit in $units; do systemctl mask --now "$unit"; done',
    ),
    disruption: "none",
    remedy: "or let the kubelet live with swap: kubernetes.kubelet: {failSwapOn: false}",
  };
}

/** The kubelet counts huge pages when it starts, so a change needs its restart. */
function hugePages(count: number): Step {
  const content = `vm.nr_hugepages = ${count}\n`;
  return {
    id: "huge-pages",
    title: `${count} huge pages of 2 MiB are reserved, now and at boot`,
    check: all(
      fileIs(HUGE_PAGES_FILE, "0644", content),
      `[ "$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages)" -ge ${count} ]`,
    ),
    apply: lines(
      writeFile(HUGE_PAGES_FILE, "0644", content),
      `echo ${count} > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages`,
      "got=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages)",
      `if [ "$got" -lt ${count} ]; then echo "only $got of ${count} huge pages could be reserved: memory is fragmented" >&2; exit 1; fi`,
      "if systemctl is-active --quiet kubelet; then systemctl restart kubelet; fi",
    ),
    disruption: "restart",
    remedy: "reboot the host: they are reserved at boot, while memory is still whole",
  };
}
