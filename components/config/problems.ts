/** What is wrong with a user's input. All problems of one input are collected and shown at once. */
export interface Problem {
  /** Where: a path in the user's words, e.g. `cluster.hosts[2].addresses`. */
  readonly path: string;
  /** The offending value as the user wrote it; never a secret. */
  readonly value?: unknown;
  /** What is wrong, one sentence. */
  readonly message: string;
  /** What would be accepted. */
  readonly allowed?: string;
  /** What the user should do now. */
  readonly fix: string;
}

/** Several problems of one kind, shown as one list. Warnings are never mixed in. */
export class ConfigError extends Error {
  constructor(
    readonly subject: string,
    readonly problems: readonly Problem[],
  ) {
    super(renderProblems(subject, problems));
    this.name = "ConfigError";
  }
}

export function renderProblems(subject: string, problems: readonly Problem[]): string {
  const lines = [`${subject}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"}`];
  for (const problem of problems) {
    lines.push(`  ${problem.path}${problem.value === undefined ? "" : ` = ${show(problem.value)}`}`);
    lines.push(`    ${problem.message}`);
    if (problem.allowed) lines.push(`    allowed: ${problem.allowed}`);
    lines.push(`    do: ${problem.fix}`);
  }
  return lines.join("\n");
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
