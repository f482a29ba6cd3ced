import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Policy } from "../../../../policies/types";
import type { Project } from "../../../../tools/config/project";
import { MissingFile } from "../../../../tools/config/stack-file";
import { encryptSecret } from "../../../../tools/config/write-secret";
import { planJson } from "../../../../tools/plan/json";
import { exitCodeOf, planStack } from "../../../../tools/plan/plan";
import { renderPlan } from "../../../../tools/plan/render";
import { TOKEN } from "../engine/fixture";

// Each plan starts a program; a busy machine takes its time.
jest.setTimeout(60_000);

const programs = path.resolve(__dirname, "../../../fixtures/programs");
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "turducken-plan-"));
  mkdirSync(path.join(folder, "stacks"));
  const files = ["plain", "broken", "toys"].map((stack) => path.join(folder, "stacks", `Pulumi.${stack}.yaml`));
  writeFileSync(files[0]!, "config:\n  fixture:pairs: [a, b]\n  fixture:toys: []\n  fixture:crash: true\n");
  await encryptSecret(files[0]!, "fixture:token", TOKEN, "pass");
  for (const file of files.slice(1)) copyFileSync(files[0]!, file);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every fixture is a program of its own, so the project's program is the one to be planned. */
function project(program: string): Project {
  return { root: folder, name: "fixture", program: path.join(programs, program), stackFiles: path.join(folder, "stacks") };
}

test("two plans of one stack give the same bytes, and no secret is in them", async () => {
  const plans = [
    await planStack(project("plain"), "plain", { passphrase: "pass" }),
    await planStack(project("plain"), "plain", { passphrase: "pass" }),
  ];
  const [first, second] = plans.map((plan) => JSON.stringify(planJson(plan)) + renderPlan(plan));
  expect(second).toBe(first);
  expect(first).not.toContain(TOKEN);
  expect(exitCodeOf(plans[0]!)).toBe(0);
});

test("the JSON has every resource with masked inputs and its place in the source", async () => {
  const json = planJson(await planStack(project("plain"), "plain", { passphrase: "pass" }));
  const second = json.resources.find((each) => each.name === "a-second")!;
  expect(second.inputs).toEqual({ create: "cat", environment: { FIRST: "[unknown]" }, stdin: "[secret]" });
  expect(second.source).toEqual({ file: expect.stringMatching(/programs\/components\/pair\.ts$/), line: 10 });
  expect(json.outputs).toEqual({ names: ["a", "b"], said: "[unknown]", token: "[secret]" });
});

test("without a passphrase the plan stands, the secret is unknown and a warning says so", async () => {
  const plan = await planStack(project("plain"), "plain");
  expect(exitCodeOf(plan)).toBe(0);
  expect(plan.warnings).toEqual([expect.stringContaining("fixture:token unknown in this plan")]);
  expect(JSON.stringify(planJson(plan))).not.toContain("turducken-not-known");
});

test("a stack that is wrong exits with 1 and shows every error", async () => {
  const plan = await planStack(project("broken"), "broken", { passphrase: "pass" });
  expect(exitCodeOf(plan)).toBe(1);
  expect(renderPlan(plan)).toMatch(/Errors\n {2}- two resources have the URN[\s\S]*\n {2}- careless-child/);
});

test("a program that throws is a wrong stack, not one that could not be checked", async () => {
  const plan = await planStack(project("toys"), "toys", { passphrase: "pass" });
  expect([exitCodeOf(plan), plan.errors]).toEqual([1, [expect.stringMatching(/^the program broke/)]]);
});

test("findings of rules are shown, and only errors among them fail the plan", async () => {
  const rule = (severity: "error" | "warning"): Policy => ({
    id: "no-echo",
    title: "t",
    why: "w",
    source: "s",
    check: (graph) =>
      graph.resources
        .filter((each) => each.name === "a-first")
        .map((each) => ({ policy: "no-echo", severity, urn: each.urn, message: "it echoes", fix: "be quiet" })),
  });
  const warned = await planStack(project("plain"), "plain", { passphrase: "pass", policies: [rule("warning")] });
  expect(exitCodeOf(warned)).toBe(0);
  expect(renderPlan(warned)).toContain("Policy\n  - warning no-echo a-first: it echoes\n      do: be quiet");
  expect(
    exitCodeOf({
      ...warned,
      findings: rule("error").check({ project: "p", stack: "s", resources: warned.result.resources as never, outputs: {} }),
    }),
  ).toBe(1);
});

test("a referenced stack whose file is wrong is an error in plain words", async () => {
  const wrong = { ...project("reference"), stackFiles: path.join(folder, "wrong") };
  mkdirSync(wrong.stackFiles);
  writeFileSync(path.join(wrong.stackFiles, "Pulumi.reference.yaml"), "config: {}\n");
  writeFileSync(path.join(wrong.stackFiles, "Pulumi.plain.yaml"), "config:\n  fixture:a: {b: {secure: v1:x:y}}\n");
  const plan = await planStack(wrong, "reference");
  expect(exitCodeOf(plan)).toBe(1);
  expect(plan.errors[0]).toMatch(/Pulumi\.plain\.yaml: 1 problem\n {2}fixture:a\.b/);
});

test("a contract file that cannot be read, and a stack without a file, leave the stack unchecked", async () => {
  await expect(planStack(project("reference"), "plain", { contract: "/nowhere.json" })).rejects.toThrow(MissingFile);
  await expect(planStack(project("plain"), "absent")).rejects.toThrow(MissingFile);
});
