import { createPrivateKey } from "node:crypto";

/**
 * A PKCS #8 key in a form that ssh2 reads, which knows only OpenSSH's and the older ones of each algorithm; any other text as it is.
 * The provider reads PKCS #8 itself.
 */
export function readableBySsh2(text: string): string {
  if (!/^\s*-----BEGIN PRIVATE KEY-----/.test(text)) return text;
  let key;
  try {
    key = createPrivateKey(text);
  } catch {
    return text; // ssh2 then says that it cannot be read
  }
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  if (key.asymmetricKeyType !== "ed25519") return text;
  const { d, x } = key.export({ format: "jwk" });
  return openSshEd25519(Buffer.from(d!, "base64url"), Buffer.from(x!, "base64url"));
}

function openSshEd25519(seed: Buffer, publicKey: Buffer): string {
  const blob = Buffer.concat([field("ssh-ed25519"), field(publicKey)]);
  // Two equal check numbers, any value; then type, public key, seed and public key, an empty comment, padded 1, 2, 3… to 8 bytes.
  const plain = Buffer.concat([
    Buffer.alloc(8),
    field("ssh-ed25519"),
    field(publicKey),
    field(Buffer.concat([seed, publicKey])),
    field(""),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (plain.length % 8)) % 8));
  const bytes = Buffer.concat([
    Buffer.from("openssh-key-v1\0", "latin1"),
    field("none"),
    field("none"),
    field(""),
    Buffer.from([0, 0, 0, 1]),
    field(blob),
    field(Buffer.concat([plain, padding])),
  ]);
  const lines = bytes.toString("base64").replace(/(.{70})(?=.)/g, "$1\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function field(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
