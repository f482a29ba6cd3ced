import { catalogueType } from "../../../../hardware/catalogue";
import { contractPool } from "../../../../components/contract/build";
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
  return contractPool(name, type, undefined, 1);
}
