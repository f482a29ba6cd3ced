import fc from "fast-check";
import type { NodeResources, ResourcesByNode } from "../../../../hardware/topology/renderers/nodes";
import { UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import type { FabricTree, TierName } from "../../../../hardware/types";

export const TIERS: readonly TierName[] = ["leaf", "spine", "core", "tier-3"];

/** A tree from lines such as `n01 l1 s1`, `n02 - s1` (leaf unknown) and `n03 l1 s1 @nvl0` (accelerator domain). */
export function treeOf(...lines: string[]): FabricTree {
  const rows = lines.map((line) => line.split(" "));
  const tiers = TIERS.slice(0, Math.max(...rows.map((row) => row.filter((word) => !word.startsWith("@")).length - 1)));
  return {
    tiers,
    nodes: rows.map((row) => {
      const [name, ...rest] = row.filter((word) => !word.startsWith("@"));
      const chain = tiers.map((_, tier) => (rest[tier] ?? "-").replace(/^-$/, UNKNOWN_DOMAIN));
      const accelerator = row.find((word) => word.startsWith("@"))?.slice(1);
      return {
        name: name!,
        chain,
        padded: tiers.filter((_, tier) => chain[tier] === UNKNOWN_DOMAIN),
        ...(accelerator === undefined ? {} : { accelerator }),
      };
    }),
  };
}

export function sameResources(tree: FabricTree, resources: NodeResources): ResourcesByNode {
  return new Map(tree.nodes.map(({ name }) => [name, resources]));
}

/**
 * Trees of 1 to 4 tiers where every domain has one parent; nodes in any order.
 *
 * @param holes whether some nodes lack some domains
 */
export function anyTree(holes: boolean): fc.Arbitrary<FabricTree> {
  return fc
    .record({
      tiers: fc.integer({ min: 1, max: 4 }),
      nodes: fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 40 }),
      spread: fc.array(fc.nat(11), { minLength: 40, maxLength: 40 }),
      missing: fc.array(fc.nat(holes ? 30 : 0), { minLength: 40, maxLength: 40 }),
    })
    .map(({ tiers, nodes, spread, missing }) => {
      const words = TIERS.slice(0, tiers);
      return {
        tiers: words,
        nodes: nodes.map((number, index) => {
          // Each domain's number gives that of its parent, so that none has two.
          const padded = words.filter((_, tier) => ((missing[index]! >> tier) & 1) === 1 && missing[index]! > 15);
          const chain = words.map((word, tier) =>
            padded.includes(word) ? UNKNOWN_DOMAIN : `${word.replace("-", "")[0]!}${tier}-${spread[index]! >> tier}`,
          );
          return { name: `n${String(number).padStart(3, "0")}`, chain, padded };
        }),
      };
    });
}
