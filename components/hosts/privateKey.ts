/**
 * The same private key in fewer bytes. A command's state holds the login key twice, so six commands on a host hold it twelve times:
 * an Ed25519 key takes 411 bytes as ssh-keygen writes it, with the public key in it twice, and 119 as PKCS #8, which the
 * provider reads as well (golang.org/x/crypto/ssh `ParseRawPrivateKey`). Any other key, and one with a passphrase, is
 * returned as it is. Same key, same text.
 */
export function shortPrivateKey(text: string): string {
  const seed = ed25519Seed(text);
  if (seed === undefined) return text;
  // RFC 8410, section 7: version 0, algorithm 1.3.101.112, the seed.
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

const OPENSSH = /^-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/;

/**
 * The 32 bytes an Ed25519 key is made from, or undefined when this is not one lone, unencrypted Ed25519 key in OpenSSH's own
 * container (openssh/openssh-portable:PROTOCOL.key).
 */
function ed25519Seed(text: string): Buffer | undefined {
  const base64 = OPENSSH.exec(text.trimStart())?.[1];
  if (base64 === undefined) return undefined;
  const reader = new Reader(Buffer.from(base64, "base64"));
  const head = reader.raw(15)?.toString("latin1");
  const [cipher, kdf] = [reader.text(), reader.text()];
  const options = reader.field();
  const count = reader.number();
  if (head !== "openssh-key-v1\0" || cipher !== "none" || kdf !== "none" || options?.length !== 0 || count !== 1)
    return undefined;
  const publicBlob = reader.field();
  const secret = new Reader(reader.field() ?? Buffer.alloc(0));
  if (secret.number() !== secret.number() || secret.text() !== "ssh-ed25519") return undefined;
  const publicKey = secret.field();
  const both = secret.field();
  if (publicBlob === undefined || publicKey?.length !== 32 || both?.length !== 64 || !both.subarray(32).equals(publicKey))
    return undefined;
  return both.subarray(0, 32);
}

/** Length-prefixed fields of RFC 4251, section 5; undefined past the end. */
class Reader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  raw(length: number): Buffer | undefined {
    if (this.at + length > this.bytes.length) return undefined;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  number(): number | undefined {
    return this.raw(4)?.readUInt32BE(0);
  }

  field(): Buffer | undefined {
    const length = this.number();
    return length === undefined ? undefined : this.raw(length);
  }

  text(): string | undefined {
    return this.field()?.toString("latin1");
  }
}
