import type { Sandbox, StackRun } from "./sandbox-types";

/** @throws Error that says what failed */
export async function mustUp(sandbox: Sandbox, stack: string): Promise<StackRun> {
  const run = await sandbox.up(stack);
  if (run.exitCode !== 0) {
    const failed = run.operations
      .filter((each) => each.state === "failed")
      .map((each) => `${each.name}: ${each.error ?? "failed"}`);
    throw new Error([`up of ${stack} ended with ${run.exitCode}`, ...failed, ...run.messages].join("\n"));
  }
  return run;
}
