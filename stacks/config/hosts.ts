import { isIP } from "node:net";
import { hostKeyFault, HOST_KEY_ALLOWED, keyOnly } from "../../components/config/hostKey";
import { DNS_LABEL, DNS_LABEL_ALLOWED } from "../../components/config/fields";
import type { Problem } from "../../components/config/problems";
import type { HostAddresses } from "../../components/hosts/types";
import { expandHostlist, HostlistError, showNames } from "../../hardware";
import type { HostGroupConfig } from "./cluster";

/** A group as far as it could be understood; only groups without a problem are complete. */
export type DraftGroup = Partial<HostGroupConfig>;

/** One host of a group, with what is known about it. */
export interface DraftHost {
  readonly name: string;
  /** Index of its group in `hosts`. */
  readonly group: number;
  /** Empty where it could not be understood. */
  readonly addresses: HostAddresses;
  readonly hostKey?: string;
}

export interface ExpandedHosts {
  readonly hosts: readonly DraftHost[];
  readonly problems: readonly Problem[];
  /** Some group's names could not be understood, so nothing may be concluded from a host that is not in the list. */
  readonly incomplete: boolean;
}

const KINDS = ["reach", "bind", "advertise"] as const;
type Kind = (typeof KINDS)[number];

export const groupPath = (group: number): string => `cluster.hosts[${group}]`;

/** Hostlists to hosts: names, addresses and keys side by side, and every list that does not fit the others. */
export function expandGroups(groups: readonly DraftGroup[], trustOnFirstUse: boolean): ExpandedHosts {
  const problems: Problem[] = [];
  const hosts: DraftHost[] = [];
  let incomplete = false;
  groups.forEach((group, index) => {
    const path = groupPath(index);
    const names = group.names === undefined ? undefined : expand(group.names, `${path}.names`, problems);
    if (names === undefined) incomplete = true;
    const addresses = expandAddresses(group, names, path, problems);
    const keys = checkKeys(group, names, path, trustOnFirstUse, problems);
    problems.push(...badNames(names ?? [], `${path}.names`));
    names?.forEach((name, position) => {
      const at = (kind: Kind) => addresses[kind]?.[position] ?? "";
      hosts.push({
        name,
        group: index,
        addresses: { reach: at("reach"), bind: at("bind"), advertise: at("advertise") },
        hostKey: keys[position],
      });
    });
  });
  return { hosts, problems, incomplete };
}

function expand(text: string, path: string, problems: Problem[]): string[] | undefined {
  try {
    return expandHostlist(text);
  } catch (error) {
    if (!(error instanceof HostlistError)) throw error;
    const message = `It is not a hostlist: character ${error.position + 1}: ${error.reason}.`;
    problems.push({ path, value: text, message, allowed: error.allowed, fix: "Correct the list." });
    return undefined;
  }
}

/** One list serves all three; of three, `bind` falls back to `advertise` and the other way round, then to `reach`. */
function expandAddresses(
  group: DraftGroup,
  names: readonly string[] | undefined,
  path: string,
  problems: Problem[],
): Partial<Record<Kind, string[]>> {
  const { addresses } = group;
  if (addresses === undefined) return {};
  if (typeof addresses === "string") {
    const list = addressList(addresses, `${path}.addresses`, "bind", group, names, problems);
    return { reach: list, bind: list, advertise: list };
  }
  const lists: Partial<Record<Kind, string[]>> = {};
  for (const kind of KINDS) {
    const text = addresses[kind];
    if (text !== undefined) lists[kind] = addressList(text, `${path}.addresses.${kind}`, kind, group, names, problems);
  }
  const inner = lists.advertise ?? lists.bind ?? lists.reach;
  if (addresses.bind === undefined && addresses.advertise === undefined && inner?.some((each) => isIP(each) === 0)) {
    problems.push({
      path: `${path}.addresses`,
      value: addresses.reach,
      message: "Hosts are reached by name, and nothing says which addresses their daemons use.",
      allowed: "IP addresses in `bind` and `advertise`",
      fix: "Add `advertise`.",
    });
  }
  return { reach: lists.reach, bind: lists.bind ?? inner, advertise: lists.advertise ?? inner };
}

function addressList(
  text: string,
  path: string,
  kind: Kind,
  group: DraftGroup,
  names: readonly string[] | undefined,
  problems: Problem[],
): string[] | undefined {
  const list = expand(text, path, problems);
  if (!list) return undefined;
  if (names && list.length !== names.length) {
    problems.push({
      path,
      value: text,
      message: `It stands for ${counted(list.length, "address", "addresses")}, but \`names\` (${group.names!}) for ${counted(names.length, "host", "hosts")}.`,
      allowed: "one address for each name, in the same order",
      fix: "Make both lists equally long.",
    });
    return undefined;
  }
  const wrong = list.filter((each) => isIP(each) === 0 && !(kind === "reach" && isDnsName(each)));
  if (wrong.length === 0) return list;
  problems.push({
    path,
    value: showNames(wrong),
    message: wrong.length === 1 ? "It is not an IP address." : "They are not IP addresses.",
    allowed:
      kind === "reach" ? "IPv4 or IPv6 addresses, or DNS names" : "IPv4 or IPv6 addresses; names only in `addresses.reach`",
    fix: "Correct the list.",
  });
  return list.map((each) => (wrong.includes(each) ? "" : each));
}

function isDnsName(text: string): boolean {
  // Only digits and dots is a mistyped address, never a name.
  return !/^[\d.]+$/.test(text) && text.length <= 253 && text.split(".").every((label) => DNS_LABEL.test(label.toLowerCase()));
}

function badNames(names: readonly string[], path: string): Problem[] {
  const wrong = names.filter((name) => !DNS_LABEL.test(name));
  if (wrong.length === 0) return [];
  const message = `${wrong.length === 1 ? "It is not a host name that Kubernetes takes" : "These are not host names that Kubernetes takes"} (RFC 1123 label).`;
  return [
    {
      path,
      value: showNames(wrong),
      message,
      allowed: DNS_LABEL_ALLOWED,
      fix: "Rename the machine and write the same name here.",
    },
  ];
}

/** The pinned keys in the order of the names; a faulty one is undefined. */
function checkKeys(
  group: DraftGroup,
  names: readonly string[] | undefined,
  path: string,
  trustOnFirstUse: boolean,
  problems: Problem[],
): (string | undefined)[] {
  const keys = group.hostKeys;
  if (keys === undefined) return [];
  const at = `${path}.hostKeys`;
  if (names && keys.length !== names.length && !(keys.length === 0 && trustOnFirstUse)) {
    problems.push({
      path: at,
      message:
        keys.length === 0
          ? `No host key is pinned for ${group.names!}, so anybody in between could pass for ${names.length === 1 ? "it" : "them"}.`
          : `There ${keys.length === 1 ? "is 1 key" : `are ${keys.length} keys`}, but \`names\` (${group.names!}) stands for ${counted(names.length, "host", "hosts")}.`,
      allowed: "one line for each host, in the order of `names`",
      fix: "`ssh-keyscan -t ed25519 <address>` prints it; compare it on the host's console. For throw-away machines: `ssh.trustOnFirstUse: true`.",
    });
  }
  return keys.map((key, index) => {
    const fault = hostKeyFault(key);
    if (!fault) return key;
    const host = names?.[index];
    problems.push({
      path: `${at}[${index}]`,
      value: key,
      allowed: HOST_KEY_ALLOWED,
      ...fault,
      message: host ? `${fault.message.replace(/\.$/, "")} (host ${host}).` : fault.message,
    });
    return undefined;
  });
}

/** Two hosts with one name or one address. */
export function duplicates(hosts: readonly DraftHost[]): Problem[] {
  const problems: Problem[] = [];
  problems.push(...repeated(hosts, (host) => host.name, "names", "host"));
  const kinds = hosts.some(({ addresses }) => addresses.reach !== addresses.bind || addresses.bind !== addresses.advertise);
  for (const kind of kinds ? KINDS : (["reach"] as const)) {
    problems.push(...repeated(hosts, (host) => host.addresses[kind], kinds ? `addresses (${kind})` : "addresses", "address"));
  }
  return problems;
}

function repeated(hosts: readonly DraftHost[], pick: (host: DraftHost) => string, field: string, word: string): Problem[] {
  const seen = new Map<string, DraftHost>();
  const problems: Problem[] = [];
  for (const host of hosts) {
    const value = pick(host);
    const first = seen.get(value);
    if (value === "") continue;
    if (!first) seen.set(value, host);
    else
      problems.push({
        path: `${groupPath(host.group)}.${field}`,
        value,
        message:
          word === "host"
            ? `This host is there twice: also in ${groupPath(first.group)}.`
            : `Two hosts have this address: ${first.name} (${groupPath(first.group)}) and ${host.name}.`,
        allowed: `each ${word} once`,
        fix: "Correct one of them.",
      });
  }
  return problems;
}

/** Cloned images often share a host key; then a key no longer tells which host answers. */
export function sharedKeys(hosts: readonly DraftHost[]): Problem[] {
  const byKey = new Map<string, string[]>();
  for (const { name, hostKey } of hosts) {
    if (hostKey !== undefined) byKey.set(keyOnly(hostKey), [...(byKey.get(keyOnly(hostKey)) ?? []), name]);
  }
  return [...byKey.values()]
    .filter((names) => new Set(names).size > 1)
    .map((names) => ({
      path: "cluster.hosts",
      value: showNames(names),
      message: "These hosts have the same host key, so they cannot be told apart.",
      fix: "Make them keys of their own: rm /etc/ssh/ssh_host_*; ssh-keygen -A; restart sshd.",
    }));
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
