import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type SecretReader, hostConnection, secretLine } from "./connection";
import { COMMAND_INPUTS, Host, TIMEOUTS, frozen, quiet, sameTimeouts } from "./host";
import { INVENTORY_FILE, writeBeside } from "./program-files";
import type { ReachabilityRule } from "./reachability";
import { phaseCommand, programFile, sha256, textCommand } from "./render/commands";
import { packedFactsScript } from "./render/facts";
import { quote } from "./render/quote";
import type { HostSpec, Phase, SitePolicy } from "./types";
import type { Answers, Inventory } from "./verdict-input";

export interface HostSetArgs {
  readonly cluster: string;
  readonly hosts: readonly HostSpec[];
  /** Host name → text of its program (`renderHostProgram`); every host but those that are `down` needs one. */
  readonly programs: ReadonlyMap<string, string>;
  readonly secrets: SecretReader;
  /** Secrets that steps of `prepare` read with `secret NAME`. @default none */
  readonly prepareSecrets?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly verdict: VerdictArgs;
  /** Folder of the Pulumi program, where relative asset paths start. @default the working directory */
  readonly programFolder?: string;
}

export interface VerdictArgs {
  /** Words of the command that judges all facts, run in the program's folder, e.g. `node ../bin/turducken.js verdict`. */
  readonly command: readonly string[];
  readonly site: SitePolicy;
  /** Ports that must be open between hosts. @default none are tested */
  readonly reachability?: readonly ReachabilityRule[];
}

export interface RunArgs {
  /** Secrets for the program: one line of JSON (`secretLine`), or another command's secret stdout. */
  readonly stdin?: pulumi.Input<string>;
  /** Run when the resource goes, and only if the host's state is `leaving` by then: any other deletion does nothing. */
  readonly delete?: Phase;
  readonly dependsOn?: readonly pulumi.Resource[];
  /** Output and errors are secrets. @default false */
  readonly secretOutput?: boolean;
  readonly parent: pulumi.Resource;
  /** Run on this host instead; state and generation stay those of the named one. */
  readonly on?: string;
}

export interface RunTextArgs extends Omit<RunArgs, "delete"> {
  /** Script; the same rule as for `RunArgs.delete`. */
  readonly delete?: string;
  /** @default "20m" */
  readonly timeout?: string;
}

/**
 * All hosts of a cluster. Order: facts of every host; `set`, the verdict over all of them; only then is anything changed.
 *
 * `set` fails with the list of everything that is wrong. Every resource that changes a host depends on it and takes nothing from
 * it, so a new host reruns the verdict and touches no other host. `down` hosts are not part of it, `lost` ones neither.
 */
export class HostSet extends pulumi.ComponentResource {
  static readonly type = "turducken:hosts:HostSet";
  /** The verdict over all hosts. */
  readonly set: pulumi.Resource;
  private readonly hosts = new Map<string, Host>();
  private readonly hashes = new Map<string, string>();

  constructor(
    name: string,
    private readonly args: HostSetArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super(HostSet.type, name, {}, options);
    const registered = args.hosts.filter((host) => host.state !== "down");
    const factsScript = packedFactsScript();
    for (const host of registered) this.hosts.set(host.name, this.addHost(host, factsScript));
    this.set = this.addVerdict(registered.filter((host) => host.state !== "lost"));
    for (const host of registered) this.configure(host);
    this.registerOutputs({});
  }

  /** `<host>-host`: after it, the host is as its phase `prepare` says. */
  prepared(hostName: string): pulumi.Resource {
    return this.host(hostName).prepared;
  }

  /** The `Host` component, e.g. as parent. @throws Error for a host that is not in the set or is `down` */
  host(hostName: string): Host {
    const host = this.hosts.get(hostName);
    if (!host) throw new Error(`host ${hostName} is not in this set, or its state is down`);
    return host;
  }

  /** Has resources: every host whose state is not `down`. */
  has(hostName: string): boolean {
    return this.hosts.has(hostName);
  }

  /**
   * A phase of the host's program as one command. It runs after the host is prepared, and again when the program, the generation
   * or stdin changes. A `leaving` host is not configured any more: an update only arms the delete, and one that was never configured
   * stays so.
   */
  run(name: string, hostName: string, phase: Phase, args: RunArgs): command.remote.Command {
    const spec = this.host(hostName).spec;
    const on = this.host(args.on ?? hostName).spec;
    const line = (each: Phase) => phaseCommand(this.args.cluster, on.name, this.hashes.get(on.name)!, each);
    const leaving = spec.state === "leaving" && args.delete !== undefined;
    return this.command(name, spec, on, args, TIMEOUTS[phase], {
      ...(leaving ? { create: "true", delete: line(args.delete!) } : { create: line(phase) }),
    });
  }

  /**
   * A script of its own on a host, as root, under `set -euo pipefail`. Its inputs are the text, the host's name and generation,
   * and stdin: a new version of any host's program does not run it again. The user's login shell must be POSIX.
   */
  runText(name: string, hostName: string, script: string, args: RunTextArgs): command.remote.Command {
    const spec = this.host(hostName).spec;
    const on = this.host(args.on ?? hostName).spec;
    const leaving = spec.state === "leaving" && args.delete !== undefined;
    return this.command(name, spec, on, args, args.timeout ?? TIMEOUTS.cluster, {
      create: textCommand(script, spec),
      ...(leaving ? { delete: textCommand(args.delete!, spec) } : {}),
    });
  }

  private command(
    name: string,
    spec: HostSpec,
    on: HostSpec,
    args: RunArgs | RunTextArgs,
    timeout: string,
    texts: { create: string; delete?: string },
  ): command.remote.Command {
    return new command.remote.Command(
      name,
      {
        connection: hostConnection(on, this.args.secrets),
        ...texts,
        ...(args.stdin === undefined ? {} : { stdin: pulumi.secret(args.stdin) }),
        ...quiet,
      },
      {
        ...frozen(spec, COMMAND_INPUTS),
        ...(args.secretOutput ? { additionalSecretOutputs: ["stdout", "stderr"] } : {}),
        customTimeouts: sameTimeouts(timeout),
        dependsOn: [this.set, this.prepared(on.name), ...(args.dependsOn ?? [])],
        parent: args.parent,
      },
    );
  }

  private addHost(host: HostSpec, factsScript: string): Host {
    const connection = hostConnection(host, this.args.secrets);
    return new Host(host, { cluster: this.args.cluster, host, connection, factsScript }, { parent: this });
  }

  private configure(host: HostSpec): void {
    const { args } = this;
    const program = args.programs.get(host.name);
    if (program === undefined) throw new Error(`no program was given for host ${host.name}`);
    const file = programFile(program, host.generation);
    const path = this.write(`${host.name}.sh`, file.text);
    this.hashes.set(host.name, file.sha256);
    const stdin =
      args.prepareSecrets && Object.keys(args.prepareSecrets).length > 0 ? secretLine(args.prepareSecrets) : undefined;
    this.host(host.name).configure(this.set, new pulumi.asset.FileAsset(path), file.sha256, stdin);
  }

  /** Its stdin holds login keys, to ask clocks and paths with, so all of it is a secret. Its stdout is warnings, shown as they come. */
  private addVerdict(hosts: readonly HostSpec[]): pulumi.Resource {
    const { secrets, verdict } = this.args;
    const inventory = this.writeInventory(hosts);
    const keyNames = new Set(
      hosts.flatMap(({ ssh }) => [ssh.privateKeySecret, ...(ssh.bastion ? [ssh.bastion.privateKeySecret] : [])]),
    );
    const keys = Object.fromEntries([...keyNames].map((name) => [name, secrets(name)]));
    const facts = Object.fromEntries(hosts.map((host) => [host.name, this.host(host.name).facts.stdout]));
    const stdin = pulumi.all([pulumi.all(facts), pulumi.all(keys)]).apply(([factsOf, keysOf]) => {
      const answers: Answers = { facts: factsOf, keys: keysOf };
      return JSON.stringify(answers);
    });
    return new command.local.Command(
      "set",
      {
        create: [...verdict.command, "--inventory", inventory.path, "--sha256", inventory.sha256].map(quote).join(" "),
        stdin: pulumi.secret(stdin),
        logging: command.local.Logging.Stdout,
        addPreviousOutputInEnv: false,
      },
      { customTimeouts: sameTimeouts("15m"), parent: this },
    );
  }

  private writeInventory(hosts: readonly HostSpec[]): { path: string; sha256: string } {
    const { cluster, verdict } = this.args;
    const inventory: Inventory = {
      schema: 1,
      cluster,
      site: verdict.site,
      hosts: hosts.map(({ name, role, addresses, machineType, ssh, hostKey }) => ({
        name,
        role,
        addresses,
        machineType,
        ssh,
        hostKey,
      })),
      reachability: verdict.reachability ?? [],
    };
    const text = `${JSON.stringify(inventory, undefined, 1)}\n`;
    return { path: this.write(INVENTORY_FILE, text), sha256: sha256(text) };
  }

  private write(name: string, text: string): string {
    return writeBeside(this.args.programFolder ?? process.cwd(), pulumi.getStack(), name, text);
  }
}
