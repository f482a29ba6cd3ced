import type { Fabric, InfiniBandHca } from "../types";

/** Adapters of one use, in the order of the catalogue; none for fabrics that are not made of adapters. */
export function hcasOf(fabric: Fabric, use: InfiniBandHca["use"]): string[] {
  return "hcas" in fabric ? fabric.hcas.filter((hca) => hca.use === use).map(({ device }) => device) : [];
}

/**
 * Interfaces of a node that carry MPI and NCCL: compute adapters, EFA interfaces, GPU networks. Plain Ethernet counts as the
 * one primary interface; ICI as none, because no host interface carries it.
 */
export function fabricInterfaces(fabric: Fabric): number {
  switch (fabric.kind) {
    case "infiniband":
      return hcasOf(fabric, "compute").length;
    case "roce":
      return fabric.interfaces ?? hcasOf(fabric, "compute").length;
    case "efa":
    case "tcpx":
    case "tcpxo":
      return fabric.interfaces;
    case "falcon":
    case "ethernet":
      return 1;
    case "ici":
      return 0;
  }
}
