import type { GangSpec } from "../../../components/gang";
import { domainOf, nodeOf, type FabricTree } from "../../../hardware";

/** The leaves that nodes lie in, each once, in the order of the nodes. */
export function leavesOf(tree: FabricTree, nodes: readonly string[]): string[] {
  return [...new Set(nodes.map((name) => domainOf(tree, nodeOf(tree, name), "leaf") ?? `the unknown leaf of ${name}`))];
}

/** How many gangs are placed whole and in one leaf. */
export function inOneLeaf(
  tree: FabricTree,
  gangs: readonly Pick<GangSpec, "name" | "nodes">[],
  placed: ReadonlyMap<string, readonly string[]>,
): number {
  const whole = gangs.map(({ name, nodes }) => (placed.get(name)?.length === nodes ? placed.get(name)! : []));
  return whole.filter((nodes) => leavesOf(tree, nodes).length === 1).length;
}
