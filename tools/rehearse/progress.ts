import type { StepReport } from "../../components/hosts/types";
import { stepKind } from "./overrides";
import type { Reporter } from "./report";
import type { StackOperation } from "./sandbox-types";

/** Turns what the engine does into progress lines and the report's steps. */
export function recordSteps(reporter: Reporter): (operation: StackOperation, stdout: string | undefined) => void {
  return (operation, stdout) => {
    if (operation.operation === "same" || operation.operation === "read") return;
    const steps = stepReports(stdout);
    for (const step of steps)
      reporter.step({
        host: step.host,
        id: `${step.phase}/${step.step}`,
        ...stepKind(step.step),
        state: step.state,
        seconds: step.seconds,
      });
    if (operation.state === "failed") reporter.line("FAILED", `${operation.name}: ${operation.error ?? ""}`);
    if (!/^(command|kubernetes):/.test(operation.type)) return;
    const host = /^command:remote:/.test(operation.type) ? operation.name.replace(/-[a-z]+$/, "") : "engine";
    reporter.step({
      host,
      id: `${operation.operation} ${operation.name}`,
      kind: "real",
      state: operation.state,
      seconds: operation.seconds,
    });
  };
}

/** The JSON lines of a host program; anything else a command may print is not ours to show. */
function stepReports(stdout: string | undefined): StepReport[] {
  if (!stdout) return [];
  return stdout.split("\n").flatMap((line) => {
    if (!line.startsWith('{"host":')) return [];
    try {
      const report = JSON.parse(line) as StepReport;
      return report.step && report.state && report.phase ? [report] : [];
    } catch {
      return [];
    }
  });
}
