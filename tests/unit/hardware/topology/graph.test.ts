import fc from "fast-check";
import type { FabricGraph, GraphLink, GraphSwitch } from "../../../../hardware/topology/graph/model";
import { domainName, inNaturalOrder, switchNames } from "../../../../hardware/topology/graph/names";
import { groupSiblings } from "../../../../hardware/topology/graph/siblings";
import { treeFromGraph } from "../../../../hardware/topology/graph/tree";
import { labelProblem } from "../../../../hardware/topology/renderers/labels";

/** Collects cables by name; ports are taken in turn, and the name of a thing is its GUID. */
class Cabling {
  readonly hosts = new Map<string, { name: string; adapters: { guid: string; device: string; use: "compute" | "storage" }[] }>();
  readonly switches = new Map<string, GraphSwitch>();
  readonly links: GraphLink[] = [];
  private readonly ports = new Map<string, number>();

  host(name: string, ...leaves: string[]): this {
    const host = this.hosts.get(name) ?? { name, adapters: [] };
    this.hosts.set(name, host);
    for (const leaf of leaves) {
      const device = `mlx5_${host.adapters.length}`;
      host.adapters.push({ guid: `${name} ${device}`, device, use: "compute" });
      this.link(`${name} ${device}`, this.at(leaf));
    }
    return this;
  }

  join(lower: readonly string[], upper: readonly string[]): this {
    for (const below of lower) for (const above of upper) this.link(this.at(below), this.at(above));
    return this;
  }

  at(name: string): string {
    if (!this.switches.has(name)) this.switches.set(name, { guid: name, name, ports: 64 });
    return name;
  }

  link(a: string, b: string): void {
    const end = (guid: string) => {
      const port = (this.ports.get(guid) ?? 0) + 1;
      this.ports.set(guid, port);
      return { guid, port };
    };
    this.links.push({ ends: [end(a), end(b)] });
  }

  graph(without: (link: GraphLink) => boolean = () => false): FabricGraph {
    return {
      hosts: [...this.hosts.values()],
      switches: [...this.switches.values()],
      links: this.links.filter((link) => !without(link)),
    };
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const between = (a: string, b: string) => (link: GraphLink) => link.ends[0].guid === a && link.ends[1].guid === b;

/** Pods of leaves with `hosts` hosts each, under the pod's own spines, under cores that serve all pods. */
function clos(pods: number, leaves: number, hosts: number, spines: number, cores: number): Cabling {
  const fabric = new Cabling();
  for (const pod of range(pods)) {
    const names = range(leaves).map((leaf) => `p${pod}l${leaf}`);
    for (const leaf of names) for (const host of range(hosts)) fabric.host(`${leaf}h${host}`, leaf);
    fabric.join(
      names,
      range(spines).map((spine) => `p${pod}s${spine}`),
    );
    if (cores > 0) {
      fabric.join(
        range(spines).map((spine) => `p${pod}s${spine}`),
        range(cores).map((core) => `c${core}`),
      );
    }
  }
  return fabric;
}

const chains = (graph: FabricGraph) =>
  Object.fromEntries(treeFromGraph(graph).tree.nodes.map(({ name, chain }) => [name, chain.join(" ")]));
const warningsOf = (graph: FabricGraph) => treeFromGraph(graph).warnings.map(({ message }) => message);

describe("the tree of a discovered fabric", () => {
  test("has a tier for each level of a folded Clos, although every leaf has several spines", () => {
    const { tree, problems, warnings } = treeFromGraph(clos(3, 2, 2, 2, 4).graph());
    expect([problems, warnings]).toEqual([[], []]);
    expect(tree.tiers).toEqual(["leaf", "spine", "core"]);
    expect(tree.nodes[0]).toEqual({ name: "p1l1h1", chain: ["p1l1", "p1s1..2", "c1..4"], padded: [] });
    expect(tree.nodes.map(({ chain }) => chain[1])).toEqual(
      ["p1s1..2", "p2s1..2", "p3s1..2"].flatMap((domain) => Array<string>(4).fill(domain)),
    );
  });

  test("takes eight rails for one domain, also when each rail has spines of its own", () => {
    const fabric = new Cabling();
    for (const unit of [1, 2]) {
      for (const host of [1, 2, 3]) fabric.host(`u${unit}h${host}`, ...range(8).map((rail) => `u${unit}r${rail}`));
      for (const rail of range(8)) fabric.join([`u${unit}r${rail}`], [`s${rail}a`, `s${rail}b`]);
    }
    const { tree, warnings } = treeFromGraph(fabric.graph());
    expect(warnings).toEqual([]);
    expect(tree.nodes.map(({ chain }) => chain[0])).toEqual([
      ...Array<string>(3).fill("u1r1..8"),
      ...Array<string>(3).fill("u2r1..8"),
    ]);
    expect(new Set(tree.nodes.map(({ chain }) => chain[1])).size).toBe(1);
  });

  test("keeps a host with a wrong cable in the domain of its other cables", () => {
    const fabric = new Cabling();
    for (const unit of ["a", "b"])
      for (const host of range(4)) fabric.host(`${unit}h${host}`, `${unit}1`, `${unit}2`, `${unit}3`);
    fabric.host("ah5", "a1", "a2", "b3").join(["a1", "a2", "a3", "b1", "b2", "b3"], ["s1", "s2"]);
    expect(chains(fabric.graph())["ah5"]).toBe("a1..3 s1..2");
    expect(warningsOf(fabric.graph())).toEqual([
      "Host ah5 has no link to a3, which its siblings have.",
      "Host ah5 has a link to b3, which none or few of its siblings have; it is not used for the tree.",
    ]);
  });

  test("does not join two leaves because one host hangs under both", () => {
    const fabric = new Cabling();
    for (const host of range(3)) fabric.host(`a${host}`, "l1").host(`b${host}`, "l2");
    fabric.host("both", "l1", "l2").join(["l1", "l2"], ["s1", "s2"]);
    expect(chains(fabric.graph())).toMatchObject({ a1: "l1 s1..2", b1: "l2 s1..2", both: "l1..2 s1..2" });
  });

  test("says how many of several cables between two switches are left", () => {
    const fabric = clos(1, 3, 2, 2, 0).join(["p1l1", "p1l2", "p1l3"], ["p1s1", "p1s2"]);
    let dropped = false;
    const graph = fabric.graph((link) => !dropped && between("p1l2", "p1s2")(link) && (dropped = true));
    expect(warningsOf(graph)).toEqual([
      "Switch p1l2 has 1 of 2 links to p1s2, which its siblings have; with its siblings, port 4 is linked there.",
    ]);
  });

  test("pads hosts that hang under a spine, and leaves without a spine of their own", () => {
    const fabric = clos(2, 2, 4, 2, 2).host("login", "p1s1").host("x1", "lx").host("x2", "lx").join(["lx"], ["c1", "c2"]);
    const { tree, problems, warnings } = treeFromGraph(fabric.graph());
    expect(problems).toEqual([]);
    const nodes = new Map(tree.nodes.map((node) => [node.name, node]));
    expect(nodes.get("login")).toEqual({ name: "login", chain: ["<unknown>", "p1s1..2", "c1..2"], padded: ["leaf"] });
    expect(nodes.get("x1")).toEqual({ name: "x1", chain: ["lx", "<unknown>", "c1..2"], padded: ["spine"] });
    expect(nodes.get("p2l1h1")?.chain).toEqual(["p2l1", "p2s1..2", "c1..2"]);
    expect(warnings.map(({ message }) => message)).toEqual([
      "A host hangs directly under spine switches, and so has no domain in the tiers below.",
    ]);
  });

  test("has no tier for empty leaves, nor for leaves of storage", () => {
    const fabric = clos(1, 3, 2, 2, 0).join(["empty", "storage"], ["p1s1", "p1s2"]);
    fabric.hosts.set("oss", { name: "oss", adapters: [{ guid: "oss", device: "mlx5_0", use: "storage" }] });
    fabric.link("oss", "storage");
    const { tree, problems } = treeFromGraph(fabric.graph());
    expect([tree.tiers, problems]).toEqual([["leaf", "spine"], []]);
    expect(tree.nodes.map(({ name }) => name)).not.toContain("oss");
  });

  test("of a fabric in parts says so, and pads the part that is less deep", () => {
    const fabric = clos(1, 2, 2, 2, 0).host("y1", "ly").host("y2", "ly").host("z").join([], []);
    fabric.at("alone");
    const { tree, warnings } = treeFromGraph(fabric.graph());
    expect(tree.nodes.slice(-3).map(({ name, chain, padded }) => [name, chain, padded])).toEqual([
      ["p1l2h2", ["p1l2", "p1s1..2"], []],
      ["y1", ["ly", "<unknown>"], ["spine"]],
      ["y2", ["ly", "<unknown>"], ["spine"]],
    ]);
    expect(warnings.map(({ value, message }) => [value, message])).toEqual([
      ["z", "A host has no compute adapter, and so no place in the tree."],
      ["alone", "A switch has no cable, and so no place in the tree."],
      ["y[1-2]", "The fabric is in 2 parts that cannot reach each other, of 4, 2 hosts."],
    ]);
  });

  test("names hosts whose adapters have no cable", () => {
    const fabric = clos(1, 2, 2, 1, 0);
    const graph = fabric.graph((link) => link.ends[0].guid.startsWith("p1l2h2"));
    const { tree, warnings } = treeFromGraph(graph);
    expect(tree.nodes[3]).toEqual({ name: "p1l2h2", chain: ["<unknown>", "<unknown>"], padded: ["leaf", "spine"] });
    expect(warnings.map(({ value, message }) => [value, message])).toEqual([
      ["p1l2h2", "A host has no compute link to any switch, and so no place in the fabric."],
    ]);
  });

  test.each([
    ["a dragonfly", (at: number, to: number) => Math.floor(at / 4) === Math.floor(to / 4) || (at + to) % 7 === 0],
    ["a torus", (at: number, to: number) => Math.abs(at - to) === 1 || Math.abs(at - to) === 4],
    ["two switches in a row", (at: number, to: number) => at + to === 1],
  ])("of %s is a problem that says there are no levels", (_, linked) => {
    const fabric = new Cabling();
    for (let at = 0; at < 12; at++) fabric.host(`n${at}a`, `r${at}`).host(`n${at}b`, `r${at}`);
    for (let at = 0; at < 12; at++) for (let to = at + 1; to < 12; to++) if (linked(at, to)) fabric.join([`r${at}`], [`r${to}`]);
    const { tree, problems } = treeFromGraph(fabric.graph());
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining("the fabric has no levels there")]);
    expect(tree.nodes).toHaveLength(24);
    expect(tree.tiers).toEqual(["leaf"]);
  });

  test("ignores a stray cable between two leaves, with a warning", () => {
    const fabric = clos(1, 4, 2, 4, 0);
    const before = chains(fabric.graph());
    fabric.join(["p1l1"], ["p1l2"]);
    expect(chains(fabric.graph())).toEqual(before);
    expect(warningsOf(fabric.graph())).toEqual(["A link joins switches of one level; it is not used for the tree."]);
  });

  test("of nothing is empty", () => {
    expect(treeFromGraph({ hosts: [], switches: [], links: [] })).toEqual({
      tree: { tiers: [], nodes: [] },
      problems: [],
      warnings: [],
    });
  });

  test("does not depend on the order of hosts, switches and links, nor on one link that is down", () => {
    const shape = fc.record({ pods: fc.integer({ min: 2, max: 3 }), leaves: fc.integer({ min: 2, max: 4 }), rails: fc.integer({ min: 2, max: 4 }), spines: fc.integer({ min: 2, max: 4 }), cores: fc.integer({ min: 0, max: 3 }), seed: fc.nat() }); // prettier-ignore
    fc.assert(
      fc.property(shape, ({ pods, leaves, rails, spines, cores, seed }) => {
        const fabric = clos(pods, leaves, 0, spines, cores === 1 ? 2 : cores);
        for (const pod of range(pods)) {
          for (const leaf of range(leaves)) {
            for (const rail of range(rails - 1)) fabric.join([`p${pod}l${leaf}r${rail}`], range(spines).map((spine) => `p${pod}s${spine}`)); // prettier-ignore
            for (const host of [1, 2, 3]) fabric.host(`p${pod}l${leaf}h${host}`, `p${pod}l${leaf}`, ...range(rails - 1).map((rail) => `p${pod}l${leaf}r${rail}`)); // prettier-ignore
          }
        }
        const whole = fabric.graph();
        const { tree, warnings, problems } = treeFromGraph(whole);
        expect(problems).toEqual([]);
        expect(warnings).toHaveLength(cores === 0 ? 1 : 0);
        const turn = <T>(items: readonly T[]): T[] =>
          [...items.slice(seed % items.length), ...items.slice(0, seed % items.length)].reverse();
        const turned = treeFromGraph({ hosts: turn(whole.hosts), switches: turn(whole.switches), links: turn(whole.links) });
        expect(turned.tree).toEqual(tree);
        const down = whole.links[seed % whole.links.length]!;
        const after = treeFromGraph(fabric.graph((link) => link === down));
        expect(after.tree).toEqual(tree);
        expect(after.problems).toEqual([]);
        const [low] = down.ends;
        expect(after.warnings.filter(({ message }) => message.includes("its siblings have")).map(({ value }) => value)).toEqual([
          low.guid.includes(" ") ? low.guid.split(" ")[0] : `${low.guid}[${low.port}]`,
        ]);
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  test("takes time in proportion to the links: 100,000 hosts", () => {
    const fabric = clos(50, 50, 40, 8, 16).graph();
    const start = Date.now();
    const { tree, warnings, problems } = treeFromGraph(fabric);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect([tree.nodes.length, tree.tiers.length, warnings.length, problems.length]).toEqual([100_000, 3, 0, 0]);
  }, 60_000);
});

describe("names", () => {
  test.each([
    [["leaf1"], "leaf1"],
    [["s08", "s09", "s10"], "s08..10"],
    [["a1", "a2", "b7"], "a1..2_b7"],
    [["A09-L-01-07", "A09-L-02-07", "A09-L-04-07"], "A09-L-01..02_04-07"],
    [["r1-a", "r1-b"], "r1-a_r1-b"],
    [range(40).map((index) => `very-long-switch-name-${index * 3}`), "very-long-switch-name-3-and-39-more-"],
  ])("of the domain of %j", (switches, expected) => {
    const name = domainName(switches);
    expect(name.startsWith(expected)).toBe(true);
    expect([name.length <= 63, labelProblem(name)]).toEqual([true, undefined]);
  });

  test("of switches are their own, with a module where that tells them apart, else their GUID", () => {
    const { names, warnings } = switchNames([
      { guid: "1", name: "leaf1", module: "U1", ports: 40 },
      { guid: "2", name: "dir1", module: "L01/U1", ports: 40 },
      { guid: "3", name: "dir1", module: "S01/U1", ports: 40 },
      { guid: "4", ports: 40 },
      { guid: "5", name: "same", ports: 40 },
      { guid: "6", name: "same", ports: 40 },
      { guid: "7", name: "no label!", ports: 40 },
    ]);
    expect([...names.values()].sort()).toEqual(["S-4", "S-5", "S-6", "S-7", "dir1-L01-U1", "dir1-S01-U1", "leaf1"]);
    expect(warnings.map(({ message }) => message)).toEqual([
      "Switch S-4 is called by its GUID: it has no name.",
      "Switch S-5 is called by its GUID: another switch is called same too.",
      "Switch S-6 is called by its GUID: another switch is called same too.",
      'Switch S-7 is called by its GUID: its name "no label!" cannot be a node label (character 3 is " ").',
    ]);
  });

  test("are sorted with their numbers as numbers", () => {
    expect(inNaturalOrder(["n10", "n9", "n09", "m2"], (name) => name)).toEqual(["m2", "n09", "n9", "n10"]);
  });
});

describe("siblings", () => {
  const groups = (...sets: number[][]) => groupSiblings(sets).map(({ members, parents }) => [members.join(), parents.join()]);

  test.each([
    ["equal sets are one group", [[1, 2], [1, 2], [3, 4]], [["0,1", "1,2"], ["2", "3,4"]]],
    ["a subset is a sibling with lost links", [[1, 2], [1, 2], [2]], [["0,1,2", "1,2"]]],
    ["half in common is another set", [[1, 2], [1, 2], [2, 3], [2, 3]], [["0,1", "1,2"], ["2,3", "2,3"]]],
    ["a stray link joins nothing", [[1, 2, 3], [1, 2, 3], [4, 5, 6], [4, 5, 6], [1, 2, 6]], [["0,1,4", "1,2,3"], ["2,3", "4,5,6"]]],
    ["things under nothing are in no group", [[], [1]], [["1", "1"]]],
  ])("%s", (_, sets, expected) => {
    expect(groups(...sets)).toEqual(expected);
  }); // prettier-ignore
});
