import { fingerprint, hostKeyAlgorithms, parsePublicKey, publicKeyLine } from "../../../../tools/ssh/keys";

const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

describe("public key lines", () => {
  test("are read with options and a comment, and written without", () => {
    expect(publicKeyLine(parsePublicKey(`no-pty ${line} root@n03`))).toBe(line);
  });

  test("have the fingerprint that GitHub publishes for its ed25519 key", () => {
    // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints
    expect(fingerprint(parsePublicKey(line).blob)).toBe("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
  });

  test.each([
    ["", "not a public key line"],
    ["n03 something", "not a public key line"],
    ["ssh-ed25519", "not a public key line"],
    ["ssh-ed25519 AAAA!", "not valid base64"],
    [line.replace("ssh-ed25519 ", "ssh-rsa "), "the line says ssh-rsa but the key inside is ssh-ed25519"],
  ])("are refused when malformed: %s", (text, message) => {
    expect(() => parsePublicKey(text)).toThrow(message);
  });

  test("put the pinned type first among the algorithms offered, and drop none", () => {
    const rsa = Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from("ssh-rsa"), Buffer.from([0, 0, 0, 1, 3])]);
    const offered = hostKeyAlgorithms({ type: "ssh-rsa", blob: rsa });
    expect(offered.slice(0, 2)).toEqual(["rsa-sha2-512", "rsa-sha2-256"]);
    expect([...offered].sort()).toEqual([...hostKeyAlgorithms()].sort());
  });
});
