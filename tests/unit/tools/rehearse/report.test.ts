import { Reporter } from "../../../../tools/rehearse/report";

function reporter() {
  const lines: string[] = [];
  return { lines, reporter: new Reporter((line) => lines.push(line)) };
}
const ending = { stack: "s", engine: "builtin", overrides: [] } as const;

test("a failed check is reported with its evidence, and the rehearsal goes on", async () => {
  const { reporter: report, lines } = reporter();
  expect(await report.assert("a", "water is dry", async () => ({ passed: false, evidence: { touched: "wet" } }))).toBe(false);
  expect(await report.assert("b", "water is wet", async () => ({ passed: true, evidence: 1 }))).toBe(true);
  const result = report.finish(ending);
  expect(result.assertions.map(({ id, passed, evidence }) => ({ id, passed, evidence }))).toEqual([
    { id: "a", passed: false, evidence: { touched: "wet" } },
    { id: "b", passed: true, evidence: 1 },
  ]);
  expect(result.passed).toBe(false);
  expect(lines.join("\n")).toMatch(/FAILS +water is dry[\s\S]*"touched": "wet"[\s\S]*holds +water is wet/);
});

test("a check that throws has failed, with the error as evidence", async () => {
  const { reporter: report } = reporter();
  await report.assert("a", "x", () => Promise.reject(new Error("no answer")));
  expect(report.assertions[0]).toMatchObject({ passed: false, evidence: { error: "no answer" } });
});

test("a rehearsal without any check, or with an error, has not passed", async () => {
  const { reporter: empty } = reporter();
  expect(empty.finish(ending).passed).toBe(false);
  const { reporter: broken } = reporter();
  await broken.assert("a", "x", async () => ({ passed: true, evidence: true }));
  expect(broken.finish(ending).passed).toBe(true);
  expect(broken.finish({ ...ending, error: "cut" })).toMatchObject({ passed: false, error: "cut" });
});

test("secrets are taken out of lines, evidence, errors and the transcript, line by line", async () => {
  const { reporter: report, lines } = reporter();
  report.addSecret("-----BEGIN KEY-----\nfirst-secret-line\nsecond-secret-line\n");
  report.line("n01", "said second-secret-line");
  await report.assert("a", "x", async () => ({ passed: false, evidence: { log: "first-secret-line" } }));
  const result = report.finish({ ...ending, error: "first-secret-line" });
  const everything = [...lines, ...report.transcript, JSON.stringify(result)].join("\n");
  expect(everything).not.toMatch(/first-secret-line|second-secret-line/);
  expect(everything).toContain("[secret]");
});
