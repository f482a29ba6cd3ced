import { awsType, awsTypes } from "../../../../../hardware/catalogue/aws";
import { findMachineType, unverifiedWarning } from "../../../../../hardware/catalogue";
import { ACCELERATOR_RESOURCES } from "../../../../../hardware/types";

const names = (types: readonly { name: string }[]) => types.map(({ name }) => name);
const fromApi = awsTypes().filter(({ verified }) => verified);

describe("the EC2 types of the catalogue", () => {
  test("are the 298 with EFA that the API knows, and two that only documentation speaks of", () => {
    expect(fromApi).toHaveLength(298);
    expect(names(awsTypes().filter(({ verified }) => !verified))).toEqual(["p6e-gb200.36xlarge", "trn2u.48xlarge"]);
    expect(fromApi.filter(({ arch }) => arch === "arm64")).toHaveLength(90);
    expect(fromApi.filter(({ aws }) => aws.metal)).toHaveLength(113);
    expect(fromApi.filter(({ aws }) => !aws.currentGeneration)).toHaveLength(10);
    expect(fromApi.filter(({ accelerators }) => accelerators)).toHaveLength(42);
  });

  test("are found by name as any other machine type", () => {
    expect(findMachineType("hpc7g.16xlarge").type).toBe(awsType("hpc7g.16xlarge"));
    expect(awsType("constructor")).toBeUndefined();
  });

  test("carry every field of a row of the table", () => {
    expect(awsType("hpc6id.32xlarge")).toEqual({
      name: "hpc6id.32xlarge",
      provider: "aws",
      arch: "amd64",
      cores: 64,
      threadsPerCore: 1,
      memoryGiB: 1024,
      fabric: { kind: "efa", interfaces: 2, networkCards: 2, rateGbps: 200 },
      localDisks: 4,
      topologyTiers: ["leaf", "spine", "core"],
      hugePages2Mi: 5128,
      verified: true,
      source: "getmoto/moto:moto/ec2/resources/instance_types.json@34d6cad5a",
      aws: {
        networkCards: [
          { interfaces: 1, efa: true },
          { interfaces: 1, efa: true },
        ],
        networkGbps: 200,
        ipv4PerInterface: 50,
        usage: ["on-demand"],
        placement: ["cluster", "partition", "spread"],
        topologyLayers: 3,
        layout: "primary",
        zones: ["eun1-az2", "euw3-az1", "use2-az2"],
        localDisksGB: [3800, 3800, 3800, 3800],
        ebs: { baselineMbps: 87, maximumMbps: 2085, baselineIops: 500, maximumIops: 11000 },
        metal: false,
        currentGeneration: true,
      },
    });
  });

  test("have as many cores, threads and GiB as AWS's pages say", () => {
    const sizes = (name: string) => {
      const { arch, cores, threadsPerCore, memoryGiB, localDisks } = awsType(name)!;
      return [arch, cores, threadsPerCore, memoryGiB, localDisks];
    };
    expect(sizes("hpc7g.16xlarge")).toEqual(["arm64", 64, 1, 128, 0]);
    expect(sizes("hpc8a.96xlarge")).toEqual(["amd64", 192, 1, 768, 0]);
    expect(sizes("c8in.96xlarge")).toEqual(["amd64", 192, 2, 768, 0]);
    expect(sizes("p5.48xlarge")).toEqual(["amd64", 96, 2, 2048, 8]);
    expect(sizes("g7.48xlarge")).toEqual(["amd64", 192, 1, 768, 2]);
    expect(sizes("p6e-gb200.36xlarge")).toEqual(["arm64", 144, 1, 960, 3]);
  });

  test.each([
    ["p4d.24xlarge", "nvidia", "NVIDIA A100", 8, 40960],
    ["p5.4xlarge", "nvidia", "NVIDIA H100", 1, 81920],
    ["p6-b300.48xlarge", "nvidia", "NVIDIA B300", 8, 275040],
    ["g7e.12xlarge", "nvidia", "NVIDIA RTX PRO Server 6000", 2, 98304],
    ["inf1.24xlarge", "aws", "AWS Inferentia", 16, 8192],
    ["trn1n.32xlarge", "aws", "AWS Trainium", 16, 32768],
    ["p6e-gb200.36xlarge", "nvidia", "NVIDIA GB200", 4, 189440],
  ] as const)("%s has the accelerators of its vendor", (name, vendor, product, count, memoryMiB) => {
    const resource = { nvidia: "nvidia.com/gpu", aws: "aws.amazon.com/neuron" }[vendor];
    expect(awsType(name)?.accelerators).toEqual({ vendor, product, count, resource, memoryMiB });
    expect(ACCELERATOR_RESOURCES[vendor]).toBe(resource);
  });
});

describe("what the API does not say", () => {
  test("cards without EFA: card 0 of p6-b300 only", () => {
    const without = fromApi.filter(({ aws }) => aws.networkCards.some(({ efa }) => !efa));
    expect(names(without)).toEqual(["p6-b300.48xlarge"]);
    const cards = without[0]!.aws.networkCards;
    expect(cards.map(({ efa }) => efa)).toEqual([false, ...Array.from({ length: 16 }, () => true)]);
  });

  test("cards that fit a single interface: hpc6id only", () => {
    const single = fromApi.filter(({ aws }) => aws.networkCards.some(({ interfaces }) => interfaces === 1));
    expect(names(single)).toEqual(["hpc6id.32xlarge"]);
  });

  test("layers of DescribeInstanceTopology, as tiers from the leaf up", () => {
    const withLayers = (layers: number) => names(awsTypes().filter(({ aws }) => aws.topologyLayers === layers));
    expect(withLayers(4)).toEqual(["p6-b200.48xlarge", "p6-b300.48xlarge"]);
    expect(withLayers(3)).toEqual([
      ...["g6e.12xlarge", "g6e.16xlarge", "g6e.24xlarge", "g6e.48xlarge", "g6e.8xlarge"],
      ...["g7e.12xlarge", "g7e.24xlarge", "g7e.48xlarge", "g7e.8xlarge"],
      ...["hpc6a.48xlarge", "hpc6id.32xlarge", "hpc7a.12xlarge", "hpc7a.24xlarge", "hpc7a.48xlarge", "hpc7a.96xlarge"],
      ...["hpc7g.16xlarge", "hpc7g.4xlarge", "hpc7g.8xlarge", "hpc8a.96xlarge"],
      ...["p3dn.24xlarge", "p4d.24xlarge", "p4de.24xlarge", "p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge"],
      ...["trn1.32xlarge", "trn1n.32xlarge", "trn2.48xlarge", "p6e-gb200.36xlarge", "trn2u.48xlarge"],
    ]);
    expect(awsType("p6-b200.48xlarge")?.topologyTiers).toEqual(["leaf", "spine", "core", "tier-3"]);
    expect(awsType("hpc7g.16xlarge")?.topologyTiers).toEqual(["leaf", "spine", "core"]);
    expect(awsType("c5n.18xlarge")?.topologyTiers).toEqual([]);
  });

  test("the proven layout: dedicated from P5 on where there are several cards, primary elsewhere", () => {
    expect(names(awsTypes().filter(({ aws }) => aws.layout === "dedicated"))).toEqual([
      ...["p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6-b300.48xlarge", "p6e-gb200.36xlarge"],
    ]);
  });

  test("zones of the HPC types, one a region, and of the scarce GPU types", () => {
    const zones = (name: string) => awsType(name)?.aws.zones;
    expect(zones("hpc6a.48xlarge")).toEqual(["apse1-az1", "apse2-az1", "eun1-az2", "use2-az2"]);
    expect(zones("hpc7a.96xlarge")).toEqual(["eun1-az2", "euw1-az1", "euw3-az1", "use2-az2"]);
    expect(zones("hpc7g.4xlarge")).toEqual(["apne1-az4", "euw1-az1", "use1-az6"]);
    expect(zones("hpc8a.96xlarge")).toEqual(["apne1-az4", "eun1-az2", "use2-az2"]);
    expect(zones("p6-b200.48xlarge")).toEqual(
      ["aps1-az2", "use1-az6", "use2-az1", "use2-az2", "use2-az3"].concat("usw2-az1", "usw2-az2", "usw2-az4"),
    );
    expect(zones("p6-b300.48xlarge")).toEqual(["use1-az6", "usw2-az2"]);
    expect(zones("trn2.48xlarge")).toEqual(["use2-az1", "use2-az2", "use2-az3"]);
    expect(zones("c5n.18xlarge")).toBeUndefined();
    const hpc = fromApi.filter(({ name }) => name.startsWith("hpc"));
    expect(hpc).toHaveLength(10);
    for (const { name, aws } of hpc) {
      const regions = aws.zones!.map((id) => id.split("-")[0]);
      expect([name, new Set(regions).size]).toEqual([name, regions.length]);
    }
  });

  test("capacity blocks: who can be bought that way", () => {
    expect(names(awsTypes().filter(({ aws }) => aws.usage.includes("capacity-block")))).toEqual([
      ...["p4d.24xlarge", "p4de.24xlarge", "p5.48xlarge", "p5.4xlarge", "p5e.48xlarge", "p5en.48xlarge"],
      ...["p6-b200.48xlarge", "p6-b300.48xlarge", "trn1.32xlarge", "trn2.3xlarge", "trn2.48xlarge", "p6e-gb200.36xlarge"],
    ]);
    expect(awsType("hpc7g.16xlarge")?.aws.usage).toEqual(["on-demand"]);
    expect(awsType("trn1n.32xlarge")?.aws.usage).toEqual(["on-demand", "spot"]);
    expect(awsType("c5n.18xlarge")?.aws.usage).toEqual(["on-demand", "spot"]);
    expect(names(fromApi.filter(({ aws }) => !aws.placement.includes("cluster")))).toEqual(["vt1.24xlarge"]);
  });

  test("huge pages of the EFA installer, none on GB200", () => {
    expect(names(awsTypes().filter(({ hugePages2Mi }) => hugePages2Mi !== 5128))).toEqual(["p6e-gb200.36xlarge"]);
    expect(awsType("p6e-gb200.36xlarge")?.hugePages2Mi).toBe(0);
  });
});

describe("the API's oddities", () => {
  test("Trainium2 has 96 GiB, not 512", () => {
    expect(awsType("trn2.48xlarge")?.accelerators?.memoryMiB).toBe(96 * 1024);
    expect(awsType("trn2.3xlarge")?.accelerators?.memoryMiB).toBe(96 * 1024);
    expect(awsType("trn2u.48xlarge")?.accelerators?.memoryMiB).toBe(96 * 1024);
  });

  test("EFA of p6-b200 runs at 400 Gbit/s, twice the API's rate of a card", () => {
    expect(awsType("p6-b200.48xlarge")?.fabric).toEqual({ kind: "efa", interfaces: 8, networkCards: 8, rateGbps: 400 });
    expect(awsType("p6-b200.48xlarge")?.aws.networkGbps).toBe(3200);
  });

  test("the rate of the machine is not that of its cards everywhere", () => {
    const rates = (name: string) => {
      const { fabric, aws } = awsType(name)!;
      return [fabric.rateGbps, aws.networkCards.length, aws.networkGbps];
    };
    expect(rates("p6-b300.48xlarge")).toEqual([400, 17, 6400]);
    expect(rates("hpc7a.96xlarge")).toEqual([150, 2, 300]);
    expect(rates("hpc8a.96xlarge")).toEqual([300, 2, 300]);
    expect(rates("g6e.48xlarge")).toEqual([400, 4, 400]);
    expect(rates("trn1n.32xlarge")).toEqual([100, 16, 1600]);
    expect(rates("i7i.24xlarge")).toEqual([56.25, 1, 56.25]);
  });
});

describe("a type that only documentation speaks of", () => {
  test("says so when it is used", () => {
    expect(unverifiedWarning(awsType("p6e-gb200.36xlarge")!)).toBe(
      "p6e-gb200.36xlarge is known from documentation only " +
        "(https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html): no API or machine confirmed its numbers.",
    );
    expect(unverifiedWarning(awsType("p5.48xlarge")!)).toBeUndefined();
  });

  test("has what is stated, and nothing else", () => {
    expect(awsType("trn2u.48xlarge")?.aws).toMatchObject({ usage: [], placement: [], topologyLayers: 3, networkGbps: 3200 });
    expect(awsType("trn2u.48xlarge")?.aws.zones).toBeUndefined();
    expect(awsType("p6e-gb200.36xlarge")?.aws.networkCards.map(({ interfaces }) => interfaces)).toEqual([
      ...[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2],
    ]);
  });
});
