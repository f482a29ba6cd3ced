import { randomInt } from "node:crypto";
import { networkInterfaces } from "node:os";
import { mustExecute } from "./execute";

/**
 * The network of a run. A bridge in a network namespace of its own joins the hosts; one veth pair leads from it to this machine.
 * So the machine gets one link and one route per run, its firewall never sees traffic between hosts, and deleting the namespace
 * deletes everything else.
 *
 *   machine: td<run> (prefix.254) ── uplink │ bridge br0 (prefix.253) │ p<n> ── eth0 (prefix.<n>) :host
 *
 * The bridge is the hosts' default gateway and answers at once that nothing lies behind it, so that a try to reach the internet
 * fails instead of hanging, and never leaves this machine.
 */
export interface RunNetwork {
  readonly runId: string;
  readonly prefix: string;
  /** File on which the bridge's namespace is mounted. */
  readonly switchFile: string;
}

/** Link on this machine; Linux allows 15 characters. */
export function uplinkName(runId: string): string {
  return `td${runId}`;
}

/** The hosts' default gateway. */
export function gatewayOf(prefix: string): string {
  return `${prefix}.253`;
}

/** This machine, as the hosts see it. */
export function machineOf(prefix: string): string {
  return `${prefix}.254`;
}

/** All addresses as unsigned numbers; both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * A random /24 in 10.64.0.0/11 that meets none of the taken ranges. Not above 10.95: kubeadm's default for Services is 10.96.0.0/12, and
 * a stack that has it must be rehearsed as it is.
 */
export function chooseSubnet(taken: readonly Range[], random: (limit: number) => number = randomInt): string {
  for (let tries = 0; tries < 1000; tries++) {
    const index = random(1 << 13);
    const prefix = `10.${64 + (index >> 8)}.${index & 255}`;
    const range = parseRange(`${prefix}.0/24`)!;
    if (!taken.some((other) => other.first <= range.last && range.first <= other.last)) return prefix;
  }
  throw new Error("no free /24 network in 10.64.0.0/11: routes of this machine cover it");
}

/** `10.1.2.0/24`, or one address; undefined for anything else (`default`, IPv6, …). */
export function parseRange(text: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text);
  if (!match) return undefined;
  const [a, b, c, d] = match.slice(1, 5).map(Number) as [number, number, number, number];
  const bits = match[5] === undefined ? 32 : Number(match[5]);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

/** Destinations in the text of `ip -4 route show table all`; a default route covers everything and means nothing. */
export function routeRanges(text: string): Range[] {
  return text.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const destination = /^(local|broadcast|unreachable|blackhole|prohibit|multicast)$/.test(words[0] ?? "") ? words[1] : words[0];
    const range = destination?.endsWith("/0") ? undefined : parseRange(destination ?? "");
    return range ? [range] : [];
  });
}

export async function takenRanges(otherRuns: readonly string[]): Promise<Range[]> {
  const routes = await mustExecute("ip route", ["ip", "-4", "route", "show", "table", "all"]);
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).flatMap((entry) => entry.cidr ?? []));
  return [
    ...routeRanges(routes),
    ...[...own, ...otherRuns.map((prefix) => `${prefix}.0/24`)].flatMap((text) => parseRange(text) ?? []),
  ];
}

export async function makeSwitch(network: RunNetwork): Promise<void> {
  await mustExecute("making the lab's bridge", [
    "bash",
    "-c",
    SWITCH,
    "switch",
    network.switchFile,
    uplinkName(network.runId),
    network.prefix,
  ]);
}

/** Makes the host's network namespace on `file` and plugs it into the bridge. */
export async function plugHost(network: RunNetwork, file: string, number: number): Promise<void> {
  const address = `${network.prefix}.${number}`;
  await mustExecute(`making the network of ${address}`, [
    "bash",
    "-c",
    PLUG,
    "plug",
    network.switchFile,
    file,
    `p${number}`,
    address,
    gatewayOf(network.prefix),
    hardwareAddress(network.runId, number),
  ]);
}

/** Stays the same over reboots, as a real one does: neighbours remember it for a while. Locally administered, unicast. */
export function hardwareAddress(runId: string, number: number): string {
  const bytes = [...(runId.match(/../g) ?? []), number.toString(16).padStart(2, "0")];
  return ["02", ...bytes].join(":");
}

/** Takes the host off the network the way a power cut does: nothing answers at its address any more. */
export async function unplugHost(file: string): Promise<void> {
  await mustExecute("removing a host's network", [
    "bash",
    "-c",
    `if mountpoint -q "$1"; then umount -l "$1"; fi; rm -f "$1"`,
    "unplug",
    file,
  ]);
}

const SWITCH = `
set -euo pipefail
file=$1 uplink=$2 prefix=$3
touch "$file"
unshare --net="$file" ip link set lo up
nsenter --net="$file" ip -batch - <<BATCH
link add br0 type bridge
link set br0 up
addr add $prefix.253/24 dev br0
route add unreachable default
BATCH
nsenter --net="$file" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.br0.send_redirects=0
ip link add "$uplink" type veth peer name uplink netns "$file"
nsenter --net="$file" ip link set uplink master br0 up
ip addr add "$prefix.254/24" dev "$uplink"
ip link set "$uplink" up
`;

const PLUG = `
set -euo pipefail
switch=$1 file=$2 port=$3 address=$4 gateway=$5 mac=$6
touch "$file"
unshare --net="$file" ip link set lo up
nsenter --net="$switch" ip link del "$port" 2>/dev/null || true
nsenter --net="$switch" ip link add "$port" type veth peer name eth0 netns "$file"
nsenter --net="$switch" ip link set "$port" master br0 up
nsenter --net="$file" ip -batch - <<BATCH
link set eth0 address $mac up
addr add $address/24 dev eth0
route add default via $gateway
BATCH
`;
