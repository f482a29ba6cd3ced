import { BlockList, isIP, isIPv4 } from "node:net";
import type { Problem } from "../config/problems";
import type { HostSpec } from "../hosts/types";
import { GANG_MINORS } from "./gates";
import { endpointHost } from "./kubeadm";
import type { KubernetesSettings } from "./settings";
import { compareVersions, minorOf, VERSIONS } from "./versions";

/** kubeadm v1beta4 exists since 1.31; below, this renderer's documents are not understood. */
const OLDEST = "1.31";

export interface KubernetesInput {
  readonly settings: KubernetesSettings;
  readonly hosts: readonly HostSpec[];
  /** Keys that the stack or the user wants as node labels. */
  readonly labelKeys?: readonly string[];
}

/** Everything that is wrong with the Kubernetes part of a configuration, before a machine is asked. `path` is its prefix. */
export function validateKubernetes({ settings, hosts, labelKeys = [] }: KubernetesInput, path = "cluster.kubernetes"): Problem[] {
  return [
    ...versionProblems(settings, path),
    ...endpointProblems(settings, hosts, path),
    ...networkProblems(settings, hosts, path),
    ...containerdProblems(settings, path),
    ...proxyProblems(settings, path),
    ...labelKeys.flatMap((key) => labelKeyProblems(key, `${path}.labels`)),
  ];
}

function versionProblems(settings: KubernetesSettings, path: string): Problem[] {
  const { version, gangs } = settings;
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    return [
      {
        path: `${path}.version`,
        value: version,
        message: "is not a whole Kubernetes version.",
        allowed: `three numbers, e.g. ${VERSIONS.kubernetes.version}`,
        fix: "write the patch version too; hosts are held at exactly it",
      },
    ];
  }
  if (compareVersions(version, OLDEST) < 0) {
    return [
      {
        path: `${path}.version`,
        value: version,
        message: "is older than the configuration this renders (kubeadm v1beta4).",
        allowed: `${OLDEST} or newer`,
        fix: `use ${VERSIONS.kubernetes.version}`,
      },
    ];
  }
  if (gangs && !GANG_MINORS.includes(minorOf(version))) {
    return [
      {
        path: `${path}.version`,
        value: version,
        message: "has no known row of feature gates for gangs; a wrong gate stops the control plane.",
        allowed: `${GANG_MINORS.join(", ")} with gangs: true`,
        fix: "use one of these minors, or set gangs: false",
      },
    ];
  }
  return [];
}

function endpointProblems(settings: KubernetesSettings, hosts: readonly HostSpec[], path: string): Problem[] {
  const endpoint = settings.controlPlaneEndpoint;
  const problems: Problem[] = [];
  const port = Number(/:(\d+)$/.exec(endpoint)?.[1]);
  const host = endpointHost(endpoint);
  const name = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
  const bareV6 = !endpoint.startsWith("[") && isIP(host) === 6;
  const numbers = /^[\d.]+$/.test(host) && isIP(host) === 0;
  if (!(port >= 1 && port <= 65535) || bareV6 || numbers || (isIP(host) === 0 && !name.test(host))) {
    problems.push({
      path: `${path}.controlPlaneEndpoint`,
      value: endpoint,
      message: "is not an address and a port.",
      allowed: "host:port, [IPv6]:port",
      fix: "write it like 10.0.0.10:6443",
    });
  }
  const controlPlanes = hosts.filter((each) => each.role === "control-plane");
  if (controlPlanes.length !== 1) {
    problems.push({
      path: "cluster.hosts",
      value: controlPlanes.map((each) => each.name),
      message:
        controlPlanes.length === 0 ? "no host has the role control-plane." : "more than one control plane is not supported yet.",
      allowed: "exactly one host with role: control-plane",
      fix: "give one host the role; keep controlPlaneEndpoint a name of your own, so that others can be added later",
    });
  }
  return problems;
}

function networkProblems(settings: KubernetesSettings, hosts: readonly HostSpec[], path: string): Problem[] {
  const problems: Problem[] = [];
  const ranges = new Map<string, Range>();
  for (const key of ["podCIDR", "serviceCIDR"] as const) {
    const range = parseRange(settings[key]);
    if (range) ranges.set(key, range);
    else
      problems.push({
        path: `${path}.${key}`,
        value: settings[key],
        message: "is not a network range.",
        allowed: "address/prefix, e.g. 10.244.0.0/16",
        fix: "write the network's first address and its prefix length",
      });
  }
  const pods = ranges.get("podCIDR");
  const services = ranges.get("serviceCIDR");
  if (pods && services && overlap(pods, services)) {
    problems.push({
      path: `${path}.serviceCIDR`,
      value: settings.serviceCIDR,
      message: `overlaps podCIDR ${settings.podCIDR}.`,
      allowed: "ranges that share no address",
      fix: "move one of them",
    });
  }
  for (const host of hosts) {
    const seen = new Set<string>();
    for (const kind of ["reach", "bind", "advertise"] as const) {
      const address = host.addresses[kind];
      if (isIP(address) === 0 || seen.has(address)) continue;
      seen.add(address);
      for (const [key, range] of ranges) {
        if (contains(range, address))
          problems.push({
            path: `${path}.${key}`,
            value: settings[key as "podCIDR"],
            message: `holds ${address}, the ${kind} address of host ${host.name}.`,
            allowed: "ranges without any host's address",
            fix: `move ${key} to a range that your network does not use`,
          });
      }
    }
  }
  if (pods && settings.cni === "bridge" && pods.family !== "ipv4") {
    problems.push({
      path: `${path}.podCIDR`,
      value: settings.podCIDR,
      message: "is IPv6, which cni: bridge does not route.",
      allowed: "an IPv4 range",
      fix: "use an IPv4 podCIDR, or another cni",
    });
  }
  // Each node gets a /24 (kubernetes/kubernetes node IPAM default); more nodes than ranges leaves some NotReady for ever.
  if (pods && pods.family === "ipv4" && (pods.prefix > 24 || 2 ** (24 - pods.prefix) < hosts.length)) {
    problems.push({
      path: `${path}.podCIDR`,
      value: settings.podCIDR,
      message: `has room for ${pods.prefix > 24 ? 0 : 2 ** (24 - pods.prefix)} nodes of a /24 each; there are ${hosts.length} hosts.`,
      allowed: `prefix ${24 - Math.ceil(Math.log2(Math.max(hosts.length, 1)))} or shorter`,
      fix: "use a larger range",
    });
  }
  return problems;
}

function containerdProblems({ containerd, version }: KubernetesSettings, path: string): Problem[] {
  if (containerd.source !== "present") return [];
  const at = `${path}.containerd.minimumVersion`;
  if (!/^\d+\.\d+(\.\d+)?$/.test(containerd.minimumVersion)) {
    return [
      {
        path: at,
        value: containerd.minimumVersion,
        message: "is not a version.",
        allowed: "numbers with dots, e.g. 2.2.0",
        fix: "write the oldest containerd you accept",
      },
    ];
  }
  if (compareVersions(version, "1.37.0") >= 0 && compareVersions(containerd.minimumVersion, "2.0.0") < 0) {
    return [
      {
        path: at,
        value: containerd.minimumVersion,
        message: `is older than Kubernetes ${version} works with.`,
        allowed: "2.0.0 or newer",
        fix: "install containerd 2 on the hosts, or set containerd: {source: repository}",
      },
    ];
  }
  return [];
}

/** A password in a proxy's URL would be in plain in a unit file and in the state. */
function proxyProblems({ proxy }: KubernetesSettings, path: string): Problem[] {
  return (["http", "https"] as const).flatMap((key) => {
    const text = proxy?.[key];
    if (text === undefined) return [];
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol))
      return [
        {
          path: `${path}.proxy.${key}`,
          value: url ? text : "…",
          message: "is not a URL.",
          allowed: "http://host:port",
          fix: "write the proxy's whole URL",
        },
      ];
    if (url.username || url.password)
      return [
        {
          path: `${path}.proxy.${key}`,
          message: "carries a user or password, which would stand in plain on every host and in the state.",
          allowed: "http://host:port",
          fix: "let the proxy admit hosts by address",
        },
      ];
    return [];
  });
}

/** Prefixes that a kubelet may set under kubernetes.io (k8s.io/kubelet/pkg/apis/well_known_labels.go@v0.36.3). */
const KUBELET_PREFIXES = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const KUBELET_KEYS = [
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "beta.kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/arch",
];

/** A kubelet exits on a key it may not set, and its join then hangs for minutes; so the key is judged before. */
export function labelKeyProblems(key: string, path: string): Problem[] {
  const [name, prefix] = key.split("/").reverse() as [string, string | undefined];
  const wellFormed =
    key.split("/").length <= 2 &&
    /^(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name) &&
    (prefix === undefined || /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(prefix));
  if (!wellFormed)
    return [
      {
        path,
        value: key,
        message: "is not a label key.",
        allowed: "[prefix/]name; name up to 63 letters, digits, '-', '_', '.'",
        fix: "correct the key",
      },
    ];
  if (prefix === undefined || !/(^|\.)(kubernetes|k8s)\.io$/.test(prefix)) return [];
  if (KUBELET_KEYS.includes(key) || KUBELET_PREFIXES.some((each) => prefix === each || prefix.endsWith(`.${each}`))) return [];
  return [
    {
      path,
      value: key,
      message: "is refused by the kubelet, which may not set it.",
      allowed: `a prefix outside kubernetes.io and k8s.io, or one of ${KUBELET_KEYS.join(", ")}`,
      fix: "use a prefix of your own, or let an administrator set this label after the join",
    },
  ];
}

interface Range {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly prefix: number;
}

function parseRange(text: string): Range | undefined {
  const [address, prefix, more] = text.split("/");
  if (!address || prefix === undefined || more !== undefined || !/^\d{1,3}$/.test(prefix) || isIP(address) === 0)
    return undefined;
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  return Number(prefix) <= (family === "ipv4" ? 32 : 128) ? { family, address, prefix: Number(prefix) } : undefined;
}

function contains(range: Range, address: string): boolean {
  const list = new BlockList();
  list.addSubnet(range.address, range.prefix, range.family);
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/** Two ranges overlap exactly when one holds the other's first address. */
function overlap(a: Range, b: Range): boolean {
  if (a.family !== b.family) return false;
  const [wide, narrow] = a.prefix <= b.prefix ? [a, b] : [b, a];
  return contains(wide, narrow.address);
}
