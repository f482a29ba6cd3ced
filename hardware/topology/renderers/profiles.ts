import type { HardwareProblem } from "../../problem";
import type { FabricTree, TierName } from "../../types";

/**
 * Who else labels nodes this way: a test cluster that stands elsewhere can carry the labels that AWS or GKE would set, so
 * that what reads them can be tried.
 */
export type LabelProfile = "topograph" | "aws" | "gke";
export const LABEL_PROFILES: readonly LabelProfile[] = ["topograph", "aws", "gke"];

/**
 * Topograph's label keys, tier 0 nearest
 * (NVIDIA/topograph:pkg/engines/k8s/labeler.go@241235aaa522f26953c51305e5d0f49f55db1031, `levelKey`).
 */
export const FABRIC_KEY_PREFIX = "fabric.topograph.run/tier-";
export const ACCELERATOR_KEY = "accelerator.topograph.run/domain";

/**
 * AWS counts from the top: layer 1 is the top, the highest number is nearest the instance; there are three or four
 * (kubernetes/cloud-provider-aws pull request 1038; docs.aws.amazon.com, EKS User Guide, "Schedule ML workloads with topology labels").
 */
export const AWS_LAYER_PREFIX = "topology.k8s.aws/network-node-layer-";
/** Set by SageMaker HyperPod for instances of one UltraServer (docs.aws.amazon.com, SageMaker HyperPod task governance). */
export const AWS_ULTRASERVER_KEY = "topology.k8s.aws/ultraserver-id";
export const AWS_CAPACITY_BLOCK_KEY = "topology.k8s.aws/capacity-block-id";

/** cloud.google.com, "Schedule GKE workloads with Topology Aware Scheduling": block, then sub-block (a rack), then the physical host. */
export const GKE_SUBBLOCK_KEY = "cloud.google.com/gce-topology-subblock";
export const GKE_BLOCK_KEY = "cloud.google.com/gce-topology-block";
export const GKE_HOST_KEY = "cloud.google.com/gce-topology-host";

/** NVIDIA GPU Feature Discovery: `<ClusterUUID>.<CliqueID>` of the NVLink domain. */
export const GPU_CLIQUE_KEY = "nvidia.com/gpu.clique";

interface ProfileKeys {
  /** The most tiers that this profile has keys for. */
  readonly limit: number;
  /** The key of a tier, counted from the nearest, in a tree of so many tiers. */
  readonly key: (tier: number, tiers: number) => string;
  readonly accelerator: string;
}

const PROFILES: Readonly<Record<LabelProfile, ProfileKeys>> = {
  topograph: { limit: 16, key: (tier) => `${FABRIC_KEY_PREFIX}${tier}`, accelerator: ACCELERATOR_KEY },
  aws: { limit: 4, key: (tier, tiers) => `${AWS_LAYER_PREFIX}${tiers - tier}`, accelerator: AWS_ULTRASERVER_KEY },
  gke: { limit: 2, key: (tier) => [GKE_SUBBLOCK_KEY, GKE_BLOCK_KEY][tier]!, accelerator: GPU_CLIQUE_KEY },
};

/** What keeps a tree from being written with a profile's labels; none for `topograph`. */
export function profileProblems(tree: FabricTree, profile: LabelProfile): HardwareProblem[] {
  const { limit } = PROFILES[profile];
  if (tree.tiers.length <= limit) return [];
  return [
    {
      path: "profile",
      value: profile,
      message: `The fabric tree has ${tree.tiers.length} tiers (${tree.tiers.join(", ")}), and the ${profile} labels hold ${limit}.`,
      allowed: `at most ${limit} tiers`,
      fix: "Choose the profile topograph, or leave the upper tiers out of the tree.",
    },
  ];
}

/**
 * Which node label key means which tier, nearest first.
 *
 * @throws RangeError when the tree has more tiers than the profile; see {@link profileProblems}
 */
export function topologyKeys(
  tree: FabricTree,
  profile: LabelProfile = "topograph",
): { readonly tier: TierName; readonly key: string }[] {
  const [problem] = profileProblems(tree, profile);
  if (problem) throw new RangeError(problem.message);
  return tree.tiers.map((tier, index) => ({ tier, key: PROFILES[profile].key(index, tree.tiers.length) }));
}

/** The key of the accelerator (NVLink) domain in a profile. */
export function acceleratorKey(profile: LabelProfile = "topograph"): string {
  return PROFILES[profile].accelerator;
}
