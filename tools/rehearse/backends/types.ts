import type { StackOperation, StackRun } from "../sandbox-types";

/** Who brings the sandbox's stacks up. */
export interface Backend {
  up(stack: string): Promise<StackRun>;
  destroy(stack: string): Promise<StackRun>;
  checkpointFile(stack: string): string;
  close(): Promise<void>;
}

export interface BackendSettings {
  readonly project: string;
  /** Folder of the sandbox: its own Pulumi.yaml and stack files lie there. */
  readonly folder: string;
  readonly passphrase: string;
  /** For the program and for the local commands it starts. */
  readonly environment: Record<string, string>;
  readonly redact: (text: string) => string;
  /** Called as each resource is done; `stdout` is what a command printed, where the backend knows it. */
  readonly onOperation: (operation: StackOperation, stdout: string | undefined) => void;
  readonly signal: AbortSignal;
}
