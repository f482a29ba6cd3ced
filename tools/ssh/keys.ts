import { createHash } from "crypto";

/** A public key as it stands in authorized_keys or known_hosts: type name and raw blob. */
export interface PublicKey {
  readonly type: string;
  readonly blob: Buffer;
}

const keyTypes = /^(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/;

/**
 * Reads `[options] type base64 [comment]`, the shape that `hostKey` of pulumi-command takes
 * (golang.org/x/crypto/ssh.ParseAuthorizedKey). The type word must agree with the type inside the blob.
 * @throws Error naming what is malformed; never more than the first 24 characters of the line.
 */
export function parsePublicKey(line: string): PublicKey {
  const words = line.trim().split(/\s+/);
  const at = words.findIndex((word) => keyTypes.test(word));
  const type = words[at];
  const base64 = words[at + 1];
  if (at < 0 || type === undefined || base64 === undefined) {
    throw new Error(
      `not a public key line: "${line.trim().slice(0, 24)}…"; expected "ssh-ed25519 AAAA…" as ssh-keyscan prints it, without the host name`,
    );
  }
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 8 || blob.toString("base64").replace(/=+$/, "") !== base64.replace(/=+$/, "")) {
    throw new Error(`the ${type} key is not valid base64 (cut off while copying?)`);
  }
  const inside = keyType(blob);
  if (inside !== type) throw new Error(`the line says ${type} but the key inside is ${inside || "unreadable"}`);
  return { type, blob };
}

/** Type name stored at the start of a key blob (RFC 4253, 6.6); empty when the blob is malformed. */
export function keyType(blob: Buffer): string {
  if (blob.length < 4) return "";
  const length = blob.readUInt32BE(0);
  return length > 64 || blob.length < 4 + length ? "" : blob.subarray(4, 4 + length).toString("latin1");
}

/** `SHA256:…` as `ssh-keygen -l` prints it: unpadded base64 of the SHA-256 of the blob. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** `type base64`: a line that can be pinned. */
export function publicKeyLine(key: PublicKey): string {
  return `${key.type} ${key.blob.toString("base64")}`;
}

const signatures: readonly string[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * Host key algorithms to offer. The pinned type comes first, so a host that has it shows it; the others follow,
 * so that a host without it is reported as a mismatch with both fingerprints and not as "no matching host key format".
 */
export function hostKeyAlgorithms(pinned?: PublicKey): string[] {
  if (!pinned) return [...signatures];
  const first = pinned.type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [pinned.type];
  return [...first.filter((name) => signatures.includes(name)), ...signatures.filter((name) => !first.includes(name))];
}
