/** Small-message latency between two nodes, as measured with osu_latency at 8 bytes. */
export interface LatencyProfile {
  readonly name: string;
  /** Mean of pairs that share their leaf, µs. */
  readonly near: number;
  /** Mean of the other pairs, µs. */
  readonly far: number;
  readonly source: string;
}

/**
 * Measured values. In both studies the latencies of randomly drawn pairs fall into two groups with a gap between them (GKE at
 * 21 µs, EKS at 15 µs); near and far are the means of the groups. Where all nodes shared a sub-block (GKE, 16 nodes) there is
 * only the near group. The pairs are not recorded with their labels, so that near means one leaf is read from this, not from the labels.
 */
export const LATENCY_PROFILES = {
  gke: {
    name: "GKE, h3-standard-88, compact placement",
    near: 19.07,
    far: 23.1,
    source:
      "converged-computing/google-performance-study:experiments/gke/cpu/size-32/logs/osu_latency.out@94833c6b40ed8d887b0dc69b2085a8ef86555881, 13 and 15 pairs",
  },
  eks: {
    name: "EKS, hpc6a.48xlarge, EFA, placement group",
    near: 14,
    far: 16.4,
    source:
      "converged-computing/performance-study:experiments/aws/eks/cpu/size{32,64,128}/results/osu@6f3df687c43df5c3a7b76a73e206481cbbd16457, 27 and 104 pairs",
  },
} as const satisfies Record<string, LatencyProfile>;
