import { quote } from "../render/quote";
import type { HostSpec, Step } from "../types";
import { distributions } from "./distributions";

/** Where a host keeps that it is ours. */
export const STATE_FOLDER = "/etc/turducken";

/** What programs on the host, and a person looking at it, may know about it. No secrets, no addresses of others. */
function hostJson(cluster: string, host: HostSpec): string {
  const { name, pool, role, machineType, leaf, accelerator } = host;
  return `${JSON.stringify({ schema: 1, cluster, host: name, pool, role, machineType: machineType.name, leaf, accelerator }, undefined, 2)}\n`;
}

const fileStep = (path: string, content: string) => ({
  check: `printf %s ${quote(content)} | file_is ${quote(path)} 0644`,
  apply: `printf %s ${quote(content)} | write_file ${quote(path)} 0644`,
});

/**
 * Steps every host begins with: the marker that it belongs to this cluster (facts of any cluster read it and refuse the host of
 * another), and what it is. For phase `prepare`, first.
 */
export function baseSteps(host: HostSpec, cluster: string, folder: string = STATE_FOLDER): Step[] {
  return [
    {
      id: "cluster-marker",
      title: `The host is marked as part of cluster ${cluster}`,
      ...fileStep(`${folder}/cluster`, `${cluster}\n`),
      disruption: "none",
      remedy: `see that ${folder} can be written: is the file system full or read-only?`,
    },
    {
      id: "host-description",
      title: "The host knows its pool, role and place",
      ...fileStep(`${folder}/host.json`, hostJson(cluster, host)),
      disruption: "none",
    },
    securityModules(),
  ];
}

/** SELinux stays as the site has it. Containers need its policy module where it is enforcing; installing that is the site's word. */
function securityModules(): Step {
  const needs = [...new Set(distributions.map(({ values }) => values["selinux-package"]).filter(Boolean))].join(", ");
  const check = [
    "enforcing=$(cat /sys/fs/selinux/enforce 2>/dev/null || echo 0)",
    'if [ "$enforcing" != 1 ]; then return 0; fi',
    "package=$(distro selinux-package)",
    'if [ -z "$package" ]; then return 0; fi',
    'package_installed "$package"',
  ].join("\n");
  return {
    id: "security-modules",
    title: "Containers may run under the SELinux policy that the host enforces",
    check,
    apply: `echo "SELinux is enforcing and its policy for containers is not installed; it is not switched off" >&2\nreturn 1`,
    disruption: "none",
    remedy: `install the policy for containers (${needs}) on the host`,
  };
}

/**
 * The last steps of phase `leave`: nothing of ours stays but what packages own. Kubernetes puts its own before these. Addresses,
 * firewall, accounts, munge key and time service are left as they are: they were the site's.
 */
export function leaveSteps(folder: string = STATE_FOLDER): Step[] {
  const ours = ["cluster", "host.json", "member", "rolling", "cordoned"].map((name) => quote(`${folder}/${name}`));
  return [
    {
      id: "forget",
      title: "The host is marked as nobody's",
      check: ours.map((path) => `[ ! -e ${path} ]`).join(" && "),
      apply: `rm -f -- ${ours.join(" ")}\nrmdir --ignore-fail-on-non-empty -- ${quote(folder)} 2>/dev/null || true`,
      disruption: "none",
    },
  ];
}
