import { writeFileSync } from "node:fs";

/** Whether a step did what it does on a user's machine, did it with something else in its place, or was not done. */
export type StepKind = "real" | "replaced" | "left-out";

export interface ReportStep {
  readonly host: string;
  readonly id: string;
  readonly kind: StepKind;
  readonly state: string;
  readonly seconds: number;
  /** What stands in its place, for `replaced` and `left-out`. */
  readonly note?: string;
}

export interface ReportAssertion {
  readonly id: string;
  readonly statement: string;
  readonly passed: boolean;
  readonly evidence: unknown;
  readonly seconds: number;
}

export interface ReportOverride {
  readonly id: string;
  readonly kind: Exclude<StepKind, "real">;
  readonly what: string;
  readonly why: string;
}

export interface RehearsalReport {
  readonly schema: 1;
  readonly stack: string;
  readonly engine: "builtin" | "pulumi";
  readonly startedAt: string;
  readonly seconds: number;
  readonly passed: boolean;
  readonly overrides: readonly ReportOverride[];
  readonly steps: readonly ReportStep[];
  readonly assertions: readonly ReportAssertion[];
  /** Why the rehearsal ended before its last assertion. */
  readonly error?: string;
}

/** Collects what happened, prints it as it happens, and writes it down at the end. Everything passes `redact` first. */
export class Reporter {
  readonly steps: ReportStep[] = [];
  readonly assertions: ReportAssertion[] = [];
  /** Every line that was printed, as it was printed. */
  readonly transcript: string[] = [];
  private readonly started = Date.now();
  private readonly secrets = new Set<string>();

  constructor(private readonly write: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {}

  private print(line: string): void {
    const safe = this.redact(line);
    this.transcript.push(safe);
    this.write(safe);
  }

  /** A string that must never be shown; lines of multi-line secrets count one by one. */
  addSecret(secret: string): void {
    for (const line of [secret, ...secret.split("\n")]) if (line.trim().length >= 12) this.secrets.add(line.trim());
  }

  redact = (text: string): string => {
    let result = text;
    for (const secret of this.secrets) result = result.replaceAll(secret, "[secret]");
    return result;
  };

  get elapsed(): number {
    return (Date.now() - this.started) / 1000;
  }

  line(subject: string, message: string): void {
    this.print(`${this.elapsed.toFixed(1).padStart(6)}s  ${subject.padEnd(14)} ${message}`);
  }

  heading(title: string): void {
    this.print(`\n${title}`);
  }

  step(step: ReportStep): void {
    this.steps.push(step);
    const note = step.kind === "real" ? "" : `  [${step.kind}${step.note ? `: ${step.note}` : ""}]`;
    if (step.state !== "ok") this.line(step.host, `${step.id}: ${step.state} (${step.seconds.toFixed(1)} s)${note}`);
  }

  /** Runs one check; a throw is a failed assertion with the error as evidence, and the rehearsal goes on. */
  async assert(id: string, statement: string, check: () => Promise<{ passed: boolean; evidence: unknown }>): Promise<boolean> {
    const begin = Date.now();
    let outcome: { passed: boolean; evidence: unknown };
    try {
      outcome = await check();
    } catch (error) {
      outcome = { passed: false, evidence: { error: this.redact(error instanceof Error ? error.message : String(error)) } };
    }
    const evidence = JSON.parse(this.redact(JSON.stringify(outcome.evidence ?? null))) as unknown;
    const seconds = (Date.now() - begin) / 1000;
    this.assertions.push({ id, statement, passed: outcome.passed, evidence, seconds });
    this.line(outcome.passed ? "holds" : "FAILS", statement);
    if (!outcome.passed) this.print(`         ${JSON.stringify(evidence, null, 2).split("\n").slice(0, 40).join("\n         ")}`);
    return outcome.passed;
  }

  finish(fields: Pick<RehearsalReport, "stack" | "engine" | "overrides" | "error">): RehearsalReport {
    return {
      schema: 1,
      ...fields,
      error: fields.error === undefined ? undefined : this.redact(fields.error),
      startedAt: new Date(this.started).toISOString(),
      seconds: this.elapsed,
      passed: fields.error === undefined && this.assertions.length > 0 && this.assertions.every((each) => each.passed),
      steps: this.steps,
      assertions: this.assertions,
    };
  }
}

export function writeReport(file: string, report: RehearsalReport): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
