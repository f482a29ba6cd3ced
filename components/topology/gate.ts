import { join, relative } from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ExpectedPool } from "./labels";

/** What `turducken gate` reads from standard input for labels. The kubeconfig is a secret, so nothing of it is on the command line. */
export interface LabelGateRequest {
  readonly kubeconfig: string;
  /** Every topology label key of the cluster. */
  readonly keys: readonly string[];
  readonly pools: readonly ExpectedPool[];
  readonly timeoutSeconds: number;
}

/** What `turducken gate --api` reads from standard input. */
export interface ApiGateRequest {
  readonly kubeconfig: string;
  readonly timeoutSeconds: number;
}

export interface GateArgs {
  /** Arguments after `turducken gate`; plain words only. */
  readonly words: readonly string[];
  /** The same, run when the resource is deleted. @default nothing is run then */
  readonly deleteWords?: readonly string[];
  /** JSON for standard input; wrapped as a secret here. */
  readonly request: pulumi.Input<object>;
  /** The gate's own bound; Pulumi's is a little longer, so that the gate's message is the one that is seen. */
  readonly timeoutSeconds: number;
}

/**
 * How the programs call `turducken` on the machine that runs them: relative to the program's folder, where the command provider
 * starts, so that two checkouts have the same state.
 */
export function turduckenCommand(words: readonly string[], folder = process.cwd()): string {
  const unsafe = words.find((word) => !/^[A-Za-z0-9._/:=-]+$/.test(word));
  if (unsafe !== undefined) throw new Error(`not a plain word for a command line: ${unsafe}`);
  const program = relative(folder, join(__dirname, "..", "..", "bin", "turducken.js"));
  return ["node", `'${program.replaceAll("'", `'\\''`)}'`, ...words].join(" ");
}

/** A wait as a resource: it fails when what it waits for does not come in time, and runs again only when its inputs change. */
export function gate(name: string, args: GateArgs, options: pulumi.CustomResourceOptions): command.local.Command {
  const bound = `${args.timeoutSeconds + 30}s`;
  const { deleteWords } = args;
  return new command.local.Command(
    name,
    {
      create: turduckenCommand(["gate", ...args.words]),
      ...(deleteWords ? { delete: turduckenCommand(["gate", ...deleteWords]) } : {}),
      stdin: pulumi.secret(pulumi.jsonStringify(args.request)),
      logging: command.local.Logging.None,
      addPreviousOutputInEnv: false,
    },
    {
      ...options,
      additionalSecretOutputs: ["stdin"],
      customTimeouts: { create: bound, update: bound, ...(deleteWords ? { delete: bound } : {}) },
    },
  );
}
