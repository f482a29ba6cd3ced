/** `up` and `destroy` of a stack by its file: what the rehearsal calls. */
import { loadStack } from "../config/stack-file";
import type { Project } from "../config/project";
import { crypterForCheckpoint, readStackOutputs } from "./checkpoint";
import type { StackResolver } from "./plan";
import { type RunOptions, type RunResult, destroy, up } from "./run";

export interface UpStackOptions extends Omit<RunOptions, "run" | "crypter" | "resolveStack" | "checkpointFile"> {
  readonly project: Project;
  readonly stack: string;
  /** Another file instead of the project's Pulumi.<stack>.yaml, e.g. the sandbox's copy. */
  readonly configFile?: string;
  readonly passphrase: string;
  /** Where each stack's checkpoint lies. */
  readonly checkpointFile: (stack: string) => string;
}

/** Throws ConfigError for a stack file in bad form and WrongPassphrase. */
export async function upStack(options: UpStackOptions): Promise<RunResult> {
  return up(await runOptions(options));
}

export async function destroyStack(options: UpStackOptions): Promise<RunResult> {
  return destroy(await runOptions(options));
}

async function runOptions(options: UpStackOptions): Promise<RunOptions> {
  const { project, stack, configFile, passphrase, checkpointFile, ...rest } = options;
  const loaded = await loadStack(project, stack, { configFile, passphrase });
  const file = checkpointFile(stack);
  const crypter = await crypterForCheckpoint(file, passphrase, loaded.file.encryptionSalt);
  return { ...rest, run: loaded.run, crypter, checkpointFile: file, resolveStack: fromCheckpoints(passphrase, checkpointFile) };
}

/** StackReference names end in the stack's name, whatever organization and project they start with. */
function fromCheckpoints(passphrase: string, checkpointFile: (stack: string) => string): StackResolver {
  return async (fullName) => {
    const file = checkpointFile(fullName.split("/").pop()!);
    return readStackOutputs(file, await crypterForCheckpoint(file, passphrase));
  };
}
