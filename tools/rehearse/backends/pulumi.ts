import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation";
import type { StackOperation, StackRun } from "../sandbox-types";
import type { Backend, BackendSettings } from "./types";

/**
 * The real CLI through the Automation API, where it and its plugins are installed: the same programs, the same copied stack files,
 * a file backend in the sandbox. Nothing is downloaded; a missing CLI or plugin is an error that says so.
 */
export async function pulumiBackend(settings: BackendSettings): Promise<Backend> {
  const automation = await import("@pulumi/pulumi/automation");
  const state = join(settings.folder, "state");
  mkdirSync(state, { recursive: true });
  const cli = await automation.PulumiCommand.get({ skipVersionCheck: true }).catch((error: unknown) => {
    throw new Error(
      `--engine pulumi needs the pulumi CLI on the PATH (npx pulumi fetches it where downloads work): ${text(error)}`,
    );
  });
  const open = async (stack: string) =>
    automation.LocalWorkspace.createOrSelectStack(
      { stackName: `organization/${settings.project}/${stack}`, workDir: settings.folder },
      {
        pulumiCommand: cli,
        secretsProvider: "passphrase",
        envVars: {
          ...settings.environment,
          PULUMI_BACKEND_URL: `file://${state}`,
          PULUMI_CONFIG_PASSPHRASE: settings.passphrase,
          PULUMI_CONTINUE_ON_ERROR: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      },
    );
  const act = async (stack: string, verb: "up" | "destroy"): Promise<StackRun> => {
    const operations: StackOperation[] = [];
    const messages: string[] = [];
    const handle = await open(stack);
    const common = { onEvent: (event: PulumiEvent) => record(event, operations, messages, settings), parallel: 16 };
    let exitCode = 0;
    try {
      await (verb === "up" ? handle.up(common) : handle.destroy(common));
    } catch (error) {
      exitCode = 1;
      messages.push(settings.redact(text(error)));
    }
    const outputs = Object.fromEntries(
      Object.entries(await handle.outputs()).map(([name, output]) => [name, output.value as unknown]),
    );
    return { exitCode, operations, outputs, messages };
  };
  return {
    up: (stack) => act(stack, "up"),
    destroy: (stack) => act(stack, "destroy"),
    checkpointFile: (stack) => join(state, ".pulumi", "stacks", settings.project, `${stack}.json`),
    close: async () => undefined,
  };
}

function record(event: PulumiEvent, operations: StackOperation[], messages: string[], settings: BackendSettings): void {
  const meta = event.resOutputsEvent?.metadata ?? event.resOpFailedEvent?.metadata;
  if (meta && meta.type !== "pulumi:pulumi:Stack") {
    const failed = event.resOpFailedEvent !== undefined;
    const operation: StackOperation = {
      name: meta.urn.split("::").pop()!,
      type: meta.type,
      operation: operationOf(meta.op),
      state: failed ? "failed" : "done",
      seconds: 0,
    };
    operations.push(operation);
    const stdout = (event.resOutputsEvent?.metadata.new?.outputs as { stdout?: unknown } | undefined)?.stdout;
    settings.onOperation(operation, typeof stdout === "string" ? stdout : undefined);
  }
  if (event.diagnosticEvent?.severity === "error") messages.push(settings.redact(event.diagnosticEvent.message.trim()));
}

function operationOf(op: string): StackOperation["operation"] {
  if (op.includes("replace")) return "replace";
  return op === "create" || op === "update" || op === "delete" || op === "read" ? op : "same";
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
