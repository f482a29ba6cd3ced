import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../components/config/problems";
import type { ProgramOptions } from "./parse";

/** What a stack can be. */
export const PROGRAMS = ["cluster", "layers", "workload"] as const;
export type ProgramName = (typeof PROGRAMS)[number];

export interface ProgramConfig extends ProgramOptions {
  readonly program: ProgramName;
  /** The structure, decoded; nothing of it has been checked. */
  readonly raw: unknown;
}

/**
 * Which program this stack is, by which of `cluster`, `layers` and `workload` its configuration has.
 *
 * @throws ConfigError when it has none of them or several
 */
export function readProgramConfig(): ProgramConfig {
  const prefix = `${pulumi.getProject()}:`;
  const all = pulumi.runtime.allConfig();
  const keys = Object.keys(all)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const secret = keys.filter((key) => isSecret(prefix + key));
  const program = pickProgram(keys);
  return {
    program,
    raw: decode(all[prefix + program]!),
    keys: { secret, plain: keys.filter((key) => !secret.includes(key) && !isProgram(key)) },
    holdsSecrets: secret.includes(program),
  };
}

/** Exactly one of the three. */
export function pickProgram(keys: readonly string[]): ProgramName {
  const given = PROGRAMS.filter((name) => keys.includes(name));
  if (given.length === 1) return given[0]!;
  throw new ConfigError("configuration", [
    {
      path: "config",
      value: given.length > 0 ? given.map((name) => `turducken:${name}`) : undefined,
      message:
        given.length === 0
          ? "This stack's file says neither which cluster, nor which layers, nor which work it is."
          : "One stack is one of these; they live and die at different times.",
      allowed: `exactly one of ${PROGRAMS.map((name) => `turducken:${name}`).join(", ")}`,
      fix:
        given.length === 0
          ? "Start from stacks/Pulumi.bare-metal.yaml, and see that the stack's name and its file's are the same."
          : "Give each a stack file of its own.",
    },
  ]);
}

function isProgram(key: string): boolean {
  return (PROGRAMS as readonly string[]).includes(key);
}

/** The CLI hands structures over as JSON; what is not JSON is a plain text, which no schema of ours takes. */
function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The SDK knows, but does not declare it (pulumi/pulumi:sdk/nodejs/runtime/config.ts, marked internal). */
function isSecret(key: string): boolean {
  return (pulumi.runtime as unknown as { isConfigSecret(key: string): boolean }).isConfigSecret(key);
}
