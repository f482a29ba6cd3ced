import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../../components/config/problems";
import { parseLayers, parseWorkload } from "../../../stacks/config";
import { pickProgram } from "../../../stacks/config/program";
import { program } from "../../../stacks/program";
import { OPTIONS } from "./config/example";

test("a stack is what its configuration has", () => {
  expect(pickProgram(["cluster", "sshPrivateKey"])).toBe("cluster");
  expect(pickProgram(["layers"])).toBe("layers");
  expect(pickProgram(["workload"])).toBe("workload");
});

test.each([[[]], [["sshPrivateKey"]], [["cluster", "layers"]]])(
  "%j is no stack, and the error lists what would be one",
  (keys) => {
    expect(() => pickProgram(keys)).toThrow(/exactly one of turducken:cluster, turducken:layers, turducken:workload/);
  },
);

const fails = async (config: Record<string, string>, secretKeys: string[] = []): Promise<Error> => {
  pulumi.runtime.setAllConfig(config, secretKeys);
  return program().then(
    () => Promise.reject(new Error("the program ran")),
    (error: Error) => error,
  );
};

describe("the program", () => {
  const project = pulumi.getProject();
  const key = (name: string) => `${project}:${name}`;

  test("ends with the readable list only, which the CLI shows without a stack trace", async () => {
    const error = await fails({ [key("cluster")]: JSON.stringify({ environment: "bare-metal", name: "x" }) });
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(/^configuration turducken:cluster: \d+ problems\n {2}cluster\.ssh\n {4}It is missing\./);
  });

  test("takes a structure that the CLI marks as secret for one with a nested `secure:`, and shows no value of it", async () => {
    const error = await fails({ [key("layers")]: JSON.stringify({ cluster: "Not A Stack", scheduler: "DECRYPTED" }) }, [
      key("layers"),
    ]);
    expect(error.message).toContain("Somewhere inside stands `secure:`");
    expect(error.message).not.toMatch(/DECRYPTED|Not A Stack/);
  });

  test("says of a text where a structure belongs what is wanted", async () => {
    expect((await fails({ [key("workload")]: "gangs" })).message).toMatch(/workload = "gangs"\n.*It is text/);
  });
});

const problems = (run: () => unknown) => {
  try {
    run();
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map(({ path }) => path);
  }
};

test.each<[object, string[]]>([
  [{ cluster: "bare-metal" }, []],
  [{}, ["layers.cluster"]],
  [{ cluster: "a", contract: "b.json", kubeconfig: "sshPrivateKey" }, ["layers.contract"]],
  [{ contract: "b.json" }, ["layers.kubeconfig"]],
  [{ contract: "b.json", kubeconfig: "nobody" }, ["layers.kubeconfig"]],
  [{ contract: "b.json", kubeconfig: "sshPrivateKey" }, []],
  [{ cluster: "org/project/stack", scheduler: "slurm", topolgy: {} }, ["layers.cluster", "layers.scheduler", "layers.topolgy"]],
])("layers %j: %j", (raw, expected) => expect(problems(() => parseLayers(raw, OPTIONS))).toEqual(expected));

const gang = { name: "ring", nodes: 3, image: "x@sha256:1" };
test.each<[object, string[]]>([
  [{ cluster: "a", layers: "b", gangs: [gang] }, []],
  [{ cluster: "a" }, ["workload.layers"]],
  [{ cluster: "a", layers: "b", kubeconfig: "sshPrivateKey" }, ["workload.kubeconfig"]],
  [
    { cluster: "a", layers: "b", gangs: [{ ...gang, within: "rack", nodes: 0 }] },
    ["workload.gangs[0].nodes", "workload.gangs[0].within"],
  ],
  [
    { cluster: "a", layers: "b", gangs: [{ ...gang, name: "Ring", resources: { cpu: true } }] },
    ["workload.gangs[0].name", "workload.gangs[0].resources.cpu"],
  ],
])("workload %j: %j", (raw, expected) => expect(problems(() => parseWorkload(raw, OPTIONS))).toEqual(expected));

test("quantities may be numbers in YAML and are texts for Kubernetes", () => {
  const { gangs } = parseWorkload(
    { cluster: "a", layers: "b", gangs: [{ ...gang, resources: { cpu: 8, memory: "4Gi" } }] },
    OPTIONS,
  );
  expect(gangs[0]!.resources).toEqual({ cpu: "8", memory: "4Gi" });
});
