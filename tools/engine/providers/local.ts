import { spawn } from "child_process";
import { resolve } from "path";
import type { OperationContext, PlainInputs, PlainState, ResourceProvider } from "../types";
import { outputsOf, variablesOf } from "./command";
import type { Ran } from "./command";
import { diffInputs, optionalString, uniqueId } from "./shared";

/** Seconds between asking a command to end and making it. */
const grace = 5;

/**
 * `command:local:Command` as in pulumi/pulumi-command@v1.2.1 (provider/pkg/provider/local): interpreter `/bin/sh -c` unless
 * given, in `dir` or the program's folder, with this process's environment. `assetPaths` and `archivePaths` are refused.
 */
export class LocalCommandProvider implements ResourceProvider {
  readonly handles = (type: string): boolean => type === "command:local:Command";

  diff(_type: string, olds: PlainState, news: PlainInputs) {
    return Promise.resolve(diffInputs(olds, news, ["triggers"]));
  }

  async create(_type: string, _urn: string, inputs: PlainInputs, context: OperationContext) {
    const printed = await run(optionalString(inputs, "create"), inputs, context);
    return { id: uniqueId(context.name), outputs: { ...inputs, stdout: "", stderr: "", ...printed }, secretOutputs: ["stdin"] };
  }

  async update(_type: string, _urn: string, olds: PlainState, news: PlainInputs, context: OperationContext) {
    const { stdout = "", stderr = "" } = olds.outputs;
    const printed = await run(optionalString(news, "update") ?? optionalString(news, "create"), news, context, olds.outputs);
    return { outputs: { ...news, stdout, stderr, ...printed }, secretOutputs: ["stdin"] };
  }

  async delete(_type: string, _urn: string, olds: PlainState, context: OperationContext): Promise<void> {
    await run(optionalString(olds.inputs, "delete"), olds.inputs, context, olds.outputs);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function run(text: string | undefined, inputs: PlainInputs, context: OperationContext, olds?: Record<string, unknown>) {
  if (text === undefined) return {};
  for (const name of ["assetPaths", "archivePaths"]) {
    if (inputs[name] !== undefined) throw new Error(`${context.name}: ${name} of command:local:Command is left out here`);
  }
  const interpreter = (inputs["interpreter"] as string[] | undefined) ?? [];
  const [program = "/bin/sh", ...first] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
  const { own, previous } = variablesOf(inputs, olds);
  const ran = await runProcess([program, ...first, text], {
    directory: resolve(context.directory, optionalString(inputs, "dir") ?? "."),
    environment: { ...process.env, ...own, ...previous },
    stdin: optionalString(inputs, "stdin") ?? "",
    timeoutSeconds: context.timeoutSeconds,
    signal: context.signal,
  }).catch((error: unknown) => {
    throw new Error(context.redact(`${context.name}: ${(error as Error).message}`), { cause: error });
  });
  return outputsOf(ran, inputs, context, "");
}

interface ProcessOptions {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** Runs a program in a process group of its own, so that ending it ends what it started. */
function runProcess(argv: [string, ...string[]], options: ProcessOptions): Promise<Ran> {
  return new Promise((resolveRan, reject) => {
    const [program, ...rest] = argv;
    const child = spawn(program, rest, {
      cwd: options.directory,
      env: options.environment,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let given: string | undefined;
    const kill = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // The group has ended already.
      }
    };
    let hard: NodeJS.Timeout | undefined;
    const giveUp = (why: string) => {
      given ??= why;
      kill("SIGTERM");
      hard ??= setTimeout(() => kill("SIGKILL"), grace * 1000);
    };
    const abort = () => giveUp("cancelled");
    const timer =
      options.timeoutSeconds > 0
        ? setTimeout(() => giveUp(`the command did not end within ${options.timeoutSeconds} s`), options.timeoutSeconds * 1000)
        : undefined;
    const stop = () => {
      clearTimeout(timer);
      clearTimeout(hard);
      options.signal.removeEventListener("abort", abort);
    };
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => undefined); // A command need not read its input.
    child.on("error", (error) => {
      stop();
      reject(new Error(`cannot run ${program} in ${options.directory}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      stop();
      if (given !== undefined) reject(new Error(given));
      else
        resolveRan({
          code,
          ...(signal ? { signal } : {}),
          stdout: Buffer.concat(stdout).toString("utf8"),
          stderr: Buffer.concat(stderr).toString("utf8"),
        });
    });
    if (options.signal.aborted) abort();
    options.signal.addEventListener("abort", abort, { once: true });
    child.stdin.end(options.stdin);
  });
}
