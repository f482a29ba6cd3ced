import { ACCELERATOR_KEY, domainOf, nodeLabels, nodeOf, topologyKeys, type FabricTree, type MachineType } from "../../hardware";
import { poolOffer, type EnvironmentOffer, type KubeletOf } from "../../hardware/offers";
import type { HostSpec } from "../hosts/types";
import { featureGates, schedulersPossible } from "../kubernetes/gates";
import type { KubernetesSettings } from "../kubernetes/settings";
import type { ClusterContract } from "./contract";

export interface ContractInput {
  readonly name: string;
  readonly environment: ClusterContract["environment"];
  /** Every host of the inventory, in its order. */
  readonly hosts: readonly HostSpec[];
  /** Has a node for each host. */
  readonly tree: FabricTree;
  readonly settings: KubernetesSettings;
  /** Pool → nodes to wait for. @default all that can carry work */
  readonly minReady?: Readonly<Record<string, number>>;
}

/**
 * What a cluster on hosts promises to the stacks on top of it; a pure function of the configuration, so a preview has all of it
 * before the first machine is touched.
 */
export function buildContract({ name, environment, hosts, tree, settings, minReady = {} }: ContractInput): ClusterContract {
  const gates = featureGates(settings.version, settings.gangs);
  const pools = [...new Set(hosts.map(({ pool }) => pool))];
  return {
    schema: 1,
    name,
    environment,
    kubernetes: {
      version: settings.version,
      distribution: settings.distribution,
      ...(gates.gangApi === undefined ? {} : { gangApi: gates.gangApi }),
    },
    network: { cni: settings.cni, podCIDR: settings.podCIDR, serviceCIDR: settings.serviceCIDR },
    topologyKeys: topologyKeys(tree),
    ...(tree.nodes.some(({ accelerator }) => accelerator !== undefined) ? { acceleratorKey: ACCELERATOR_KEY } : {}),
    labelsBy: "layers",
    pools: pools.map((pool) => {
      const members = hosts.filter((host) => host.pool === pool);
      // A cloud's machine under kubeadm keeps back what kubeadm's kubelet does, not what the cloud's own Kubernetes would.
      const kubelet = settings.distribution === "kubeadm" ? settings.distribution : undefined;
      return contractPool(pool, members[0]!.machineType, kubelet, minReady[pool] ?? members.filter(schedulable).length);
    }),
    nodes: hosts.map((host) => contractNode(host, tree)),
    schedulers: [...schedulersPossible(settings.version, settings.gangs).possible],
  };
}

/** A pool as its machine type fills it in. @param kubelet who configures it. @default the provider's own Kubernetes */
export function contractPool(
  name: string,
  type: MachineType,
  kubelet: KubeletOf | undefined,
  minReady: number,
): ClusterContract["pools"][number] {
  const { offer } = poolOffer(type, { kubelet });
  const asked = offer.resources.filter((each) => each.requestedBy === "pod" && each.perBroker > 0);
  return {
    name,
    machineType: type.name,
    arch: type.arch,
    fabric: type.fabric.kind,
    cores: type.cores,
    threadsPerCore: type.threadsPerCore,
    memoryGiB: type.memoryGiB,
    gpus: offer.gpus,
    extendedResources: Object.fromEntries(asked.map((each) => [each.name, each.perBroker])),
    hugePagesMiB: offer.hugePages.perBrokerMiB,
    broker: {
      cores: offer.broker.cores,
      gpus: offer.broker.gpus,
      cpuMillicores: offer.broker.cpuMillicores,
      memoryMiB: offer.broker.memoryMiB,
    },
    environment: {
      mpi: variables(offer.environment.mpi),
      ...(offer.environment.nccl ? { nccl: variables(offer.environment.nccl) } : {}),
    },
    tolerations: [],
    minReady,
  };
}

function variables(offer: EnvironmentOffer): Record<string, string> {
  return Object.fromEntries(offer.variables.map(({ name, value }) => [name, value]));
}

function contractNode(host: HostSpec, tree: FabricTree): ClusterContract["nodes"][number] {
  const place = nodeOf(tree, host.name);
  const domains: Record<string, string> = {};
  for (const tier of tree.tiers) {
    const domain = domainOf(tree, place, tier);
    if (domain !== undefined) domains[tier] = domain;
  }
  return {
    name: host.name,
    pool: host.pool,
    schedulable: schedulable(host),
    domains,
    ...(place.accelerator === undefined ? {} : { accelerator: place.accelerator }),
    labels: nodeLabels(tree, host.name),
  };
}

/** Control planes carry no work, and hosts that go, are down or lost get none. */
function schedulable(host: HostSpec): boolean {
  return host.role === "worker" && host.state === "active";
}
