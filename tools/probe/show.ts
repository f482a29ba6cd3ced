import type { StepReport } from "../../components/hosts/plain";
import type { ProbeAnswer } from "./ask";

/** One line for a host that is right; else a line per step that is not. */
export function hostLines({ host, facts, steps, problems }: ProbeAnswer): string[] {
  if (!facts) return [`${host.name}  could not be reached`];
  const off = steps.filter(({ state }) => state !== "ok");
  if (problems.length > 0 && off.length === 0) return [`${host.name}  could not be checked in full`];
  if (off.length === 0) return [`${host.name}  as it should be (${steps.length} steps)`];
  return [`${host.name}  ${count(off)}`, ...off.flatMap(stepLines)];
}

function stepLines({ phase, step, title, state, stderr }: StepReport): string[] {
  const reason = state === "would-change" ? [] : (stderr ?? []).slice(0, 2).map((line) => `      ${line}`);
  return [`  ${phase.padEnd(8)} ${step.padEnd(28)} ${state.replace("-", " ").padEnd(13)} ${title}`, ...reason];
}

function count(off: readonly StepReport[]): string {
  const change = off.filter(({ state }) => state === "would-change").length;
  const deferred = off.filter(({ state }) => state === "deferred").length;
  return (
    [change > 0 ? `${change} would change` : "", deferred > 0 ? `${deferred} deferred` : ""].filter(Boolean).join(", ") ||
    "could not be checked in full"
  );
}

export function summary(answers: readonly ProbeAnswer[], problems: number): string {
  const off = answers.filter(({ steps }) => steps.some(({ state }) => state !== "ok")).length;
  if (off === 0 && problems === 0) return `nothing to do: all ${answers.length} hosts are as they should be`;
  return `${off} of ${answers.length} hosts would be changed; ${problems} ${problems === 1 ? "problem" : "problems"}`;
}
