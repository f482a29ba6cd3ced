import { createHash, generateKeyPairSync, randomBytes } from "crypto";
import type { KeyObject } from "crypto";
import { fingerprint } from "../../ssh";
import type { OperationContext, PlainInputs, PlainState, ResourceProvider } from "../types";
import { diffInputs } from "./shared";

const privateKey = "tls:index/privateKey:PrivateKey";

/** Names of a curve for Node and, where OpenSSH knows it, for OpenSSH. */
const curves: Record<string, { node: string; openssh?: string }> = {
  P224: { node: "secp224r1" },
  P256: { node: "prime256v1", openssh: "nistp256" },
  P384: { node: "secp384r1", openssh: "nistp384" },
  P521: { node: "secp521r1", openssh: "nistp521" },
};

/** `tls:index/privateKey:PrivateKey` with the outputs of @pulumi/tls 5.6.1; any changed input is a replace. Other tls types are refused. */
export class TlsProvider implements ResourceProvider {
  readonly handles = (type: string): boolean => type.startsWith("tls:");

  diff(_type: string, olds: PlainState, news: PlainInputs) {
    return Promise.resolve(diffInputs(olds, news, [...Object.keys(olds.inputs), ...Object.keys(news)]));
  }

  create(type: string, _urn: string, inputs: PlainInputs, context: OperationContext) {
    return Promise.resolve().then(() => {
      if (type !== privateKey) throw new Error(`${context.name}: ${type} is left out here; only ${privateKey} is made`);
      return makePrivateKey(inputs, context.name);
    });
  }

  update(_type: string, _urn: string, olds: PlainState): Promise<{ outputs: Record<string, unknown> }> {
    return Promise.resolve({ outputs: { ...olds.outputs } });
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function makePrivateKey(inputs: PlainInputs, name: string) {
  const algorithm = String(inputs["algorithm"] ?? "");
  const rsaBits = Number(inputs["rsaBits"] ?? 2048);
  const ecdsaCurve = String(inputs["ecdsaCurve"] ?? "P224");
  const pair = generate(algorithm, rsaBits, ecdsaCurve, name);
  const ssh = openssh(pair, algorithm, ecdsaCurve);
  const pkcs8 = pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const pem = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" }[algorithm] as "pkcs1" | "sec1" | "pkcs8";
  const publicKeyPem = pair.publicKey.export({ type: "spki", format: "pem" }) as string;
  const outputs = {
    algorithm,
    rsaBits,
    ecdsaCurve,
    privateKeyOpenssh: ssh?.privateKey ?? "",
    privateKeyPem: pair.privateKey.export({ type: pem as "pkcs8", format: "pem" }) as string,
    privateKeyPemPkcs8: pkcs8,
    publicKeyOpenssh: ssh ? `${ssh.type} ${ssh.blob.toString("base64")}\n` : "",
    publicKeyPem,
    publicKeyFingerprintMd5: ssh ? (createHash("md5").update(ssh.blob).digest("hex").match(/../g) ?? []).join(":") : "",
    publicKeyFingerprintSha256: ssh ? fingerprint(ssh.blob) : "",
  };
  return {
    id: createHash("sha1").update(publicKeyPem).digest("hex"),
    outputs,
    secretOutputs: ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"],
  };
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function generate(algorithm: string, rsaBits: number, ecdsaCurve: string, name: string): Pair {
  if (algorithm === "ED25519") return generateKeyPairSync("ed25519");
  if (algorithm === "RSA") return generateKeyPairSync("rsa", { modulusLength: rsaBits });
  if (algorithm !== "ECDSA") throw new Error(`${name}: algorithm is "${algorithm}", allowed are RSA, ECDSA and ED25519`);
  const curve = curves[ecdsaCurve];
  if (!curve) throw new Error(`${name}: ecdsaCurve is "${ecdsaCurve}", allowed are ${Object.keys(curves).join(", ")}`);
  return generateKeyPairSync("ec", { namedCurve: curve.node });
}

interface OpensshKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly privateKey: string;
}

/** OpenSSH's own format (openssh/openssh-portable:PROTOCOL.key), unencrypted; undefined for P224, which OpenSSH does not know. */
function openssh(pair: Pair, algorithm: string, ecdsaCurve: string): OpensshKey | undefined {
  const curve = curves[ecdsaCurve]?.openssh;
  if (algorithm === "ECDSA" && !curve) return undefined;
  const jwk = pair.privateKey.export({ format: "jwk" });
  const part = (field: "n" | "e" | "d" | "p" | "q" | "qi" | "x" | "y") => Buffer.from(jwk[field] ?? "", "base64url");
  if (algorithm === "ED25519")
    return container("ssh-ed25519", [string(part("x"))], [string(part("x")), string(Buffer.concat([part("d"), part("x")]))]);
  if (algorithm === "RSA") {
    const numbers = (["n", "e", "d", "qi", "p", "q"] as const).map((field) => integer(part(field)));
    return container("ssh-rsa", [integer(part("e")), integer(part("n"))], numbers);
  }
  const point = [string(Buffer.from(curve ?? "")), string(Buffer.concat([Buffer.from([4]), part("x"), part("y")]))];
  return container(`ecdsa-sha2-${curve}`, point, [...point, integer(part("d"))]);
}

function container(type: string, publicParts: Buffer[], privateParts: Buffer[]): OpensshKey {
  const blob = Buffer.concat([string(Buffer.from(type)), ...publicParts]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, string(Buffer.from(type)), ...privateParts, string(Buffer.alloc(0))]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const none = string(Buffer.from("none"));
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    none,
    none,
    string(Buffer.alloc(0)),
    Buffer.from([0, 0, 0, 1]),
    string(blob),
    string(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    type,
    blob,
    privateKey: ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n"),
  };
}

function string(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** mpint of RFC 4251: big-endian, no leading zeros, one zero byte in front when the first bit is set. */
function integer(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const number = bytes.subarray(start);
  return string((number[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), number]) : number);
}
