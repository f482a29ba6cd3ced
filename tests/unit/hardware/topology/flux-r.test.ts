import fc from "fast-check";
import { expandHostlist } from "../../../../hardware/hostlist";
import { decodeIdset, encodeIdset } from "../../../../hardware/idset";
import { renderFluxR, renderFluxResourceConfig } from "../../../../hardware/topology/renderers/flux-r";
import type { NodeResources } from "../../../../hardware/topology/renderers/nodes";
import { tomlString } from "../../../../hardware/topology/renderers/toml";
import { anyTree, sameResources, treeOf } from "./trees";

describe("idsets", () => {
  test.each<[number[], string]>([
    [[], ""],
    [[7], "7"],
    [[3, 1, 2, 1], "1-3"],
    [[0, 1, 5, 6, 42], "0-1,5-6,42"],
  ])("of %j are %s", (ids, text) => {
    expect(encodeIdset(ids)).toBe(text);
    expect(decodeIdset(text)).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  test("are read back for any ids, with brackets or without", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300)), (ids) => {
        const sorted = [...ids].sort((a, b) => a - b);
        expect(decodeIdset(encodeIdset(ids))).toEqual(sorted);
        expect(decodeIdset(`[${encodeIdset(ids)}]`)).toEqual(sorted);
      }),
    );
  });

  test.each(["01", "3-1", "2,1", "1,1", "a", "1-", "1,,2", "0-99999999"])("refuse %s", (text) => {
    expect(() => decodeIdset(text)).toThrow(RangeError);
  });

  test.each([[-1], [1.5], [NaN]])("refuse the id %d", (id) => {
    expect(() => encodeIdset([id])).toThrow(RangeError);
  });
});

describe("Flux R", () => {
  const tree = treeOf("n08 l1 s1", "n09 l1 s1", "n10 l2 s1 @nvl0", "fat1 - s2");
  const resources = new Map([
    ["n08", { cores: 8, gpus: 2 }],
    ["n09", { cores: 8, gpus: 2 }],
    ["n10", { cores: 8, gpus: 2 }],
    ["fat1", { cores: 64, properties: ["fatnode"] }],
  ]);

  test("is what flux R encode writes, with a property for every domain", () => {
    const { output, problems, warnings } = renderFluxR(tree, resources);
    expect([...problems, ...warnings]).toEqual([]);
    expect(JSON.stringify(output)).toBe(
      '{"version":1,"execution":{"R_lite":[{"rank":"0-2","children":{"core":"0-7","gpu":"0-1"}},{"rank":"3","children":{"core":"0-63"}}],' +
        '"starttime":0,"expiration":0,"nodelist":["n[08-10],fat1"],' +
        '"properties":{"leaf=l1":"0-1","spine=s1":"0-2","leaf=l2":"2","accelerator=nvl0":"2","spine=s2":"3","fatnode":"3"}}}',
    );
  });

  test("lists hosts by rank, whatever their place", () => {
    const { output } = renderFluxR(tree, resources, { hostOrder: ["fat1", "n10", "n08", "n09"] });
    expect(output.execution.nodelist).toEqual(["fat1,n10,n[08-09]"]);
    expect(output.execution.R_lite).toEqual([
      { rank: "0", children: { core: "0-63" } },
      { rank: "1-3", children: { core: "0-7", gpu: "0-1" } },
    ]);
    expect(output.execution.properties!["leaf=l1"]).toBe("2-3");
  });

  test("carries the graph for Fluxion when asked", () => {
    const { scheduling } = renderFluxR(tree, resources, { scheduling: true }).output;
    expect(scheduling!.writer).toBe("fluxion:jgf");
    expect(scheduling!.graph.nodes.filter(({ metadata }) => metadata.type === "core")).toHaveLength(3 * 8 + 64);
    expect(renderFluxR(tree, resources).output.scheduling).toBeUndefined();
  });

  test.each([..."!&'\"^`|()"])("names the character %s, which no property may have", (character) => {
    const odd = treeOf(`n1 a${character}b`);
    const { output, problems } = renderFluxR(odd, sameResources(odd, { cores: 1, properties: ["ok"] }));
    expect(problems).toEqual([
      expect.objectContaining({
        value: `leaf=a${character}b`,
        message: `Flux cannot use this as a property: it contains ${character}.`,
      }),
    ]);
    expect(output.execution.properties).toEqual({ ok: "0" });
  });

  test("warns of @, which schedulers read", () => {
    const { problems, warnings } = renderFluxR(treeOf("n1 l1"), new Map([["n1", { cores: 1, properties: ["mi50@gpu"] }]]));
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.objectContaining({ value: "mi50@gpu" })]);
  });

  test("says which names no host can have, and which stand there twice", () => {
    const odd = treeOf("a,b l1", "n1 l1", "n1 l1");
    const { output, problems } = renderFluxR(odd, sameResources(odd, { cores: 1 }));
    expect(problems.map(({ path, value }) => [path, value])).toEqual([
      ["hosts", '"a,b"'],
      ["hosts", "n1"],
    ]);
    expect(output.version).toBe(1);
  });
});

describe("[[resource.config]]", () => {
  const tree = treeOf("n1 l1", "n2 l1", "big1 l2", "n3 l2");
  const resources = new Map<string, NodeResources>([
    ...["n1", "n2", "n3"].map((name) => [name, { cores: 4 }] as const),
    ["big1", { cores: 16, gpus: 8 }],
  ]);

  test("names hosts first in the order of their ranks, and adds properties after", () => {
    const { output, problems } = renderFluxResourceConfig(tree, resources, {
      schedulingPath: "/etc/flux/system/scheduling.json",
    });
    expect(problems).toEqual([]);
    expect(output.toml).toBe(
      [
        '[resource]\nscheduling = "/etc/flux/system/scheduling.json"\n',
        '[[resource.config]]\nhosts = "n[1-2]"\ncores = "0-3"\n',
        '[[resource.config]]\nhosts = "big1"\ncores = "0-15"\ngpus = "0-7"\n',
        '[[resource.config]]\nhosts = "n3"\ncores = "0-3"\n',
        '[[resource.config]]\nhosts = "n[1-2]"\nproperties = ["leaf=l1"]\n',
        '[[resource.config]]\nhosts = "big1,n3"\nproperties = ["leaf=l2"]\n',
      ].join("\n"),
    );
    expect(output.scheduling.graph.nodes.filter(({ metadata }) => metadata.type === "node")).toHaveLength(4);
  });

  test("gives the ranks and properties that R gives, for any tree and any order of hosts", () => {
    const cases = anyTree(true).chain((any) =>
      fc.record({
        any: fc.constant(any),
        order: fc.shuffledSubarray(
          any.nodes.map(({ name }) => name),
          { minLength: any.nodes.length },
        ),
        cores: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: any.nodes.length, maxLength: any.nodes.length }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ any, order, cores }) => {
        const given = new Map(any.nodes.map(({ name }, index) => [name, { cores: cores[index]! }]));
        const { execution } = renderFluxR(any, given, { hostOrder: order }).output;
        const { config } = renderFluxResourceConfig(any, given, { hostOrder: order }).output;
        // As rlist_config_add_entry does: a host's rank is its place among hosts in the order in which they are first named.
        const hosts = [...new Set(config.flatMap((entry) => expandHostlist(entry.hosts, "rfc29")))];
        expect(hosts).toEqual(order);
        expect(execution.nodelist.flatMap((list) => expandHostlist(list, "rfc29"))).toEqual(order);
        const withProperties = config.filter(({ properties }) => properties);
        for (const [property, ranks] of Object.entries(execution.properties ?? {})) {
          const having = withProperties.filter(({ properties }) => properties!.includes(property));
          const named = having.flatMap((entry) => expandHostlist(entry.hosts, "rfc29"));
          expect(new Set(named)).toEqual(new Set(decodeIdset(ranks).map((rank) => order[rank])));
        }
      }),
    );
  });
});

test("TOML strings escape what TOML wants escaped", () => {
  expect(tomlString('a"b\\c\n\u0001\u007f')).toBe('"a\\"b\\\\c\\n\\u0001\\u007F"');
  expect(tomlString("\ud800")).toBe('"\\uFFFD"');
  expect(tomlString("é😀")).toBe('"é😀"');
});
