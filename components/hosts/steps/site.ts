import { quote } from "../render/quote";
import type { HostSpec, SiteMode, SitePolicy, Step } from "../types";

/** Name under which `manage` reads a munge key, base64, from the program's secrets; only for hosts that have none. */
export const MUNGE_SECRET = "mungeKey";

const MUNGE_KEY = "/etc/munge/munge.key";

/**
 * What the site owns and we need: names, time, accounts, munge, storage. `verify` only looks and fails with what the site should
 * do; `manage` puts right what is wrong. What is present is adopted in both: a munge key is never replaced, a time service of
 * another make is as good as ours.
 */
export function siteSteps(host: HostSpec, site: SitePolicy): Step[] {
  return [hostName(host, site.names), timeSync(site.time), accounts(site.accounts), munge(site.munge), storage(site.storage)];
}

const lines = (...text: string[]) => text.join("\n");

/** `apply` of a step that only looks: what is wrong was said by its check, so it is said again. */
function onlyVerify(what: string): string {
  return lines(`echo ${quote(what)} >&2`, "return 1");
}

function hostName({ name }: HostSpec, mode: SiteMode): Step {
  return {
    id: "host-name",
    title: `The machine calls itself ${name}`,
    check: lines("name=$(uname -n)", `[ "\${name%%.*}" = ${quote(name)} ]`),
    apply:
      mode === "manage"
        ? lines(
            `printf '%s\\n' ${quote(name)} | write_file /etc/hostname 0644`,
            `if [ -d /run/systemd/system ] && have hostnamectl && hostnamectl set-hostname ${quote(name)} 2>/dev/null; then return 0; fi`,
            `hostname ${quote(name)}`,
          )
        : onlyVerify("the machine has another name, and site.names is verify"),
    disruption: "none",
    remedy: `run on the host: hostnamectl set-hostname ${name}; or set site.names to manage`,
  };
}

/** A host that is a container or namespace has its clock from the machine around it and may not set it. */
function timeSync(mode: SiteMode): Step {
  const services = ["chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec", "openntpd", "ptp4l", "phc2sys"];
  return {
    id: "time-sync",
    title: "The clock is kept right",
    check: lines(
      "if [ -s /run/systemd/container ]; then return 0; fi",
      `if grep -qsz '^container=' /proc/1/environ; then return 0; fi`,
      `for unit in ${services.join(" ")}; do`,
      '  if service_is active "$unit"; then return 0; fi',
      "done",
      // A hypervisor's clock or a daemon of another name: the kernel says whether anybody steers the clock.
      'have timedatectl && [ "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)" = yes ]',
    ),
    apply:
      mode === "manage"
        ? lines('install_packages "$(distro time-package)"', 'systemctl enable --now "$(distro time-service)"')
        : onlyVerify("no time service runs and the kernel's clock is not synchronized"),
    disruption: "none",
    remedy: "enable chrony or systemd-timesyncd on the host, or set site.time to manage",
  };
}

/** Accounts come from the site's name service; it must answer, and quickly: a dead LDAP server makes every login and every pod start slow. */
function accounts(mode: SiteMode): Step {
  return {
    id: "accounts",
    title: "The name service for accounts answers",
    check: lines(
      "timeout 10 getent passwd root >/dev/null || { echo 'getent passwd does not answer within 10 s' >&2; return 1; }",
      "for unit in sssd nslcd ypbind; do",
      '  if service_is enabled "$unit" && ! service_is active "$unit"; then',
      '    echo "$unit is enabled but not running" >&2',
      "    return 1",
      "  fi",
      "done",
    ),
    apply:
      mode === "manage"
        ? lines(
            "for unit in sssd nslcd ypbind; do",
            '  if service_is enabled "$unit"; then systemctl restart "$unit"; fi',
            "done",
          )
        : onlyVerify("accounts are not available: the name service does not answer, or its daemon is not running"),
    disruption: "none",
    remedy: "repair the name service (sssd, nslcd or ypbind) on the host",
  };
}

/** Munge only matters where it is installed, or where we are to install it. */
function munge(mode: SiteMode): Step {
  const works = lines(
    `if [ "$(stat -c %a:%U ${MUNGE_KEY} 2>/dev/null)" != 400:munge ] && [ "$(stat -c %a:%U ${MUNGE_KEY} 2>/dev/null)" != 600:munge ]; then`,
    `  echo '${MUNGE_KEY} must belong to munge with mode 0400 or 0600' >&2`,
    "  return 1",
    "fi",
    "munge -n </dev/null 2>&1 | unmunge >/dev/null 2>&1 || { echo 'munge -n | unmunge fails: munged is not running' >&2; return 1; }",
  );
  return {
    id: "munge",
    title: mode === "manage" ? "Munge runs with the site's key" : "Munge works where it is installed",
    check: mode === "manage" ? works : lines("have munge || return 0", works),
    apply:
      mode === "manage"
        ? lines(
            'have munge || install_packages "$(distro munge-package)"',
            // Debian's package makes a key of its own at first; only a key from before is the site's.
            `if [ ! -s ${MUNGE_KEY} ]; then secret ${MUNGE_SECRET} | base64 -d | write_file ${MUNGE_KEY} 0400; fi`,
            `chown munge: ${MUNGE_KEY}`,
            `chmod 0400 ${MUNGE_KEY}`,
            'systemctl enable "$(distro munge-service)"',
            'systemctl restart "$(distro munge-service)"',
            "wait_for 10 sh -c 'munge -n </dev/null | unmunge >/dev/null'",
          )
        : onlyVerify("munge is installed but does not work"),
    disruption: "none",
    remedy: `the site's key belongs into ${MUNGE_KEY} (owner munge, mode 0400), then: systemctl restart munge`,
  };
}

/** Network file systems that /etc/fstab promises at boot are mounted. */
function storage(mode: SiteMode): Step {
  const kinds = "nfs|nfs4|lustre|gpfs|beegfs|ceph|cifs|glusterfs|fuse\\\\.[a-z0-9]+";
  const missing = `awk '$1 !~ /^#/ && $3 ~ /^(${kinds})$/ && $4 !~ /(^|,)noauto(,|$)/ { print $2 }' /etc/fstab 2>/dev/null`;
  return {
    id: "storage",
    title: "The site's network file systems are mounted",
    check: lines(
      "rc=0",
      "while read -r place; do",
      `  if ! awk -v place="$place" '$2 == place { found = 1 } END { exit !found }' /proc/mounts; then`,
      '    echo "$place is in /etc/fstab but not mounted" >&2',
      "    rc=1",
      "  fi",
      `done < <(${missing})`,
      "return $rc",
    ),
    apply:
      mode === "manage"
        ? lines("while read -r place; do", '  mountpoint -q "$place" || timeout 60 mount "$place"', `done < <(${missing})`)
        : onlyVerify("a network file system of /etc/fstab is not mounted"),
    disruption: "none",
    remedy: "mount it on the host and see why it was not mounted at boot",
  };
}
