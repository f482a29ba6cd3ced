import { rdmaSubnets, type GcpNetwork } from "./gcp-vpc";

/**
 * The Falcon VPC of Google Cloud, for H4D: one VPC, bound to a zone by its profile, with one subnet. Only IRDMA NICs attach
 * to it (https://cloud.google.com/vpc/docs/rdma-network-profiles).
 *
 * @param profile e.g. `us-central1-a-vpc-falcon`
 */
export function falconNetwork(subnets: number, profile: string, mtu: number): GcpNetwork {
  return { name: "rdma", use: "rdma", subnets: rdmaSubnets(subnets), profile, mtu, nicType: "IRDMA", deviceMode: "RDMA" };
}
