import { spawn } from "node:child_process";
import * as path from "node:path";
import { parseAllDocuments } from "yaml";
import { file, fixture, folder, INVENTORY, labelled, piped, PLACES, ROOT, topology } from "./inputs";

// A busy machine takes its time.
jest.setTimeout(60_000);

async function treeOf(...argv: string[]): Promise<{ tiers: string[]; nodes: { name: string; chain: string[] }[] }> {
  const { code, out } = await topology("show", "--json", ...argv);
  expect(code).toBe(0);
  return JSON.parse(out) as { tiers: string[]; nodes: { name: string; chain: string[] }[] };
}

describe("turducken topology show", () => {
  it("draws the boxes of an inventory, and counts its domains", async () => {
    const { code, out, error } = await topology("show", "--width", "100", file("inventory.yaml", INVENTORY));
    expect([code, error]).toEqual([0, ""]);
    expect(out.split("\n").slice(0, 3)).toEqual([
      "┌ spine s1 · 5 hosts ───────────────────────────┐ ┌ spine s2 · 1 host ────┐ ┌ no leaf · 1 host ─┐",
      "│ ┌ leaf l1 · 3 hosts ─┐ ┌ leaf l2 · 2 hosts ─┐ │ │ ┌ leaf l3 · 1 host ─┐ │ │ cp1               │",
      "│ │ n[01-03]           │ │ n[04-05]           │ │ │ │ nvl1: n06         │ │ └───────────────────┘",
    ]);
    expect(out.trimEnd().split("\n").at(-1)).toBe(
      "7 nodes; 1 accelerator domain of 1 node; 3 leaf domains of 1 to 3 nodes, 1 node without; 2 spine domains of 1 to 5 nodes, 1 node without",
    );
  });

  it("reads the cluster of a stack file as it is", async () => {
    const { tiers, nodes } = await treeOf(path.join(ROOT, "stacks/Pulumi.bare-metal.yaml"));
    expect(tiers).toEqual(["leaf", "spine"]);
    expect(nodes.map(({ name, chain }) => [name, ...chain])).toContainEqual(["n04", "l2", "s1"]);
  });

  it("counts in real answers of AWS what is in them", async () => {
    const { code, out } = await topology("show", fixture("aws/eks-hpc6a-64.json"));
    expect(code).toBe(0);
    expect(out).toMatch(/\n64 nodes; 6 leaf domains of 3 to 27 nodes; 1 spine domain of 64 nodes; 1 core domain of 64 nodes\n$/);
  });

  it.each([
    ["inventory", () => file("a.yaml", INVENTORY)],
    ["inventory", () => file("a.json", { hosts: [{ names: "n[1-2]", leaf: "l1" }] })],
    ["aws", () => fixture("aws/eks-p3dn-16.json")],
    ["labels", () => file("labels.json", labelled())],
    [
      "labels",
      () =>
        file("nodes.json", {
          kind: "List",
          items: labelled().map(({ name, labels }) => ({ kind: "Node", metadata: { name, labels } })),
        }),
    ],
    [
      "gke",
      () =>
        file("gke.json", [
          {
            name: "a",
            machineType: "h4d",
            resourceStatus: { physicalHostTopology: { cluster: "c", block: "b", subblock: "s" } },
          },
        ]),
    ],
    ["gke", () => file("hosts.txt", "a /c1/r1/h1\nb /c1/r2/h2\n")],
    ["gke", () => file("hosts.json", { a: "/c1/r1/h1", b: "" })],
    ["ibnetdiscover", () => fixture("ibnetdiscover/two-levels.txt")],
    ["slurm", () => fixture("slurm/tree-3-levels.conf")],
    ["slurm", () => fixture("slurm/block-nvl72.conf")],
  ])("tells by itself that an input is %s", async (from, make) => {
    const input = make();
    expect((await treeOf(input)).nodes.length).toBeGreaterThan(0);
    expect(await treeOf(input)).toEqual(await treeOf("--from", from, input));
  });

  it("reads standard input when no file is named", async () => {
    const { code, out } = await piped(INVENTORY, "show", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(await treeOf(file("inventory.yaml", INVENTORY)));
  });

  it("leaves adapters and hosts of the storage out of an InfiniBand fabric when told which are for jobs", async () => {
    const input = fixture("ibnetdiscover/storage-rail.txt");
    const { nodes } = await treeOf("--compute-hcas", "mlx5_0,mlx5_2", "--hosts", "n[04-06],n[01-03]", input);
    expect(nodes.map(({ name, chain }) => [name, chain[0]])).toEqual([
      ...["n04", "n05", "n06"].map((name) => [name, "rack2-a_rack2-b"]),
      ...["n01", "n02", "n03"].map((name) => [name, "rack1-a_rack1-b"]),
    ]);
    expect((await topology("show", "--compute-hcas", "mlx5_0,", input)).error).toMatch(
      /^--compute-hcas mlx5_0, is no list of devices/,
    );
    expect((await topology("show", "--hosts", "n[2-1]", input)).error).toMatch(/--hosts = "n\[2-1\]"/);
  });

  it("gives instances the names of their nodes", async () => {
    const nodes = { items: [{ metadata: { name: "ip-1" }, spec: { providerID: "aws:///us-east-1a/i-0ad3df7a6c3e2c0cd" } }] };
    const { code, out, error } = await topology(
      "show",
      "--json",
      "--names",
      file("nodes.json", nodes),
      fixture("aws/eks-p3dn-16.json"),
    );
    expect(code).toBe(0);
    expect((JSON.parse(out) as { nodes: { name: string }[] }).nodes[0]!.name).toBe("ip-1");
    expect(error).toMatch(/^warning: /);
  });
});

describe("what is wrong with an input", () => {
  it("is said all at once, with the place of each, and nothing is drawn", async () => {
    const wrong = `
hosts:
  - {names: "n[3-1]", leaf: l1}
  - {names: "n[01-02", leaf: l1}
  - {leaf: l2}
topology: {spines: {s1: l1}}
`;
    const { code, out, error } = await topology("show", file("wrong.yaml", wrong));
    expect([code, out]).toEqual([1, ""]);
    expect(error).toMatch(/wrong\.yaml: 4 problems\n/);
    expect(error.match(/^ {2}\S+/gm)).toEqual([
      "  hosts[0].names",
      "  hosts[1].names",
      "  hosts[2].names",
      "  topology.spines.s1",
    ]);
  });

  it("has the line number where there are lines", async () => {
    const yaml = await topology("show", file("broken.yaml", "hosts:\n  - names: [n1\n"));
    expect(yaml.code).toBe(1);
    expect(yaml.error).toMatch(/^ {2}line \d+\n {4}This is not YAML: /m);
    const slurm = await topology("show", file("bad.conf", "SwitchName=s1 Nodes=n[1-2]\nSwitchName=s1 Nodes=n[3-4]\n"));
    expect(slurm.code).toBe(1);
    expect(slurm.error).toMatch(/^ {2}line 2/m);
  });

  it("is that it looks like nothing known, when nobody says what it is", async () => {
    const { code, error } = await topology("show", file("poem.txt", "roses are red\nviolets are blue\n"));
    expect(code).toBe(1);
    expect(error).toContain("This is in no known form.\n    allowed: inventory, aws, gke, labels, ibnetdiscover, slurm\n");
    expect((await topology("show", file("cut.json", '{"Instances": ['))).error).toContain(
      "This is JSON of no known form, or broken JSON.",
    );
    const told = await topology("show", "--from", "aws", file("cut.json", '{"Instances": ['));
    expect([told.code, told.out]).toEqual([1, ""]);
    expect(told.error).toMatch(/^ {2}line 1/m);
  });

  it("is no reason for a stack trace, whatever is read as whatever", async () => {
    const inputs = [
      "{}",
      "[]",
      "null",
      "[null]",
      '{"items": [1]}',
      "hosts: 3",
      "hosts: [3, {names: 4}]",
      "a: &a [*a]",
      "x",
      "SwitchName=",
      "Ca 1",
    ];
    const sources = ["auto", "inventory", "aws", "gke", "labels", "ibnetdiscover", "slurm"];
    for (const text of inputs)
      for (const from of sources) {
        const { code, error } = await topology("show", "--from", from, file("odd", text));
        expect([text, from, [0, 1].includes(code)]).toEqual([text, from, true]);
        expect(error).not.toMatch(/^\s+at /m);
      }
  });

  it("ends with 2 when there is nothing to read", async () => {
    expect(await piped("", "show")).toEqual({ code: 2, out: "", error: "standard input is empty\n" });
    expect(await piped("  \n", "check")).toMatchObject({ code: 2, error: "standard input is empty\n" });
    const missing = path.join(folder(), "missing.json");
    expect(await topology("show", missing)).toEqual({
      code: 2,
      out: "",
      error: `cannot read ${missing}: there is no such file\n`,
    });
    expect((await topology("show", folder())).error).toBe(`cannot read ${folder()}: it is a folder\n`);
    expect((await topology("show", "--from", "azure", missing)).code).toBe(2);
    expect((await topology("show", "--width", "wide", file("a.yaml", INVENTORY))).error).toBe(
      "--width wide is no whole number\n",
    );
    expect((await topology("show", "--machine-type", "dgx-h10", file("a.yaml", INVENTORY))).error).toMatch(/nearest: dgx-h100/);
  });
});

const SOURCES: readonly [string, () => string][] = [
  ["inventory", () => file("a.yaml", INVENTORY)],
  ["aws", () => fixture("aws/eks-p3dn-16.json")],
  ["gke", () => file("hosts.txt", "a /c1/r1/h1\nb /c1/r2/h2\n")],
  ["labels", () => file("labels.json", labelled())],
  ["ibnetdiscover", () => fixture("ibnetdiscover/two-levels.txt")],
  ["slurm", () => fixture("slurm/tree-3-levels.conf")],
];
const TARGETS = ["labels", "jgf", "flux-r", "slurm", "kueue"] as const;

describe("turducken topology convert", () => {
  it.each(SOURCES.flatMap(([from, make]) => TARGETS.map((to) => [from, to, make] as const)))(
    "writes %s as %s",
    async (from, to, make) => {
      const input = make();
      const { nodes } = await treeOf("--from", from, input);
      const { code, out } = await topology("convert", "--from", from, "--to", to, "--cores", "4", "--gpus", "0", input);
      expect([code, out.endsWith("\n")]).toEqual([0, true]);
      if (to === "labels") {
        const { items } = JSON.parse(out) as { items: { metadata: { name: string } }[] };
        expect(items.map(({ metadata }) => metadata.name)).toEqual(nodes.map(({ name }) => name));
      }
      if (to === "jgf") {
        const { graph } = JSON.parse(out) as { graph: { nodes: { metadata: { type: string } }[] } };
        expect(graph.nodes.filter(({ metadata }) => metadata.type === "node")).toHaveLength(nodes.length);
      }
      if (to === "flux-r") {
        const { execution } = JSON.parse(out) as { execution: { R_lite: unknown[] } };
        expect(execution.R_lite).toEqual([{ rank: `0-${nodes.length - 1}`, children: { core: "0-3" } }]);
      }
      if (to === "slurm") expect(out).toMatch(/^SwitchName=\S+ Nodes=/);
      if (to === "kueue") expect(parseAllDocuments(out)[0]!.toJS()).toMatchObject({ kind: "Topology" });
    },
  );

  it.each(SOURCES)(
    "writes labels of %s that read back as the same tree, in every profile that holds its tiers",
    async (from, make) => {
      const input = make();
      const before = await treeOf("--from", from, input);
      for (const profile of before.tiers.length > 2 ? ["topograph", "aws"] : ["topograph", "aws", "gke"]) {
        const written = await topology("convert", "--from", from, "--to", "labels", "--profile", profile, input);
        expect([profile, written.code]).toEqual([profile, 0]);
        expect(await treeOf("--from", "labels", "--keys", profile, file("back.json", written.out))).toEqual(before);
      }
    },
  );

  it("pipes: labels to Slurm and back keep every node in its place", async () => {
    const labels = JSON.stringify(labelled());
    const slurm = await piped(labels, "convert", "--to", "slurm", "--root", "top");
    expect(slurm.out).toBe(
      "SwitchName=l1 Nodes=n[01-03]\nSwitchName=l2 Nodes=n[04-05]\nSwitchName=s1 Switches=l[1-2]\nSwitchName=l3 Nodes=n06\nSwitchName=s2 Switches=l3\nSwitchName=top Switches=s[1-2]\n",
    );
    const back = await piped(slurm.out, "show", "--json");
    expect(
      (JSON.parse(back.out) as { nodes: { name: string; chain: string[] }[] }).nodes.map(({ name, chain }) => [name, ...chain]),
    ).toEqual(PLACES.map((place) => [...place, "top"]));
  });

  it("takes cores and GPUs from the inventory's machine types, and from the numbers given before them", async () => {
    const input = file("a.yaml", INVENTORY);
    const lite = async (...argv: string[]) => {
      const { code, out } = await topology("convert", "--to", "flux-r", ...argv, input);
      expect(code).toBe(0);
      return (JSON.parse(out) as { execution: { R_lite: unknown[] } }).execution.R_lite;
    };
    expect(await lite()).toEqual([
      { rank: "0-5", children: { core: "0-1" } },
      { rank: "6", children: { core: "0-111", gpu: "0-7" } },
    ]);
    expect(await lite("--machine-type", "hpc7g.16xlarge")).toEqual([{ rank: "0-6", children: { core: "0-63" } }]);
    expect(await lite("--cores", "8", "--gpus", "2")).toEqual([{ rank: "0-6", children: { core: "0-7", gpu: "0-1" } }]);
  });

  it("knows the machine types that an inventory defines, and says which one it does not know", async () => {
    const own = { fat: { cores: 96, memoryGiB: 512, fabric: { kind: "ethernet", rateGbps: 25 } } };
    const hosts = [{ names: "n[1-2]", leaf: "l1", machineType: "fat" }];
    const known = await topology("convert", "--to", "flux-r", file("own.json", { machineTypes: own, hosts }));
    expect(JSON.parse(known.out)).toMatchObject({ execution: { R_lite: [{ rank: "0-1", children: { core: "0-95" } }] } });
    const unknown = await topology(
      "convert",
      "--to",
      "flux-r",
      file("typo.json", { hosts: [{ ...hosts[0], machineType: "dgx-h10" }] }),
    );
    expect([unknown.code, unknown.out]).toEqual([1, ""]);
    expect(unknown.error).toContain(
      'machineType = "dgx-h10"\n    There is no machine type of this name.\n    allowed: nearest: dgx-h100',
    );
  });

  it("ends with 2 when the cores of nodes are not known, naming them", async () => {
    const { code, out, error } = await topology("convert", "--to", "jgf", file("labels.json", labelled()));
    expect([code, out]).toEqual([2, ""]);
    expect(error).toBe("cores are not known for n[01-06]. do: give --cores (and --gpus), or --machine-type\n");
  });

  it("puts the graph into R when asked, and blocks of an accelerator domain into topology.conf", async () => {
    const input = file("a.yaml", INVENTORY);
    const r = JSON.parse((await topology("convert", "--to", "flux-r", "--scheduling", input)).out) as {
      scheduling: { graph: unknown };
    };
    expect(r.scheduling.graph).toBeDefined();
    const blocks = await topology("convert", "--to", "slurm", "--plugin", "block", file("labels.json", labelled()));
    expect(blocks.out).toMatch(/^BlockName=l1 Nodes=n\[01-03\]$/m);
    const none = await topology("convert", "--to", "slurm", "--plugin", "block", "--within", "rack", input);
    expect([none.code, none.out]).toEqual([1, ""]);
    expect(none.error).toContain("The fabric has no such tier.\n    allowed: accelerator, leaf, spine\n");
  });

  it("ends with 1 when the consumer cannot say it, and writes nothing", async () => {
    const { code, out, error } = await topology("convert", "--to", "labels", "--profile", "gke", fixture("aws/eks-p3dn-16.json"));
    expect([code, out]).toEqual([1, ""]);
    expect(error).toMatch(/^labels of .*eks-p3dn-16\.json: 1 problem\n/);
    expect((await topology("convert", fixture("aws/eks-p3dn-16.json"))).code).toBe(2);
  });
});

describe("turducken topology check", () => {
  it("is content with a complete pool, and with a control plane that has no leaf", async () => {
    const { code, out, error } = await topology("check", file("a.yaml", INVENTORY));
    expect([code, error]).toEqual([0, ""]);
    expect(out.split("\n").map((line) => /^Pool (\w+: \d+ of \d+)/.exec(line)?.[1])).toEqual([
      "control: 1 of 1",
      "compute: 5 of 5",
      "gpu: 1 of 1",
      undefined,
    ]);
  });

  it("names the nodes that lack a level and those that are not there, and ends with 1", async () => {
    const nodes = [...labelled().slice(0, 5), { name: "n06", labels: {} }];
    const { code, out, error } = await topology("check", "--nodes", "n[01-07]", file("partly.json", nodes));
    expect([code, out]).toEqual([1, ""]);
    expect(error.trimEnd().split("\n").at(-1)).toBe(
      "Pool nodes: 5 of 7 nodes have leaf and spine; no leaf and spine: n06; not there: n07.",
    );
  });

  it("takes the nodes from a file of hostlists, and only the levels asked for", async () => {
    const list = file("nodes.txt", "# rack 1\nn[01-03], n04\n\nn05 # lent\n");
    const nodes = labelled().map(({ name, labels }) => ({
      name,
      labels: { "fabric.topograph.run/tier-0": labels["fabric.topograph.run/tier-0"] },
    }));
    const { code, out } = await topology("check", "--json", "--levels", "leaf", "--nodes-file", list, file("leaves.json", nodes));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      complete: true,
      unexpected: ["n06"],
      pools: [{ pool: "nodes", expected: 5, complete: 5, lacking: {} }],
    });
    const spine = await topology("check", "--levels", "leaf,spine", file("leaves.json", nodes));
    expect(spine.code).toBe(1);
    expect(spine.error).toContain("no spine: n[01-06]");
  });

  it("refuses a list of nodes that is none, with the line of the file", async () => {
    const { code, error } = await topology(
      "check",
      "--nodes-file",
      file("bad.txt", "n1\nn[2\n"),
      file("labels.json", labelled()),
    );
    expect(code).toBe(1);
    expect(error).toMatch(/bad\.txt line 2 = "n\[2"\n {4}It is not a hostlist: character 2: `\[` is not closed\./);
  });
});

it("ends quietly when the reader of its output goes away", async () => {
  const command = `for i in $(seq 3000); do echo "n$i /c/r$i/h$i"; done | node ${path.join(ROOT, "bin/turducken.js")} topology convert --from gke --to labels | head -n 1; echo "codes \${PIPESTATUS[*]}"`;
  const { out, error } = await new Promise<{ out: string; error: string }>((resolve) => {
    const child = spawn("bash", ["-c", command]);
    let [out, error] = ["", ""];
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (error += String(chunk)));
    child.on("close", () => resolve({ out, error }));
  });
  expect(out).toMatch(/^\{\ncodes 0 0 0\n$/);
  expect(error).toBe("");
}, 30_000);
