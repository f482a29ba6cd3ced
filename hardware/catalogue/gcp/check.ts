import type { GcpMachineType } from "../../types";
import { compareGkeVersions, parseGkeVersion } from "./floors";

/** A field that cannot be right, and why. */
export type Finding = readonly [field: string, why: string];

/** What contradicts itself in the Google Cloud facts of a machine type. */
export function gcpFindings(type: GcpMachineType): Finding[] {
  return [...networkFindings(type), ...floorFindings(type), ...saleFindings(type), ...placementFindings(type)];
}

function networkFindings({ gcp, fabric, localDisks, accelerators }: GcpMachineType): Finding[] {
  const found: Finding[] = [];
  const rdma = gcp.networks.filter(({ use }) => use === "rdma");
  const gpu = gcp.networks.filter(({ use }) => use === "gpu");
  if (rdma.length > 0 && (gcp.networkProfile === undefined || gcp.mtu === undefined))
    found.push(["gcp.networkProfile", "an RDMA network needs a profile and an MTU"]);
  if (rdma.length === 0 && gcp.networkProfile !== undefined) found.push(["gcp.networkProfile", "no network carries it"]);
  if ((fabric.kind === "falcon") !== (gcp.networkProfile === "vpc-falcon"))
    found.push(["gcp.networkProfile", "vpc-falcon and the fabric falcon go together"]);
  if ((fabric.kind === "tcpx" || fabric.kind === "tcpxo") && gpu[0]?.networks !== fabric.interfaces)
    found.push(["gcp.networks", "every GPU interface has a VPC of its own"]);
  if (gcp.mtu !== undefined && (gcp.mtu < 1300 || gcp.mtu > 8896)) found.push(["gcp.mtu", "Google's VPCs have 1300 to 8896"]);
  if (gcp.networks.length > 0 && gcp.rdmaPaths.length === 0) found.push(["gcp.rdmaPaths", "its networks reach no pod"]);
  if (gcp.rdmaPaths.includes("managed") !== (gcp.deviceClass !== undefined))
    found.push(["gcp.deviceClass", "the managed path and its device class go together"]);
  if ((accelerators !== undefined) !== (gcp.gkeAccelerator !== undefined))
    found.push(["gcp.gkeAccelerator", "accelerators and GKE's name for them go together"]);
  if (gcp.localSsd.count !== localDisks) found.push(["localDisks", "differs from gcp.localSsd.count"]);
  if (gcp.localSsd.count > 0 === (gcp.localSsd.totalGiB === 0)) found.push(["gcp.localSsd", "disks and their size go together"]);
  return found;
}

function floorFindings({ gcp }: GcpMachineType): Finding[] {
  const found: Finding[] = [];
  if (new Set(gcp.floors.map(({ feature }) => feature)).size < gcp.floors.length)
    found.push(["gcp.floors", "a feature is listed twice"]);
  for (const { feature, versions } of gcp.floors) {
    const parsed = versions.map(parseGkeVersion);
    if (parsed.length === 0) found.push(["gcp.floors", `${feature} has no version`]);
    parsed.forEach((version, index) => {
      const before = parsed[index - 1];
      if (!version) found.push(["gcp.floors", `${versions[index]!} is no GKE version`]);
      else if (before && (compareGkeVersions(before, version) >= 0 || before.minor === version.minor))
        found.push(["gcp.floors", `${feature} is not one version for each minor, lowest first`]);
    });
  }
  return found;
}

function saleFindings({ gcp }: GcpMachineType): Finding[] {
  const both = gcp.consumption.filter((way) => gcp.notSold?.includes(way));
  return both.length > 0 ? [["gcp.consumption", `${both.join(", ")} is both sold and not sold`]] : [];
}

function placementFindings({ gcp, topologyTiers }: GcpMachineType): Finding[] {
  const found: Finding[] = [];
  const { limits, supported } = gcp.compactPlacement;
  if (limits.length > 0 && supported !== true) found.push(["gcp.compactPlacement", "limits of a placement it does not take"]);
  const wrong = limits.filter(({ machines }) => !Number.isInteger(machines) || machines < 0);
  if (wrong.length > 0) found.push(["gcp.compactPlacement.limits", "a limit is a whole number of machines"]);
  if ((gcp.topologyLabels === true) !== topologyTiers.length > 0)
    found.push(["topologyTiers", "tiers and topology labels go together"]);
  return found;
}
