import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../../components/config/problems";
import {
  contractFromFile,
  contractFromStack,
  parseContract,
  referenceTo,
  secretFromStack,
} from "../../../../components/contract";
import { exampleContract } from "../../../fixtures/contract";
import { graphOf, type GraphOptions } from "../../../fixtures/graph";

function problemsOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((each) => [each.path, each.value, each.message]);
    throw error;
  }
  return [];
}

describe("parseContract", () => {
  test("gives a right contract back as it is", () => {
    expect(parseContract(exampleContract(), "here")).toEqual(exampleContract());
  });

  test("names every field that is wrong, with its value", () => {
    const bad = { ...exampleContract(), schema: 2, environment: "moon", extra: 1 };
    expect(problemsOf(() => parseContract(bad, "here")).map(([path, value]) => [path, value])).toEqual([
      ["cluster.schema", 2],
      ["cluster.environment", "moon"],
      ["cluster", undefined],
    ]);
  });

  test("finds names that are not there, and names that are there twice", () => {
    const base = exampleContract();
    const nodes = [base.nodes[1]!, { ...base.nodes[1]!, pool: "gone", domains: { row: "r1" } }];
    const bad = { ...base, nodes, network: { cni: "flannel" as const } };
    expect(problemsOf(() => parseContract(bad, "here"))).toEqual([
      ["cluster.nodes", "n01", "two nodes have this name"],
      ["cluster.network.podCIDR", undefined, "flannel must know which addresses pods get"],
      ["cluster.nodes[1].pool", "gone", "n01 is in a pool that the contract does not have"],
      ["cluster.nodes[1].domains", "row", "n01 has a domain at a tier without a label key"],
    ]);
  });
});

describe("contractFromFile", () => {
  const folder = mkdtempSync(join(tmpdir(), "turducken-contract-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("reads what `pulumi stack output cluster --json` wrote", () => {
    writeFileSync(join(folder, "contract.json"), JSON.stringify(exampleContract()));
    expect(contractFromFile(join(folder, "contract.json")).name).toBe("example");
  });

  test("says how to make the file when there is none", () => {
    expect(() => contractFromFile(join(folder, "none.json"))).toThrow("`pulumi stack output cluster --json > contract.json`");
  });
});

describe("contractFromStack and secretFromStack", () => {
  async function read(options: GraphOptions) {
    let outcome: { contract?: string; error?: string } = {};
    await graphOf(async () => {
      const reference = referenceTo("bare-metal");
      try {
        const contract = await contractFromStack(reference, "bare-metal");
        await secretFromStack(reference, "bare-metal", "kubeconfig");
        outcome = { contract: contract.name };
      } catch (error) {
        outcome = { error: (error as Error).message };
      }
      return {};
    }, options);
    return outcome;
  }

  test("read both outputs of a stack of this project and organization", async () => {
    const stacks = {
      "org/turducken/bare-metal": { outputs: { cluster: exampleContract(), kubeconfig: "K" }, secrets: ["kubeconfig"] },
    };
    expect(await read({ stacks })).toEqual({ contract: "example" });
  });

  test("say which output is missing and what to run", async () => {
    const cluster = exampleContract();
    expect((await read({ stacks: {} })).error).toContain("the stack has no output `cluster`");
    expect((await read({ stacks: { "org/turducken/bare-metal": { outputs: { cluster } } } })).error).toContain(
      "run `pulumi up --stack bare-metal` first",
    );
  });

  test("a preview may come before there is a kubeconfig", async () => {
    const stacks = { "org/turducken/bare-metal": { outputs: { cluster: exampleContract() } } };
    expect(await read({ stacks, preview: true })).toEqual({ contract: "example" });
  });

  test("refuse a contract that is secret", async () => {
    const stacks = { "org/turducken/bare-metal": { outputs: { cluster: exampleContract() }, secrets: ["cluster"] } };
    expect((await read({ stacks })).error).toContain("the contract is a secret output");
  });
});
