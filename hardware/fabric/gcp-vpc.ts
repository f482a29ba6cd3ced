import type { GcpFacts } from "../catalogue/gcp/facts";

/** Type of a NIC as the Compute API names it. `MRDMA` attaches to RoCE VPCs only, `IRDMA` to Falcon VPCs only. */
export type GcpNicType = "GVNIC" | "IDPF" | "MRDMA" | "IRDMA";

/** One VPC beside the primary one, with what a node's interfaces in it need. */
export interface GcpNetwork {
  /** Short name, to be put behind the cluster's: `gvnic-1`, `rdma`, `vpc1`. */
  readonly name: string;
  readonly use: GcpFacts["networks"][number]["use"];
  /**
   * Subnets in the order of the node's interfaces, each also the name of the Kubernetes `Network` and `GKENetworkParamSet`
   * over it: `gvnic-1`, `rdma-0` to `rdma-7`, `vpc1`. Empty where Google makes the subnet itself.
   */
  readonly subnets: readonly string[];
  /** Name of the network profile, without its project. */
  readonly profile?: string;
  /** In bytes; absent where the VPC's default will do. */
  readonly mtu?: number;
  readonly nicType: GcpNicType;
  /**
   * `deviceMode` of the `GKENetworkParamSet`: RDMA for NICs that do it
   * (GoogleCloudPlatform/cluster-toolkit:examples/gke-a3-ultragpu/gke-a3-ultragpu.yaml@104708037).
   */
  readonly deviceMode: "RDMA" | "NetDevice";
}

/** Ordinary VPCs that only carry more gVNICs: `gvnic-1`, `gvnic-2`, ... */
export function gvnicNetworks(count: number, mtu: number | undefined): GcpNetwork[] {
  return Array.from({ length: count }, (_, index) => netDevice("gvnic", `gvnic-${index + 1}`, mtu));
}

/** A VPC with one subnet for each GPU network of TCPX and TCPXO: `vpc1`, `vpc2`, ... */
export function gpuNetworks(count: number, mtu: number | undefined): GcpNetwork[] {
  return Array.from({ length: count }, (_, index) => netDevice("gpu", `vpc${index + 1}`, mtu));
}

function netDevice(use: "gvnic" | "gpu", name: string, mtu: number | undefined): GcpNetwork {
  return { name, use, subnets: [name], ...(mtu === undefined ? {} : { mtu }), nicType: "GVNIC", deviceMode: "NetDevice" };
}

/** `rdma-0`, `rdma-1`, ... */
export const rdmaSubnets = (count: number): string[] => Array.from({ length: count }, (_, index) => `rdma-${index}`);
