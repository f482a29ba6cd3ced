/** What is wrong with an SSH host key, or undefined. */
export interface HostKeyFault {
  readonly message: string;
  readonly fix: string;
}

export const HOST_KEY_ALLOWED =
  "a line `ssh-ed25519 AAAA…`, `ecdsa-sha2-nistp256|384|521 AAAA…` or `ssh-rsa AAAA…` (2048 bits or more)";

const CURVES: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };
const SCAN = "Copy the line that `ssh-keyscan` prints, without the host in front, and compare it on the host's console.";

/**
 * Reads a public key line (`type base64 [comment]`) down to the wire format: the inner type must be the outer one and the
 * numbers as long as the type says. RFC 4253 6.6 (ssh-rsa), RFC 5656 3.1 (ecdsa), RFC 8709 4 (ed25519).
 */
export function hostKeyFault(line: string): HostKeyFault | undefined {
  if (/PRIVATE KEY/.test(line)) {
    return {
      message: "It is a private key.",
      fix: "Remove it here, make the host a new key, and write the public one (`…_key.pub`).",
    };
  }
  const [type = "", text = "", ...comment] = line.trim().split(/[ \t]+/);
  if (/[\n\r]/.test(line.trim())) return { message: "It is more than one line.", fix: "Write one key for each host." };
  if (text === "" || (!isType(type) && isType(text) && comment.length > 0)) {
    return { message: "It is not a public key line.", fix: SCAN };
  }
  if (type === "ssh-dss")
    return { message: "DSA keys are too weak, and OpenSSH no longer takes them.", fix: "Pin the host's ed25519 key." };
  if (!isType(type)) return { message: "It is not of a type that is accepted.", fix: SCAN };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return { message: "Its second word is not base64.", fix: SCAN };
  return wireFault(type, Buffer.from(text, "base64"));
}

const isType = (word: string): boolean =>
  word === "ssh-ed25519" || word === "ssh-rsa" || /^ecdsa-sha2-nistp(256|384|521)$/.test(word);

function wireFault(type: string, bytes: Buffer): HostKeyFault | undefined {
  const parts = wireStrings(bytes);
  const cut = { message: "It is cut off or has been changed: its bytes are not those of a public key.", fix: SCAN };
  if (!parts || parts[0]?.toString("latin1") !== type) return cut;
  if (type === "ssh-ed25519") return parts.length === 2 && parts[1]!.length === 32 ? undefined : cut;
  if (type === "ssh-rsa") {
    if (parts.length !== 3) return cut;
    const bits = bitLength(parts[2]!);
    return bits >= 2048
      ? undefined
      : { message: `It is an RSA key of ${bits} bits, which is too short.`, fix: "Pin the host's ed25519 key." };
  }
  const curve = type.slice("ecdsa-sha2-".length);
  const good =
    parts.length === 3 && parts[1]!.toString("latin1") === curve && parts[2]!.length === CURVES[curve] && parts[2]![0] === 4;
  return good ? undefined : cut;
}

/** Strings with 4-byte lengths, to the last byte; undefined when they do not add up. */
function wireStrings(bytes: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) return undefined;
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts;
}

function bitLength(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first]!) + 24;
}

/** Type and key alone, so that comments do not make two lines differ. */
export function keyOnly(line: string): string {
  return line
    .trim()
    .split(/[ \t]+/)
    .slice(0, 2)
    .join(" ");
}
