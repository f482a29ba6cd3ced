import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RehearsalReport } from "../../tools/rehearse/report";
import { labDescribe } from "./support";

const repository = join(__dirname, "..", "..");

/** What the example must show; the rehearsal itself says what it saw. */
const STATEMENTS = [
  "nodes-ready",
  "labels",
  "pods-reach",
  "example-ring",
  "gang-of-3-in-one-leaf",
  "gang-of-2-beside-it",
  "gang-of-4-refused",
  "forced-gang-stays-pending",
  "spine-holds-it",
  "rivals-never-half",
  "minicluster-lammps",
  "minicluster-second-run-same",
  "minicluster-goes",
  "second-run-same",
  "planted-change",
  "newcomer-joins",
  "leaver-goes",
  "upgrade-rolls",
  "no-secrets",
];

labDescribe("rehearsing the example stacks", ["go", "apt-get"], () => {
  const folder = mkdtempSync(join(tmpdir(), "turducken-rehearse-"));
  const file = join(folder, "report.json");
  let output = "";
  let code: number | null = null;
  let report: RehearsalReport;

  beforeAll(async () => {
    const child = spawn(process.execPath, ["bin/turducken.js", "rehearse", "bare-metal", "--upgrade", "--report", file], {
      cwd: repository,
    });
    const keep = (chunk: Buffer) => {
      output += chunk.toString("utf8");
      process.stdout.write(chunk);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    code = await new Promise((resolve) => child.on("close", resolve));
    report = JSON.parse(readFileSync(file, "utf8")) as RehearsalReport;
  }, 45 * 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(STATEMENTS)("shows %s", (id) => {
    const assertion = report.assertions.find((each) => each.id === id);
    expect(assertion).toMatchObject({ id, passed: true });
    expect(assertion!.evidence).toBeTruthy();
  });

  it("ends with exit code 0 and no error", () => {
    expect({ code, error: report.error, passed: report.passed }).toEqual({ code: 0, error: undefined, passed: true });
  });

  it("says of every step whether it was real, replaced or left out, and why something was replaced", () => {
    expect(report.steps.length).toBeGreaterThan(50);
    expect([...new Set(report.steps.map((step) => step.kind))].sort()).toEqual(expect.arrayContaining(["real", "replaced"]));
    for (const override of report.overrides) expect([override.what.length > 10, override.why.length > 10]).toEqual([true, true]);
    for (const step of report.steps) expect(["real", "replaced", "left-out"]).toContain(step.kind);
  });

  it("prints no private key, kubeconfig or token", () => {
    expect(output).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY|client-key-data|[a-z0-9]{6}\.[a-z0-9]{16}/);
  });
});
