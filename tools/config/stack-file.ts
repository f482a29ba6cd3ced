/** Pulumi.<stack>.yaml: configuration as the program gets it, with secrets decrypted or held back. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { ConfigError, type Problem } from "../../components/config/problems";
import { placeholderFor } from "../engine/properties";
import type { ProgramRun } from "../engine/types";
import { type Crypter, WrongPassphrase, openCrypter } from "./passphrase";
import type { Project } from "./project";

export interface StackFile {
  readonly stack: string;
  /** Absolute. */
  readonly file: string;
  readonly encryptionSalt?: string;
  /** Full key (`project:key`) → value as written. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Full keys of `secure:` values → ciphertext. */
  readonly secure: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  /** Another file instead of Pulumi.<stack>.yaml. */
  readonly configFile?: string;
  /** Without it secrets are unknown. */
  readonly passphrase?: string;
  readonly organization?: string;
}

export interface LoadedStack {
  readonly run: ProgramRun;
  readonly file: StackFile;
  /** For the stack's checkpoint; undefined without passphrase or salt. */
  readonly crypter?: Crypter;
  readonly warnings: readonly string[];
}

/** There is nothing to look at: not the stack is wrong, but what was asked for. */
export class MissingFile extends ConfigError {}

/** Names of the stacks that have a file, sorted. */
export function listStacks(project: Project): string[] {
  if (!existsSync(project.stackFiles)) return [];
  const names = readdirSync(project.stackFiles).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  return names.sort();
}

/** Throws ConfigError with everything that is wrong with the file's form. */
export function readStackFile(project: Project, stack: string, configFile?: string): StackFile {
  const file = configFile === undefined ? path.join(project.stackFiles, `Pulumi.${stack}.yaml`) : path.resolve(configFile);
  if (!existsSync(file)) throw new MissingFile(stack, [missingFile(project, stack, file)]);
  const document = parseDocument(readFileSync(file, "utf8"));
  if (document.errors.length > 0)
    throw new ConfigError(
      file,
      document.errors.map((error) => yamlProblem(error.message)),
    );
  const content = (document.toJS() ?? {}) as { encryptionsalt?: string; config?: Record<string, unknown> };
  const values: Record<string, unknown> = {};
  const secure: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [key, value] of Object.entries(content.config ?? {})) {
    const full = key.includes(":") ? key : `${project.name}:${key}`;
    if (isSecure(value)) secure[full] = value.secure;
    else {
      problems.push(...nestedSecure(value, full));
      values[full] = value;
    }
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
  return { stack, file, encryptionSalt: content.encryptionsalt, values, secure };
}

/** Reads, decrypts, and makes what the engine needs to run the stack's program. A wrong passphrase is one WrongPassphrase error. */
export async function loadStack(project: Project, stack: string, options: LoadOptions = {}): Promise<LoadedStack> {
  const file = readStackFile(project, stack, options.configFile);
  const crypter = await crypterFor(file, options.passphrase);
  const config: Record<string, string> = Object.fromEntries(
    Object.entries(file.values).map(([key, value]) => [key, asText(value)]),
  );
  for (const [key, text] of Object.entries(file.secure))
    config[key] = crypter === undefined ? placeholderFor(`secret ${key}`) : decryptKey(crypter, key, text, file.file);
  const secretKeys = Object.keys(file.secure);
  const hidden = crypter === undefined ? secretKeys : [];
  return {
    file,
    crypter,
    warnings:
      hidden.length === 0
        ? []
        : [
            `no passphrase (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE): ${hidden.join(", ")} unknown in this plan`,
          ],
    run: {
      project: project.name,
      stack,
      organization: options.organization ?? "organization",
      directory: project.program,
      config,
      secretKeys,
      dryRun: true,
    },
  };
}

async function crypterFor(file: StackFile, passphrase: string | undefined): Promise<Crypter | undefined> {
  if (passphrase === undefined) return undefined;
  if (file.encryptionSalt === undefined) {
    if (Object.keys(file.secure).length === 0) return undefined;
    throw new ConfigError(file.file, [
      {
        path: "encryptionsalt",
        message: "the file has secure: values but no encryptionsalt",
        fix: "restore the line, or set the secrets again",
      },
    ]);
  }
  try {
    return await openCrypter(passphrase, file.encryptionSalt);
  } catch (error) {
    if (error instanceof WrongPassphrase)
      throw new WrongPassphrase(`wrong passphrase for ${path.basename(file.file)}: it does not match its encryptionsalt`);
    throw new ConfigError(file.file, [
      {
        path: "encryptionsalt",
        message: (error as Error).message,
        fix: "restore the line; without it no secret of this stack can be read",
      },
    ]);
  }
}

function decryptKey(crypter: Crypter, key: string, text: string, file: string): string {
  try {
    return crypter.decrypt(text);
  } catch {
    throw new ConfigError(file, [
      {
        path: key,
        message: "the secure: value was not made with this stack's passphrase and salt",
        fix: `set it again: pulumi config set --secret ${key}`,
      },
    ]);
  }
}

/** The CLI hands structured values over as JSON and everything else as text. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function isSecure(value: unknown): value is { secure: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { secure?: unknown }).secure === "string" &&
    Object.keys(value).length === 1
  );
}

function nestedSecure(value: unknown, at: string): Problem[] {
  if (typeof value !== "object" || value === null) return [];
  if (isSecure(value)) {
    return [
      {
        path: at,
        message: "secure: inside a structure is refused, because the program would get the secret in plain text",
        allowed: "secure: only as the value of a top-level key",
        fix: "move the secret to a key of its own (pulumi config set --secret <key>) and name that key here",
      },
    ];
  }
  const entries = Array.isArray(value)
    ? value.map((item, index) => [`[${index}]`, item] as const)
    : Object.entries(value).map(([key, item]) => [`.${key}`, item] as const);
  return entries.flatMap(([key, item]) => nestedSecure(item, `${at}${key}`));
}

function missingFile(project: Project, stack: string, file: string): Problem {
  return {
    path: file,
    message: `there is no stack file for "${stack}"`,
    allowed: listStacks(project).join(", ") || undefined,
    fix: "name one of the stacks, or use --config-file",
  };
}

function yamlProblem(message: string): Problem {
  return { path: message.split("\n")[0] ?? "", message: "the file is not valid YAML", fix: "correct the line" };
}
