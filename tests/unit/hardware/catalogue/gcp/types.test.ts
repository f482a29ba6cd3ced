import { gcpTypes } from "../../../../../hardware/catalogue/gcp";
import type { GcpMachineType } from "../../../../../hardware/types";
import { fabricInterfaces } from "../../../../../hardware/fabric/infiniband";

const row = (name: string): GcpMachineType => gcpTypes.find((type) => type.name === name)!;

/** name, vCPU, threads per core, cores, GiB, architecture. */
const SIZES: readonly [string, number, 1 | 2, number, number, string][] = [
  ["a2-highgpu-8g", 96, 2, 48, 680, "amd64"],
  ["a2-ultragpu-8g", 96, 2, 48, 1360, "amd64"],
  ["a2-megagpu-16g", 96, 2, 48, 1360, "amd64"],
  ["a3-highgpu-1g", 26, 2, 13, 234, "amd64"],
  ["a3-highgpu-2g", 52, 2, 26, 468, "amd64"],
  ["a3-highgpu-4g", 104, 2, 52, 936, "amd64"],
  ["a3-highgpu-8g", 208, 2, 104, 1872, "amd64"],
  ["a3-megagpu-8g", 208, 2, 104, 1872, "amd64"],
  ["g2-standard-96", 96, 2, 48, 384, "amd64"],
  ["g4-standard-6", 6, 2, 3, 22, "amd64"],
  ["g4-standard-12", 12, 2, 6, 45, "amd64"],
  ["g4-standard-24", 24, 2, 12, 90, "amd64"],
  ["g4-standard-48", 48, 2, 24, 180, "amd64"],
  ["g4-standard-96", 96, 2, 48, 360, "amd64"],
  ["g4-standard-192", 192, 2, 96, 720, "amd64"],
  ["g4-standard-384", 384, 2, 192, 1440, "amd64"],
  ["a3-ultragpu-8g", 224, 2, 112, 2952, "amd64"],
  ["a3-ultragpu-8g-nolssd", 224, 2, 112, 2952, "amd64"],
  ["a4-highgpu-8g", 224, 2, 112, 3968, "amd64"],
  ["a4x-highgpu-4g", 140, 1, 140, 884, "arm64"],
  ["a4x-maxgpu-4g-metal", 144, 1, 144, 960, "arm64"],
  ["h4d-standard-192", 192, 1, 192, 720, "amd64"],
  ["h4d-highmem-192", 192, 1, 192, 1488, "amd64"],
  ["h4d-highmem-192-lssd", 192, 1, 192, 1488, "amd64"],
  ["h3-standard-88", 88, 1, 88, 352, "amd64"],
  ["c2d-standard-112", 112, 2, 56, 448, "amd64"],
  ["c3-standard-176", 176, 2, 88, 704, "amd64"],
  ["c3-standard-176-lssd", 176, 2, 88, 704, "amd64"],
  ["c3d-standard-360", 360, 2, 180, 1440, "amd64"],
  ["c3d-standard-360-lssd", 360, 2, 180, 1440, "amd64"],
  ["c4-standard-288", 288, 2, 144, 1080, "amd64"],
  ["c4d-standard-384", 384, 2, 192, 1488, "amd64"],
  ["ct5lp-hightpu-1t", 24, 2, 12, 48, "amd64"],
  ["ct5lp-hightpu-4t", 112, 2, 56, 192, "amd64"],
  ["ct5lp-hightpu-8t", 224, 2, 112, 384, "amd64"],
  ["ct6e-standard-1t", 44, 2, 22, 176, "amd64"],
  ["ct6e-standard-4t", 180, 2, 90, 720, "amd64"],
  ["ct6e-standard-8t", 360, 2, 180, 1440, "amd64"],
  ["tpu7x-standard-4t", 224, 2, 112, 960, "amd64"],
];

describe("the machine types of Google Cloud", () => {
  test("are those of the table, in its order", () => {
    expect(gcpTypes.map(({ name }) => name)).toEqual(SIZES.map(([name]) => name));
  });

  test.each(SIZES)("%s has %i vCPUs, %i a core, so %i cores, and %i GiB on %s", (name, vcpus, threads, cores, gib, arch) => {
    const type = row(name);
    expect([type.threadsPerCore, type.cores, type.memoryGiB, type.arch]).toEqual([threads, cores, gib, arch]);
    expect(type.cores * type.threadsPerCore).toBe(vcpus);
  });

  test.each([
    ["a2-highgpu-8g", "NVIDIA-A100-SXM4-40GB", 8, "nvidia-tesla-a100", 320],
    ["a2-ultragpu-8g", "NVIDIA-A100-SXM4-80GB", 8, "nvidia-a100-80gb", 640],
    ["a2-megagpu-16g", "NVIDIA-A100-SXM4-40GB", 16, "nvidia-tesla-a100", 640],
    ["a3-highgpu-1g", "NVIDIA-H100-80GB-HBM3", 1, "nvidia-h100-80gb", 80],
    ["a3-highgpu-4g", "NVIDIA-H100-80GB-HBM3", 4, "nvidia-h100-80gb", 320],
    ["a3-highgpu-8g", "NVIDIA-H100-80GB-HBM3", 8, "nvidia-h100-80gb", 640],
    ["a3-megagpu-8g", "NVIDIA-H100-80GB-HBM3", 8, "nvidia-h100-mega-80gb", 640],
    ["a3-ultragpu-8g", "NVIDIA-H200", 8, "nvidia-h200-141gb", 1128],
    ["a4-highgpu-8g", "NVIDIA-B200", 8, "nvidia-b200", 1440],
    ["a4x-highgpu-4g", "NVIDIA-GB200", 4, "nvidia-gb200", 744],
    ["a4x-maxgpu-4g-metal", "NVIDIA-GB300", 4, "nvidia-gb300", 1116],
    ["g2-standard-96", "NVIDIA-L4", 8, "nvidia-l4", 192],
    ["g4-standard-384", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", 8, "nvidia-rtx-pro-6000", 768],
    ["g4-standard-6", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", 1, "nvidia-rtx-pro-6000", 12],
  ])("%s has %s, %i of them, as %s with %i GB", (name, product, count, label, memory) => {
    const { accelerators, gcp } = row(name);
    expect(accelerators).toEqual({ vendor: "nvidia", product, count, resource: "nvidia.com/gpu" });
    expect([gcp.gkeAccelerator, gcp.gpuMemoryGB]).toEqual([label, memory]);
  });

  test.each([
    ["ct5lp-hightpu-8t", "tpu-v5-lite-podslice", 8],
    ["ct6e-standard-4t", "tpu-v6e-slice", 4],
    ["tpu7x-standard-4t", "tpu7x", 4],
  ])("%s has TPUs under the label %s, %i of them", (name, label, count) => {
    const { accelerators, gcp, fabric } = row(name);
    expect(accelerators).toEqual({ vendor: "google", product: label, count, resource: "google.com/tpu" });
    expect([gcp.gkeAccelerator, fabric.kind]).toEqual([label, "ici"]);
  });

  test.each([
    // name, kind, interfaces, Gbit/s of one, NICs, Gbit/s of all, MTU, profile
    ["a2-ultragpu-8g", "ethernet", 1, 100, undefined, 100, 8896, undefined],
    ["a3-highgpu-2g", "ethernet", 1, 50, 1, 50, undefined, undefined],
    ["a3-highgpu-8g", "tcpx", 4, 200, 5, 1000, 8244, undefined],
    ["a3-megagpu-8g", "tcpxo", 8, 200, 9, 1800, 8244, undefined],
    ["a3-ultragpu-8g", "roce", 8, 400, 10, 3600, 8896, "vpc-roce"],
    ["a4-highgpu-8g", "roce", 8, 400, 10, 3600, 8896, "vpc-roce"],
    ["a4x-highgpu-4g", "roce", 4, 400, 6, 2000, 8896, "vpc-roce"],
    ["a4x-maxgpu-4g-metal", "roce", 8, 400, 6, 3600, 8896, "vpc-roce-metal"],
    ["g4-standard-48", "ethernet", 1, 50, 1, 50, undefined, undefined],
    ["g4-standard-384", "ethernet", 1, 200, 2, 400, undefined, undefined],
    ["h4d-highmem-192-lssd", "falcon", 1, 200, 2, undefined, 8896, "vpc-falcon"],
    ["h3-standard-88", "ethernet", 1, undefined, 1, undefined, 8896, undefined],
    ["c3-standard-176", "ethernet", 1, undefined, undefined, undefined, 8896, undefined],
  ])("%s talks over %s: %i interfaces of %p Gbit/s", (name, ...expected) => {
    const { fabric, gcp } = row(name);
    const found = [
      fabric.kind,
      fabricInterfaces(fabric),
      fabric.rateGbps,
      gcp.nics,
      gcp.bandwidthGbps,
      gcp.mtu,
      gcp.networkProfile,
    ];
    expect(found).toEqual(expected);
  });

  test.each([
    ["a2-highgpu-8g", 0, 0, [8]],
    ["a2-ultragpu-8g", 8, 3000, undefined],
    ["a3-highgpu-1g", 2, 750, undefined],
    ["a3-highgpu-4g", 8, 3000, undefined],
    ["a3-megagpu-8g", 16, 6000, undefined],
    ["a3-ultragpu-8g", 32, 12000, undefined],
    ["a3-ultragpu-8g-nolssd", 0, 0, undefined],
    ["a4-highgpu-8g", 32, 12000, undefined],
    ["a4x-highgpu-4g", 4, 12000, undefined],
    ["g2-standard-96", 0, 0, [8]],
    ["g4-standard-6", 0, 0, undefined],
    ["g4-standard-384", 0, 0, [32]],
    ["h4d-highmem-192", 0, 0, undefined],
    ["h4d-highmem-192-lssd", 10, 3750, undefined],
    ["c3d-standard-360-lssd", 32, 12000, undefined],
  ])("%s comes with %i local SSDs of %i GiB together, and may have %p", (name, count, totalGiB, optional) => {
    const { localDisks, gcp } = row(name);
    expect([localDisks, gcp.localSsd.count, gcp.localSsd.totalGiB, gcp.localSsd.optional]).toEqual([
      count,
      count,
      totalGiB,
      optional,
    ]);
  });

  test.each([
    ["a3-highgpu-8g", ["multi-network"]],
    ["a3-ultragpu-8g", ["managed", "multi-network"]],
    ["a4x-highgpu-4g", ["managed", "multi-network"]],
    ["a4x-maxgpu-4g-metal", ["managed"]],
    ["h4d-standard-192", ["multi-network"]],
    ["h3-standard-88", []],
    ["ct6e-standard-8t", ["managed"]],
  ])("%s has the network paths %j", (name, paths) => {
    expect(row(name).gcp.rdmaPaths).toEqual(paths);
  });

  test.each([
    ["h3-standard-88", false, true],
    ["c2d-standard-112", true, false],
    ["c3-standard-176", true, undefined],
    ["h4d-standard-192", "unverified", undefined],
    ["a4-highgpu-8g", "unverified", true],
  ])("%s: TIER_1 is %p, topology labels are %p", (name, tier1, labels) => {
    const { gcp, topologyTiers } = row(name);
    expect([gcp.tier1, gcp.topologyLabels]).toEqual([tier1, labels]);
    expect(topologyTiers).toEqual(labels === true ? ["leaf", "spine"] : []);
  });

  test("only A4X Max sets huge pages aside, is not autoscaled and runs without shielded nodes", () => {
    const special = gcpTypes.filter(
      ({ hugePages2Mi, gcp }) => hugePages2Mi > 0 || gcp.autoscaling === false || gcp.shieldedNodes === false,
    );
    expect(special.map(({ name, hugePages2Mi, gcp }) => [name, hugePages2Mi, gcp.primaryNic, gcp.image])).toEqual([
      ["a4x-maxgpu-4g-metal", 4096, "IDPF", "COS_CONTAINERD"],
    ]);
  });

  test("fractional G4 types say which part of a GPU they have", () => {
    expect(gcpTypes.flatMap(({ name, gcp }) => (gcp.gpuShare ? [[name, gcp.gpuShare]] : []))).toEqual([
      ["g4-standard-6", 0.125],
      ["g4-standard-12", 0.25],
      ["g4-standard-24", 0.5],
    ]);
  });
});
