import type { GcpMachineType, MachineType } from "../types";
import type { DeviceClaim, OfferedResource } from "./types";

/** What of a node's devices a pod asks for, and how. */
export interface DeviceOffer {
  readonly resources: readonly OfferedResource[];
  readonly claims: readonly DeviceClaim[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface DeviceOptions {
  readonly brokersPerNode: number;
  readonly rdmaPath?: "managed" | "multi-network";
  readonly rdmaResource: string;
}

const NOTHING: DeviceOffer = { resources: [], claims: [], annotations: {} };

/** Extended resources, device claims and annotations of a machine type: accelerators first, then the fabric. */
export function deviceOffer(type: MachineType, options: DeviceOptions): DeviceOffer {
  const fabric = fabricOffer(type, options);
  return { ...fabric, resources: [...acceleratorResources(type, options.brokersPerNode), ...fabric.resources] };
}

function acceleratorResources({ accelerators }: MachineType, brokers: number): OfferedResource[] {
  if (!accelerators) return [];
  const { count, resource } = accelerators;
  const needs = `a device plugin that serves ${resource}`;
  return [{ name: resource, perNode: count, perBroker: Math.floor(count / brokers), requestedBy: "pod", needs }];
}

function fabricOffer(type: MachineType, options: DeviceOptions): DeviceOffer {
  const { fabric } = type;
  if (fabric.kind === "efa") return { ...NOTHING, resources: [efaResource(fabric.interfaces, options.brokersPerNode)] };
  if (type.provider === "gcp") return gkeNetworks(type, options);
  if (fabric.kind === "infiniband" || fabric.kind === "roce") {
    // The device plugin shares the adapters, so one share is enough for a pod; how many there are is its `rdmaHcaMax`.
    const needs = "the RDMA shared device plugin (Mellanox/k8s-rdma-shared-dev-plugin@410b0f3), configured with this name";
    return { ...NOTHING, resources: [{ name: options.rdmaResource, perBroker: 1, requestedBy: "pod", needs }] };
  }
  return NOTHING;
}

/** awsdocs/amazon-eks-user-guide:latest/ug/ml/node-efa.adoc@0743cb1 */
function efaResource(interfaces: number, brokers: number): OfferedResource {
  return {
    name: "vpc.amazonaws.com/efa",
    perNode: interfaces,
    perBroker: Math.floor(interfaces / brokers),
    requestedBy: "pod",
    needs: "the EFA device plugin, whose list of instance types must name this one",
  };
}

/**
 * The fabric's networks on GKE. Managed path: one claim on the RDMA device class (DRANET). Else one `Network` object for each
 * VPC and subnet, which the node advertises as a resource of its name and the pod names in an annotation; names as the Cluster
 * Toolkit gives them. GoogleCloudPlatform/container-engine-accelerators:gpudirect-rdma/nccl-test.yaml@0920249,
 * nccl-test-managed-rdma.yaml@2433eee, gpudirect-tcpxo/nccl-test-latest.yaml@089e022
 */
function gkeNetworks(type: GcpMachineType, options: DeviceOptions): DeviceOffer {
  const path = options.rdmaPath ?? type.gcp.rdmaPaths[0];
  if (path === "managed") {
    const needs = "GKE's managed DRANET: acceleratorNetworkProfile auto on the pool, Dataplane V2";
    return { ...NOTHING, claims: [{ deviceClass: "mrdma.google.com", needs }] };
  }
  const names = gkeNetworkNames(type);
  if (names.length === 0) return NOTHING;
  const needs = "a Network and a GKENetworkParamSet object of this name, with multi-networking on";
  return {
    claims: [],
    resources: names.map((name) => ({
      name: `networking.gke.io.networks/${name}`,
      perNode: 1,
      // A device network is moved into one pod; it cannot be shared.
      perBroker: options.brokersPerNode === 1 ? 1 : 0,
      requestedBy: "annotation",
      needs,
    })),
    annotations: options.brokersPerNode === 1 ? interfaceAnnotations(names, gvnicNetworks(type)) : {},
  };
}

/** `rdma-0` and on for RDMA networks, `vpc1` and on for the GPU networks of TCPX and TCPXO; ordinary gVNIC networks are not the fabric. */
function gkeNetworkNames(type: GcpMachineType): string[] {
  const count = (use: "rdma" | "gpu") =>
    type.gcp.networks.filter((each) => each.use === use).reduce((sum, each) => sum + each.networks * each.subnetsEach, 0);
  return [
    ...Array.from({ length: count("rdma") }, (_, index) => `rdma-${index}`),
    ...Array.from({ length: count("gpu") }, (_, index) => `vpc${index + 1}`),
  ];
}

function gvnicNetworks(type: GcpMachineType): number {
  return type.gcp.networks.filter(({ use }) => use === "gvnic").reduce((sum, { networks }) => sum + networks, 0);
}

/** Inside the pod, interfaces are numbered as on the node: eth0 is the default network, then the gVNIC ones, then the fabric's. */
function interfaceAnnotations(names: readonly string[], before: number): Record<string, string> {
  const interfaces = [
    { interfaceName: "eth0", network: "default" },
    ...names.map((network, index) => ({ interfaceName: `eth${1 + before + index}`, network })),
  ];
  return {
    "networking.gke.io/default-interface": "eth0",
    "networking.gke.io/interfaces": JSON.stringify(interfaces),
  };
}
