import { bareMetalTypes } from "../../../../hardware/catalogue/bare-metal";
import { catalogue, findMachineType } from "../../../../hardware/catalogue";
import { catalogueProblems } from "../../../../hardware/catalogue/check";
import { validateInlineTypes } from "../../../../hardware/catalogue/inline";
import type { MachineType } from "../../../../hardware/types";

describe("the catalogue", () => {
  test("contradicts itself nowhere and names no type twice, over every provider", () => {
    expect(catalogueProblems(catalogue())).toEqual([]);
    expect(new Set(catalogue().map(({ provider }) => provider))).toEqual(new Set(["bare-metal", "gcp", "aws"]));
  });
});

describe("looking a machine type up", () => {
  const own = { ...bareMetalTypes[0]!, name: "site-fat" };

  test("finds the user's own types as well as the catalogue's", () => {
    expect(findMachineType("site-fat", { "site-fat": own })).toEqual({ type: own });
    expect(findMachineType("cpu-generic", { "site-fat": own }).type?.name).toBe("cpu-generic");
  });

  test.each([
    ["cpu-genric", ["cpu-generic"]],
    ["DGX-H100", ["dgx-h100", "dgx-a100", "dgx-h200"]],
    ["h100", ["dgx-h100"]],
    ["site-fatt", ["site-fat"]],
    ["a3-ultragpu-8", ["a3-ultragpu-8g", "a2-ultragpu-8g", "a3-ultragpu-8g-nolssd"]],
    ["h4d-highmem-129", ["h4d-highmem-192", "h4d-highmem-192-lssd"]],
    ["zzz", ["site-fat", ...bareMetalTypes.map((row) => row.name)]],
    ["constructor", ["site-fat", ...bareMetalTypes.map((row) => row.name)]],
  ])("answers %s with the nearest names", (name, nearest) => {
    expect(findMachineType(name, { "site-fat": own })).toEqual({ nearest });
  });
});

describe("machine types that a user defines", () => {
  test("are completed with defaults", () => {
    const { types, problems } = validateInlineTypes({
      "site-ib": {
        cores: 64,
        memoryGiB: 256,
        fabric: { kind: "infiniband", rateGbps: 400, hcas: [{ device: "mlx5_0" }, { device: "mlx5_2", use: "storage" }] },
      },
    });
    expect(problems).toEqual([]);
    const expected: MachineType = {
      name: "site-ib",
      provider: "bare-metal",
      arch: "amd64",
      cores: 64,
      threadsPerCore: 1,
      memoryGiB: 256,
      fabric: {
        kind: "infiniband",
        rateGbps: 400,
        hcas: [
          { device: "mlx5_0", use: "compute" },
          { device: "mlx5_2", use: "storage" },
        ],
      },
      localDisks: 0,
      topologyTiers: ["leaf", "spine", "core"],
      hugePages2Mi: 0,
      verified: true,
      source: "user",
    };
    expect(types).toEqual({ "site-ib": expected });
  });

  test("may be absent", () => {
    expect(validateInlineTypes(undefined)).toEqual({ types: {}, problems: [] });
    expect(validateInlineTypes({})).toEqual({ types: {}, problems: [] });
  });

  test("show every mistake at once, with its path", () => {
    const { types, problems } = validateInlineTypes({
      good: { cores: 4, memoryGiB: 8.5, fabric: { kind: "ethernet", rateGbps: 25 } },
      bad: {
        cores: 0,
        memoryGib: 8,
        threadsPerCore: 3,
        topologyTiers: ["spine", "leaf"],
        accelerators: { vendor: "intel", product: "X", count: 1, resource: "gpu" },
        fabric: { kind: "infiniband", rateGbps: "400", hcas: [{ device: "../mlx5_0", use: "storage" }, "mlx5_1"] },
      },
      "cpu-generic": { cores: 4, memoryGiB: 8, fabric: { kind: "ethernet", rateGbps: 25 } },
      Fat: 3,
    });
    expect(Object.keys(types)).toEqual(["good"]);
    expect(problems.map(({ path }) => path)).toEqual([
      "cluster.machineTypes.bad.cores",
      "cluster.machineTypes.bad.threadsPerCore",
      "cluster.machineTypes.bad.memoryGiB",
      "cluster.machineTypes.bad.topologyTiers",
      "cluster.machineTypes.bad.memoryGib",
      "cluster.machineTypes.bad.accelerators.vendor",
      "cluster.machineTypes.bad.accelerators.resource",
      "cluster.machineTypes.bad.fabric.rateGbps",
      "cluster.machineTypes.bad.fabric.hcas[0].device",
      "cluster.machineTypes.bad.fabric.hcas[1]",
      "cluster.machineTypes.cpu-generic",
      "cluster.machineTypes.Fat",
      "cluster.machineTypes.Fat",
    ]);
    expect(problems.find(({ path }) => path.endsWith("memoryGib"))?.fix).toBe("Did you mean memoryGiB?");
    expect(problems.every(({ message, fix }) => message !== "" && fix !== "")).toBe(true);
  });

  test.each([
    ["an adapter listed twice", [{ device: "mlx5_0" }, { device: "mlx5_0" }], "cluster.machineTypes.t.fabric.hcas[1].device"],
    ["storage adapters only", [{ device: "mlx5_0", use: "storage" }], "cluster.machineTypes.t.fabric.hcas"],
    ["no adapter", [], "cluster.machineTypes.t.fabric.hcas"],
  ])("are refused with %s", (_, hcas, path) => {
    const { problems } = validateInlineTypes({ t: { cores: 1, memoryGiB: 1, fabric: { kind: "roce", rateGbps: 400, hcas } } });
    expect(problems.map((one) => one.path)).toEqual([path]);
  });

  test("are refused with adapters on plain Ethernet", () => {
    const { problems } = validateInlineTypes({
      t: { cores: 1, memoryGiB: 1, fabric: { kind: "ethernet", rateGbps: 25, hcas: [{ device: "mlx5_0" }] } },
    });
    expect(problems.map(({ path, message }) => [path, message])).toEqual([
      ["cluster.machineTypes.t.fabric.hcas", "There is no such field."],
    ]);
  });

  test("must be an object by name", () => {
    expect(validateInlineTypes(["x"]).problems.map(({ path }) => path)).toEqual(["cluster.machineTypes"]);
  });
});
