import type { Problem } from "../config/problems";
import { distributions, findDistribution } from "./steps/distributions";
import type { HostFacts, SitePolicy } from "./types";
import type { InventoryHost } from "./verdict-input";

export interface FactsInput {
  readonly cluster: string;
  readonly hosts: readonly InventoryHost[];
  readonly facts: ReadonlyMap<string, HostFacts>;
  /**
   * Host name → the runner's clock in seconds at the moment the host said `facts.clock`. Hosts without an entry are not
   * compared: facts in a state file may be a year old.
   */
  readonly asked?: ReadonlyMap<string, number>;
  readonly site?: Pick<SitePolicy, "names">;
}

export interface Verdict {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** Tokens, certificates and munge all break when clocks are further apart than this (k0sctl uses the same bound). */
export const CLOCK_SECONDS = 30;
/** Below this, images and logs of even an empty node do not fit; below the second, only small things do. */
export const DISK_LEAST_MIB = 2 * 1024;
export const DISK_LITTLE_MIB = 10 * 1024;

/**
 * The verdict over all hosts at once: everything that facts can find, before anything is changed. Hosts without facts are the
 * caller's to report; `path` is `<host>: facts: <what>`.
 */
export function validateFacts(input: FactsInput): Verdict {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const known = input.hosts.flatMap((host) => {
    const facts = input.facts.get(host.name);
    return facts ? [{ host, facts }] : [];
  });
  for (const each of known) {
    problems.push(...wrongIdentity(input, each), ...wrongAddresses(each), ...unusable(each), ...foreign(input, each));
    warnings.push(...worthKnowing(each));
  }
  problems.push(...duplicates(known), ...clocks(input, known));
  warnings.push(...runnerClock(input, known));
  return { problems, warnings };
}

interface Known {
  readonly host: InventoryHost;
  readonly facts: HostFacts;
}

const at = (host: string, what: string) => `${host}: facts: ${what}`;

function wrongIdentity({ site }: FactsInput, { host, facts }: Known): Problem[] {
  const short = facts.hostname.split(".")[0]!.toLowerCase();
  if (short === host.name || site?.names === "manage") return [];
  return [
    {
      path: at(host.name, "host name"),
      value: facts.hostname,
      message: `the machine at ${host.addresses.reach} calls itself something else than the inventory does`,
      allowed: host.name,
      fix: `check the address; if it is the right machine, run there: hostnamectl set-hostname ${host.name}, or set site.names to manage`,
    },
  ];
}

/** `bind` and `advertise` must be on the host; `reach` may be somebody else's address that leads there. */
function wrongAddresses({ host, facts }: Known): Problem[] {
  const wanted = new Set([host.addresses.bind, host.addresses.advertise]);
  return [...wanted]
    .filter((address) => !facts.addresses.includes(address))
    .map((address) => ({
      path: at(host.name, address === host.addresses.bind ? "bind address" : "advertise address"),
      value: address,
      message: "no interface of the host has this address",
      allowed: facts.addresses.join(", ") || "an address that is up on the host",
      fix: `correct addresses of ${host.name} in the inventory, or bring the interface up`,
    }));
}

function unusable({ host, facts }: Known): Problem[] {
  const problems: Problem[] = [];
  const add = (what: string, value: unknown, message: string, allowed: string, fix: string) =>
    problems.push({ path: at(host.name, what), value, message, allowed, fix });
  if (!facts.sudo)
    add(
      "sudo",
      false,
      "the SSH user may not become root without a password",
      "`sudo -n true` works",
      "add a sudoers rule for the SSH user: <user> ALL=(ALL) NOPASSWD: ALL",
    );
  if (!findDistribution(facts.os.id, facts.os.versionId))
    add(
      "operating system",
      `${facts.os.id} ${facts.os.versionId}`,
      "nobody has written down how this distribution is configured",
      supported(),
      "install one of these, or add it to components/hosts/steps/distributions.ts",
    );
  if (facts.arch !== host.machineType.arch)
    add(
      "architecture",
      facts.arch,
      `machine type ${host.machineType.name} says otherwise`,
      host.machineType.arch,
      "correct machineType or the address of the host",
    );
  if (facts.diskFreeMiB < DISK_LEAST_MIB)
    add(
      "disk",
      `${facts.diskFreeMiB} MiB free`,
      "too little room under /var/lib",
      `at least ${DISK_LEAST_MIB} MiB`,
      "free space under /var/lib on the host",
    );
  return problems;
}

function supported(): string {
  return distributions.map(({ id, versions, tested }) => `${id} ${versions.join(", ")}${tested ? "" : " (untested)"}`).join("; ");
}

function foreign({ cluster }: FactsInput, { host, facts }: Known): Problem[] {
  const problems = facts.foreign.map((name) => ({
    path: at(host.name, name),
    message: `somebody else's ${name} is on the host; its work would be disturbed`,
    allowed: "a host that no other cluster manager uses",
    fix: `stop and remove it there, take ${host.name} out of the inventory, or, if both may share the machine, write the line ${name} into /etc/turducken/adopted on the host`,
  }));
  if (facts.cluster === undefined || facts.cluster === cluster) return problems;
  return [
    ...problems,
    {
      path: at(host.name, "cluster"),
      value: facts.cluster,
      message: "the host belongs to another turducken cluster",
      allowed: cluster,
      fix: `let it leave ${facts.cluster} first (state: leaving there), or remove /etc/turducken on the host if that cluster is gone`,
    },
  ];
}

/** One value on two hosts, reported once per value with all hosts that have it. */
function duplicates(known: readonly Known[]): Problem[] {
  const sharing = (what: string, fix: string, values: (each: Known) => readonly string[]): Problem[] => {
    const hosts = new Map<string, string[]>();
    for (const each of known)
      for (const value of new Set(values(each))) hosts.set(value, [...(hosts.get(value) ?? []), each.host.name]);
    return [...hosts]
      .filter(([value, names]) => value !== "" && names.length > 1)
      .map(([value, names]) => ({
        path: at(names.join(", "), what),
        value,
        message: `${names.length} hosts have the same ${what}`,
        allowed: "one host each",
        fix,
      }));
  };
  const declared = new Set(known.flatMap(({ host }) => [host.addresses.bind, host.addresses.advertise]));
  return [
    ...sharing(
      "machine id",
      "on all but one: rm /etc/machine-id && systemd-machine-id-setup, then reboot (cloned images share it)",
      ({ facts }) => [facts.machineId],
    ),
    ...sharing(
      "host name",
      "give each machine its own name: hostnamectl set-hostname <name>; or two entries of the inventory lead to one machine",
      ({ facts }) => [facts.hostname.toLowerCase()],
    ),
    // Bridges such as docker0 have the same address everywhere; only addresses of the inventory matter.
    ...sharing("address", "remove the address from all hosts but its owner", ({ facts }) =>
      facts.addresses.filter((address) => declared.has(address)),
    ),
  ];
}

interface Skew {
  readonly host: string;
  readonly seconds: number;
}

function skews({ asked }: FactsInput, known: readonly Known[]): Skew[] {
  return known.flatMap(({ host, facts }) => {
    const then = asked?.get(host.name);
    return then === undefined ? [] : [{ host: host.name, seconds: facts.clock - then }];
  });
}

/** The runner has a vote like any host; of two in the middle, the one nearer to the runner counts. */
function median(values: readonly Skew[]): number {
  const sorted = [0, ...values.map(({ seconds }) => seconds)].sort((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)]!;
  const low = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return Math.abs(low) <= Math.abs(high) ? low : high;
}

function clocks(input: FactsInput, known: readonly Known[]): Problem[] {
  const all = skews(input, known);
  const middle = median(all);
  return all
    .filter(({ seconds }) => Math.abs(seconds - middle) > CLOCK_SECONDS)
    .map(({ host, seconds }) => ({
      path: at(host, "clock"),
      value: `${signed(seconds - middle)} s`,
      message: "the clock is off from the other hosts and this machine",
      allowed: `within ${CLOCK_SECONDS} s of the median`,
      fix: `set it right and keep it so: chronyc makestep on ${host}, or set site.time to manage after correcting it`,
    }));
}

function runnerClock(input: FactsInput, known: readonly Known[]): Problem[] {
  const middle = median(skews(input, known));
  if (Math.abs(middle) <= CLOCK_SECONDS) return [];
  return [
    {
      path: "this machine: clock",
      value: `${signed(-middle)} s`,
      message: "the hosts agree with each other, but not with this machine",
      allowed: `within ${CLOCK_SECONDS} s`,
      fix: "set this machine's clock; certificates made here would seem not yet valid or expired there",
    },
  ];
}

const signed = (seconds: number) => (seconds > 0 ? `+${Math.round(seconds)}` : String(Math.round(seconds)));

/** Nothing here stops a run. */
function worthKnowing({ host, facts }: Known): Problem[] {
  const type = host.machineType;
  const threads = type.cores * type.threadsPerCore;
  const warnings: Problem[] = [];
  const add = (what: string, value: unknown, message: string, fix: string) =>
    warnings.push({ path: at(host.name, what), value, message, fix });
  if (findDistribution(facts.os.id, facts.os.versionId)?.tested === false)
    add(
      "operating system",
      `${facts.os.id} ${facts.os.versionId}`,
      "configured from documentation; not tested by us",
      "try one host first",
    );
  if (facts.cgroup === "v1")
    add(
      "cgroup",
      "v1",
      "Kubernetes 1.36 refuses cgroup v1 unless failCgroupV1 is false",
      "boot with systemd.unified_cgroup_hierarchy=1",
    );
  if (facts.swapMiB > 0)
    add(
      "swap",
      `${facts.swapMiB} MiB`,
      "the kubelet does not start with swap on by default",
      "swapoff -a and remove it from /etc/fstab",
    );
  // A tenth stays with firmware and kernel.
  if (facts.memoryMiB < type.memoryGiB * 1024 * 0.9)
    add(
      "memory",
      `${facts.memoryMiB} MiB`,
      `machine type ${type.name} promises ${type.memoryGiB} GiB`,
      "check the memory modules, or correct machineType: pods are sized by it",
    );
  if (facts.cpus < type.cores)
    add(
      "processors",
      facts.cpus,
      `machine type ${type.name} promises ${type.cores} cores (${threads} threads)`,
      "check the machine, or correct machineType: pods are sized by it",
    );
  if (facts.diskFreeMiB >= DISK_LEAST_MIB && facts.diskFreeMiB < DISK_LITTLE_MIB)
    add("disk", `${facts.diskFreeMiB} MiB free`, "little room under /var/lib for images", "free some space");
  if (facts.selinux === "enforcing")
    add("SELinux", "enforcing", "it stays on; container-selinux must be installed", "dnf install container-selinux");
  if (facts.certificateDays !== undefined && facts.certificateDays < 30)
    add(
      "certificates",
      `${facts.certificateDays} days`,
      "the control plane's certificates expire soon",
      "kubeadm certs renew all, or upgrade: that renews them",
    );
  return warnings;
}
