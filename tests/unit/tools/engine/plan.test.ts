import { planProgram } from "../../../../tools/engine/plan";
import { toMasked } from "../../../../tools/engine/properties";
import { type GraphResource, Secret, Unknown } from "../../../../tools/engine/types";
import { TOKEN, fixtureRun } from "./fixture";

// Each real program is a second of start; a busy machine takes its time.
jest.setTimeout(60_000);

const find = (resources: readonly GraphResource[], name: string): GraphResource => resources.find((each) => each.name === name)!;

test("a plan has every resource with its URN, parent, dependencies, options and source line", async () => {
  const { resources, exitCode, diagnostics } = await planProgram(fixtureRun("plain", { pairs: ["a"] }));
  expect([exitCode, diagnostics]).toEqual([0, []]);
  expect(resources.map((each) => each.urn).sort()).toEqual([
    "urn:pulumi:plain::fixture::fixture:index:Pair$command:local:Command::a-first",
    "urn:pulumi:plain::fixture::fixture:index:Pair$command:local:Command::a-second",
    "urn:pulumi:plain::fixture::fixture:index:Pair::a",
    "urn:pulumi:plain::fixture::pulumi:pulumi:Stack::fixture-plain",
  ]);
  const second = find(resources, "a-second");
  const first = find(resources, "a-first").urn;
  expect(second.parent).toBe("urn:pulumi:plain::fixture::fixture:index:Pair::a");
  expect(second.dependsOn).toEqual([first]);
  expect(second.propertyDependencies).toEqual({ environment: [first] });
  expect(second.options.customTimeouts?.create).toBe(300);
  expect(second.options.additionalSecretOutputs).toEqual(["stdout"]);
  expect(second.source?.file).toMatch(/components\/pair\.ts$/);
  expect(second.source?.line).toBe(10);
});

test("in a plan inputs are known, secrets stay secret, and what a create would give is unknown", async () => {
  const { resources, outputs } = await planProgram(fixtureRun("plain", { pairs: ["a"] }));
  const { inputs } = find(resources, "a-second");
  expect(inputs.create).toBe("cat");
  expect(inputs.stdin).toEqual(new Secret(TOKEN));
  expect(inputs.environment).toEqual({ FIRST: new Unknown() });
  expect(outputs).toEqual({ names: ["a"], said: new Unknown(), token: new Secret(TOKEN) });
});

test("outputs of a planned stack reach the stack that references it: known, secret and unknown", async () => {
  const resolveStack = async (name: string) =>
    (await planProgram(fixtureRun(name.split("/").pop()!, { pairs: ["a", "b"] }))).outputs;
  const { resources, outputs, diagnostics } = await planProgram(fixtureRun("reference"), { resolveStack });
  expect(diagnostics).toEqual([]);
  expect(toMasked(find(resources, "uses-b").inputs)).toEqual({ create: "echo b", stdin: "[secret]" });
  expect(outputs).toEqual({ count: 2, stdin: new Secret(TOKEN), unknownThere: new Unknown() });
});

test("duplicate names and a resource without its component as parent are errors with their lines", async () => {
  const { diagnostics } = await planProgram(fixtureRun("broken"));
  expect(diagnostics.map((each) => each.severity)).toEqual(["error", "error"]);
  expect(diagnostics[0]!.message).toMatch(/two resources have the URN .*::twin: .*broken\/index.ts:4 and .*broken\/index.ts:5/);
  expect(diagnostics[1]!.message).toMatch(/careless-child .* has no parent \(.*components\/pair.ts:24\)/);
});

test("a secret in a plain input or printed by the program is an error that does not repeat it", async () => {
  const { diagnostics, resources } = await planProgram(fixtureRun("leaky"));
  const errors = diagnostics.filter((each) => each.severity === "error").map((each) => each.message);
  expect(errors).toEqual([
    "the program printed the secret fixture:token to stdout",
    'leak (command:local:Command): the secret fixture:token stands in plain text in input "create". Pass it as an Output that is secret, on stdin',
  ]);
  expect(JSON.stringify(diagnostics)).not.toContain(TOKEN);
  expect(JSON.stringify(toMasked(find(resources, "leak").inputs))).not.toContain(TOKEN);
});

test("an exception of the program is readable: message and the line it comes from", async () => {
  const { exitCode, diagnostics } = await planProgram(fixtureRun("toys", { toys: [], crash: "true" }));
  expect(exitCode).toBe(32);
  expect(diagnostics.map((each) => each.message)).toEqual([
    expect.stringMatching(/^the program broke\n {2}at .*toys\/index\.ts:\d+:\d+\)?$/),
  ]);
});
