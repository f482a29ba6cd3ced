/**
 * Pulumi's passphrase secrets provider, so that our tools and the real CLI read the same files: AES-256-GCM with a key from PBKDF2-SHA256
 * (1,000,000 iterations, 8-byte salt), `v1:<nonce>:<ciphertext and tag>`, base64. pulumi/pulumi:sdk/go/common/resource/config/crypt.go@0373577,
 * pkg/secrets/passphrase/manager.go@037bd64.
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class WrongPassphrase extends Error {
  constructor(message = "the passphrase does not match the encryptionsalt of this stack") {
    super(message);
    this.name = "WrongPassphrase";
  }
}

export interface Crypter {
  /** The stack file's `encryptionsalt` line. */
  readonly salt: string;
  encrypt(plain: string): string;
  /** Throws WrongPassphrase when the text was made with another key or was changed. */
  decrypt(text: string): string;
}

/** Checks the passphrase against the salt line. About half a second of work; results are kept for the life of the process. */
export async function openCrypter(passphrase: string, saltLine: string): Promise<Crypter> {
  const [version, salt, ...check] = saltLine.split(":");
  if (version !== "v1" || salt === undefined || check.length !== 3) {
    throw new Error("encryptionsalt is malformed; it looks like v1:<salt>:v1:<nonce>:<text>");
  }
  const crypter = crypterOf(await deriveKey(passphrase, Buffer.from(salt, "base64")), saltLine);
  if (crypter.decrypt(check.join(":")) !== "pulumi") throw new WrongPassphrase();
  return crypter;
}

/** A crypter with a fresh salt, for a stack that has none. */
export async function createCrypter(passphrase: string): Promise<Crypter> {
  const salt = randomBytes(8);
  const key = await deriveKey(passphrase, salt);
  return crypterOf(key, `v1:${salt.toString("base64")}:${encrypt(key, "pulumi")}`);
}

/** For values that live no longer than this process. */
export function ephemeralCrypter(): Crypter {
  return crypterOf(randomBytes(KEY_BYTES), "");
}

const keys = new Map<string, Promise<Buffer>>();
function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const id = `${salt.toString("base64")}:${passphrase}`;
  const known = keys.get(id) ?? promisify(pbkdf2)(passphrase, salt, ITERATIONS, KEY_BYTES, "sha256");
  keys.set(id, known);
  return known;
}

function crypterOf(key: Buffer, salt: string): Crypter {
  return { salt, encrypt: (plain) => encrypt(key, plain), decrypt: (text) => decrypt(key, text) };
}

function encrypt(key: Buffer, plain: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${text.toString("base64")}`;
}

function decrypt(key: Buffer, text: string): string {
  const [version, nonce, body, ...rest] = text.split(":");
  if (version !== "v1" || nonce === undefined || body === undefined || rest.length > 0)
    throw new Error("not an encrypted value; it looks like v1:<nonce>:<text>");
  const bytes = Buffer.from(body, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    throw new WrongPassphrase();
  }
}

/** PULUMI_CONFIG_PASSPHRASE, else the content of PULUMI_CONFIG_PASSPHRASE_FILE, as the real CLI reads them; undefined when neither is set. */
export function passphraseFromEnvironment(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (environment.PULUMI_CONFIG_PASSPHRASE !== undefined) return environment.PULUMI_CONFIG_PASSPHRASE;
  const file = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  return file ? readFileSync(file, "utf8").trim() : undefined;
}
