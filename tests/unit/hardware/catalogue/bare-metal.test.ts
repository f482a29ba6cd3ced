import { bareMetalTypes } from "../../../../hardware/catalogue/bare-metal";
import { HGX_BOARDS, hgxType } from "../../../../hardware/catalogue/bare-metal/hgx";
import { fabricInterfaces, hcasOf } from "../../../../hardware/fabric/infiniband";

const row = (name: string) => bareMetalTypes.find((type) => type.name === name)!;
const numbered = (...numbers: number[]) => numbers.map((number) => `mlx5_${number}`);

describe("the bare-metal catalogue", () => {
  test("has generic servers by fabric, plain ones first, and NVIDIA's DGX systems", () => {
    expect(bareMetalTypes.map(({ name }) => name)).toEqual([
      "cpu-generic",
      "cpu-infiniband",
      "cpu-roce",
      "dgx-a100",
      "dgx-a100-320gb",
      "dgx-h100",
      "dgx-h200",
      "dgx-b200",
    ]);
  });

  test.each([
    ["dgx-a100", 128, 2048, "NVIDIA-A100-SXM4-80GB", 200, 8],
    ["dgx-a100-320gb", 128, 1024, "NVIDIA-A100-SXM4-40GB", 200, 4],
    ["dgx-h100", 112, 2048, "NVIDIA-H100-80GB-HBM3", 400, 8],
    ["dgx-h200", 112, 2048, "NVIDIA-H200", 400, 8],
    ["dgx-b200", 112, 2048, "NVIDIA-B200", 400, 8],
  ])("%s has %i cores, %i GiB and eight %s on InfiniBand of %i Gbit/s, and %i data disks", (name, ...expected) => {
    const { cores, memoryGiB, accelerators, fabric, localDisks, threadsPerCore } = row(name);
    expect([cores, memoryGiB, accelerators?.product, fabric.rateGbps, localDisks]).toEqual(expected);
    expect([fabric.kind, accelerators?.count, accelerators?.resource, threadsPerCore]).toEqual([
      "infiniband",
      8,
      "nvidia.com/gpu",
      2,
    ]);
  });

  test.each([
    ["dgx-a100", numbered(0, 1, 2, 3, 6, 7, 8, 9), numbered(4, 5, 10, 11)],
    ["dgx-a100-320gb", numbered(0, 1, 2, 3, 6, 7, 8, 9), numbered(4, 5, 10, 11)],
    ["dgx-h100", numbered(0, 3, 4, 5, 6, 9, 10, 11), numbered(1, 7)],
    ["dgx-h200", numbered(0, 3, 4, 5, 6, 9, 10, 11), numbered(1, 7)],
    ["dgx-b200", numbered(4, 7, 8, 9, 10, 13, 14, 15), []],
    ["cpu-infiniband", numbered(0), []],
    ["cpu-roce", numbered(0), []],
    ["cpu-generic", [], []],
  ])("knows the compute adapters of %s from those for storage", (name, compute, storage) => {
    expect(hcasOf(row(name).fabric, "compute")).toEqual(compute);
    expect(hcasOf(row(name).fabric, "storage")).toEqual(storage);
  });
});

describe("counting the interfaces that carry MPI and NCCL", () => {
  test.each([
    [row("dgx-h100").fabric, 8],
    [row("cpu-roce").fabric, 1],
    [{ kind: "roce", hcas: [], interfaces: 4, rateGbps: 400 } as const, 4],
    [{ kind: "efa", interfaces: 32, networkCards: 32, rateGbps: 100 } as const, 32],
    [{ kind: "tcpx", interfaces: 4, rateGbps: 200 } as const, 4],
    [{ kind: "falcon", rateGbps: 200 } as const, 1],
    [{ kind: "ethernet" } as const, 1],
    [{ kind: "ici" } as const, 0],
  ])("%o has %i", (fabric, count) => {
    expect(fabricInterfaces(fabric)).toBe(count);
  });
});

describe("machines with an HGX board", () => {
  const server = {
    cores: 96,
    threadsPerCore: 2,
    memoryGiB: 2048,
    fabric: { kind: "roce", rateGbps: 400, hcas: [{ device: "rocep1s0" }, { device: "mlx5_bond_0", use: "storage" }] },
  };

  test("take the GPUs from the board and the rest from the user", () => {
    const { type, problems } = hgxType("hgx-h200", "site-h200", server);
    expect(problems).toEqual([]);
    expect(type).toEqual({
      name: "site-h200",
      provider: "bare-metal",
      arch: "amd64",
      cores: 96,
      threadsPerCore: 2,
      memoryGiB: 2048,
      accelerators: { vendor: "nvidia", product: "NVIDIA-H200", count: 8, resource: "nvidia.com/gpu" },
      fabric: {
        kind: "roce",
        hcas: [
          { device: "rocep1s0", use: "compute" },
          { device: "mlx5_bond_0", use: "storage" },
        ],
        rateGbps: 400,
      },
      localDisks: 0,
      topologyTiers: ["leaf", "spine", "core"],
      hugePages2Mi: 0,
      verified: true,
      source: "user; https://www.nvidia.com/en-us/data-center/hgx/",
    });
  });

  test("come with eight GPUs each", () => {
    expect(HGX_BOARDS.map(({ name, accelerators }) => [name, accelerators.product, accelerators.count])).toEqual([
      ["hgx-h100", "NVIDIA-H100-80GB-HBM3", 8],
      ["hgx-h200", "NVIDIA-H200", 8],
      ["hgx-b200", "NVIDIA-B200", 8],
    ]);
  });

  test("are refused on a board that does not exist, with the nearest", () => {
    expect(hgxType("hgx-h20", "t", server).problems).toEqual([
      {
        path: "cluster.machineTypes.t.board",
        value: "hgx-h20",
        message: "There is no HGX board of this name.",
        allowed: "hgx-h100, hgx-h200, hgx-b200",
        fix: "Use hgx-h200.",
      },
    ]);
  });

  test("must name their adapters and leave the GPUs to the board, all said at once", () => {
    const { type, problems } = hgxType("hgx-b200", "t", {
      cores: 0,
      memoryGiB: 2048,
      accelerators: {},
      fabric: { kind: "ethernet", rateGbps: 100 },
    });
    expect(type).toBeUndefined();
    expect(problems.map(({ path, message }) => [path, message])).toEqual([
      ["cluster.machineTypes.t.accelerators", "The board decides the accelerators."],
      ["cluster.machineTypes.t.fabric.kind", "An HGX machine needs its adapters, which differ between server makers."],
      ["cluster.machineTypes.t.cores", "is not what it can be."],
    ]);
  });

  test.each([[{ cores: 4, memoryGiB: 8, fabric: null }], [{}], [{ fabric: "ib" }], [null], ["x"], [[]]])(
    "are refused without a stack trace: %j",
    (machine) => {
      expect(hgxType("hgx-h100", "t", machine).problems.length).toBeGreaterThan(0);
    },
  );
});
