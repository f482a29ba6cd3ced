import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  graphFromIbnetdiscover,
  treeFromIbnetdiscover,
  type IbnetdiscoverOptions,
} from "../../../../hardware/topology/sources/ibnetdiscover";
import { describeAdapter, describeSwitch } from "../../../../hardware/topology/sources/ibnetdiscoverNames";
import { labelClashes, labelProblem } from "../../../../hardware/topology/renderers/labels";
import { UNKNOWN_DOMAIN } from "../../../../hardware/topology/tree";
import { fabrics } from "../../../lab/ibsim/fabrics";

const fixture = (name: string) =>
  readFileSync(join(__dirname, "../../../fixtures/topology/ibnetdiscover", `${name}.txt`), "utf8");

describe("the tree of ibnetdiscover's real output", () => {
  test.each(fabrics.map((fabric) => [fabric.name, fabric] as const))("of %s is the one that was drawn", (name, fabric) => {
    const { tree, problems, warnings } = treeFromIbnetdiscover(fixture(name), fabric.options);
    expect(tree.tiers).toEqual(fabric.tiers);
    expect(tree.nodes.map((node) => [node.name, node.chain])).toEqual(Object.entries(fabric.chains));
    expect(
      tree.nodes.every(({ chain, padded }) => padded.length === chain.filter((domain) => domain === "<unknown>").length),
    ).toBe(true);
    expect([...problems, ...warnings].map(({ message }) => message)).toEqual(
      (fabric.says ?? []).map((part) => expect.stringContaining(part) as string),
    );
    expect([...problems, ...warnings].filter(({ path }) => !/^line \d+$/.test(path))).toEqual([]);
  });

  test("is the same with carriage returns, and with any order of its blocks", () => {
    const text = fixture("links-down");
    const expected = treeFromIbnetdiscover(text);
    expect(treeFromIbnetdiscover(text.replace(/\n/g, "\r\n"))).toEqual(expected);
    const turned = treeFromIbnetdiscover(text.split("\n\n").reverse().join("\n\n"));
    expect(turned.tree).toEqual(expected.tree);
    expect(turned.warnings.map(({ message }) => message)).toEqual(expected.warnings.map(({ message }) => message));
    expect(turned.problems).toEqual([]);
  });

  test.each(fabrics.map(({ name, options }) => [name, options] as const))(
    "of %s has domains that can be node labels",
    (name, options) => {
      const { tree } = treeFromIbnetdiscover(fixture(name), options);
      const domains = new Set(tree.nodes.flatMap(({ chain }) => chain).filter((domain) => domain !== UNKNOWN_DOMAIN));
      expect([...domains].filter((domain) => domain.length > 63 || labelProblem(domain) !== undefined)).toEqual([]);
      expect(labelClashes(tree)).toEqual([]);
      expect(domains.size).toBeGreaterThan(0);
    },
  );

  test("gives each cable once, with the ports of both ends", () => {
    const { graph } = graphFromIbnetdiscover(fixture("two-levels"));
    expect([graph.switches.length, graph.hosts.length, graph.links.length]).toEqual([6, 16, 16 + 4 * 2 * 2]);
    expect(graph.switches.find(({ name }) => name === "leaf1")).toMatchObject({ model: "MQM8700", module: "U1", ports: 40 });
    const keys = graph.links.map(({ ends }) => ends.map(({ guid, port }) => `${guid}[${port}]`).sort().join()); // prettier-ignore
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("the tree of a real fabric of eight racks, with many links down", () => {
  const { tree, problems, warnings } = treeFromIbnetdiscover(fixture("dgx-racks"));
  const compute = tree.nodes.filter(({ name }) => /-dgx-\d+-c\d+$/.test(name));

  test("has one leaf domain for each rack, whose rails go to four leaves", () => {
    expect([problems, tree.tiers, compute.length, tree.nodes.length - compute.length]).toEqual([[], ["leaf", "spine"], 119, 2]);
    const racks = new Map<string, Set<string>>();
    for (const { name, chain } of compute) racks.set(chain[0]!, (racks.get(chain[0]!) ?? new Set()).add(name.slice(0, 13)));
    expect(Object.fromEntries([...racks].map(([domain, names]) => [domain, [...names].join()]))).toEqual({
      "A09-P1-IBLEAF-01..02_04-01": "a05-p1-dgx-01",
      "A09-P1-IBLEAF-01..04-02": "a06-p1-dgx-02",
      "A09-P1-IBLEAF-01..04-03": "a07-p1-dgx-03",
      "A09-P1-IBLEAF-01..04-04": "a08-p1-dgx-04",
      "B09-P1-IBLEAF-01..04-05": "b05-p1-dgx-05",
      "B09-P1-IBLEAF-01..04-06": "b06-p1-dgx-06",
      "B09-P1-IBLEAF-01..04-07": "b07-p1-dgx-07",
      "B09-P1-IBLEAF-01..04-08": "b08-p1-dgx-08",
    });
    expect(new Set(tree.nodes.map(({ chain }) => chain[1]))).toEqual(new Set(["A10-P1-IBSPINE-01..04_B10-P1-IBSPINE-05..09"]));
  });

  test("names the lost links with their ports, and every adapter without a host", () => {
    const values = warnings.map(({ value }) => String(value));
    expect(values).toContain("A09-P1-IBLEAF-02-03[43]");
    expect(values.filter((value) => /\[\d+\]$/.test(value))).toHaveLength(16);
    const unnamed = new Set(
      warnings.filter(({ message }) => message.includes("names no host")).flatMap(({ value }) => String(value).split(", ")),
    );
    expect(unnamed.size).toBe(69 + 3);
  });
});

describe("what a user can get wrong", () => {
  const said = (text: string, options?: IbnetdiscoverOptions) => {
    const { problems, warnings } = treeFromIbnetdiscover(text, options);
    return {
      problems: problems.map(({ path, message }) => `${path}: ${message}`),
      warnings: warnings.map(({ message }) => message),
    };
  };

  test("an empty text, or the output of another program, is a problem with its line", () => {
    expect(said("").problems).toEqual(["line 1: There is no switch and no adapter in this text."]);
    expect(said("CA    1  1 0x0002c9 4x SDR\n", { path: "net.txt" }).problems).toEqual([
      'net.txt line 1: This line cannot be understood: "CA    1  1 0x0002c9 4x SDR".',
      "net.txt line 1: There is no switch and no adapter in this text.",
    ]);
  });

  test("a text that is cut off names the nodes that are missing", () => {
    const whole = fixture("single-switch");
    const { problems, warnings } = treeFromIbnetdiscover(whole.slice(0, whole.indexOf("vendid", whole.indexOf("Ca\t"))));
    expect(problems.map(({ value, message }) => [value, message])).toEqual(
      ["n01", "n02", "n03", "n04"].map((host, index) => [
        `H-b83fd20300000${index + 2}00`,
        `A cable leads to "${host} mlx5_0", which has no block of its own: lines are missing.`,
      ]),
    );
    expect(warnings).toEqual([]);
  });

  test("a port that the switch does not have, and a port with two cables", () => {
    const text = fixture("single-switch");
    expect(said(text.replace("[2]\t", "[99]\t")).problems).toEqual([
      expect.stringMatching(/^line \d+: There is no port 99 on "MF0;sw1/),
    ]);
    expect(said(text.replace("[2]\t", "[1]\t")).problems).toContainEqual(
      expect.stringMatching(/^line \d+: Port 1 of "MF0;sw1:MQM8700\/U1" has two cables: here to "n0\d mlx5_0", in line \d+ to/),
    );
  });

  test("half a text is twenty problems of each kind and one that lists the rest", () => {
    const text = fixture("rails");
    const { problems } = treeFromIbnetdiscover(text.slice(0, text.indexOf("caguid")));
    expect(problems).toHaveLength(21);
    expect(problems[20]?.message).toMatch(
      /^44 more of this kind, the first of them: A cable leads to "dgx-0\d mlx5_\d", which has no/,
    );
    expect(String(problems[20]?.value).split(", ")).toHaveLength(44);
  });

  test("two hosts of one name, which would be taken for one", () => {
    expect(said(fixture("single-switch").replace(/n02 mlx5_0/g, "n01 mlx5_0")).problems).toEqual([
      expect.stringMatching(/^line \d+: Two adapters say that they are mlx5_0 of n01; the other is in line \d+\./),
    ]);
  });

  test("a host that was renamed is named with the nearest that is missing", () => {
    const { tree, warnings } = treeFromIbnetdiscover(fixture("single-switch"), { hosts: ["n01", "n02", "n03", "n04", "nd05"] });
    expect(warnings.map(({ value, allowed }) => [value, allowed])).toEqual([
      ["n05", "nearest of the hosts that were not found: nd05"],
      ["nd05", undefined],
    ]);
    expect(tree.nodes[4]).toEqual({ name: "nd05", chain: ["<unknown>"], padded: ["leaf"] });
    const renamed = treeFromIbnetdiscover(fixture("single-switch"), { hosts: ["nd05"], renamed: { n05: "nd05" } });
    expect(renamed.tree.nodes).toEqual([{ name: "nd05", chain: ["sw1"], padded: [] }]);
  });

  test("a machine type that does not list an adapter", () => {
    const { tree, warnings } = treeFromIbnetdiscover(fixture("storage-rail"), {
      hcas: [
        { device: "mlx5_0", use: "compute" },
        { device: "mlx5_1", use: "storage" },
      ],
    });
    expect(warnings.map(({ message }) => message)).toContain(
      "Adapter mlx5_2 of 6 hosts is not listed for their machine type, and does not count.",
    );
    expect(tree.nodes.find(({ name }) => name === "n01")?.chain[0]).toBe("rack1-a");
  });
});

describe("descriptions", () => {
  test.each([
    ["a08-p1-dgx-04-c01 mlx5_5", { host: "a08-p1-dgx-04-c01", device: "mlx5_5" }],
    ["r-dcs96 HCA-1", { host: "r-dcs96", device: "HCA-1" }],
    ["n01", { host: "n01" }],
    ["mlx5_0", { reason: "it has a device and no host" }],
    ["MT4129 ConnectX7   Mellanox Technologies", { reason: "it was never set, or is not a host and a device" }],
    ["localhost mlx5_0", { reason: "the host had no name yet when it was set" }],
    ["n\u00001 mlx5_0", { reason: "its first word cannot be a host name" }],
    ["", { reason: "it is empty" }],
  ])("of the adapter %j", (description, expected) => {
    expect(describeAdapter(description)).toEqual(expected);
  });

  test.each([
    ["MF0;leaf01:MQM9700/U1", { name: "leaf01", model: "MQM9700", module: "U1" }],
    ["MF0;dir1:CS8500/L01/U1", { name: "dir1", model: "CS8500", module: "L01/U1" }],
    ["Quantum Mellanox Technologies", {}],
    ["ibsw7", { name: "ibsw7" }],
  ])("of the switch %j", (description, expected) => {
    expect(describeSwitch(description)).toEqual(expected);
  });
});
