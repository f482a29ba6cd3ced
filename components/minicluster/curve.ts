import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";

/** Z85 of ZeroMQ RFC 32. */
const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
/** PKCS #8 around a raw X25519 key (RFC 8410, section 7). */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");

/** Printable form of bytes, five characters for each four. @throws Error when their number is no multiple of four */
export function z85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) throw new Error("Z85 takes a multiple of four bytes");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = view.getUint32(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += Z85[Math.floor(word / power) % 85];
  }
  return text;
}

/** X25519 with the base point, which is what zmq_curve_public does. */
export function curvePublicKey(secret: Uint8Array): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
}

/**
 * The CURVE certificate of a Flux instance, the same text for the same seed and name: the operator's own is made anew with each
 * object, so a stack could never compare it. In the form that Flux writes
 * (flux-framework/flux-core:src/common/libzmqutil/cert.c@4a5e79f5 cert_write), without a date; czmq reads it as well.
 *
 * It is a secret, and upstream does not treat it as one: the operator keeps it in a ConfigMap, prints it to its own log, and the
 * init container prints it to the pod's log even with `logging.quiet` (pkg/flux/view.go@0d75cef8). Whoever may read pod logs or
 * ConfigMaps of the namespace can join the instance: the namespace is the trust boundary.
 *
 * @param seed 32 random bytes, base64
 * @throws Error when the seed is not 32 bytes; it is not shown
 */
export function curveCertificate(seed: string, name: string): string {
  const bytes = Buffer.from(seed, "base64");
  if (bytes.length !== 32) throw new Error("the seed of a CURVE certificate has 32 bytes");
  const secret = Buffer.from(hkdfSync("sha256", bytes, "", `turducken flux curve ${name}`, 32));
  return [
    "#  ZeroMQ CURVE **Secret** Certificate",
    "#  DO NOT DISTRIBUTE",
    "",
    "metadata",
    `    name = "${name}"`,
    "curve",
    `    public-key = "${z85(curvePublicKey(secret))}"`,
    `    secret-key = "${z85(secret)}"`,
    "",
  ].join("\n");
}
