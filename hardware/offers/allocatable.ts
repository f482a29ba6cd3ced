import type { MachineType } from "../types";
import type { CpuOffer, KubeletOf, MemoryOffer } from "./types";

/** The kubelet's hard eviction threshold for memory, in MiB; nodeadm and GKE keep it (kubernetes/kubernetes:pkg/kubelet/eviction/defaults_linux.go@2b02db1). */
const EVICTION_MIB = 100;

/** Upper end of a range, and the share of it that is kept back. */
type Range = readonly [upTo: number, share: number];

/**
 * CPU that EKS and GKE keep back, both alike: 6 % of the first CPU, 1 % of the second, 0.5 % of the next two, 0.25 % of the
 * others. In millicores. awslabs/amazon-eks-ami:nodeadm/internal/kubelet/config.go@0137549 (`getCPUMillicoresToReserve`) and
 * https://docs.cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes
 */
const CPU_RANGES: readonly Range[] = [
  [1000, 0.06],
  [2000, 0.01],
  [4000, 0.005],
  [Infinity, 0.0025],
];

/** Memory that GKE keeps back, ranges in MiB; machines below 1 GiB are no compute nodes. The page is that of CPU_RANGES. */
const GKE_MEMORY_RANGES: readonly Range[] = [
  [4096, 0.25],
  [8192, 0.2],
  [16384, 0.1],
  [131072, 0.06],
  [Infinity, 0.02],
];

const RULES: Readonly<Record<KubeletOf, string>> = {
  eks: "nodeadm: 11 MiB for each pod that card 0's interfaces have addresses for, and 255 MiB (awslabs/amazon-eks-ami:nodeadm/internal/kubelet/config.go@0137549)",
  gke: "GKE: 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % up to 128 GiB, 2 % above (https://docs.cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes)",
  kubeadm: "kubeadm keeps nothing back; what the system itself uses is not subtracted",
};

function keptBack(total: number, ranges: readonly Range[]): number {
  let from = 0;
  let sum = 0;
  for (const [upTo, share] of ranges) {
    if (total <= from) break;
    // Each range is rounded down by itself, as nodeadm and GKE's calculators do.
    sum += Math.floor((Math.min(total, upTo) - from) * share + 1e-9);
    from = upTo;
  }
  return sum;
}

/**
 * Pods that nodeadm counts addresses for: interfaces of card 0 × (addresses of each − 1) + 2. It does not know that an
 * `efa-only` interface has no address, so this is what it keeps memory back for even where fewer pods fit
 * (awslabs/amazon-eks-ami:nodeadm/internal/kubelet/eni_max_pods.go@81fec2e8).
 */
export function nodeadmMaxPods(type: MachineType): number | undefined {
  if (type.provider !== "aws") return undefined;
  const first = type.aws.networkCards[0];
  return first && first.interfaces * (type.aws.ipv4PerInterface - 1) + 2;
}

/** Memory of a node that pods can ask for. Huge pages are gone from it whether used or not. */
export function memoryOffer(
  type: MachineType,
  kubelet: KubeletOf,
  hugePagesMiB: number,
  capacityMiB: number | undefined,
): MemoryOffer {
  const capacity = capacityMiB ?? Math.floor(type.memoryGiB * 1024);
  const reserved = memoryKeptBack(type, kubelet, capacity);
  return {
    capacityMiB: capacity,
    nominal: capacityMiB === undefined,
    hugePagesMiB,
    reservedMiB: reserved,
    evictionMiB: EVICTION_MIB,
    allocatableMiB: Math.max(0, capacity - hugePagesMiB - reserved - EVICTION_MIB),
    rule: RULES[kubelet],
  };
}

function memoryKeptBack(type: MachineType, kubelet: KubeletOf, capacityMiB: number): number {
  if (kubelet === "gke") return keptBack(capacityMiB, GKE_MEMORY_RANGES);
  const pods = kubelet === "eks" ? nodeadmMaxPods(type) : undefined;
  return pods === undefined ? 0 : 11 * pods + 255;
}

/** CPUs of a node that pods can ask for. */
export function cpuOffer(type: MachineType, kubelet: KubeletOf): CpuOffer {
  const capacity = type.cores * type.threadsPerCore;
  const reserved = kubelet === "kubeadm" ? 0 : keptBack(capacity * 1000, CPU_RANGES);
  return { capacity, reservedMillicores: reserved, allocatableMillicores: capacity * 1000 - reserved };
}
