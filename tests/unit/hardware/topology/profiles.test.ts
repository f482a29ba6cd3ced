import fc from "fast-check";
import { nodeLabels } from "../../../../hardware/topology/renderers/labels";
import {
  acceleratorKey,
  LABEL_PROFILES,
  profileProblems,
  topologyKeys,
  type LabelProfile,
} from "../../../../hardware/topology/renderers/profiles";
import { tierNames } from "../../../../hardware/topology/sources/chains";
import { treeFromNodeLabels } from "../../../../hardware/topology/sources/labels";
import { UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import type { FabricTree } from "../../../../hardware/types";

const treeOf = (...chain: string[]): FabricTree => ({
  tiers: tierNames(chain.length),
  nodes: [{ name: "n", chain, padded: [], accelerator: "nvl" }],
});

describe("labels in a profile", () => {
  test.each<[LabelProfile, FabricTree, Record<string, string>]>([
    [
      "topograph",
      treeOf("l", "s", "c"),
      {
        "fabric.topograph.run/tier-0": "l",
        "fabric.topograph.run/tier-1": "s",
        "fabric.topograph.run/tier-2": "c",
        "accelerator.topograph.run/domain": "nvl",
      },
    ],
    [
      "aws",
      treeOf("l", "s", "c"),
      {
        "topology.k8s.aws/network-node-layer-3": "l",
        "topology.k8s.aws/network-node-layer-2": "s",
        "topology.k8s.aws/network-node-layer-1": "c",
        "topology.k8s.aws/ultraserver-id": "nvl",
      },
    ],
    [
      "aws",
      treeOf("l", "s", "c", "t"),
      {
        "topology.k8s.aws/network-node-layer-4": "l",
        "topology.k8s.aws/network-node-layer-3": "s",
        "topology.k8s.aws/network-node-layer-2": "c",
        "topology.k8s.aws/network-node-layer-1": "t",
        "topology.k8s.aws/ultraserver-id": "nvl",
      },
    ],
    [
      "gke",
      treeOf("l", "s"),
      {
        "cloud.google.com/gce-topology-subblock": "l",
        "cloud.google.com/gce-topology-block": "s",
        "nvidia.com/gpu.clique": "nvl",
      },
    ],
  ])("%s are those that it would set", (profile, tree, labels) => {
    expect(nodeLabels(tree, "n", profile)).toEqual(labels);
    expect(topologyKeys(tree, profile).map(({ tier }) => tier)).toEqual(tree.tiers);
    expect(Object.keys(labels)).toContain(acceleratorKey(profile));
  });

  test("are Topograph's unless another profile is asked for", () => {
    const tree = treeOf("l", "s");
    expect(topologyKeys(tree)).toEqual(topologyKeys(tree, "topograph"));
    expect(nodeLabels(tree, "n")).toEqual(nodeLabels(tree, "n", "topograph"));
  });

  test("are refused for a tree with more tiers than the profile has", () => {
    const four = treeOf("l", "s", "c", "t");
    expect(profileProblems(four, "aws")).toEqual([]);
    expect(profileProblems(four, "gke")).toEqual([
      {
        path: "profile",
        value: "gke",
        message: "The fabric tree has 4 tiers (leaf, spine, core, tier-3), and the gke labels hold 2.",
        allowed: "at most 2 tiers",
        fix: "Choose the profile topograph, or leave the upper tiers out of the tree.",
      },
    ]);
    expect(() => nodeLabels(four, "n", "gke")).toThrow(RangeError);
    expect(() => topologyKeys(treeOf("a", "b", "c", "d", "e"), "aws")).toThrow("and the aws labels hold 4");
  });
});

/**
 * Trees that labels can hold: at the nearest and at the farthest tier somebody has a domain (else nobody could see that the
 * tier is there), and every domain has one parent.
 */
function trees(most: number): fc.Arbitrary<FabricTree> {
  const place = fc.record({
    leaf: fc.nat(15),
    padded: fc.integer({ min: 0, max: 2 ** most - 1 }),
    whole: fc.boolean(),
    accelerator: fc.option(fc.nat(3), { nil: undefined }),
  });
  return fc.tuple(fc.integer({ min: 1, max: most }), fc.array(place, { minLength: 1, maxLength: 20 })).map(([count, places]) => {
    const tiers = tierNames(count);
    const nodes = places.map(({ leaf, padded, whole, accelerator }, n) => {
      const unknown = tiers.map((_, tier) => n > 0 && !whole && (padded & (1 << tier)) !== 0);
      return {
        name: `n${n}`,
        chain: tiers.map((_, tier) => (unknown[tier] ? UNKNOWN_DOMAIN : `t${tier}-${leaf >> tier}`)),
        padded: tiers.filter((_, tier) => unknown[tier]),
        ...(accelerator === undefined ? {} : { accelerator: `nvl.${accelerator}` }),
      };
    });
    return { tiers, nodes };
  });
}

const LIMITS: Readonly<Record<LabelProfile, number>> = { topograph: 6, aws: 4, gke: 2 };

test.each(LABEL_PROFILES)("labels of the profile %s give the same tree again", (profile) => {
  fc.assert(
    fc.property(trees(LIMITS[profile]), (tree) => {
      const labelled = tree.nodes.map(({ name }) => ({ name, labels: nodeLabels(tree, name, profile) }));
      const auto = treeFromNodeLabels(labelled);
      expect(auto.problems).toEqual([]);
      expect(auto.tree).toEqual(tree);
      expect(auto.profile).toBe(profile);
      expect(treeFromNodeLabels(JSON.stringify(labelled), { profile }).tree).toEqual(tree);
      expect(auto.warnings.length > 0).toBe(tree.nodes.some(({ padded }) => padded.length > 0));
    }),
    { numRuns: 300 },
  );
});
