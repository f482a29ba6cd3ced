/** What DescribeInstanceTypes does not say about the EFA types, and where it says it oddly. */
import type { TierName } from "../../types";
import type { EfaLayout, NetworkCard } from "./facts";

/**
 * Cards without EFA. Card 0 of p6-b300 carries plain interfaces only, although the API counts it among the 17 (its EFA
 * maximum is 16): aws/aws-parallelcluster#7143, eksctl-io/eksctl#8685.
 */
const CARDS_WITHOUT_EFA: Readonly<Record<string, readonly number[]>> = { "p6-b300.48xlarge": [0] };

/**
 * Types for which DescribeInstanceTopology answers, with the number of network nodes it gives:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-topology-prerequisites.html. The page names sizes:
 * p5.4xlarge and trn2.3xlarge are not among them.
 */
const FAMILIES_WITH_3_LAYERS = ["g6e", "g7e", "hpc6a", "hpc6id", "hpc7a", "hpc7g", "hpc8a", "p3dn", "p4d", "p4de", "p5"].concat([
  "p5e",
  "p5en",
  "p6e-gb200",
  "trn1",
  "trn1n",
  "trn2",
  "trn2u",
]);
const FAMILIES_WITH_4_LAYERS = ["p6-b200", "p6-b300"];
const SIZES_WITHOUT_LAYERS = ["p5.4xlarge", "trn2.3xlarge"];

/**
 * Where the API's rate is not that of EFA, in Gbit/s of one card. p6-b200: the API gives 200, the rate of plain interfaces;
 * EFA runs at 400, and eight of them are the 3200 of the whole machine
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html).
 */
const EFA_RATES: Readonly<Record<string, number>> = { "p6-b200.48xlarge": 400 };

/**
 * Where the API's accelerator memory is odd, in MiB of one. Trainium2: the API gives 524288; a chip has 96 GiB (1536 GiB
 * for 16: aws-neuron/aws-neuron-sdk, "Amazon EC2 Trn2 Architecture").
 */
const ACCELERATOR_MEMORY: Readonly<Record<string, number>> = { "AWS Trainium2": 98304 };

/**
 * Types whose EFA cards also take a plain interface each in AWS's layout for the most IP bandwidth (800 Gbit/s instead of
 * 100): https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html#efa-for-p5, use case 2.
 */
const EXTRA_INTERFACE_CARDS: Readonly<Record<string, readonly number[]>> = {
  "p5.48xlarge": [4, 8, 12, 16, 20, 24, 28],
  "p5e.48xlarge": [4, 8, 12, 16, 20, 24, 28],
};

/**
 * Huge pages of 2 MiB that the EFA installer sets aside on a node with AL2023 (`vm.nr_hugepages`); a pod that uses EFA asks
 * for 5120Mi of them: https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html. On Bottlerocket the site sets 3000.
 */
export const EFA_HUGE_PAGES = 5128;

/** Cards of a type from the interfaces that fit on each. */
export function networkCards(type: string, interfaces: readonly number[]): NetworkCard[] {
  const without = CARDS_WITHOUT_EFA[type] ?? [];
  return interfaces.map((count, card) => ({ interfaces: count, efa: !without.includes(card) }));
}

/** Layers of the answer of DescribeInstanceTopology, 0 where it does not know the type. */
export function topologyLayers(type: string): 0 | 3 | 4 {
  const family = type.split(".")[0]!;
  if (SIZES_WITHOUT_LAYERS.includes(type)) return 0;
  if (FAMILIES_WITH_4_LAYERS.includes(family)) return 4;
  return FAMILIES_WITH_3_LAYERS.includes(family) ? 3 : 0;
}

/** The layers as tiers, nearest first: the API's last layer, the one next to the instance, is the leaf. */
export function tiersOf(layers: 0 | 3 | 4): readonly TierName[] {
  const tiers: readonly TierName[] = ["leaf", "spine", "core", "tier-3"];
  return tiers.slice(0, layers);
}

/** Rate of one EFA of a type in Gbit/s. */
export const efaRate = (type: string, apiRate: number): number => EFA_RATES[type] ?? apiRate;

/** Memory of one accelerator in MiB. */
export const acceleratorMemory = (product: string, apiMiB: number): number => ACCELERATOR_MEMORY[product] ?? apiMiB;

export const extraInterfaceCards = (type: string): readonly number[] | undefined => EXTRA_INTERFACE_CARDS[type];

/**
 * The layout of a type for users who do not choose. `primary` (an `efa` on card 0, device 0) keeps the number of pods that
 * the kubelet announces true and is what runs on most hardware: hpc8a, p4d and the one-card types
 * (awslabs/awsome-distributed-ai:architectures/aws-pcs/tests/README.md@95b939cd). `dedicated` is what AWS documents for
 * P5 and later machines with several cards, and the only one possible where card 0 carries no EFA; where a single interface
 * fits on card 0, it is `primary` that is the only one.
 */
export function defaultLayout(type: string, cards: readonly NetworkCard[]): EfaLayout {
  if (cards[0]?.efa === false) return "dedicated";
  if (cards[0]?.interfaces === 1) return "primary";
  return cards.length > 1 && /^p([5-9]|[1-9]\d)/.test(type) ? "dedicated" : "primary";
}
