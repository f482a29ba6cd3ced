import { join } from "node:path";
import { findProject } from "../../config/project";
import { destroyStack, upStack, type UpStackOptions } from "../../engine";
import { defaultProviders } from "../../engine/providers";
import type { EngineEvent, ResourceProvider } from "../../engine/types";
import type { StackOperation, StackRun } from "../sandbox-types";
import type { Backend, BackendSettings } from "./types";

/** Our engine: the program is real, its resources are answered by `tools/engine/providers`. */
export async function builtinBackend(settings: BackendSettings): Promise<Backend> {
  const project = findProject(settings.folder);
  const checkpointFile = (stack: string) => join(settings.folder, `checkpoint.${stack}.json`);
  const act = async (stack: string, run: typeof upStack): Promise<StackRun> => {
    const printed = new Map<string, string>();
    const options: UpStackOptions = {
      project,
      stack,
      passphrase: settings.passphrase,
      checkpointFile,
      providers: defaultProviders().map((provider) => listening(provider, (name, stdout) => printed.set(name, stdout))),
      parallel: 16,
      continueOnError: true,
      signal: settings.signal,
      onEvent: (event) => {
        if (event.state !== "started") settings.onOperation(operationOf(event), printed.get(event.name));
      },
    };
    const result = await run(options);
    return {
      exitCode: result.exitCode,
      operations: result.operations.map(operationOf),
      outputs: result.plainOutputs,
      messages: result.diagnostics.filter((each) => each.severity === "error").map((each) => settings.redact(each.message)),
    };
  };
  return {
    up: (stack) => act(stack, upStack),
    destroy: (stack) => act(stack, destroyStack),
    checkpointFile,
    close: async () => undefined,
  };
}

/** Host programs print one line of JSON per step; whoever shows progress wants them. */
function listening(provider: ResourceProvider, heard: (name: string, stdout: string) => void): ResourceProvider {
  const hear = <T extends { outputs: Record<string, unknown> }>(name: string, result: T): T => {
    if (typeof result.outputs.stdout === "string") heard(name, result.outputs.stdout);
    return result;
  };
  return {
    handles: provider.handles.bind(provider),
    diff: provider.diff.bind(provider),
    delete: provider.delete.bind(provider),
    close: provider.close.bind(provider),
    invoke: provider.invoke?.bind(provider),
    create: async (type, urn, inputs, context) => hear(context.name, await provider.create(type, urn, inputs, context)),
    update: async (type, urn, olds, news, context) => hear(context.name, await provider.update(type, urn, olds, news, context)),
  };
}

function operationOf(event: EngineEvent): StackOperation {
  const { name, type, operation, seconds, error } = event;
  return { name, type, operation, seconds, error, state: event.state === "started" ? "done" : event.state };
}
