import { readFileSync } from "node:fs";
import { mustExecute } from "./execute";

export interface KeyPair {
  /** OpenSSH PEM. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, no comment. */
  readonly publicKey: string;
}

/** Makes an ed25519 key pair at `file` and `file.pub`. */
export async function makeKeyPair(file: string): Promise<KeyPair> {
  await mustExecute("ssh-keygen", ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}
