import type { ClusterContract } from "../../../../components/contract/contract";
import { devicesConfig, type DevicesConfig } from "../../../../components/devices";
import { POOL_LABEL } from "../../../../components/placement";
import { findMachineType, poolOffer } from "../../../../hardware";
import { pool } from "../../../fixtures/contract";

type Pool = ClusterContract["pools"][number];

/** A pool of a machine type of the catalogue, with what the hardware offers. */
export function poolOf(name: string, machineType: string, more: Partial<Pool> = {}): Pool {
  const { type } = findMachineType(machineType);
  const { offer } = poolOffer(type!);
  const asked = offer.resources.filter((each) => each.requestedBy === "pod" && each.perBroker > 0);
  return {
    ...pool(name),
    machineType,
    arch: type!.arch,
    fabric: type!.fabric.kind,
    gpus: offer.gpus,
    broker: { cores: 8, gpus: offer.gpus, cpuMillicores: 8000, memoryMiB: 1024 },
    extendedResources: Object.fromEntries(asked.map((each) => [each.name, each.perBroker])),
    ...more,
  };
}

export const taint = (key: string, value?: string) => ({
  key,
  operator: value === undefined ? "Exists" : "Equal",
  ...(value === undefined ? {} : { value }),
  effect: "NoSchedule",
});

/** EKS: nodes are made by the cloud, so none is known by name. */
export function eks(pools: Pool[], overrides: Partial<ClusterContract> = {}): ClusterContract {
  return {
    schema: 1,
    name: "cloud",
    environment: "aws-eks",
    kubernetes: { version: "1.35", distribution: "eks" },
    network: { cni: "provider" },
    topologyKeys: [],
    labelsBy: "provider",
    pools,
    nodes: [],
    schedulers: ["kueue", "default"],
    ...overrides,
  };
}

/** Bare metal: two nodes in each pool, and a control plane. */
export function metal(pools: Pool[], overrides: Partial<ClusterContract> = {}): ClusterContract {
  const nodes = pools.flatMap(({ name }) =>
    ["1", "2"].map((index) => ({
      name: `${name}${index}`,
      pool: name,
      schedulable: true,
      domains: {},
      labels: { [POOL_LABEL]: name },
    })),
  );
  return eks([pool("control"), ...pools], {
    name: "metal",
    environment: "bare-metal",
    kubernetes: { version: "1.36.3", distribution: "kubeadm", gangApi: "scheduling.k8s.io/v1alpha2" },
    network: { cni: "none" },
    labelsBy: "layers",
    nodes: [{ name: "cp1", pool: "control", schedulable: false, domains: {}, labels: {} }, ...nodes],
    schedulers: ["gang", "default"],
    ...overrides,
  });
}

export const config = (given: Partial<DevicesConfig> = {}): DevicesConfig => devicesConfig.parse(given);
