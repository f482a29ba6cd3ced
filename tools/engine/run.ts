/** `up` and `destroy` in the sandbox. */
import { setMaxListeners } from "node:events";
import type { Crypter } from "../config/passphrase";
import { Checkpoint } from "./checkpoint";
import { deleteAll } from "./delete";
import { Deployer, type Deployment } from "./deploy";
import { Journal } from "./journal";
import type { StackResolver } from "./plan";
import { runProgram, scannerFor } from "./program";
import { hasUnknown, toPlainMap } from "./properties";
import { Providers } from "./providers-of";
import { SecretScanner } from "./secrets";
import { Semaphore } from "./semaphore";
import { type Diagnostic, type EngineEvent, type ProgramRun, type PropertyMap, type ResourceProvider } from "./types";
import { STACK_TYPE } from "./urn";

export interface RunOptions {
  readonly run: ProgramRun;
  /** New instances: they are closed at the end of the run. */
  readonly providers: readonly ResourceProvider[];
  readonly checkpointFile: string;
  /** See `crypterForCheckpoint`. */
  readonly crypter: Crypter;
  /** Steps at a time. @default PULUMI_PARALLEL, else 8 */
  readonly parallel?: number;
  /** After a failure go on with what does not depend on it. @default PULUMI_CONTINUE_ON_ERROR, else false */
  readonly continueOnError?: boolean;
  readonly resolveStack?: StackResolver;
  readonly onEvent?: (event: EngineEvent) => void;
  /** What providers and programs say while they work, redacted. */
  readonly onLog?: (message: string) => void;
  /** Aborting ends running steps through their own signal, starts nothing new, and leaves a usable checkpoint. */
  readonly signal?: AbortSignal;
  /** How the program is run. @default runProgram: the real entry script in a child process */
  readonly runner?: typeof runProgram;
  /** More strings that must never be printed. */
  readonly secrets?: readonly string[];
}

export interface RunResult {
  /** 0 fine, 1 something failed, 130 aborted. */
  readonly exitCode: number;
  /** What came of each resource: events `done`, `failed` and `skipped`. */
  readonly operations: readonly EngineEvent[];
  /** Stack outputs as they now are, secrets as Secret. */
  readonly outputs: PropertyMap;
  /** The same in plain text; never print this. */
  readonly plainOutputs: Readonly<Record<string, unknown>>;
  readonly diagnostics: readonly Diagnostic[];
  /** Takes every secret of the run out of a text. */
  readonly redact: (text: string) => string;
}

/** Brings the stack to what its program says. Throws only for what makes a run impossible (unreadable checkpoint, wrong passphrase). */
export async function up(options: RunOptions): Promise<RunResult> {
  const scanner = scannerFor(options.run);
  const { deployment, finish } = prepare(options, scanner);
  const { journal, checkpoint } = deployment;
  const deployer = new Deployer(deployment);
  const ended = new AbortController();
  journal.whenStopped = () => ended.abort();
  try {
    const report = (diagnostic: Diagnostic): void => {
      journal.diagnostics.push(diagnostic);
      if (diagnostic.severity !== "debug") options.onLog?.(diagnostic.message);
    };
    const runner = options.runner ?? runProgram;
    const result = await runner({ ...options.run, dryRun: false }, deployer, {
      signal: ended.signal,
      scanner,
      onDiagnostic: report,
    });
    await journal.idle();
    if (result.exitCode !== 0 && !journal.isStopped) journal.stop();
    if (!journal.isStopped) await deleteAll(deployment, unwanted(checkpoint, deployer.registered));
    return await finish(result.exitCode);
  } finally {
    await deployment.providers.close();
  }
}

/** Deletes everything the checkpoint knows; the program is not run, as with the real `destroy`. */
export async function destroy(options: RunOptions): Promise<RunResult> {
  const { deployment, finish } = prepare(options, scannerFor(options.run));
  try {
    await deleteAll(deployment, deployment.checkpoint.all());
    return await finish(0);
  } finally {
    await deployment.providers.close();
  }
}

function unwanted(checkpoint: Checkpoint, registered: ReadonlySet<string>): ReturnType<Checkpoint["all"]> {
  return checkpoint.all().filter((state) => state.pendingDelete || !registered.has(state.urn));
}

function prepare(
  options: RunOptions,
  scanner: SecretScanner,
): { deployment: Deployment; finish: (programExit: number) => Promise<RunResult> } {
  for (const secret of options.secrets ?? []) scanner.add("given", secret);
  const checkpoint = new Checkpoint(options.checkpointFile, options.crypter);
  const before = checkpoint.stackOutputs() ?? {};
  for (const state of checkpoint.all()) scanner.addSecretsOf(state.name, { inputs: state.inputs, outputs: state.outputs });
  const journal = new Journal(scanner, options.continueOnError ?? truthy(process.env.PULUMI_CONTINUE_ON_ERROR), options.onEvent);
  for (const each of checkpoint.interrupted) {
    journal.warn(
      `the last run was ended while ${each.type} ${each.urn}; whether that happened is not known, and it is done again`,
    );
  }
  const signal = options.signal ?? new AbortController().signal;
  const abort = (): void => journal.stop();
  // Every operation in progress listens; Node takes more than ten listeners for a mistake and says so.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", abort, { once: true });
  const log = (message: string): void => options.onLog?.(scanner.redact(message));
  const context = { directory: options.run.directory, signal, redact: scanner.redact, log };
  const parallel = options.parallel ?? (Number(process.env.PULUMI_PARALLEL) || 8);
  const deployment: Deployment = {
    checkpoint,
    journal,
    scanner,
    providers: new Providers(options.providers, checkpoint, context),
    semaphore: new Semaphore(Math.max(1, parallel)),
    resolveStack: options.resolveStack ?? (async () => undefined),
  };
  const finish = async (programExit: number): Promise<RunResult> => {
    signal.removeEventListener("abort", abort);
    const failed = journal.failed || programExit !== 0;
    if (failed) keepFormerOutputs(checkpoint, before);
    await checkpoint.save();
    const outputs = checkpoint.stackOutputs() ?? {};
    return {
      exitCode: signal.aborted ? 130 : failed ? 1 : 0,
      operations: journal.events.filter((event) => event.state !== "started"),
      outputs,
      plainOutputs: toPlainMap(outputs),
      diagnostics: journal.diagnostics,
      redact: scanner.redact,
    };
  };
  return { deployment, finish };
}

/** Outputs that a failed run could not compute stay what they were, as in the real engine. */
function keepFormerOutputs(checkpoint: Checkpoint, before: PropertyMap): void {
  const stack = checkpoint.all().find((state) => state.type === STACK_TYPE);
  if (stack === undefined) return;
  const known = Object.entries(stack.outputs).filter(([, value]) => !hasUnknown(value));
  checkpoint.keep({ ...stack, outputs: { ...before, ...Object.fromEntries(known) } });
}

function truthy(value: string | undefined): boolean {
  return value !== undefined && ["1", "true", "yes"].includes(value.toLowerCase());
}
