import { catalogueProblems } from "../../../../hardware/catalogue/check";
import { findMachineType } from "../../../../hardware/catalogue";
import type { GcpMachineType, MachineType } from "../../../../hardware/types";

const row = (name: string): MachineType => findMachineType(name).type!;
const gcpRow = (name: string): GcpMachineType => row(name) as GcpMachineType;

/** The first problem of one changed row. */
const found = (type: MachineType) => catalogueProblems([type]).map(({ path, message }) => [path, message]);

describe("checking a catalogue", () => {
  test("finds a name that two providers use", () => {
    const twice = [row("dgx-h100"), { ...row("h3-standard-88"), name: "dgx-h100" }];
    expect(catalogueProblems(twice)).toEqual([
      {
        path: "dgx-h100.name",
        message: "dgx-h100: name: is used by bare-metal and by gcp.",
        fix: "Rename one of them.",
      },
    ]);
  });

  const dgx = row("dgx-h100");
  const adapters = (...devices: string[]) => devices.map((device) => ({ device, use: "compute" as const }));

  test.each<[string, MachineType, string]>([
    ["cores that are no whole number", { ...dgx, cores: 55.5 }, "dgx-h100.cores"],
    ["memory of nothing", { ...dgx, memoryGiB: 0 }, "dgx-h100.memoryGiB"],
    [
      "no accelerators among accelerators",
      { ...dgx, accelerators: { ...dgx.accelerators!, count: 0 } },
      "dgx-h100.accelerators.count",
    ],
    [
      "a resource without a domain",
      { ...dgx, accelerators: { ...dgx.accelerators!, resource: "gpu" } },
      "dgx-h100.accelerators.resource",
    ],
    ["huge pages that fill the memory", { ...dgx, hugePages2Mi: 1024 * 1024 }, "dgx-h100.hugePages2Mi"],
    ["tiers that begin in the middle", { ...dgx, topologyTiers: ["spine"] }, "dgx-h100.topologyTiers"],
    ["a source that nobody can open", { ...dgx, source: "known" }, "dgx-h100.source"],
    ["unconfirmed numbers without a page", { ...dgx, verified: false, source: "owner/repo:path@abc" }, "dgx-h100.verified"],
    ["a port of a terabit and more", { ...dgx, fabric: { kind: "ethernet", rateGbps: 3600 } }, "dgx-h100.fabric.rateGbps"],
    ["an adapter twice", { ...dgx, fabric: { kind: "roce", hcas: adapters("a", "a"), rateGbps: 100 } }, "dgx-h100.fabric.hcas"],
    ["no compute adapter", { ...dgx, fabric: { kind: "infiniband", hcas: [], rateGbps: 100 } }, "dgx-h100.fabric.hcas"],
    ["no interfaces", { ...dgx, fabric: { kind: "tcpx", interfaces: 0, rateGbps: 100 } }, "dgx-h100.fabric.interfaces"],
    [
      "more EFAs than cards",
      { ...dgx, fabric: { kind: "efa", interfaces: 2, networkCards: 1, rateGbps: 100 } },
      "dgx-h100.fabric.networkCards",
    ],
    ["capitals in a name", { ...dgx, name: "DGX" }, "DGX.name"],
  ])("finds %s", (_, type, path) => {
    expect(found(type).map(([at]) => at)).toEqual([path]);
  });

  const a3 = gcpRow("a3-ultragpu-8g");
  const h4d = gcpRow("h4d-standard-192");
  const change = (type: GcpMachineType, gcp: Partial<GcpMachineType["gcp"]>): GcpMachineType => ({
    ...type,
    gcp: { ...type.gcp, ...gcp },
  });

  test.each<[string, MachineType, string]>([
    ["an RDMA network without a profile", change(a3, { networkProfile: undefined }), "a3-ultragpu-8g.gcp.networkProfile"],
    ["a profile of the wrong fabric", change(h4d, { networkProfile: "vpc-roce" }), "h4d-standard-192.gcp.networkProfile"],
    ["an MTU that no VPC has", change(a3, { mtu: 9001 }), "a3-ultragpu-8g.gcp.mtu"],
    [
      "GPU interfaces without a VPC each",
      { ...gcpRow("a3-megagpu-8g"), fabric: { kind: "tcpxo", interfaces: 4, rateGbps: 200 } },
      "a3-megagpu-8g.gcp.networks",
    ],
    ["networks that reach no pod", change(h4d, { rdmaPaths: [] }), "h4d-standard-192.gcp.rdmaPaths"],
    ["a managed path without a device class", change(a3, { deviceClass: undefined }), "a3-ultragpu-8g.gcp.deviceClass"],
    ["GPUs without GKE's name", change(a3, { gkeAccelerator: undefined }), "a3-ultragpu-8g.gcp.gkeAccelerator"],
    ["another number of disks", { ...a3, localDisks: 16 }, "a3-ultragpu-8g.localDisks"],
    [
      "a floor that is no version",
      change(h4d, { floors: [{ feature: "rdma", versions: ["1.32"] }] }),
      "h4d-standard-192.gcp.floors",
    ],
    [
      "floors out of order",
      change(h4d, { floors: [{ feature: "rdma", versions: ["1.33.1-gke.1", "1.32.1-gke.1"] }] }),
      "h4d-standard-192.gcp.floors",
    ],
    ["a way to buy in both lists", change(h4d, { notSold: ["spot"] }), "h4d-standard-192.gcp.consumption"],
    ["labels without tiers", { ...a3, topologyTiers: [] }, "a3-ultragpu-8g.topologyTiers"],
  ])("finds on Google Cloud %s", (_, type, path) => {
    expect(found(type).map(([at]) => at)).toEqual([path]);
  });

  test("says what is wrong in a sentence", () => {
    expect(found(change(a3, { mtu: 9001 }))).toEqual([
      ["a3-ultragpu-8g.gcp.mtu", "a3-ultragpu-8g: gcp.mtu: Google's VPCs have 1300 to 8896."],
    ]);
  });
});
