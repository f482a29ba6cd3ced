import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import { shortPrivateKey } from "../../../../components/hosts/privateKey";
import { readableBySsh2 } from "../../../../tools/ssh/privateKey";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "turducken-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A key by ssh-keygen: private text, and the public line's two first words. */
function keygen(name: string, ...options: string[]): { text: string; line: string } {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", file, "-N", "", "-C", "somebody@somewhere", ...options]);
  return { text: readFileSync(file, "utf8"), line: readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ") };
}

/** What ssh-keygen says is the public half of a private key. */
function publicHalf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim().split(" ").slice(0, 2).join(" ");
}

describe("the short form of a login key", () => {
  test("is PKCS #8 of the same Ed25519 key, in 119 bytes", () => {
    const { text, line } = keygen("ed25519", "-t", "ed25519");
    const short = shortPrivateKey(text);
    expect(short).toHaveLength(119);
    const raw = createPublicKey(createPrivateKey(short)).export({ format: "jwk" }).x!;
    expect(Buffer.from(line.split(" ")[1]!, "base64").subarray(-32).toString("base64url")).toBe(raw);
    expect(shortPrivateKey(short)).toBe(short);
    expect(shortPrivateKey(text)).toBe(short);
  });

  test.each([
    ["rsa", ["-t", "rsa", "-b", "2048"]],
    ["ecdsa", ["-t", "ecdsa"]],
    ["encrypted", ["-t", "ed25519", "-N", "open sesame"]],
  ])("leaves a key of another kind as it is: %s", (name, options) => {
    const { text } = keygen(name, ...options);
    expect(shortPrivateKey(text)).toBe(text);
  });

  test("leaves what is no key, or half of one, as it is", () => {
    const { text } = keygen("whole", "-t", "ed25519");
    const lines = text.split("\n");
    for (const broken of ["", "hunter2", text.slice(0, 200), [lines[0], lines[1], lines.at(-2), ""].join("\n")])
      expect(shortPrivateKey(broken)).toBe(broken);
  });
});

describe("a PKCS #8 key for ssh2", () => {
  test("becomes an OpenSSH key that ssh-keygen and ssh2 read, and is the same key", () => {
    const { text, line } = keygen("back", "-t", "ed25519");
    const again = readableBySsh2(shortPrivateKey(text));
    expect(publicHalf("again", again)).toBe(line);
    const parsed = utils.parseKey(again);
    expect(parsed).not.toBeInstanceOf(Error);
    expect((parsed as { type: string }).type).toBe("ssh-ed25519");
  });

  test.each([
    ["rsa", () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, "BEGIN RSA PRIVATE KEY"],
    ["ec", () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "BEGIN EC PRIVATE KEY"],
  ])("takes the algorithm's older form: %s", (_, make, heading) => {
    const pem = make().export({ type: "pkcs8", format: "pem" }).toString();
    const readable = readableBySsh2(pem);
    expect(readable).toContain(heading);
    expect(utils.parseKey(readable)).not.toBeInstanceOf(Error);
  });

  test("and anything else stays as it is", () => {
    const { text } = keygen("other", "-t", "ed25519");
    expect(readableBySsh2(text)).toBe(text);
    expect(readableBySsh2("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")).toContain("AAAA");
  });
});
