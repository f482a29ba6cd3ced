import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { factsCommand, phaseCommand, remoteProgram } from "./render/commands";
import type { HostSpec, Phase } from "./types";

/** Inputs of a Command and of a CopyToRemote; what `lost` freezes. */
export const COMMAND_INPUTS = [
  "connection",
  "create",
  "update",
  "delete",
  "stdin",
  "environment",
  "logging",
  "addPreviousOutputInEnv",
];
export const COPY_INPUTS = ["connection", "source", "remotePath"];

/** Long enough for a slow mirror, short enough to be noticed; the provider's own limit is 10 minutes for everything. */
export const TIMEOUTS: Readonly<Record<"facts" | "copy" | Phase, string>> = {
  facts: "3m",
  copy: "5m",
  prepare: "30m",
  cluster: "20m",
  roll: "90m",
  leave: "15m",
};

export interface HostArgs {
  readonly cluster: string;
  readonly host: HostSpec;
  readonly connection: command.types.input.remote.ConnectionArgs;
  readonly factsScript: string;
}

/** What every command on a host has in common: nothing of its output is logged, and no earlier output comes back to it. */
export const quiet = { logging: command.remote.Logging.None, addPreviousOutputInEnv: false } as const;

/**
 * One host, as children `<host>-facts`, `<host>-copy` and `<host>-host`. What runs later on the host (`HostSet.run`) is a child
 * of the component that asks.
 *
 * What its `state` means for its resources:
 * - `active`: as described.
 * - `leaving`: the same, and commands that have a `delete` get it; without this state no command deletes anything on a host.
 * - `lost`: still registered, but every input is frozen as it was (`ignoreChanges`) and nothing is run when the entry is removed
 *   (`retainOnDelete`), so the dead machine is never contacted again and removing its entry forgets it.
 * - `down`: not registered at all. The state forgets the host, which contacts nobody, as its commands have no `delete`. Back to
 *   `active`, it is asked and checked like a new one, and what is right stays.
 */
export class Host extends pulumi.ComponentResource {
  static readonly type = "turducken:hosts:Host";
  readonly facts: command.remote.Command;
  /** `<host>-host`: phase `prepare` done. Set by `configure`. */
  prepared!: command.remote.Command;

  constructor(
    readonly spec: HostSpec,
    private readonly args: HostArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super(Host.type, spec.name, {}, options);
    this.facts = new command.remote.Command(
      `${spec.name}-facts`,
      { connection: args.connection, create: factsCommand(spec), stdin: args.factsScript, ...quiet },
      { ...frozen(spec, COMMAND_INPUTS), customTimeouts: sameTimeouts(TIMEOUTS.facts), parent: this },
    );
  }

  /** Copies the program and prepares the host, after the verdict over all hosts. */
  configure(verdict: pulumi.Resource, asset: pulumi.asset.Asset, sha256: string, stdin: pulumi.Output<string> | undefined): void {
    const { args, spec } = this;
    const copy = new command.remote.CopyToRemote(
      `${spec.name}-copy`,
      { connection: args.connection, source: asset, remotePath: remoteProgram(args.cluster, spec.name) },
      { ...frozen(spec, COPY_INPUTS), customTimeouts: sameTimeouts(TIMEOUTS.copy), dependsOn: [verdict], parent: this },
    );
    this.prepared = new command.remote.Command(
      `${spec.name}-host`,
      {
        connection: args.connection,
        create: phaseCommand(args.cluster, spec.name, sha256, "prepare"),
        ...(stdin ? { stdin } : {}),
        ...quiet,
      },
      {
        ...frozen(spec, COMMAND_INPUTS),
        customTimeouts: sameTimeouts(TIMEOUTS.prepare),
        dependsOn: [verdict, copy],
        parent: this,
      },
    );
    this.registerOutputs({});
  }
}

/** Options that keep a lost host from being contacted. */
export function frozen(host: Pick<HostSpec, "state">, inputs: readonly string[]): pulumi.CustomResourceOptions {
  return host.state === "lost" ? { ignoreChanges: [...inputs], retainOnDelete: true } : {};
}

export function sameTimeouts(duration: string): pulumi.CustomTimeouts {
  return { create: duration, update: duration, delete: duration };
}
