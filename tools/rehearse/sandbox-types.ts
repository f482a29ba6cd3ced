import type { StackConfig } from "./overrides";

/** What one `up`, `destroy` or `preview` did. */
export interface StackRun {
  readonly exitCode: number;
  readonly operations: readonly StackOperation[];
  /** Plain values; secret outputs too, so never print this. */
  readonly outputs: Record<string, unknown>;
  /** Diagnostics, redacted. */
  readonly messages: readonly string[];
}

export interface StackOperation {
  readonly name: string;
  readonly type: string;
  readonly operation: "create" | "update" | "replace" | "delete" | "same" | "read" | "refused";
  readonly state: "done" | "failed" | "skipped";
  readonly seconds: number;
  readonly error?: string;
}

/** The user's stack files, copied and overridden, with a checkpoint each; everything lies in the folder of this run. */
export interface Sandbox {
  readonly folder: string;
  /** Absolute path of the copied stack file. */
  stackFile(stack: string): string;
  checkpointFile(stack: string): string;
  read(stack: string): StackConfig;
  edit(stack: string, change: (config: StackConfig) => void): void;
  up(stack: string): Promise<StackRun>;
  destroy(stack: string): Promise<StackRun>;
  /** Name → text of every host program that was rendered. */
  programFiles(): Record<string, string>;
  /** `turducken <arguments>` as a user would type it, against the copied stack files. */
  turducken(argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}
