import type { ClusterContract } from "../../../../components/contract/contract";
import { fluenceConfig, type FluenceConfig } from "../../../../components/fluence/config";
import { exampleContract, pool } from "../../../fixtures/contract";

export const IMAGE = `registry.invalid/fluence@sha256:${"0".repeat(64)}`;

/** The example with n05 and n06 in a pool of their own. */
export function twoPools(): ClusterContract {
  const base = exampleContract();
  return exampleContract({
    pools: [...base.pools, pool("service")],
    nodes: base.nodes.map((node) => (["n05", "n06"].includes(node.name) ? { ...node, pool: "service" } : node)),
  });
}

export function config(more: object = {}): FluenceConfig {
  return fluenceConfig.parse({ pools: ["compute"], image: IMAGE, ...more });
}
