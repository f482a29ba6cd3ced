import type { OperationContext, PlainInputs } from "../types";
import { tail, trimNewline } from "./shared";

/** What command:remote:Command and command:local:Command have in common (pulumi-command v1.2.1). */
export interface Ran {
  readonly code: number | null;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables for the command: the user's, and the previous outputs unless `addPreviousOutputInEnv` is false. */
export interface Variables {
  /** Must be set or the command fails. */
  readonly own: Record<string, string>;
  /** PULUMI_COMMAND_STDOUT and _STDERR of the previous run, where there is one. */
  readonly previous: Record<string, string>;
}

export function variablesOf(inputs: PlainInputs, olds?: Record<string, unknown>): Variables {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries((inputs["environment"] ?? {}) as Record<string, unknown>)) own[name] = String(value);
  const previous: Record<string, string> = {};
  if (inputs["addPreviousOutputInEnv"] !== false) {
    if (olds?.["stdout"]) previous["PULUMI_COMMAND_STDOUT"] = String(olds["stdout"]);
    if (olds?.["stderr"]) previous["PULUMI_COMMAND_STDERR"] = String(olds["stderr"]);
  }
  return { own, previous };
}

/**
 * Logs as `logging` says (default both, line by line) and returns the outputs.
 * @throws Error with the resource's name, exit code and the end of stderr, redacted. Unlike the real provider it does not
 *   repeat the whole command text, which may hold what should not be printed (pulumi-command#773).
 */
export function outputsOf(
  ran: Ran,
  inputs: PlainInputs,
  context: OperationContext,
  place: string,
): { stdout: string; stderr: string } {
  const logging = (inputs["logging"] as string | undefined) ?? "stdoutAndStderr";
  if (logging === "stdout" || logging === "stdoutAndStderr") logLines(ran.stdout, context);
  if (logging === "stderr" || logging === "stdoutAndStderr") logLines(ran.stderr, context);
  if (ran.code === 0) return { stdout: trimNewline(ran.stdout), stderr: trimNewline(ran.stderr) };
  const how = ran.code === null ? `was ended by signal ${ran.signal ?? "unknown"}` : `exited with code ${ran.code}`;
  const said = tail(ran.stderr) || tail(ran.stdout) || "(it printed nothing)";
  throw new Error(context.redact(`${context.name} ${how}${place}:\n${said}`));
}

function logLines(text: string, context: OperationContext): void {
  for (const line of trimNewline(text).split("\n")) if (line) context.log(context.redact(line));
}
