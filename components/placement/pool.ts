import type { ClusterContract } from "../contract/contract";

/** On nodes whose names the contract knows: the layers stack writes which pool they are of. */
export const POOL_LABEL = "turducken.dev/pool";
/** Set by EKS on every node of a managed node group (docs.aws.amazon.com, EKS User Guide, "Managed node groups"). */
export const EKS_POOL_LABEL = "eks.amazonaws.com/nodegroup";
/** Set by GKE on every node (cloud.google.com, GKE, "About node labels"; kubernetes/autoscaler GKE labels). */
export const GKE_POOL_LABEL = "cloud.google.com/gke-nodepool";

/** The key that says which pool a node is of; undefined where nobody sets one. */
export function poolLabelKey(contract: ClusterContract): string | undefined {
  switch (contract.kubernetes.distribution) {
    case "eks":
      return EKS_POOL_LABEL;
    case "gke":
      return GKE_POOL_LABEL;
    default:
      return contract.nodes.length > 0 ? POOL_LABEL : undefined;
  }
}

/** Node selector for a pool's nodes; undefined where no label tells them apart. */
export function poolSelector(contract: ClusterContract, pool: string): Record<string, string> | undefined {
  const key = poolLabelKey(contract);
  return key === undefined ? undefined : { [key]: pool };
}

/** Node selector for one domain of the nearest tier; undefined where the cluster has no tiers. */
export function leafSelector(contract: ClusterContract, leaf: string): Record<string, string> | undefined {
  const [nearest] = contract.topologyKeys;
  return nearest && { [nearest.key]: leaf };
}

/** The contract with the pool on every node's labels, so that what writes topology labels writes it, too. */
export function withPoolLabels(contract: ClusterContract): ClusterContract {
  if (poolLabelKey(contract) !== POOL_LABEL) return contract;
  const nodes = contract.nodes.map((node) => ({ ...node, labels: { ...node.labels, [POOL_LABEL]: node.pool } }));
  return { ...contract, nodes };
}
