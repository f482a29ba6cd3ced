import { treeFromInventory } from "../../../../hardware/topology/sources/inventory";
import { acceleratorsFromNvidiaSmi, withAccelerators } from "../../../../hardware/topology/sources/nvlink";
import { labelProblem } from "../../../../hardware/topology/renderers/labels";
import { damagedText } from "./mutations";

const RACK = "1f8e2a54-90c3-4d5b-8a7e-3c1d2b4f6a90";
const read = (output: string) => acceleratorsFromNvidiaSmi(new Map([["n1", output]]));

describe("NVLink domains from nvidia-smi", () => {
  test("are the cluster and the clique that all GPUs of a host name", () => {
    const { domains, problems, warnings } = acceleratorsFromNvidiaSmi(
      new Map([
        ["n1", `${RACK}, 32766\n`.repeat(4)],
        ["n2", `fabric.clusterUuid, fabric.cliqueId\r\n${RACK.toUpperCase()}, 7\r\n`],
      ]),
    );
    expect([...domains]).toEqual([
      ["n1", `${RACK}.32766`],
      ["n2", `${RACK}.7`],
    ]);
    expect([problems, warnings]).toEqual([[], []]);
  });

  test.each(["00000000-0000-0000-0000-000000000000, 0\n", "[N/A], [N/A]\n", "N/A, N/A\n", "[Not Supported], [Not Supported]\n"])(
    "are none where the fabric is %j",
    (line) => {
      expect(read(line.repeat(8))).toEqual({ domains: new Map(), problems: [], warnings: [] });
    },
  );

  test("that differ between the GPUs of a host are a problem that names both", () => {
    const { domains, problems } = read(`${RACK}, 1\n${RACK}, 2\n${RACK}, 1\n`);
    expect(domains.size).toBe(0);
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      `nvlink.n1 line 2: The GPUs of host n1 are in different NVLink domains: ${RACK}.1 (line 1), ${RACK}.2 (line 2).`,
    ]);
    expect(read(`${RACK}, 1\n[N/A], [N/A]\n`).problems[0]?.message).toContain(`${RACK}.1 (line 1), none (line 2).`);
  });

  test.each(['Field "fabric.clusterUuid" is not a valid field to query.', `${RACK}`, `${RACK}, x`, `${RACK}, 1, 2`, "\u0000"])(
    "from the line %j are a problem with its line",
    (line) => {
      const { domains, problems } = read(`${RACK}, 1\n${line}\n`);
      expect([domains.size, problems.map(({ path }) => path)]).toEqual([0, ["nvlink.n1 line 2"]]);
    },
  );

  test("from a host without GPUs are a warning", () => {
    expect(read("No devices were found\n").warnings.map(({ message }) => message)).toEqual([
      "Host n1 shows no GPU, and so has no NVLink domain.",
    ]);
  });

  test("are added to a tree, and names that it does not have are reported", () => {
    const { tree } = treeFromInventory({ nodes: ["n01", "n02"].map((name) => ({ name, leaf: "l1" })) });
    const { tree: added, warnings } = withAccelerators(
      tree,
      new Map([
        ["n02", `${RACK}.1`],
        ["n2", `${RACK}.1`],
      ]),
    );
    expect(added.nodes.map(({ name, chain, accelerator }) => [name, chain, accelerator])).toEqual([
      ["n01", ["l1"], undefined],
      ["n02", ["l1"], `${RACK}.1`],
    ]);
    expect(warnings.map(({ value, allowed }) => [value, allowed])).toEqual([["n2", "nearest of n2: n02, n01"]]);
  });
});

test("2,000 damaged outputs are a domain, nothing to join, or an error with its line, and no other host suffers", () => {
  const uuid = "7f3c2a1e-5b4d-4c6e-9a8f-0123456789ab";
  const sound = `${`${uuid}, 7\n`.repeat(4)}`;
  for (let seed = 0; seed < 2000; seed++) {
    const text = damagedText(sound, seed);
    const outputs = new Map([
      ["sound", sound],
      ["hurt", text],
    ]);
    const { domains, problems, warnings } = acceleratorsFromNvidiaSmi(outputs);
    expect(domains.get("sound")).toBe(`${uuid}.7`);
    for (const { path, message } of [...problems, ...warnings]) {
      expect(path).toMatch(/^nvlink\.hurt( line \d+)?$/);
      expect(message).not.toBe("");
    }
    const domain = domains.get("hurt");
    if (domain !== undefined) expect(labelProblem(domain)).toBeUndefined();
    // Only an all-zero cluster or N/A is no domain without a word, and the damage makes neither.
    else expect([seed, problems.length + warnings.length]).not.toEqual([seed, 0]);
  }
});
