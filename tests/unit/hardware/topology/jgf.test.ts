import fc from "fast-check";
import { jgfText, jgfTypes, renderJgf, type Jgf } from "../../../../hardware/topology/renderers/jgf";
import type { FabricTree } from "../../../../hardware/types";
import { anyTree, sameResources, treeOf } from "./trees";

/** Judges a graph by Fluxion's rules without looking at the renderer: every path is its parent's path and its own name. */
function check(jgf: Jgf): { depthOfNodes: number[]; typesAboveNodes: string[][] } {
  const byId = new Map(jgf.graph.nodes.map((vertex) => [vertex.id, vertex.metadata]));
  expect(byId.size).toBe(jgf.graph.nodes.length);
  expect(new Set(jgf.graph.nodes.map(({ metadata }) => metadata.uniq_id)).size).toBe(byId.size);
  expect(new Set(jgf.graph.nodes.map(({ metadata }) => metadata.paths.containment)).size).toBe(byId.size);
  const parentOf = new Map<string, string>();
  for (const { source, target, metadata } of jgf.graph.edges) {
    expect(metadata).toEqual({ subsystem: "containment", relationship: "contains" });
    expect(parentOf.has(target)).toBe(false);
    parentOf.set(target, source);
  }
  const roots = jgf.graph.nodes.filter(({ id }) => !parentOf.has(id));
  expect(roots.map(({ metadata }) => metadata.type)).toEqual(["cluster"]);
  const above = (id: string): string[] => {
    const parent = parentOf.get(id);
    return parent === undefined ? [] : [...above(parent), byId.get(parent)!.type];
  };
  for (const { id, metadata } of jgf.graph.nodes) {
    const parent = parentOf.get(id);
    const before = parent === undefined ? "" : byId.get(parent)!.paths.containment;
    expect(metadata.paths.containment).toBe(`${before}/${metadata.name}`);
    // Fluxion takes any path with a single slash for a root.
    expect(metadata.name).not.toContain("/");
  }
  const nodes = jgf.graph.nodes.filter(({ metadata }) => metadata.type === "node");
  const ranks = nodes.map(({ metadata }) => metadata.rank);
  expect(new Set(ranks).size).toBe(ranks.length);
  expect(Math.min(...ranks)).toBe(0);
  return { depthOfNodes: nodes.map(({ id }) => above(id).length), typesAboveNodes: nodes.map(({ id }) => above(id)) };
}

const render = (tree: FabricTree, cores = 2) => renderJgf(tree, sameResources(tree, { cores, gpus: 1 }));
const pathsOf = (jgf: Jgf, type: string) =>
  jgf.graph.nodes.filter(({ metadata }) => metadata.type === type).map(({ metadata }) => metadata.paths.containment);

describe("a Fluxion graph", () => {
  test("has every tier between cluster and node, and the core tier is not called like a CPU core", () => {
    const tree = treeOf("n1 l1 s1 c1", "n2 l2 s1 c1", "n3 l3 s2 c1");
    const { output, problems, warnings } = render(tree);
    expect([...problems, ...warnings]).toEqual([]);
    expect(check(output).typesAboveNodes[0]).toEqual(["cluster", "fabriccore", "spine", "leaf"]);
    expect(jgfTypes(tree)).toEqual([
      { tier: "core", type: "fabriccore" },
      { tier: "spine", type: "spine" },
      { tier: "leaf", type: "leaf" },
    ]);
    expect(pathsOf(output, "core")).toEqual(
      [1, 2, 3].flatMap((n) => [0, 1].map((c) => `/cluster/c1/s${n < 3 ? 1 : 2}/l${n}/n${n}/core${c}`)),
    );
    expect(output.graph.nodes.find(({ metadata }) => metadata.type === "node")!.metadata.properties).toEqual({
      "leaf=l1": "",
      "spine=s1": "",
      "core=c1": "",
    });
  });

  test("gives each node of an unknown place its own vertices, so that two of them are never taken for neighbours", () => {
    const { output } = render(treeOf("n1 l1 s1", "n2 - s1", "n3 - s1", "n4 - -", "n5 l5 -", "n6 l5 -"));
    check(output);
    expect(pathsOf(output, "node")).toEqual([
      "/cluster/s1/l1/n1",
      "/cluster/s1/unknown-leaf-0/n2",
      "/cluster/s1/unknown-leaf-1/n3",
      "/cluster/unknown-spine-0/unknown-leaf-2/n4",
      "/cluster/unknown-spine-1/l5/n5",
      "/cluster/unknown-spine-1/l5/n6",
    ]);
  });

  test("never calls an unknown domain like a known one", () => {
    const { output } = render(treeOf("n1 unknown-leaf-0", "n2 -"));
    expect(pathsOf(output, "leaf")).toEqual(["/cluster/unknown-leaf-0", "/cluster/unknown-leaf-1"]);
  });

  test("escapes what would look like a level more", () => {
    const { output } = render(treeOf("n1 MF0;a/b", "n2 MF0;a%2Fb"));
    check(output);
    expect(pathsOf(output, "leaf")).toEqual(["/cluster/MF0;a%2Fb", "/cluster/MF0;a%252Fb"]);
  });

  test("takes ranks from the order of the hosts and places from the tree", () => {
    const tree = treeOf("n1 l1", "n2 l2", "n3 l1");
    const { output, problems } = renderJgf(tree, sameResources(tree, { cores: 1 }), { hostOrder: ["n3", "n1", "n2"] });
    expect(problems).toEqual([]);
    const ranks = output.graph.nodes.filter(({ metadata }) => metadata.type === "node");
    expect(ranks.map(({ metadata }) => [metadata.paths.containment, metadata.rank])).toEqual([
      ["/cluster/l1/n1", 1],
      ["/cluster/l1/n3", 0],
      ["/cluster/l2/n2", 2],
    ]);
    expect(renderJgf(tree, sameResources(tree, { cores: 1 }), { hostOrder: ["n3", "n9", "n3"] }).problems).toEqual([
      expect.objectContaining({ value: "n3", message: "A host is named twice in the order of the ranks." }),
      expect.objectContaining({ value: "n9", message: "A host is not in the fabric tree in the order of the ranks." }),
      expect.objectContaining({ value: "n[1-2]", message: "2 hosts are missing in the order of the ranks." }),
    ]);
  });

  test("pools cores and counts memory in MiB where that is wanted", () => {
    const tree = treeOf("n1 l1");
    const { output } = renderJgf(tree, new Map([["n1", { cores: 8, gpus: 4, memoryGiB: 1.5 }]]), { cores: "pooled" });
    expect(output.graph.nodes.slice(3).map(({ metadata }) => [metadata.name, metadata.size, metadata.unit])).toEqual([
      ["core0", 8, ""],
      ["gpu0", 4, ""],
      ["memory0", 1536, "MB"],
    ]);
  });

  test("of a tree without tiers is cluster and nodes", () => {
    const { output } = render({ tiers: [], nodes: [{ name: "n1", chain: [], padded: [] }] });
    expect(pathsOf(output, "node")).toEqual(["/cluster/n1"]);
    check(output);
  });

  test("says what is wrong with resources, all at once", () => {
    const tree = treeOf("n1 l1", "n2 l1", "n3 l1");
    const { problems, warnings } = renderJgf(
      tree,
      new Map([
        ["n1", { cores: 0 }],
        ["m2", { cores: 4, gpus: -1 }],
      ]),
    );
    expect(problems.map(({ path, value }) => [path, value])).toEqual([
      ["nodes.n1.cores", 0],
      ["nodes.m2.gpus", -1],
      ["nodes", "n[2-3]"],
    ]);
    expect(warnings).toEqual([expect.objectContaining({ value: "m2", fix: "Did you mean n2?" })]);
  });

  test("believes the others of a leaf about its spine, and reports a leaf under two", () => {
    const filled = render(treeOf("n1 l1 s1", "n2 l1 -"));
    expect(pathsOf(filled.output, "leaf")).toEqual(["/cluster/s1/l1"]);
    expect(filled.problems).toEqual([]);
    expect(filled.warnings).toEqual([
      expect.objectContaining({ path: "topology.leaf.l1", value: "n2", fix: "Give these nodes the spine s1." }),
    ]);
    const acrossGap = render(treeOf("n1 l1 - -", "n2 l1 - c1"));
    expect(pathsOf(acrossGap.output, "leaf")).toEqual(["/cluster/c1/unknown-spine-0/l1"]);
    const torn = render(treeOf("n1 l1 s1", "n2 l1 s2"));
    expect(torn.problems).toEqual([expect.objectContaining({ path: "topology.leaf.l1", value: "s1, s2" })]);
    check(torn.output);
  });

  test("is text with a vertex on a line", () => {
    const { output } = render(treeOf("n1 l1"), 1);
    const lines = jgfText(output).split("\n");
    expect(lines[0]).toBe('{"graph":{"nodes":[');
    expect(lines[3]).toBe(
      '{"id":"2","metadata":{"type":"node","basename":"node","name":"n1","id":0,"uniq_id":2,"rank":0,"exclusive":false,"unit":"","size":1,"properties":{"leaf=l1":""},"paths":{"containment":"/cluster/l1/n1"}}},',
    );
    expect(JSON.parse(jgfText(output))).toEqual(output);
  });
});

describe("for any tree", () => {
  test("there are as many vertices of each known domain as labels tell apart: one", () => {
    fc.assert(
      fc.property(anyTree(true), (tree) => {
        const { output } = render(tree);
        for (const { tier, type } of jgfTypes(tree)) {
          const labelled = new Set(
            tree.nodes.flatMap((node) => (node.padded.includes(tier) ? [] : [node.chain[tree.tiers.indexOf(tier)]])),
          );
          const drawn = output.graph.nodes.filter(
            ({ metadata }) => metadata.type === type && !metadata.name.startsWith("unknown-"),
          );
          expect(drawn).toHaveLength(labelled.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("all nodes are at one depth below one root, none is lost, and two runs give the same bytes", () => {
    fc.assert(
      fc.property(anyTree(true), (tree) => {
        const { output } = render(tree);
        const { depthOfNodes, typesAboveNodes } = check(output);
        expect(depthOfNodes).toEqual(tree.nodes.map(() => tree.tiers.length + 1));
        expect(new Set(typesAboveNodes.map((types) => types.join("/"))).size).toBe(1);
        expect(output.graph.nodes.filter(({ metadata }) => metadata.type === "core")).toHaveLength(2 * tree.nodes.length);
        expect(jgfText(render(tree).output)).toBe(jgfText(output));
      }),
    );
  });
});
