/** The network as nested boxes, from what the cluster stack promises (its output `cluster`). Pure. */
import { clusterContract } from "../../components/contract/contract";
import { type FabricTree, type TierName, UNKNOWN_DOMAIN, drawTree } from "../../hardware";
import { toPlain } from "../engine/properties";
import type { PropertyMap } from "../engine/types";

/** Undefined when the stack gives no contract or its cluster has no known nodes. */
export function drawTopology(outputs: PropertyMap): string | undefined {
  if (outputs.cluster === undefined) return undefined;
  const parsed = clusterContract.safeParse(toPlain(outputs.cluster));
  if (!parsed.success || parsed.data.nodes.length === 0) return undefined;
  const { nodes, topologyKeys } = parsed.data;
  const tiers = topologyKeys.map((each) => each.tier as TierName);
  const tree: FabricTree = {
    tiers,
    nodes: nodes
      .filter((node) => node.schedulable || Object.keys(node.domains).length > 0)
      .map((node) => ({
        name: node.name,
        chain: tiers.map((tier) => node.domains[tier] ?? UNKNOWN_DOMAIN),
        padded: tiers.filter((tier) => node.domains[tier] === undefined),
        accelerator: node.accelerator,
      })),
  };
  return drawTree(tree);
}
