import { gcpNetworks, type PodInterface } from "../fabric/gcp";
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

/** Names of networks and interfaces are the same in every zone; only the profile's name is not. */
const ANY_ZONE = "us-central1-a";

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
 * VPC and subnet, which the node advertises as a resource of its name and the pod names in an annotation; ordinary gVNIC
 * networks are not the fabric. GoogleCloudPlatform/container-engine-accelerators:gpudirect-rdma/nccl-test.yaml@0920249,
 * nccl-test-managed-rdma.yaml@2433eee, gpudirect-tcpxo/nccl-test-latest.yaml@089e022
 */
function gkeNetworks(type: GcpMachineType, options: DeviceOptions): DeviceOffer {
  const path = options.rdmaPath ?? type.gcp.rdmaPaths[0];
  if (path === "managed") {
    const needs = "GKE's managed DRANET: acceleratorNetworkProfile auto on the pool, Dataplane V2";
    return { ...NOTHING, claims: [{ deviceClass: type.gcp.deviceClass ?? "mrdma.google.com", needs }] };
  }
  const networks = gcpNetworks(type, path, { zone: ANY_ZONE }).result;
  if (!networks) return NOTHING;
  const fabric = new Set(networks.networks.filter(({ use }) => use !== "gvnic").flatMap(({ subnets }) => subnets));
  const interfaces = networks.interfaces.filter(({ network }) => fabric.has(network));
  if (interfaces.length === 0) return NOTHING;
  const needs = "a Network and a GKENetworkParamSet object of this name, with multi-networking on";
  // A device network is moved into one pod; it cannot be shared.
  const perBroker = options.brokersPerNode === 1 ? 1 : 0;
  return {
    claims: [],
    resources: interfaces.map(({ network }) => ({
      name: `networking.gke.io.networks/${network}`,
      perNode: 1,
      perBroker,
      requestedBy: "annotation",
      needs,
    })),
    annotations: perBroker === 0 ? {} : interfaceAnnotations(interfaces),
  };
}

function interfaceAnnotations(interfaces: readonly PodInterface[]): Record<string, string> {
  return {
    "networking.gke.io/default-interface": "eth0",
    "networking.gke.io/interfaces": JSON.stringify([{ interfaceName: "eth0", network: "default" }, ...interfaces]),
  };
}
