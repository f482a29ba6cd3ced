/** The sandbox's state of one stack: a JSON file, written whole and atomically, in which no secret is plain. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { type Crypter, WrongPassphrase, createCrypter, openCrypter } from "../config/passphrase";
import { isMap, wrap } from "./properties";
import { SIGNATURE, SIGNATURES, UNKNOWN } from "./sdk";
import type { ResourceState } from "./state";
import { Archive, Asset, type PropertyMap, type PropertyValue, Reference, Secret, Unknown } from "./types";
import { STACK_TYPE } from "./urn";

export interface PendingOperation {
  readonly urn: string;
  readonly type: "creating" | "updating" | "deleting";
}

interface CheckpointFile {
  readonly version: 1;
  readonly salt: string;
  readonly resources: readonly (Omit<ResourceState, "inputs" | "outputs"> & { inputs: unknown; outputs: unknown })[];
  readonly pendingOperations: readonly PendingOperation[];
}

/** The key of a checkpoint: its own salt if it exists, else the stack file's, else a new one. Throws WrongPassphrase. */
export async function crypterForCheckpoint(file: string, passphrase: string, stackSalt?: string): Promise<Crypter> {
  const salt = (existsSync(file) ? readFile(file).salt : "") || stackSalt;
  return salt === undefined || salt === "" ? createCrypter(passphrase) : openCrypter(passphrase, salt);
}

export class Checkpoint {
  /** What the last run was in the middle of when it was killed. */
  readonly interrupted: readonly PendingOperation[];
  private readonly current = new Map<string, ResourceState>();
  private readonly replaced = new Set<ResourceState>();
  private readonly pending = new Set<PendingOperation>();
  private readonly lines = new WeakMap<ResourceState, string>();
  /** Same text, same ciphertext: a run that changes nothing writes the same bytes. */
  private readonly ciphertexts = new Map<string, string>();
  private dirty = false;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly file: string,
    private readonly crypter: Crypter,
  ) {
    const content = existsSync(file) ? readFile(file) : undefined;
    for (const raw of content?.resources ?? []) this.keep(this.thaw(raw));
    this.interrupted = content?.pendingOperations ?? [];
  }

  get(urn: string): ResourceState | undefined {
    return this.current.get(urn);
  }

  /** Everything that exists, replaced ones that wait for their deletion included. */
  all(): ResourceState[] {
    return [...this.current.values(), ...this.replaced];
  }

  /** Outputs of the stack, secrets as Secret; undefined before the first successful run. */
  stackOutputs(): PropertyMap | undefined {
    return [...this.current.values()].find((state) => state.type === STACK_TYPE)?.outputs;
  }

  keep(state: ResourceState): void {
    if (state.pendingDelete) this.replaced.add(state);
    else this.current.set(state.urn, state);
    this.dirty = true;
  }

  forget(state: ResourceState): void {
    if (this.current.get(state.urn) === state) this.current.delete(state.urn);
    this.replaced.delete(state);
    this.dirty = true;
  }

  begin(operation: PendingOperation): PendingOperation {
    this.pending.add(operation);
    this.dirty = true;
    return operation;
  }

  end(operation: PendingOperation): void {
    this.pending.delete(operation);
    this.dirty = true;
  }

  /** Resolves when everything up to now is on disk; saves asked for while one is being written share the next. */
  async save(): Promise<void> {
    while (this.dirty || this.writing !== undefined) {
      if (this.writing === undefined) this.writing = this.write().finally(() => (this.writing = undefined));
      await this.writing;
    }
  }

  private async write(): Promise<void> {
    this.dirty = false;
    const resources = this.all().map((state) => this.line(state));
    const head = `"version":1,"salt":${JSON.stringify(this.crypter.salt)}`;
    const text = `{${head},\n"resources":[\n${resources.join(",\n")}\n],\n"pendingOperations":${JSON.stringify([...this.pending])}}\n`;
    await mkdir(path.dirname(this.file), { recursive: true });
    await writeFile(`${this.file}.new`, text, { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
  }

  private line(state: ResourceState): string {
    const known = this.lines.get(state);
    if (known !== undefined) return known;
    const text = JSON.stringify({ ...state, inputs: this.freeze(state.inputs), outputs: this.freeze(state.outputs) });
    this.lines.set(state, text);
    return text;
  }

  private freeze(value: PropertyValue): unknown {
    if (value instanceof Unknown) return UNKNOWN;
    if (value instanceof Secret)
      return { [SIGNATURE]: SIGNATURES.secret, ciphertext: this.encrypt(JSON.stringify(this.freeze(value.value))) };
    if (Array.isArray(value)) return value.map((item) => this.freeze(item));
    if (value === null || typeof value !== "object") return value;
    const map = isMap(value) ? value : wrap(value);
    return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, this.freeze(item)]));
  }

  private encrypt(plain: string): string {
    const text = this.ciphertexts.get(plain) ?? this.crypter.encrypt(plain);
    this.ciphertexts.set(plain, text);
    return text;
  }

  private thaw(raw: CheckpointFile["resources"][number]): ResourceState {
    const value = (each: unknown): PropertyValue => {
      if (each === UNKNOWN) return new Unknown();
      if (Array.isArray(each)) return each.map(value);
      if (each === null || typeof each !== "object") return each as PropertyValue;
      const map = each as Record<string, unknown>;
      switch (map[SIGNATURE] as string | undefined) {
        case SIGNATURES.secret: {
          const plain = this.crypter.decrypt(map.ciphertext as string);
          this.ciphertexts.set(plain, map.ciphertext as string);
          return new Secret(value(JSON.parse(plain)));
        }
        case SIGNATURES.asset:
          return new Asset(map.hash as string, map.path as string | undefined, map.text as string | undefined);
        case SIGNATURES.archive:
          return new Archive(
            map.hash as string,
            map.path as string | undefined,
            map.assets === undefined ? undefined : (value(map.assets) as unknown as Record<string, Asset>),
          );
        case SIGNATURES.resource:
          return new Reference(map.urn as string, map.id as string | undefined);
        default:
          return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, value(item)]));
      }
    };
    return { ...raw, inputs: value(raw.inputs) as PropertyMap, outputs: value(raw.outputs) as PropertyMap };
  }
}

function readFile(file: string): CheckpointFile {
  let content: CheckpointFile;
  try {
    content = JSON.parse(readFileSync(file, "utf8")) as CheckpointFile;
  } catch (error) {
    throw new Error(`the checkpoint ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (content.version !== 1)
    throw new Error(`the checkpoint ${file} has version ${String(content.version)}; this engine reads version 1`);
  return content;
}

/** Outputs of a stack from its checkpoint, for StackReference; undefined when it was never brought up. Throws WrongPassphrase. */
export function readStackOutputs(file: string, crypter: Crypter): PropertyMap | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return new Checkpoint(file, crypter).stackOutputs();
  } catch (error) {
    if (error instanceof WrongPassphrase) throw new WrongPassphrase(`the checkpoint ${file} was written with another passphrase`);
    throw error;
  }
}
