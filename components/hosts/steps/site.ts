import { quote } from "../render/quote";
import type { HostSpec, SiteMode, SitePolicy, Step } from "../types";

/** Name under which `manage` reads a munge key, base64, from the program's secrets; only for hosts that have none. */
export const MUNGE_SECRET = "mungeKey";

const MUNGE_KEY = "/etc/munge/munge.key";
const TIME_SERVICES = ["chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec", "openntpd", "ptp4l", "phc2sys"];
const NAME_SERVICES = ["sssd", "nslcd", "ypbind"];
const NETWORK_FILE_SYSTEMS = ["nfs", "nfs4", "lustre", "gpfs", "beegfs", "ceph", "cifs", "glusterfs"];

/**
 * What the site owns and we need: names, time, accounts, munge, storage. `verify` only looks, and fails with what the site should
 * do; `manage` puts right what is wrong. What is present is adopted in both: a munge key is never replaced, a time service of
 * another make is as good as ours.
 */
export function siteSteps(host: HostSpec, site: SitePolicy): Step[] {
  return [hostName(host, site.names), timeSync(site.time), accounts(site.accounts), munge(site.munge), storage(site.storage)];
}

const lines = (...text: string[]) => text.join("\n");

/** In `verify`, applying is looking once more: the check says on stderr what is wrong, and that is the step's error. */
function siteStep(mode: SiteMode, step: Omit<Step, "disruption">): Step {
  return { ...step, apply: mode === "manage" ? step.apply : step.check, disruption: "none" };
}

function hostName({ name }: HostSpec, mode: SiteMode): Step {
  return siteStep(mode, {
    id: "host-name",
    title: `The machine calls itself ${name}`,
    check: lines(
      "name=$(uname -n)",
      `if [ "\${name%%.*}" = ${quote(name)} ]; then return 0; fi`,
      'echo "the machine calls itself $name" >&2',
      "return 1",
    ),
    apply: lines(
      `printf '%s\\n' ${quote(name)} | write_file /etc/hostname 0644`,
      `if have hostnamectl && hostnamectl set-hostname ${quote(name)} 2>/dev/null; then return 0; fi`,
      `hostname ${quote(name)}`,
    ),
    remedy: `run on the host: hostnamectl set-hostname ${name}; or set site.names to manage`,
  });
}

/**
 * A host that is a container has its clock from the machine around it. 4026531836 is the first PID namespace on every Linux
 * (PROC_PID_INIT_INO, include/linux/proc_ns.h).
 */
function timeSync(mode: SiteMode): Step {
  return siteStep(mode, {
    id: "time-sync",
    title: "The clock is kept right",
    check: lines(
      'if [ "$(readlink /proc/self/ns/pid)" != "pid:[4026531836]" ]; then return 0; fi',
      `for unit in ${TIME_SERVICES.join(" ")}; do`,
      '  if service_is active "$unit"; then return 0; fi',
      "done",
      // A hypervisor's clock or a daemon of another name: the kernel says whether anybody steers the clock.
      'if have timedatectl && [ "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)" = yes ]; then return 0; fi',
      'echo "no time service runs, and the kernel says that nobody steers the clock" >&2',
      "return 1",
    ),
    apply: lines('install_packages "$(distro time-package)"', 'systemctl enable --now "$(distro time-service)"'),
    remedy: "enable chrony or systemd-timesyncd on the host, or set site.time to manage",
  });
}

/** Accounts come from the site's name service; a dead LDAP server makes every login and every start of a pod slow. */
function accounts(mode: SiteMode): Step {
  const units = NAME_SERVICES.join(" ");
  return siteStep(mode, {
    id: "accounts",
    title: "The name service for accounts answers",
    check: lines(
      "if ! timeout 10 getent passwd root >/dev/null; then",
      '  echo "getent passwd does not answer within 10 s" >&2',
      "  return 1",
      "fi",
      `for unit in ${units}; do`,
      '  if service_is enabled "$unit" && ! service_is active "$unit"; then',
      '    echo "$unit is enabled but not running" >&2',
      "    return 1",
      "  fi",
      "done",
    ),
    apply: lines(`for unit in ${units}; do`, '  if service_is enabled "$unit"; then systemctl restart "$unit"; fi', "done"),
    remedy: `repair the name service (${NAME_SERVICES.join(", ")}) on the host`,
  });
}

/** Munge matters where it is in use, that is enabled at boot, or where we are to install it. */
function munge(mode: SiteMode): Step {
  const works = lines(
    `case $(stat -c %a:%U ${MUNGE_KEY} 2>/dev/null) in`,
    "  400:munge | 600:munge) ;;",
    "  *)",
    `    echo "${MUNGE_KEY} must belong to munge with mode 0400 or 0600" >&2`,
    "    return 1",
    "    ;;",
    "esac",
    "if ! munge -n </dev/null 2>/dev/null | unmunge >/dev/null 2>&1; then",
    '  echo "munge -n | unmunge fails; is munged running?" >&2',
    "  return 1",
    "fi",
  );
  return siteStep(mode, {
    id: "munge",
    title: mode === "manage" ? "Munge runs with the site's key" : "Munge works where it is in use",
    check:
      mode === "manage"
        ? works
        : lines('if ! have munge || ! service_is enabled "$(distro munge-service)"; then return 0; fi', works),
    apply: lines(
      // Before the package, whose installation makes a key of its own where there is none.
      `if [ ! -s ${MUNGE_KEY} ]; then secret ${MUNGE_SECRET} | base64 -d | write_file ${MUNGE_KEY} 0400; fi`,
      'if ! have munge; then install_packages "$(distro munge-package)"; fi',
      `chown munge: ${MUNGE_KEY} "$(dirname ${MUNGE_KEY})"`,
      `chmod 0400 ${MUNGE_KEY}`,
      'systemctl enable "$(distro munge-service)"',
      'systemctl restart "$(distro munge-service)"',
      "wait_for 10 sh -c 'munge -n </dev/null | unmunge >/dev/null'",
    ),
    remedy: `the site's key belongs into ${MUNGE_KEY} (owner munge, mode 0400); then: systemctl restart munge`,
  });
}

/** Network file systems that /etc/fstab promises at boot are mounted. */
function storage(mode: SiteMode): Step {
  const missing = lines(
    "missing() {",
    `  awk -v kinds=${quote(`^(${NETWORK_FILE_SYSTEMS.join("|")}|fuse[.].+)$`)} '`,
    '    FILENAME == "/proc/mounts" { mounted[$2] = 1; next }',
    '    $1 !~ /^#/ && $3 ~ kinds && ("," $4 ",") !~ /,noauto,/ && !($2 in mounted) { print $2 }',
    "  ' /proc/mounts /etc/fstab",
    "}",
    "if [ ! -e /etc/fstab ]; then return 0; fi",
  );
  return siteStep(mode, {
    id: "storage",
    title: "The site's network file systems are mounted",
    check: lines(
      missing,
      "places=$(missing)",
      'if [ -z "$places" ]; then return 0; fi',
      "echo \"in /etc/fstab but not mounted: ${places//$'\\n'/, }\" >&2",
      "return 1",
    ),
    apply: lines(missing, "while read -r place; do", '  timeout 60 mount "$place"', "done < <(missing)"),
    remedy: "mount it on the host and see why it was not mounted at boot",
  });
}
