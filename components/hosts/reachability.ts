import { quote } from "./render/quote";
import type { HostFacts, HostRole } from "./types";
import type { Problem } from "../config/problems";
import type { InventoryHost } from "./verdict-input";

/** A TCP port that hosts of one role must reach on hosts of another. UDP cannot be told open from closed by asking. */
export interface ReachabilityRule {
  readonly port: number;
  readonly from: HostRole | "any";
  readonly to: HostRole | "any";
  /** Who needs it, in the user's words: `kube-apiserver`. */
  readonly purpose: string;
}

export interface ReachabilityPair {
  readonly from: string;
  readonly to: string;
  /** What `from` dials: the advertise address of `to`. */
  readonly address: string;
  readonly port: number;
  readonly purpose: string;
}

/** `open`: somebody listens. `refused`: nobody listens yet, but the path is open. `closed`: no answer; something drops it. */
export type PathState = "open" | "refused" | "closed";

/** Above this many hosts, every host is tested with a few others instead of with all. */
export const ALL_PAIRS_UP_TO = 64;
/** Peers of one host in a sample: one closed leaf switch or one forgotten host shows up from several sides. */
export const PEERS = 4;
const SECONDS = 3;

/**
 * Which paths to test. Up to 64 hosts, every pair that a rule names; above, every host with four others per rule, spread evenly
 * over the inventory by position, so that the same inventory gives the same sample and every host is tested in both directions.
 */
export function reachabilityPairs(hosts: readonly InventoryHost[], rules: readonly ReachabilityRule[]): ReachabilityPair[] {
  const pairs = new Map<string, ReachabilityPair>();
  for (const rule of rules) {
    const sources = hosts.filter((host) => rule.from === "any" || host.role === rule.from);
    const targets = hosts.filter((host) => rule.to === "any" || host.role === rule.to);
    for (const [from, to] of choose(sources, targets, hosts.length)) {
      const pair = { from: from.name, to: to.name, address: to.addresses.advertise, port: rule.port, purpose: rule.purpose };
      pairs.set(`${pair.from} ${pair.to} ${pair.port}`, pair);
    }
  }
  return [...pairs.values()];
}

function choose(
  sources: readonly InventoryHost[],
  targets: readonly InventoryHost[],
  size: number,
): [InventoryHost, InventoryHost][] {
  const different = ([from, to]: [InventoryHost, InventoryHost]) => from.name !== to.name;
  if (size <= ALL_PAIRS_UP_TO)
    return sources.flatMap((from) => targets.map((to): [InventoryHost, InventoryHost] => [from, to])).filter(different);
  const chosen = sources.flatMap((from, index) => peers(targets, index).map((to): [InventoryHost, InventoryHost] => [from, to]));
  // A rule from few to many (control plane to workers) must still see every target.
  const seen = new Set(chosen.filter(different).map(([, to]) => to.name));
  const missed = targets.filter((to) => !seen.has(to.name));
  const more =
    sources.length === 0 ? [] : missed.map((to, index): [InventoryHost, InventoryHost] => [sources[index % sources.length]!, to]);
  return [...chosen, ...more].filter(different);
}

function peers(targets: readonly InventoryHost[], index: number): InventoryHost[] {
  const count = Math.min(PEERS, targets.length);
  const stride = Math.max(1, Math.floor(targets.length / (count + 1)));
  return Array.from({ length: count }, (_, peer) => targets[(index + 1 + peer * stride) % targets.length]!);
}

/** Bash that tests the paths out of one host, 32 at a time, as any user; prints `address port open|refused|closed` per path. */
export function renderReachabilityScript(pairs: readonly Pick<ReachabilityPair, "address" | "port">[]): string {
  return [
    "path() {",
    "  local said rc",
    "  # shellcheck disable=SC2016",
    `  said=$(LC_ALL=C timeout ${SECONDS} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1)`,
    "  rc=$?",
    // A firewall that rejects answers with ICMP: "No route to host", "Permission denied". Only a reset from the host itself is an open path.
    '  case $rc:$said in 0:*) said=open ;; *"Connection refused"*) said=refused ;; *) said=closed ;; esac',
    '  printf "%s %s %s\\n" "$1" "$2" "$said"',
    "}",
    ...pairs.flatMap(({ address, port }, index) => [`path ${quote(address)} ${port} &`, ...(index % 32 === 31 ? ["wait"] : [])]),
    "wait",
    "",
  ].join("\n");
}

/** What one host found. Lines it did not print (an old shell, a cut connection) are left out. */
export function parseReachability(stdout: string): { address: string; port: number; state: PathState }[] {
  return stdout.split("\n").flatMap((line) => {
    const found = /^(\S+) (\d+) (open|refused|closed)$/.exec(line);
    return found ? [{ address: found[1]!, port: Number(found[2]), state: found[3] as PathState }] : [];
  });
}

/**
 * Closed paths as problems, one per host and port that cannot be reached, with the command the site would run. We never run it:
 * firewalls belong to the site.
 *
 * @param outputs host name → stdout of its test
 */
export function judgeReachability(
  pairs: readonly ReachabilityPair[],
  outputs: ReadonlyMap<string, string>,
  facts: ReadonlyMap<string, HostFacts>,
): Problem[] {
  const closed = new Map<string, { pair: ReachabilityPair; from: string[] }>();
  const found = new Map([...outputs].map(([from, stdout]) => [from, statesByPath(stdout)]));
  // In the order of the inventory, not in that of the answers.
  for (const pair of pairs) {
    if (found.get(pair.from)?.get(`${pair.address} ${pair.port}`) !== "closed") continue;
    const key = `${pair.to} ${pair.port}`;
    const entry = closed.get(key) ?? { pair, from: [] };
    entry.from.push(pair.from);
    closed.set(key, entry);
  }
  return [...closed.values()].map(({ pair, from }) => ({
    path: `${pair.to}: facts: port ${pair.port}/tcp`,
    value: pair.address,
    message: `closed for ${some(from)}; ${pair.purpose} needs it`,
    allowed: "a connection that is accepted or refused by the host itself within 3 s",
    fix: `let the site open it, for example on ${pair.to}: ${openCommand(facts.get(pair.to), pair.port)}`,
  }));
}

function statesByPath(stdout: string): Map<string, PathState> {
  return new Map(parseReachability(stdout).map(({ address, port, state }) => [`${address} ${port}`, state]));
}

function some(names: readonly string[]): string {
  const shown = [...names].sort().slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** How a site opens a port with what its distribution brings. */
function openCommand(facts: HostFacts | undefined, port: number): string {
  switch (facts?.os.id) {
    case "rocky":
      return `firewall-cmd --permanent --add-port=${port}/tcp && firewall-cmd --reload`;
    case "ubuntu":
      return `ufw allow ${port}/tcp`;
    default:
      return `nft add rule inet filter input tcp dport ${port} accept`;
  }
}
