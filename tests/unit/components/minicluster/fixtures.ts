import { catalogueType } from "../../../../hardware/catalogue";
import { poolOffer } from "../../../../hardware/offers";
import type { ClusterContract } from "../../../../components/contract/contract";
import type { MiniClusterLayers, MiniClusterSpec } from "../../../../components/minicluster/spec";
import { exampleContract } from "../../../fixtures/contract";

export const GANG: MiniClusterLayers = { scheduler: "gang" };

export const lammps: MiniClusterSpec = {
  name: "lammps",
  nodes: 2,
  image: "registry.example.org/lammps@sha256:1",
  command: ["lmp", "-v", "x", "2", "-in", "in.reaxff.hns", "-nocite"],
  launch: { mpi: "mpich" },
};

/** The example's compute pool with machines of another type. */
export function contractOf(type: string, overrides: Partial<ClusterContract> = {}): ClusterContract {
  const contract = exampleContract(overrides);
  const pools = contract.pools.map((pool) => (pool.name === "compute" ? { ...machinePool(type), name: "compute" } : pool));
  return { ...contract, pools };
}

/** As the cluster stacks fill it in from the catalogue. */
export function machinePool(name: string): ClusterContract["pools"][number] {
  const type = catalogueType(name);
  if (!type) throw new Error(`no machine type ${name}`);
  const { offer } = poolOffer(type);
  const asked = offer.resources.filter((each) => each.requestedBy === "pod" && each.perBroker > 0);
  const variables = (library: "mpi" | "nccl") =>
    Object.fromEntries((offer.environment[library]?.variables ?? []).map((each) => [each.name, each.value]));
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
    environment: { mpi: variables("mpi"), ...(offer.environment.nccl ? { nccl: variables("nccl") } : {}) },
    tolerations: [],
    minReady: 1,
  };
}
