import { readFile } from "fs/promises";
import { basename, resolve } from "path";
import { SshPool, placeOf } from "../../ssh";
import type { SshEndpoint, SshTarget } from "../../ssh";
import type { OperationContext, PlainInputs, PlainState, ResourceProvider } from "../types";
import { outputsOf, variablesOf } from "./command";
import { diffInputs, optionalString, uniqueId } from "./shared";

const command = "command:remote:Command";
const copy = "command:remote:CopyToRemote";

/** Outputs that repeat an input which holds keys (`connection`), or that usually holds one (`stdin`). */
const secretOutputs = ["connection", "stdin"];

/**
 * `command:remote:Command` and `command:remote:CopyToRemote` over the given pool, with the meaning they have in
 * pulumi/pulumi-command@v1.2.1 (provider/pkg/provider/remote): no Read, any changed input is an update that runs `update` or
 * else `create`, `triggers` replace, `delete` runs with the connection in the state.
 * Different on purpose: connections are shared, a host key mismatch or refused login is not tried again, and without `hostKey`
 * the key is learned instead of ignored.
 */
export class RemoteCommandProvider implements ResourceProvider {
  /** Host places (`host:port`) seen without a pinned key, with the key they showed. */
  readonly learnedHostKeys = new Map<string, string>();
  private readonly acceptedVariables = new Map<string, Promise<boolean>>();

  constructor(private readonly pool: SshPool = new SshPool()) {}

  readonly handles = (type: string): boolean => type === command || type === copy;

  diff(_type: string, olds: PlainState, news: PlainInputs) {
    return Promise.resolve(diffInputs(olds, news, ["triggers"]));
  }

  async create(type: string, _urn: string, inputs: PlainInputs, context: OperationContext) {
    if (type === copy) {
      await this.copy(inputs, context);
      return { id: uniqueId(""), outputs: { ...inputs }, secretOutputs };
    }
    const printed = await this.run(optionalString(inputs, "create"), inputs, context);
    return { id: uniqueId(context.name), outputs: { ...inputs, stdout: "", stderr: "", ...printed }, secretOutputs };
  }

  async update(type: string, _urn: string, olds: PlainState, news: PlainInputs, context: OperationContext) {
    if (type === copy) {
      const moved = olds.inputs["remotePath"] !== news["remotePath"];
      if (moved || hashOf(olds.inputs) !== hashOf(news)) await this.copy(news, context);
      return { outputs: { ...news }, secretOutputs };
    }
    const { stdout = "", stderr = "" } = olds.outputs;
    const printed = await this.run(optionalString(news, "update") ?? optionalString(news, "create"), news, context, olds.outputs);
    return { outputs: { ...news, stdout, stderr, ...printed }, secretOutputs };
  }

  /** Copies stay on the host, as with the real provider. */
  async delete(type: string, _urn: string, olds: PlainState, context: OperationContext): Promise<void> {
    if (type === command) await this.run(optionalString(olds.inputs, "delete"), olds.inputs, context, olds.outputs);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async run(text: string | undefined, inputs: PlainInputs, context: OperationContext, olds?: Record<string, unknown>) {
    if (text === undefined) return {};
    const target = targetOf(inputs, context);
    await this.learn(target, context);
    const environment = await this.settable(target, variablesOf(inputs, olds), context);
    const stdin = optionalString(inputs, "stdin");
    const ran = await this.pool
      .exec(target, text, {
        ...(stdin === undefined ? {} : { stdin }),
        ...(Object.keys(environment).length > 0 ? { environment } : {}),
        ...bound(context),
      })
      .catch((error: unknown) => fail(error, context));
    return outputsOf(ran, inputs, context, ` on ${placeOf(target)}`);
  }

  private async copy(inputs: PlainInputs, context: OperationContext): Promise<void> {
    const { bytes, name } = await sourceOf(inputs, context);
    const remotePath = optionalString(inputs, "remotePath");
    if (remotePath === undefined) throw new Error(`${context.name}: remotePath is missing`);
    const target = targetOf(inputs, context);
    await this.learn(target, context);
    const done = await this.pool
      .upload(target, bytes, remotePath, { signal: context.signal, ...(name === undefined ? {} : { basename: name }) })
      .catch((error: unknown) => fail(error, context));
    if (done.via === "shell") context.log(`${placeOf(target)} has no SFTP subsystem; pulumi up needs one for this copy`);
  }

  private async learn(target: SshTarget, context: OperationContext): Promise<void> {
    if (target.hostKey !== undefined) return;
    const { hostKey } = await this.pool.connection(target, context.signal).catch((error: unknown) => fail(error, context));
    const place = `${target.host}:${target.port}`;
    const known = this.learnedHostKeys.get(place);
    if (known !== undefined && known !== hostKey)
      throw new Error(`${context.name}: ${placeOf(target)} showed another host key than a moment ago; do not go on`);
    this.learnedHostKeys.set(place, hostKey);
  }

  /**
   * The real provider's setenv asks for an answer and fails without AcceptEnv (remote/commandOutputs.go); ssh2 asks for none,
   * so each name is tried once per host. Previous outputs are only offered, with a warning.
   */
  private async settable(
    target: SshTarget,
    variables: ReturnType<typeof variablesOf>,
    context: OperationContext,
  ): Promise<Record<string, string>> {
    for (const name of Object.keys(variables.own)) {
      if (await this.accepts(target, name, context)) continue;
      throw new Error(
        `${context.name}: could not set environment variable "${name}" on ${placeOf(target)}: sshd there does not accept it; name it in AcceptEnv, or give the value on stdin`,
      );
    }
    const offered: Record<string, string> = {};
    for (const [name, value] of Object.entries(variables.previous)) {
      if (await this.accepts(target, name, context)) offered[name] = value;
      else
        context.log(
          `unable to set ${name} on ${placeOf(target)} (AcceptEnv); set addPreviousOutputInEnv: false to go without it`,
        );
    }
    return { ...offered, ...variables.own };
  }

  private accepts(target: SshTarget, name: string, context: OperationContext): Promise<boolean> {
    const key = `${target.user}@${target.host}:${target.port} ${name}`;
    const asked =
      this.acceptedVariables.get(key) ??
      this.pool
        .exec(target, `printenv ${name.replace(/[^A-Za-z0-9_]/g, "")}`, {
          environment: { [name]: "turducken" },
          signal: context.signal,
        })
        .then((result) => result.stdout.trim() === "turducken")
        .catch((error: unknown) => {
          this.acceptedVariables.delete(key);
          return fail(error, context);
        });
    this.acceptedVariables.set(key, asked);
    return asked;
  }
}

function bound(context: OperationContext): { timeout?: number; signal: AbortSignal } {
  return { signal: context.signal, ...(context.timeoutSeconds > 0 ? { timeout: context.timeoutSeconds } : {}) };
}

function fail(error: unknown, context: OperationContext): never {
  throw new Error(context.redact(`${context.name}: ${error instanceof Error ? error.message : String(error)}`), { cause: error });
}

/** `connection` of the inputs, with pulumi-command's defaults: port 22, user root, 10 failed dials, 15 s. */
export function targetOf(inputs: PlainInputs, context: OperationContext): SshTarget {
  const connection = inputs["connection"];
  if (!isRecord(connection)) throw new Error(`${context.name}: connection is missing`);
  const proxy = connection["proxy"];
  return { ...endpointOf(connection, context), ...(isRecord(proxy) ? { bastion: endpointOf(proxy, context) } : {}) };
}

function endpointOf(from: Record<string, unknown>, context: OperationContext): SshEndpoint {
  const text = (name: string) => optionalString(from, name);
  const host = text("host");
  if (!host) throw new Error(`${context.name}: connection.host is missing`);
  return {
    host,
    port: Number(from["port"] ?? 22),
    user: text("user") ?? "root",
    perDialTimeout: Number(from["perDialTimeout"] ?? 15),
    dialErrorLimit: Number(from["dialErrorLimit"] ?? 10),
    ...pick("privateKey", text("privateKey")),
    ...pick("passphrase", text("privateKeyPassword")),
    ...pick("password", text("password")),
    ...pick("agentSocketPath", text("agentSocketPath")),
    ...pick("hostKey", text("hostKey")),
  };
}

function pick(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

async function sourceOf(inputs: PlainInputs, context: OperationContext): Promise<{ bytes: Buffer; name?: string }> {
  const source = inputs["source"];
  if (!isRecord(source)) throw new Error(`${context.name}: source is missing`);
  const { text, path } = source as { text?: unknown; path?: unknown };
  if (typeof text === "string") return { bytes: Buffer.from(text) };
  if (typeof path !== "string")
    throw new Error(`${context.name}: source must be a FileAsset or a StringAsset; archives of assets are left out here`);
  const file = resolve(context.directory, path);
  try {
    return { bytes: await readFile(file), name: basename(file) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR")
      throw new Error(`${context.name}: ${path} is a folder; copying folders is left out here, give a file`);
    throw new Error(`${context.name}: cannot read ${file}: ${(error as Error).message}`);
  }
}

function hashOf(inputs: PlainInputs): unknown {
  return isRecord(inputs["source"]) ? inputs["source"]["hash"] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
