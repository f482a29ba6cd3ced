import { createPrivateKey, createPublicKey } from "crypto";
import { utils } from "ssh2";
import { RandomProvider } from "../../../../tools/engine/providers/random";
import { TlsProvider } from "../../../../tools/engine/providers/tls";
import { contextOf } from "./context";

const random = new RandomProvider();
const tls = new TlsProvider();
const made = (kind: string, inputs: Record<string, unknown>) =>
  random.create(`random:index/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`, "urn", inputs, contextOf("seed"));

describe("random values", () => {
  test("a password has its length, its minimums and only allowed characters, and is secret", async () => {
    const inputs = { length: 12, special: false, minNumeric: 4, minUpper: 3 };
    const { outputs, secretOutputs } = await made("RandomPassword", inputs);
    const result = String(outputs["result"]);
    expect(result).toMatch(/^[A-Za-z0-9]{12}$/);
    expect(result.replace(/[^0-9]/g, "").length).toBeGreaterThanOrEqual(4);
    expect(result.replace(/[^A-Z]/g, "").length).toBeGreaterThanOrEqual(3);
    expect(secretOutputs).toEqual(["result"]);
    expect((await made("RandomPassword", inputs)).outputs["result"]).not.toBe(result);
  });

  test("bytes come as base64 and hex of the same bytes, and an id in all four forms", async () => {
    const bytes = (await made("RandomBytes", { length: 32 })).outputs;
    expect(Buffer.from(String(bytes["base64"]), "base64").toString("hex")).toBe(bytes["hex"]);
    expect(String(bytes["hex"])).toHaveLength(64);
    const { id, outputs } = await made("RandomId", { byteLength: 4, prefix: "run-" });
    expect(outputs["b64Url"]).toBe(`run-${id}`);
    expect(BigInt(`0x${String(outputs["hex"]).slice(4)}`).toString()).toBe(String(outputs["dec"]).slice(4));
  });

  test("impossible requests are refused and every change is a replace", async () => {
    await expect(made("RandomPassword", { length: 2, minLower: 3 })).rejects.toThrow(
      "seed: length 2 is less than the sum of the minimums (3)",
    );
    await expect(made("RandomString", { length: 0 })).rejects.toThrow("seed: length must be a whole number");
    await expect(made("RandomPet", {})).rejects.toThrow("is left out here");
    const olds = { id: "a", inputs: { length: 8 }, outputs: {} };
    expect(await random.diff("random:index/randomString:RandomString", olds, { length: 9 })).toEqual({
      kind: "replace",
      properties: ["length"],
    });
    expect((await random.diff("random:index/randomString:RandomString", olds, { length: 8 })).kind).toBe("none");
  });
});

describe("tls private keys", () => {
  const key = async (inputs: Record<string, unknown>) =>
    (await tls.create("tls:index/privateKey:PrivateKey", "urn", inputs, contextOf("login"))).outputs as unknown as Record<
      string,
      string
    >;

  test.each([
    ["ssh-ed25519", { algorithm: "ED25519" }],
    ["ssh-rsa", { algorithm: "RSA", rsaBits: 2048 }],
    ["ecdsa-sha2-nistp256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
    ["ecdsa-sha2-nistp521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ])("%s is one key in every form, and ssh2 can sign with it", async (type, inputs) => {
    const outputs = await key(inputs);
    const parsed = utils.parseKey(outputs["privateKeyOpenssh"] ?? "");
    if (parsed instanceof Error) throw parsed;
    expect(`${parsed.type} ${parsed.getPublicSSH().toString("base64")}\n`).toBe(outputs["publicKeyOpenssh"]);
    expect(parsed.type).toBe(type);
    const signature = parsed.sign(Buffer.from("text"));
    if (signature instanceof Error) throw signature;
    expect(parsed.verify(Buffer.from("text"), signature)).toBe(true);
    const fromPem = createPublicKey(createPrivateKey(outputs["privateKeyPem"] ?? "")).export({ type: "spki", format: "pem" });
    expect(fromPem).toBe(outputs["publicKeyPem"]);
    expect(outputs["publicKeyFingerprintSha256"]).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  test("P224 has no OpenSSH form, as in the real provider, and other types are refused", async () => {
    expect((await key({ algorithm: "ECDSA" }))["privateKeyOpenssh"]).toBe("");
    await expect(key({ algorithm: "DSA" })).rejects.toThrow('login: algorithm is "DSA", allowed are RSA, ECDSA and ED25519');
    await expect(tls.create("tls:index/selfSignedCert:SelfSignedCert", "urn", {}, contextOf("ca"))).rejects.toThrow(
      "is left out here",
    );
  });
});
