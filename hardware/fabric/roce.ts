import { rdmaSubnets, type GcpNetwork } from "./gcp-vpc";

/**
 * The RoCE VPC of Google Cloud: one VPC, bound to a zone by its profile, with a subnet for each adapter. Only MRDMA NICs
 * attach to it; ordinary firewall rules are refused, and without rules all traffic is allowed
 * (https://cloud.google.com/vpc/docs/rdma-network-profiles).
 *
 * @param subnets how many; 0 for bare-metal types, where Google makes the one subnet
 * @param profile e.g. `us-central1-a-vpc-roce`
 */
export function roceNetwork(subnets: number, profile: string, mtu: number): GcpNetwork {
  return { name: "rdma", use: "rdma", subnets: rdmaSubnets(subnets), profile, mtu, nicType: "MRDMA", deviceMode: "RDMA" };
}
