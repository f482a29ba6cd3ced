import { domainOf, nodeOf, type FabricTree } from "../../../hardware";

/** The leaves that nodes lie in, each once, in the order of the nodes. */
export function leavesOf(tree: FabricTree, nodes: readonly string[]): string[] {
  return [...new Set(nodes.map((name) => domainOf(tree, nodeOf(tree, name), "leaf") ?? `the unknown leaf of ${name}`))];
}

/** How many gangs lie in one leaf with all of their pods. */
export function inOneLeaf(tree: FabricTree, gangs: ReadonlyMap<string, readonly string[]>): number {
  return [...gangs.values()].filter((nodes) => leavesOf(tree, nodes).length === 1).length;
}
