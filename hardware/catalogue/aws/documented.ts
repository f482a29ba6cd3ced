/**
 * Types that only documentation speaks of: no dump of the API has them, so they are `verified: false` and using one is a
 * warning. A p6e-gb300 is not here: no public source gives its cards and interfaces (NVIDIA/aicr#1410); who has one gives
 * its facts as an own machine type.
 */
import { ACCELERATOR_RESOURCES, type AwsMachineType } from "../../types";
import { defaultLayout, EFA_HUGE_PAGES, tiersOf, topologyLayers } from "./additions";
import type { NetworkCard } from "./facts";

const AC_PAGE = "https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html";

/**
 * Card 0 carries no EFA, the odd cards fit one interface and the even ones two (aws/aws-parallelcluster#6930). AWS's table
 * gives 39 interfaces in all, more than that sum: card 0 may fit more, so the number of pods is a lower bound.
 */
const gb200Cards: readonly NetworkCard[] = Array.from({ length: 17 }, (_, card) => ({
  interfaces: card % 2 === 0 ? 2 : 1,
  efa: card > 0,
}));

/**
 * NVIDIA GB200, four GPUs of an UltraServer whose NVLink domain spans its 9 or 18 instances. One EFA of 400 Gbit/s for each
 * GPU, on cards 1, 5, 9 and 13 (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html#efa-for-p6e);
 * four of them are the 28.8 Tbit/s of 18 instances (https://aws.amazon.com/ec2/ultraservers/), while AWS's table of types
 * says 3200 Gbit/s. AWS's manifests ask for no huge pages here. Sold as capacity blocks only.
 */
const gb200: AwsMachineType = {
  name: "p6e-gb200.36xlarge",
  provider: "aws",
  arch: "arm64",
  cores: 144,
  threadsPerCore: 1,
  memoryGiB: 960,
  accelerators: {
    vendor: "nvidia",
    product: "NVIDIA GB200",
    count: 4,
    resource: ACCELERATOR_RESOURCES.nvidia,
    memoryMiB: 189440,
  },
  fabric: { kind: "efa", interfaces: 4, networkCards: 17, rateGbps: 400 },
  localDisks: 3,
  topologyTiers: tiersOf(topologyLayers("p6e-gb200.36xlarge")),
  hugePages2Mi: 0,
  verified: false,
  source: AC_PAGE,
  aws: {
    networkCards: gb200Cards,
    efaCards: [1, 5, 9, 13],
    networkGbps: 3200,
    ipv4PerInterface: 50,
    usage: ["capacity-block"],
    placement: [],
    topologyLayers: topologyLayers("p6e-gb200.36xlarge"),
    layout: defaultLayout("p6e-gb200.36xlarge", gb200Cards),
    localDisksGB: [7500, 7500, 7500],
    ebs: { baselineMbps: 60000, maximumMbps: 60000, baselineIops: 240000, maximumIops: 240000 },
    metal: false,
    currentGeneration: true,
  },
};

const trn2uCards: readonly NetworkCard[] = Array.from({ length: 16 }, () => ({ interfaces: 2, efa: true }));

/**
 * A trn2.48xlarge inside an UltraServer of four ("Amazon EC2 Trn2 Architecture", aws-neuron/aws-neuron-sdk): 16 cards with
 * 32 interfaces in AWS's table, spread evenly as on trn2.48xlarge. How it is sold, its placement strategies and its local
 * disks are not stated.
 */
const trn2u: AwsMachineType = {
  name: "trn2u.48xlarge",
  provider: "aws",
  arch: "amd64",
  cores: 96,
  threadsPerCore: 2,
  memoryGiB: 2048,
  accelerators: { vendor: "aws", product: "AWS Trainium2", count: 16, resource: ACCELERATOR_RESOURCES.aws, memoryMiB: 98304 },
  fabric: { kind: "efa", interfaces: 16, networkCards: 16, rateGbps: 200 },
  localDisks: 0,
  topologyTiers: tiersOf(topologyLayers("trn2u.48xlarge")),
  hugePages2Mi: EFA_HUGE_PAGES,
  verified: false,
  source: AC_PAGE,
  aws: {
    networkCards: trn2uCards,
    networkGbps: 3200,
    ipv4PerInterface: 50,
    usage: [],
    placement: [],
    topologyLayers: topologyLayers("trn2u.48xlarge"),
    layout: defaultLayout("trn2u.48xlarge", trn2uCards),
    localDisksGB: [],
    ebs: { baselineMbps: 80000, maximumMbps: 80000, baselineIops: 260000, maximumIops: 260000 },
    metal: false,
    currentGeneration: true,
  },
};

export const documentedTypes: readonly AwsMachineType[] = [gb200, trn2u];
