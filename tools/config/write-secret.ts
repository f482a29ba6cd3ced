/** Secrets into a stack file, as `pulumi config set --secret` does it, comments and order kept. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Document, isMap, parseDocument } from "yaml";
import { type Crypter, createCrypter, openCrypter } from "./passphrase";

/** Sets `config[key].secure`; makes an encryptionsalt when the file has none. Returns the crypter used. */
export async function encryptSecret(file: string, key: string, plain: string, passphrase: string): Promise<Crypter> {
  const document: Document = parseDocument(readFileSync(file, "utf8"));
  const salt = document.get("encryptionsalt");
  const crypter = typeof salt === "string" ? await openCrypter(passphrase, salt) : await createCrypter(passphrase);
  if (salt !== crypter.salt && isMap(document.contents))
    document.contents.items.unshift(document.createPair("encryptionsalt", crypter.salt));
  document.setIn(["config", key], { secure: crypter.encrypt(plain) });
  writeAtomically(file, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  return crypter;
}

/** Never leaves half a file: written beside it, then renamed over it. */
export function writeAtomically(file: string, text: string, mode = 0o644): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, file);
}
