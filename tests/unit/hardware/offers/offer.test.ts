import * as fc from "fast-check";
import { findMachineType } from "../../../../hardware/catalogue";
import { poolOffer } from "../../../../hardware/offers";
import type { MachineType } from "../../../../hardware/types";

function typeOf(name: string): MachineType {
  const { type } = findMachineType(name);
  if (!type) throw new Error(`the catalogue has no ${name}`);
  return type;
}

const dgx = typeOf("dgx-h100");
const graviton = typeOf("hpc7g.16xlarge");
const h4d = typeOf("h4d-highmem-192-lssd");
const a3Ultra = typeOf("a3-ultragpu-8g");

const valuesOf = (offer: { variables: readonly { name: string; value: string }[] } | undefined) =>
  Object.fromEntries((offer?.variables ?? []).map(({ name, value }) => [name, value]));

describe("allocatable memory and CPU", () => {
  it("is on EKS what a real hpc7g.16xlarge node reported, to the KiB", () => {
    // Node of the EKS 1.27 cluster scaling-study-efa (converged-computing, 2023-07-28): capacity 129550072Ki with 14082Mi of
    // huge pages; allocatable 112536312Ki, 63770m.
    const { offer } = poolOffer(graviton, { memoryCapacityMiB: 129550072 / 1024, hugePages2Mi: 7041 });
    expect(offer.hugePages.reservedMiB).toBe(14082);
    expect(offer.memory).toMatchObject({ reservedMiB: 11 * 198 + 255, evictionMiB: 100, nominal: false });
    expect(offer.memory.allocatableMiB * 1024).toBe(112536312);
    expect(offer.cpu).toEqual({ capacity: 64, reservedMillicores: 230, allocatableMillicores: 63770 });
  });

  it("starts from the nominal memory when no node was asked, and says so", () => {
    const { memory } = poolOffer(graviton).offer;
    expect(memory).toMatchObject({ capacityMiB: 131072, nominal: true, hugePagesMiB: 10256, reservedMiB: 2433 });
    expect(memory.allocatableMiB).toBe(131072 - 10256 - 2433 - 100);
  });

  it("keeps on GKE the shares of each range back", () => {
    const { offer } = poolOffer({ ...h4d, memoryGiB: 15, cores: 2 });
    // n1-standard-4 without SMT: 1930m in the node labels of google-performance-study; 25 % of 4 + 20 % of 4 + 10 % of 7 GiB.
    expect(offer.cpu.allocatableMillicores).toBe(1930);
    expect(offer.memory.reservedMiB).toBe(1024 + 819 + 716);
    const large = poolOffer(h4d).offer;
    expect(large.memory.reservedMiB).toBe(1024 + 819 + 819 + 6881 + 27852);
    expect(large.cpu.reservedMillicores).toBe(60 + 10 + 10 + 470);
  });

  it("keeps nothing but the eviction threshold back under kubeadm, on EC2 hosts too", () => {
    expect(poolOffer(dgx).offer.memory).toMatchObject({ reservedMiB: 0, allocatableMiB: 2048 * 1024 - 100 });
    expect(poolOffer(dgx).offer.cpu).toEqual({ capacity: 224, reservedMillicores: 0, allocatableMillicores: 224000 });
    expect(poolOffer(graviton, { kubelet: "kubeadm" }).offer.memory.reservedMiB).toBe(0);
  });
});

describe("brokers", () => {
  it("have whole physical cores and GPUs, and CPUs that leave room for DaemonSets", () => {
    expect(poolOffer(graviton).offer.broker).toMatchObject({ perNode: 1, cores: 64, gpus: 0, cpuMillicores: 63000 });
    expect(poolOffer(dgx, { brokersPerNode: 3 }).offer.broker).toEqual({
      perNode: 3,
      cores: 37,
      gpus: 2,
      cpuMillicores: 74000,
      memoryMiB: Math.floor((2048 * 1024 - 100 - 1024) / 3),
    });
  });

  it("never ask together for more than a node has, whatever their number", () => {
    fc.assert(
      fc.property(fc.constantFrom(graviton, dgx, h4d, a3Ultra), fc.integer({ min: 1, max: 64 }), (type, brokersPerNode) => {
        const { offer, problems } = poolOffer(type, { brokersPerNode });
        expect(problems).toEqual([]);
        expect(offer.broker.cores * brokersPerNode).toBeLessThanOrEqual(type.cores);
        expect(offer.broker.cpuMillicores * brokersPerNode).toBeLessThanOrEqual(offer.cpu.allocatableMillicores);
        expect(offer.broker.memoryMiB * brokersPerNode).toBeLessThanOrEqual(offer.memory.allocatableMiB);
        expect(offer.hugePages.perBrokerMiB * brokersPerNode).toBeLessThanOrEqual(offer.hugePages.reservedMiB);
        for (const { perNode, perBroker } of offer.resources)
          if (perNode !== undefined) expect(perBroker * brokersPerNode).toBeLessThanOrEqual(perNode);
      }),
    );
  });
});

describe("an EFA pool", () => {
  it("offers its interfaces, huge pages as AWS's examples ask for them, and one variable for MPI", () => {
    const { offer, problems, warnings } = poolOffer(graviton);
    expect(offer.resources.map(({ name, perNode, perBroker }) => [name, perNode, perBroker])).toEqual([
      ["vpc.amazonaws.com/efa", 1, 1],
    ]);
    expect(offer.hugePages).toEqual({ pages: 5128, reservedMiB: 10256, perBrokerMiB: 5120 });
    expect(valuesOf(offer.environment.mpi)).toEqual({ FI_PROVIDER: "efa" });
    expect(offer.environment.nccl).toBeUndefined();
    expect([problems, warnings]).toEqual([[], []]);
  });

  it("has the values of hpc6a, p5 and p6-b300", () => {
    const values = ["hpc6a.48xlarge", "p5.48xlarge", "p6-b300.48xlarge"].map((name) => {
      const { resources, memory, cpu, broker, gpus } = poolOffer(typeOf(name)).offer;
      const devices = resources.map((each) => `${each.name} ${each.perNode}`);
      return [devices, memory.allocatableMiB, cpu.allocatableMillicores, broker.cores, gpus];
    });
    // Allocatable: nominal less 5128 huge pages of 2 MiB, 11 MiB for each of 100, 100 and 198 pods and 255 MiB, and 100 MiB.
    expect(values).toEqual([
      [["vpc.amazonaws.com/efa 1"], 384 * 1024 - 10256 - 1355 - 100, 95690, 96, 0],
      [["nvidia.com/gpu 8", "vpc.amazonaws.com/efa 32"], 2048 * 1024 - 10256 - 1355 - 100, 191450, 96, 8],
      [["nvidia.com/gpu 8", "vpc.amazonaws.com/efa 16"], 4096 * 1024 - 10256 - 2433 - 100, 191450, 96, 8],
    ]);
  });

  it("keeps the provider off huge pages when the pod asks for none", () => {
    const { offer } = poolOffer(graviton, { requestHugePages: false });
    expect(offer.hugePages).toEqual({ pages: 5128, reservedMiB: 10256, perBrokerMiB: 0 });
    expect(valuesOf(offer.environment.mpi)).toEqual({ FI_PROVIDER: "efa", FI_EFA_USE_HUGE_PAGE: "0" });
  });

  it("sets nothing about huge pages where the node has none", () => {
    expect(valuesOf(poolOffer(typeOf("p6e-gb200.36xlarge")).offer.environment.mpi)).toEqual({ FI_PROVIDER: "efa" });
    expect(poolOffer(graviton, { hugePages2Mi: 0 }).offer.hugePages).toEqual({ pages: 0, reservedMiB: 0, perBrokerMiB: 0 });
  });

  it("needs no variable for current NCCL, and none at all of NCCL on Trainium", () => {
    const gpus = { vendor: "nvidia", product: "H100", count: 8, resource: "nvidia.com/gpu" } as const;
    expect(valuesOf(poolOffer({ ...graviton, accelerators: gpus }).offer.environment.nccl)).toEqual({});
    const neuron = { vendor: "aws", product: "Trainium", count: 16, resource: "aws.amazon.com/neuron" } as const;
    const { offer } = poolOffer({ ...graviton, accelerators: neuron });
    expect(offer.environment.nccl).toBeUndefined();
    expect(offer.resources.map(({ name, perNode }) => [name, perNode])).toEqual([
      ["aws.amazon.com/neuron", 16],
      ["vpc.amazonaws.com/efa", 1],
    ]);
  });
});

describe("a pool on GKE", () => {
  it("names the RDMA networks after the gVNIC one in the pod's annotation, as Google's NCCL test does", () => {
    const { offer } = poolOffer(a3Ultra, { rdmaPath: "multi-network" });
    expect(JSON.parse(offer.annotations["networking.gke.io/interfaces"]!)).toEqual([
      { interfaceName: "eth0", network: "default" },
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((index) => ({ interfaceName: `eth${index + 2}`, network: `rdma-${index}` })),
    ]);
    expect(offer.annotations["networking.gke.io/default-interface"]).toBe("eth0");
    expect(offer.resources.map(({ name, requestedBy }) => `${name} ${requestedBy}`)).toEqual([
      "nvidia.com/gpu pod",
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((index) => `networking.gke.io.networks/rdma-${index} annotation`),
    ]);
    expect(offer.claims).toEqual([]);
  });

  it("claims the RDMA devices on the managed path, without networks or annotations", () => {
    const { offer } = poolOffer(a3Ultra);
    expect(offer.claims.map(({ deviceClass, count }) => [deviceClass, count])).toEqual([["mrdma.google.com", undefined]]);
    expect(offer.annotations).toEqual({});
    expect(offer.resources.map(({ name }) => name)).toEqual(["nvidia.com/gpu"]);
  });

  it("leaves NCCL's values to gIB's own script", () => {
    const { nccl, mpi } = poolOffer(a3Ultra).offer.environment;
    expect(valuesOf(nccl)).toEqual({ LD_LIBRARY_PATH: "/usr/local/nvidia/lib64" });
    expect(nccl!.sourceFirst).toEqual(["/usr/local/gib/scripts/set_nccl_env.sh"]);
    expect(mpi.variables).toEqual([]);
  });

  it("refuses a path that the type does not have, and offers the one it has", () => {
    const { offer, problems } = poolOffer(h4d, { rdmaPath: "managed" }, "cluster.pools.h4d");
    expect(problems).toEqual([
      {
        path: "cluster.pools.h4d.rdmaPath",
        value: "managed",
        message: "RDMA does not reach pods this way on h4d-highmem-192-lssd.",
        allowed: "multi-network",
        fix: "Leave it out.",
      },
    ]);
    expect(offer.resources.map(({ name }) => name)).toEqual(["networking.gke.io.networks/rdma-0"]);
    expect(JSON.parse(offer.annotations["networking.gke.io/interfaces"]!)[1]).toEqual({
      interfaceName: "eth1",
      network: "rdma-0",
    });
    expect(valuesOf(offer.environment.mpi)).toEqual({
      FI_PROVIDER: "verbs;ofi_rxm",
      FI_VERBS_INLINE_SIZE: "39",
      FI_OFI_RXM_BUFFER_SIZE: "4096",
    });
  });

  it("names the eight GPU networks of TCPXO, and the four of TCPX in NCCL's variable", () => {
    const mega = poolOffer(typeOf("a3-megagpu-8g")).offer;
    expect(mega.resources.at(-1)!.name).toBe("networking.gke.io.networks/vpc8");
    expect(Object.keys(valuesOf(mega.environment.nccl))).toEqual(["LD_LIBRARY_PATH", "NCCL_FASTRAK_LLCM_DEVICE_DIRECTORY"]);
    const high = poolOffer(typeOf("a3-highgpu-8g")).offer;
    expect(valuesOf(high.environment.nccl).NCCL_GPUDIRECTTCPX_SOCKET_IFNAME).toBe("eth1,eth2,eth3,eth4");
    expect(high.environment.mpi.notes).toEqual(["GPUDirect-TCPX carries NCCL only; MPI runs over TCP on eth0."]);
  });
});

describe("an InfiniBand pool", () => {
  it("keeps MPI and NCCL on the compute adapters, by whole names", () => {
    const { environment } = poolOffer(dgx).offer;
    expect(valuesOf(environment.mpi)).toEqual({
      UCX_NET_DEVICES: "mlx5_0:1,mlx5_3:1,mlx5_4:1,mlx5_5:1,mlx5_6:1,mlx5_9:1,mlx5_10:1,mlx5_11:1",
    });
    expect(valuesOf(environment.nccl)).toEqual({ NCCL_IB_HCA: "=mlx5_0,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_9,mlx5_10,mlx5_11" });
  });

  it("asks for one share of the RDMA plugin's resource, whose number only the site's configuration knows", () => {
    const resource = poolOffer(dgx, { rdmaResource: "rdma/ib" }).offer.resources.find(({ name }) => name === "rdma/ib")!;
    expect(resource.perBroker).toBe(1);
    expect(resource).not.toHaveProperty("perNode");
    expect(poolOffer(dgx).offer.gpus).toBe(8);
  });

  it("sets nothing on a machine with one adapter, or with Ethernet alone", () => {
    for (const name of ["cpu-infiniband", "cpu-generic"]) {
      expect(poolOffer(typeOf(name)).offer.environment.mpi.variables).toEqual([]);
    }
  });
});

describe("the user's environment", () => {
  it("wins over what is derived, with a warning where they differ", () => {
    const { offer, warnings } = poolOffer(graviton, { environment: { OMP_NUM_THREADS: "1", FI_PROVIDER: "tcp" } }, "pool");
    expect(offer.environment.mpi.variables.map(({ name, value, by }) => [name, value, by])).toEqual([
      ["FI_PROVIDER", "tcp", "user"],
      ["OMP_NUM_THREADS", "1", "user"],
    ]);
    expect(warnings).toEqual([
      {
        path: "pool.environment.FI_PROVIDER",
        value: "tcp",
        message: 'Your value replaces "efa". Without it libfabric falls back to TCP silently when EFA cannot be used.',
        fix: "Remove it to have the derived value, or leave it if you know better.",
      },
    ]);
  });

  it("is no contradiction when it says the same", () => {
    const { offer, warnings } = poolOffer(graviton, { environment: { FI_PROVIDER: "efa" } });
    expect(offer.environment.mpi.variables.map(({ by }) => by)).toEqual(["turducken"]);
    expect(warnings).toEqual([]);
  });

  it("is warned of where a value is known to do harm on this fabric, and only there", () => {
    const environment = { NCCL_IB_DISABLE: "1", RDMAV_FORK_SAFE: "1" };
    expect(poolOffer(dgx, { environment }).warnings.map(({ path }) => path)).toEqual(["dgx-h100.environment.NCCL_IB_DISABLE"]);
    expect(poolOffer(graviton, { environment }).warnings.map(({ path }) => path)).toEqual([
      "hpc7g.16xlarge.environment.RDMAV_FORK_SAFE",
    ]);
    expect(poolOffer(dgx, { environment: { NCCL_IB_DISABLE: "0" } }).warnings).toEqual([]);
  });

  it("may have names that objects have", () => {
    const environment = JSON.parse('{"constructor": "x", "__proto__": "y"}') as Record<string, string>;
    expect(valuesOf(poolOffer(dgx, { environment }).offer.environment.mpi).constructor).toBe("x");
  });
});

describe("images", () => {
  it("match the architecture, and the container's system where one is named", () => {
    expect(poolOffer(graviton).offer.images).toMatchObject({
      operator: "ghcr.io/flux-framework/flux-operator:arm",
      view: "ghcr.io/converged-computing/flux-view-rocky:arm-9",
    });
    expect(poolOffer(dgx, { viewOs: "ubuntu-jammy" }).offer.images).toMatchObject({
      operator: "ghcr.io/flux-framework/flux-operator:latest",
      view: "ghcr.io/converged-computing/flux-view-ubuntu:tag-jammy",
    });
  });

  it("leave the view out where none is published, and list those there are", () => {
    const { offer, problems } = poolOffer(graviton, { viewOs: "ubuntu-noble" });
    expect(offer.images).not.toHaveProperty("view");
    expect(problems.map(({ path, allowed }) => [path, allowed])).toEqual([
      ["hpc7g.16xlarge.viewOs", "ubuntu-jammy, ubuntu-focal, rocky-9, rocky-8"],
    ]);
  });
});

describe("options that cannot be", () => {
  it("are all named at once, and the offer is made without them", () => {
    const { offer, problems } = poolOffer(
      graviton,
      { brokersPerNode: 65, memoryCapacityMiB: Number.NaN, hugePages2Mi: 65537 },
      "p",
    );
    expect(problems.map(({ path, allowed }) => [path, allowed])).toEqual([
      ["p.brokersPerNode", "1 to 64"],
      ["p.memoryCapacityMiB", "a number above 0, in MiB"],
      ["p.hugePages2Mi", "0 to 65536 pages of 2 MiB"],
    ]);
    expect(offer).toEqual(poolOffer(graviton).offer);
  });

  it("are warned of when brokers outnumber devices that cannot be shared", () => {
    const { offer, problems, warnings } = poolOffer(graviton, { brokersPerNode: 2 }, "p");
    expect(offer.resources.map(({ perBroker }) => perBroker)).toEqual([0]);
    expect(problems).toEqual([]);
    expect(warnings.map(({ path, value, allowed }) => [path, value, allowed])).toEqual([["p.brokersPerNode", 2, "at most 1"]]);
    expect(poolOffer(h4d, { brokersPerNode: 2 }).offer.annotations).toEqual({});
  });

  it("is a warning to use a type that only documentation speaks of", () => {
    expect(poolOffer({ ...graviton, verified: false }).warnings.map(({ path, value }) => [path, value])).toEqual([
      ["hpc7g.16xlarge", "hpc7g.16xlarge"],
    ]);
  });
});
