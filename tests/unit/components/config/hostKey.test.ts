import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { hostKeyFault, keyOnly } from "../../../../components/config/hostKey";

const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes]);
const line = (type: string, ...parts: Buffer[]) =>
  `${type} ${Buffer.concat([part(Buffer.from(type)), ...parts.map(part)]).toString("base64")}`;

/** The numbers of a key that OpenSSL made, in the wire format of ssh. */
function rsa(bits: number): string {
  const { n, e } = generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" });
  const number = Buffer.from(n!, "base64url");
  return line("ssh-rsa", Buffer.from(e!, "base64url"), Buffer.concat([Buffer.from([0]), number]));
}

function ecdsa(curve: "nistp256" | "nistp384" | "nistp521"): string {
  const named = { nistp256: "P-256", nistp384: "P-384", nistp521: "P-521" }[curve];
  const { x, y } = generateKeyPairSync("ec", { namedCurve: named }).publicKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]);
  return line(`ecdsa-sha2-${curve}`, Buffer.from(curve), point);
}

function ed25519(): string {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return line("ssh-ed25519", Buffer.from(x!, "base64url"));
}

test.each([
  ["ed25519", ed25519()],
  ["ed25519 with a comment", `${ed25519()} root@n01`],
  ["ecdsa 256", ecdsa("nistp256")],
  ["ecdsa 384", ecdsa("nistp384")],
  ["ecdsa 521", ecdsa("nistp521")],
  ["rsa 2048", rsa(2048)],
])("%s is taken", (_what, key) => expect(hostKeyFault(key)).toBeUndefined());

const key = ed25519();
test.each([
  ["an empty line", "", /not a public key line/],
  ["a line of ssh-keyscan with the host in front", `10.0.0.1 ${key} comment`, /not a public key line/],
  ["a key without its type", key.split(" ")[1]!, /not a public key line/],
  ["a type of its own", `ssh-foo ${key.split(" ")[1]}`, /not of a type/],
  ["DSA", line("ssh-dss", Buffer.alloc(20)), /too weak/],
  ["letters that are not base64", "ssh-ed25519 AAAA!", /not base64/],
  ["a key cut off", key.slice(0, -8), /cut off/],
  ["another type inside", key.replace("ssh-ed25519", "ssh-rsa"), /cut off/],
  ["a short RSA key", rsa(1024), /1024 bits/],
  ["a curve that is not the type's", line("ecdsa-sha2-nistp256", Buffer.from("nistp384"), Buffer.alloc(97, 4)), /cut off/],
  ["two lines", `${key}\n${key}`, /more than one line/],
  ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx", /private key/],
])("%s is refused with its own words", (_what, text, message) => expect(hostKeyFault(text)?.message).toMatch(message));

test("any change of any byte of a key's frame is noticed", () => {
  const wire = Buffer.from(key.split(" ")[1]!, "base64");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 18 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(wire);
      changed[at] = changed[at]! ^ change;
      expect(hostKeyFault(`ssh-ed25519 ${changed.toString("base64")}`)).toBeDefined();
    }),
  );
});

test("comments do not make two keys differ", () => {
  expect(keyOnly(`${key}  root@n01`)).toBe(keyOnly(` ${key}`));
});
