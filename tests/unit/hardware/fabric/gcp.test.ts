import { gcpTypes } from "../../../../hardware/catalogue/gcp";
import type { RdmaPath } from "../../../../hardware/catalogue/gcp/facts";
import { gcpNetworks, mixedPathProblems } from "../../../../hardware/fabric/gcp";
import type { GcpMachineType } from "../../../../hardware/types";

const row = (name: string): GcpMachineType => gcpTypes.find((type) => type.name === name)!;
const zone = "us-central1-a";
const networksOf = (name: string) => gcpNetworks(row(name), "multi-network", { zone }).result!;
const numbered = (prefix: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + from}`);

describe("networks of the user's own", () => {
  test("for A3 Ultra and A4 are one gVNIC VPC and one RoCE VPC with eight subnets, eth1 to eth9", () => {
    for (const name of ["a3-ultragpu-8g", "a3-ultragpu-8g-nolssd", "a4-highgpu-8g"]) {
      expect(networksOf(name)).toEqual({
        path: "multi-network",
        primaryNic: "GVNIC",
        networks: [
          { name: "gvnic-1", use: "gvnic", subnets: ["gvnic-1"], mtu: 8896, nicType: "GVNIC", deviceMode: "NetDevice" },
          {
            name: "rdma",
            use: "rdma",
            subnets: ["rdma-0", "rdma-1", "rdma-2", "rdma-3", "rdma-4", "rdma-5", "rdma-6", "rdma-7"],
            profile: "us-central1-a-vpc-roce",
            mtu: 8896,
            nicType: "MRDMA",
            deviceMode: "RDMA",
          },
        ],
        interfaces: [
          { interfaceName: "eth1", network: "gvnic-1" },
          ...numbered("rdma-", 8).map((network, index) => ({ interfaceName: `eth${index + 2}`, network })),
        ],
      });
    }
  });

  test("for A4X have four RoCE subnets", () => {
    expect(networksOf("a4x-highgpu-4g").networks.map(({ subnets }) => subnets)).toEqual([["gvnic-1"], numbered("rdma-", 4)]);
  });

  test.each([
    ["a3-highgpu-8g", 4],
    ["a3-megagpu-8g", 8],
  ])("for %s are %i VPCs of one subnet and 8244 bytes, and no other gVNIC", (name, count) => {
    const { networks, interfaces } = networksOf(name);
    expect(networks).toEqual(
      numbered("vpc", count, 1).map((vpc) => ({
        name: vpc,
        use: "gpu",
        subnets: [vpc],
        mtu: 8244,
        nicType: "GVNIC",
        deviceMode: "NetDevice",
      })),
    );
    expect(interfaces.map(({ interfaceName }) => interfaceName)).toEqual(numbered("eth", count, 1));
  });

  test("for H4D are one Falcon VPC with one subnet and an IRDMA NIC", () => {
    expect(networksOf("h4d-highmem-192-lssd").networks).toEqual([
      {
        name: "rdma",
        use: "rdma",
        subnets: ["rdma-0"],
        profile: "us-central1-a-vpc-falcon",
        mtu: 8896,
        nicType: "IRDMA",
        deviceMode: "RDMA",
      },
    ]);
  });

  test("for G4 are one more gVNIC, with the VPC's own MTU", () => {
    expect(networksOf("g4-standard-96").networks).toEqual([
      { name: "gvnic-1", use: "gvnic", subnets: ["gvnic-1"], nicType: "GVNIC", deviceMode: "NetDevice" },
    ]);
  });

  test("there are none for types with one network", () => {
    expect(gcpNetworks(row("h3-standard-88"), undefined, { zone }).result).toEqual({
      primaryNic: "GVNIC",
      networks: [],
      interfaces: [],
    });
  });
});

describe("networks that GKE manages", () => {
  test.each([
    ["a3-ultragpu-8g", "GVNIC", "mrdma.google.com"],
    ["a4-highgpu-8g", "GVNIC", "mrdma.google.com"],
    ["a4x-maxgpu-4g-metal", "IDPF", "mrdma.google.com"],
    ["ct6e-standard-4t", "GVNIC", "netdev.google.com"],
  ])("%s needs no VPC, has %s as its first NIC, and pods claim %s", (name, primaryNic, deviceClass) => {
    expect(gcpNetworks(row(name), "managed", { zone })).toEqual({
      result: {
        path: "managed",
        primaryNic,
        networks: [],
        interfaces: [],
        managed: {
          acceleratorNetworkProfile: "auto",
          deviceClass,
          nodeLabels: { "cloud.google.com/gke-networking-dra-driver": "true" },
          nodeSelector: { "gke.networks.io/accelerator-network-profile": "auto" },
        },
      },
      problems: [],
      warnings: [],
    });
  });
});

describe("paths that a type does not have", () => {
  test.each<[string, RdmaPath | undefined, string, string, string]>([
    [
      "a4x-maxgpu-4g-metal",
      "multi-network",
      "a4x-maxgpu-4g-metal cannot use the path multi-network: Google makes the subnet of a bare-metal machine itself, and multi-networking does not know such machines.",
      "managed",
      "Set rdmaPath to managed.",
    ],
    [
      "h4d-standard-192",
      "managed",
      "h4d-standard-192 cannot use the path managed: Falcon is described for the other path only.",
      "multi-network",
      "Set rdmaPath to multi-network.",
    ],
    [
      "a3-megagpu-8g",
      "managed",
      "a3-megagpu-8g cannot use the path managed: GPUDirect over TCP is described with a VPC of its own for each GPU NIC only.",
      "multi-network",
      "Set rdmaPath to multi-network.",
    ],
    [
      "ct6e-standard-4t",
      "multi-network",
      "ct6e-standard-4t cannot use the path multi-network: no source describes it on the path multi-network.",
      "managed",
      "Set rdmaPath to managed.",
    ],
    ["h3-standard-88", "managed", "h3-standard-88 has no networks beside the primary one.", "none", "Remove rdmaPath."],
    [
      "a4-highgpu-8g",
      undefined,
      "a4-highgpu-8g has networks beside the primary one, and a path must be chosen for them.",
      "managed, multi-network",
      "Set rdmaPath to managed.",
    ],
  ])("%s refuses %s", (name, path, message, allowed, fix) => {
    expect(gcpNetworks(row(name), path, { zone, at: "cluster.pools.p" })).toEqual({
      problems: [{ path: "cluster.pools.p.rdmaPath", value: path, message, allowed, fix }],
      warnings: [],
    });
  });

  test.each(["us-central1", "", "US-CENTRAL1-A", "us-central1-a-vpc-roce", "../x"])("%j is no zone", (wrong) => {
    const { result, problems } = gcpNetworks(row("a4-highgpu-8g"), "multi-network", { zone: wrong });
    expect(result).toBeUndefined();
    expect(problems.map(({ path, message }) => [path, message])).toEqual([
      ["pool.zone", `${JSON.stringify(wrong)} is not the name of a zone.`],
    ]);
  });

  test.each(["us-central1-a", "northamerica-northeast1-b", "europe-west10-c", "us-central1-ai1a"])("%s is a zone", (right) => {
    expect(gcpNetworks(row("a4-highgpu-8g"), "multi-network", { zone: right }).problems).toEqual([]);
  });

  test("a zone where nobody saw the profile is a warning", () => {
    const { result, warnings } = gcpNetworks(row("h4d-standard-192"), "multi-network", { zone: "us-east1-b" });
    expect(result?.networks[0]?.profile).toBe("us-east1-b-vpc-falcon");
    expect(warnings).toEqual([
      "The network profile us-east1-b-vpc-falcon may not exist; zones known to have vpc-falcon: asia-southeast1-a, europe-west4-b, us-central1-a, us-central1-b, us-west4-a.",
    ]);
    expect(gcpNetworks(row("h4d-standard-192"), "multi-network", { zone }).warnings).toEqual([]);
  });
});

describe("two paths in one cluster", () => {
  test("are refused, naming the pool that came first", () => {
    const pools = [
      { name: "system" },
      { name: "gpu", path: "managed" as const },
      { name: "more", path: "managed" as const },
      { name: "h4d", path: "multi-network" as const },
    ];
    expect(mixedPathProblems(pools)).toEqual([
      {
        path: "cluster.pools.h4d.rdmaPath",
        value: "multi-network",
        message: "One cluster has one network path: pool gpu uses managed, pool h4d uses multi-network.",
        allowed: "managed",
        fix: "Use managed in both, or make two clusters.",
      },
    ]);
  });

  test("are no matter when only one is used", () => {
    expect(mixedPathProblems([{ name: "a" }, { name: "b", path: "multi-network" }])).toEqual([]);
    expect(mixedPathProblems([])).toEqual([]);
  });
});
