import type { ExtraNetwork, RdmaPath } from "../catalogue/gcp/facts";
import type { HardwareProblem } from "../problem";
import type { GcpMachineType } from "../types";
import { falconNetwork } from "./falcon";
import { gpuNetworks, gvnicNetworks, type GcpNetwork, type GcpNicType } from "./gcp-vpc";
import { roceNetwork } from "./roce";

/** What a node pool asks of GKE on the managed path; the networks are Google's then. */
export interface ManagedNetwork {
  /** `networkConfig.acceleratorNetworkProfile` of the pool. */
  readonly acceleratorNetworkProfile: "auto";
  /** DRA device class of the claims. */
  readonly deviceClass: string;
  /** Labels of the pool's nodes. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** What pods must select. */
  readonly nodeSelector: Readonly<Record<string, string>>;
}

/** An interface of a node beside `eth0`, and the `Network` a pod names to get it. */
export interface PodInterface {
  readonly interfaceName: string;
  readonly network: string;
}

/** The networks of one machine type on one path. */
export interface GcpNetworks {
  readonly path?: RdmaPath;
  readonly primaryNic: GcpNicType;
  /** VPCs to make, in the order of the node's interfaces; none on the managed path. */
  readonly networks: readonly GcpNetwork[];
  /** Entries of a pod's `networking.gke.io/interfaces`: `eth1`, `eth2`, ... in the order of the subnets. */
  readonly interfaces: readonly PodInterface[];
  readonly managed?: ManagedNetwork;
}

export interface GcpNetworksResult {
  /** Absent when there are problems. */
  readonly result?: GcpNetworks;
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly string[];
}

/** A zone's name, e.g. `us-central1-a`, `northamerica-northeast1-b`, `us-central1-ai1a`. */
const ZONE = /^[a-z]+-[a-z]+\d+-[a-z0-9]+$/;

const CLAIM_LABEL = "cloud.google.com/gke-networking-dra-driver";
const PROFILE_LABEL = "gke.networks.io/accelerator-network-profile";

/**
 * The networks that nodes of a type need beside the primary one, or why they cannot have them on this path.
 *
 * @param path how they reach pods; leave it out for types that need none
 * @param at where the pool stands, for the problems
 */
export function gcpNetworks(
  type: GcpMachineType,
  path: RdmaPath | undefined,
  { zone, at = "pool" }: { readonly zone: string; readonly at?: string },
): GcpNetworksResult {
  const problems = [...pathProblems(type, path, at), ...zoneProblems(zone, at)];
  if (problems.length > 0) return { problems, warnings: [] };
  const networks = path === "multi-network" ? type.gcp.networks.flatMap((extra) => vpcs(type, extra, zone)) : [];
  const interfaces = networks
    .flatMap(({ subnets }) => subnets)
    .map((network, index) => ({ interfaceName: `eth${index + 1}`, network }));
  const result: GcpNetworks = {
    ...(path === undefined ? {} : { path }),
    primaryNic: type.gcp.primaryNic ?? "GVNIC",
    networks,
    interfaces,
    ...(path === "managed" ? { managed: managedNetwork(type) } : {}),
  };
  return { result, problems: [], warnings: zoneWarnings(type, zone) };
}

function vpcs(type: GcpMachineType, extra: ExtraNetwork, zone: string): GcpNetwork[] {
  const { mtu, networkProfile } = type.gcp;
  if (extra.use === "gvnic") return gvnicNetworks(extra.networks, mtu);
  if (extra.use === "gpu") return gpuNetworks(extra.networks, mtu);
  // The catalogue's check sees to it that a type with an RDMA network has a profile and an MTU.
  const network = type.fabric.kind === "falcon" ? falconNetwork : roceNetwork;
  return [network(extra.subnetsEach, `${zone}-${networkProfile!}`, mtu!)];
}

function managedNetwork(type: GcpMachineType): ManagedNetwork {
  return {
    acceleratorNetworkProfile: "auto",
    deviceClass: type.gcp.deviceClass!,
    nodeLabels: { [CLAIM_LABEL]: "true" },
    nodeSelector: { [PROFILE_LABEL]: "auto" },
  };
}

/** Why only one path is open to a type, where the reason is more than that nobody built the other. */
function reason(type: GcpMachineType, path: RdmaPath): string {
  if (type.gcp.networkProfile === "vpc-roce-metal")
    return "Google makes the subnet of a bare-metal machine itself, and multi-networking does not know such machines";
  if (type.fabric.kind === "falcon") return "Falcon is described for the other path only";
  if (type.fabric.kind === "tcpx" || type.fabric.kind === "tcpxo")
    return "GPUDirect over TCP is described with a VPC of its own for each GPU NIC only";
  return `no source describes it on the path ${path}`;
}

function pathProblems(type: GcpMachineType, path: RdmaPath | undefined, at: string): HardwareProblem[] {
  const open = type.gcp.rdmaPaths;
  const where = `${at}.rdmaPath`;
  if (path === undefined) {
    if (open.length === 0) return [];
    const message = `${type.name} has networks beside the primary one, and a path must be chosen for them.`;
    return [{ path: where, value: path, message, allowed: open.join(", "), fix: `Set rdmaPath to ${open[0]}.` }];
  }
  if (open.includes(path)) return [];
  if (open.length === 0) {
    const message = `${type.name} has no networks beside the primary one.`;
    return [{ path: where, value: path, message, allowed: "none", fix: "Remove rdmaPath." }];
  }
  const message = `${type.name} cannot use the path ${path}: ${reason(type, path)}.`;
  return [{ path: where, value: path, message, allowed: open.join(", "), fix: `Set rdmaPath to ${open[0]}.` }];
}

function zoneProblems(zone: string, at: string): HardwareProblem[] {
  if (ZONE.test(zone)) return [];
  const message = `${JSON.stringify(zone)} is not the name of a zone.`;
  const fix = "Give the zone, not the region: RDMA networks and compact placement belong to one zone.";
  return [{ path: `${at}.zone`, value: zone, message, allowed: "a zone such as us-central1-a", fix }];
}

function zoneWarnings(type: GcpMachineType, zone: string): string[] {
  const { networkProfile, profileZones } = type.gcp;
  if (!networkProfile || !profileZones || profileZones.includes(zone)) return [];
  const known = profileZones.join(", ");
  return [`The network profile ${zone}-${networkProfile} may not exist; zones known to have ${networkProfile}: ${known}.`];
}

/**
 * The two paths exclude each other within a cluster: GKE's managed driver and `Network` objects of type Device would both
 * own the interfaces (GoogleCloudPlatform/cluster-toolkit:modules/compute/gke-node-pool/main.tf@104708037, check
 * `dranet_additional_networks_conflict`). One problem for each pool that does not go with the first.
 *
 * @param pools by name, in the order written
 * @param at where the pools stand
 */
export function mixedPathProblems(
  pools: readonly { readonly name: string; readonly path?: RdmaPath }[],
  at = "cluster.pools",
): HardwareProblem[] {
  const first = pools.find(({ path }) => path !== undefined);
  return pools
    .filter(({ path }) => path !== undefined && path !== first?.path)
    .map(({ name, path }) => ({
      path: `${at}.${name}.rdmaPath`,
      value: path,
      message: `One cluster has one network path: pool ${first!.name} uses ${first!.path!}, pool ${name} uses ${path!}.`,
      allowed: first!.path!,
      fix: `Use ${first!.path!} in both, or make two clusters.`,
    }));
}
