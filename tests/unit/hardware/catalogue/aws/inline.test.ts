import fc from "fast-check";
import { awsType } from "../../../../../hardware/catalogue/aws";
import { findMachineType } from "../../../../../hardware/catalogue";
import { validateInlineTypes } from "../../../../../hardware/catalogue/inline";
import { efaInterfaces } from "../../../../../hardware/fabric/efa";
import type { AwsMachineType } from "../../../../../hardware/types";

const BOTH = ["bare-metal", "aws"] as const;
const validate = (raw: unknown) => validateInlineTypes(raw, "cluster.machineTypes", BOTH);
const least = () => ({
  provider: "aws",
  cores: 96,
  memoryGiB: 2048,
  fabric: { kind: "efa", rateGbps: 400 },
  aws: { networkCards: [{ interfaces: 4 }], ipv4PerInterface: 50 },
});

describe("an EC2 type that the catalogue lacks", () => {
  test("needs cores, memory, fabric, cards and addresses; the rest has defaults", () => {
    const { types, problems } = validate({ "x9n.48xlarge": least() });
    expect(problems).toEqual([]);
    const expected: AwsMachineType = {
      name: "x9n.48xlarge",
      provider: "aws",
      arch: "amd64",
      cores: 96,
      threadsPerCore: 1,
      memoryGiB: 2048,
      fabric: { kind: "efa", interfaces: 1, networkCards: 1, rateGbps: 400 },
      localDisks: 0,
      topologyTiers: [],
      hugePages2Mi: 5128,
      verified: true,
      source: "user",
      aws: {
        networkCards: [{ interfaces: 4, efa: true }],
        networkGbps: 400,
        ipv4PerInterface: 50,
        usage: ["on-demand"],
        placement: ["cluster", "partition", "spread"],
        topologyLayers: 0,
        layout: "primary",
        localDisksGB: [],
        metal: false,
        currentGeneration: true,
      },
    };
    expect(types).toEqual({ "x9n.48xlarge": expected });
    expect(findMachineType("x9n.48xlarge", types).type).toEqual(expected);
  });

  test("takes every field, and gets its interfaces from them", () => {
    const { types, problems } = validate({
      "p7.48xlarge": {
        ...least(),
        arch: "arm64",
        threadsPerCore: 2,
        hugePages2Mi: 0,
        accelerators: { vendor: "aws", product: "AWS Trainium9", count: 16 },
        aws: {
          networkCards: [
            { interfaces: 4, efa: false },
            { interfaces: 2, count: 3 },
          ],
          ipv4PerInterface: 64,
          networkGbps: 1000,
          usage: ["capacity-block"],
          placement: ["cluster"],
          topologyLayers: 4,
          layout: "dedicated",
          zones: ["use1-az6", "usw2-lax1-az1"],
          localDisksGB: [3800, 3800],
          metal: true,
        },
      },
    });
    expect(problems).toEqual([]);
    const type = types["p7.48xlarge"] as AwsMachineType;
    expect(type.accelerators).toEqual({
      vendor: "aws",
      product: "AWS Trainium9",
      count: 16,
      resource: "aws.amazon.com/neuron",
    });
    expect(type.fabric).toEqual({ kind: "efa", interfaces: 3, networkCards: 4, rateGbps: 400 });
    expect(type).toMatchObject({ localDisks: 2, hugePages2Mi: 0, topologyTiers: ["leaf", "spine", "core", "tier-3"] });
    expect(type.aws).toMatchObject({ networkGbps: 1000, usage: ["capacity-block"], metal: true, layout: "dedicated" });
    expect(efaInterfaces(type).plan?.interfaces).toEqual([
      { card: 0, device: 0, type: "interface" },
      { card: 1, device: 0, type: "efa-only" },
      { card: 2, device: 0, type: "efa-only" },
      { card: 3, device: 0, type: "efa-only" },
    ]);
  });

  test("may be one without EFA, for nodes that run no jobs", () => {
    const { types, problems } = validate({
      "m7i.xlarge": {
        ...least(),
        memoryGiB: 16,
        fabric: { kind: "ethernet", rateGbps: 12.5 },
        aws: { networkCards: [{ interfaces: 4 }], ipv4PerInterface: 15 },
      },
    });
    expect(problems).toEqual([]);
    const type = types["m7i.xlarge"] as AwsMachineType;
    expect(type.fabric).toEqual({ kind: "ethernet", rateGbps: 12.5 });
    expect(type).toMatchObject({ hugePages2Mi: 0, aws: { networkCards: [{ interfaces: 4, efa: false }], networkGbps: 12.5 } });
    expect(efaInterfaces(type).problems).toHaveLength(1);
  });

  test("gets a layout that it can have", () => {
    const layoutOf = (name: string, networkCards: unknown) =>
      (validate({ [name]: { ...least(), aws: { networkCards, ipv4PerInterface: 50 } } }).types[name] as AwsMachineType).aws
        .layout;
    expect(layoutOf("p7.48xlarge", [{ interfaces: 4, count: 8 }])).toBe("dedicated");
    expect(layoutOf("p7.48xlarge", [{ interfaces: 1, count: 8 }])).toBe("primary");
    expect(layoutOf("hpc9a.96xlarge", [{ interfaces: 2, count: 2 }])).toBe("primary");
    expect(layoutOf("hpc9a.96xlarge", [{ interfaces: 2, efa: false }, { interfaces: 2 }])).toBe("dedicated");
  });

  test("shows every mistake at once, with its path", () => {
    const { types, problems } = validate({
      hpc9z: {
        provider: "aws",
        cores: 0,
        memoryGiB: 1,
        topologyTiers: ["leaf"],
        accelerators: { vendor: "intel", product: "", count: 1, resource: "gpu" },
        fabric: { kind: "infiniband", rateGbps: 0, hcas: [] },
        aws: {
          networkCards: [{ interfaces: 0 }, 3, { interfaces: 1, count: 1e9, efas: true }],
          usage: ["lent"],
          placement: ["cluster", "cluster"],
          topologyLayers: 2,
          layout: "both",
          zones: ["us-east-1a"],
          localDisksGB: [-1],
          metal: "no",
          ipv4perInterface: 50,
        },
      },
    });
    expect(types).toEqual({});
    expect(problems.map(({ path }) => path.replace("cluster.machineTypes.hpc9z", ""))).toEqual([
      "",
      ".cores",
      ".topologyTiers",
      ".accelerators.vendor",
      ".accelerators.product",
      ".accelerators.resource",
      ".fabric.kind",
      ".fabric.rateGbps",
      ".fabric.hcas",
      ".aws.ipv4PerInterface",
      ".aws.usage",
      ".aws.placement",
      ".aws.topologyLayers",
      ".aws.layout",
      ".aws.zones",
      ".aws.localDisksGB",
      ".aws.metal",
      ".aws.ipv4perInterface",
      ".aws.networkCards[0].interfaces",
      ".aws.networkCards[1]",
      ".aws.networkCards[2].count",
      ".aws.networkCards[2].efas",
    ]);
    expect(problems.find(({ path }) => path.endsWith("ipv4perInterface"))?.fix).toBe("Did you mean ipv4PerInterface?");
  });

  test.each([
    ["no card with EFA", { networkCards: [{ interfaces: 4, efa: false }] }, {}, "aws.networkCards"],
    ["EFA on ethernet", { networkCards: [{ interfaces: 4, efa: true }] }, { kind: "ethernet" }, "aws.networkCards"],
    ["primary without EFA on card 0", { networkCards: [{ interfaces: 4, efa: false }, { interfaces: 4 }], layout: "primary" }, {}, "aws.layout"], // prettier-ignore
    ["dedicated with one place on card 0", { networkCards: [{ interfaces: 1 }], layout: "dedicated" }, {}, "aws.layout"],
    [
      "too many cards",
      {
        networkCards: [
          { interfaces: 4, count: 100 },
          { interfaces: 4, count: 100 },
        ],
      },
      {},
      "aws.networkCards",
    ],
  ])("is refused with %s", (_, aws, fabric, path) => {
    const base = least();
    const raw = { ...base, fabric: { ...base.fabric, ...fabric }, aws: { ...base.aws, ...aws } };
    const { types, problems } = validate({ "x9n.48xlarge": raw });
    expect(types).toEqual({});
    expect(problems.map((one) => one.path)).toEqual([`cluster.machineTypes.x9n.48xlarge.${path}`]);
  });

  test("is refused when the huge pages take all memory", () => {
    const { problems } = validate({ "x9n.48xlarge": { ...least(), memoryGiB: 8 } });
    expect(problems.map(({ path, value }) => [path, value])).toEqual([["cluster.machineTypes.x9n.48xlarge.hugePages2Mi", 5128]]);
  });

  test("cannot stand for a type of the catalogue, but for one that nobody confirmed", () => {
    expect(validate({ "hpc7g.16xlarge": least() }).problems.map(({ message }) => message)).toEqual([
      "The catalogue has a machine type of this name.",
    ]);
    const own = validate({ "p6e-gb200.36xlarge": least() });
    expect(own.problems).toEqual([]);
    const found = findMachineType("p6e-gb200.36xlarge", own.types).type;
    expect(found).toMatchObject({ cores: 96, verified: true, source: "user" });
    expect(found).not.toEqual(awsType("p6e-gb200.36xlarge"));
  });
});

describe("the provider of a type that a user defines", () => {
  const site = { cores: 4, memoryGiB: 8, fabric: { kind: "ethernet", rateGbps: 25 } };

  test("is bare metal unless it is named", () => {
    expect(validate({ site, named: { ...site, provider: "bare-metal" } })).toMatchObject({
      types: { site: { provider: "bare-metal" }, named: { provider: "bare-metal" } },
      problems: [],
    });
    expect(validateInlineTypes({ "x9n.48xlarge": { ...least(), provider: undefined } }, "m", ["aws"])).toMatchObject({
      types: { "x9n.48xlarge": { provider: "aws" } },
      problems: [],
    });
  });

  test("is refused where it is none", () => {
    expect(validate({ site: { ...site, provider: "azure" } }).problems).toEqual([
      {
        path: "cluster.machineTypes.site.provider",
        value: "azure",
        message: "is not what it can be.",
        allowed: "bare-metal, aws",
        fix: "Correct provider.",
      },
    ]);
  });

  test("is no field where only bare metal can be", () => {
    expect(validateInlineTypes({ "x9n.48xlarge": least() }).problems.map(({ path }) => path)).toEqual([
      "cluster.machineTypes.x9n.48xlarge.provider",
      "cluster.machineTypes.x9n.48xlarge.aws",
      "cluster.machineTypes.x9n.48xlarge.fabric.kind",
      "cluster.machineTypes.x9n.48xlarge.fabric.hcas",
    ]);
  });
});

describe("anything at all in the place of an EC2 type", () => {
  /** A right type in which some values, at any depth, are replaced by anything. */
  const spoiled = fc.record(
    {
      provider: fc.oneof(fc.constant("aws"), fc.jsonValue()),
      cores: fc.oneof(fc.constant(96), fc.jsonValue()),
      memoryGiB: fc.oneof({ arbitrary: fc.constant(64), weight: 9 }, fc.jsonValue()),
      accelerators: fc.oneof(fc.constant({ vendor: "aws", product: "X", count: 1 }), fc.constant(undefined), fc.jsonValue()),
      fabric: fc.oneof({ arbitrary: fc.constant({ kind: "efa", rateGbps: 100 }), weight: 9 }, fc.jsonValue()),
      aws: fc.oneof(
        fc.record({
          networkCards: fc.oneof(
            fc.array(fc.record({ interfaces: fc.integer({ min: 0, max: 9 }), efa: fc.boolean() }), {
              minLength: 1,
              maxLength: 3,
            }),
            fc.jsonValue(),
          ),
          ipv4PerInterface: fc.oneof({ arbitrary: fc.constant(50), weight: 9 }, fc.jsonValue()),
          layout: fc.constantFrom("primary", "dedicated", undefined),
        }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  );

  test("gives a type whose interfaces can be laid out, or problems with a path and a fix", () => {
    let right = 0;
    fc.assert(
      fc.property(spoiled, (raw) => {
        const { types, problems } = validateInlineTypes({ "x9n.48xlarge": raw }, "m", ["aws"]);
        const type = types["x9n.48xlarge"] as AwsMachineType | undefined;
        expect(type === undefined).toBe(problems.length > 0);
        for (const { path, message, fix } of problems) expect([path.startsWith("m."), message !== "", fix !== ""]).toEqual([true, true, true]); // prettier-ignore
        if (!type) return;
        right++;
        expect(efaInterfaces(type).problems.length).toBe(type.fabric.kind === "efa" ? 0 : 1);
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(right).toBeGreaterThan(10);
  });
});
