import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { WrongPassphrase, createCrypter, openCrypter, passphraseFromEnvironment } from "../../../../tools/config/passphrase";
import { type Project, findProject } from "../../../../tools/config/project";
import { listStacks, loadStack, readStackFile } from "../../../../tools/config/stack-file";
import { encryptSecret } from "../../../../tools/config/write-secret";
import { isPlaceholder } from "../../../../tools/engine/properties";

let project: Project;
beforeEach(() => {
  const root = mkdtempSync(path.join(tmpdir(), "turducken-config-"));
  writeFileSync(path.join(root, "Pulumi.yaml"), "name: shop\nruntime: nodejs\nmain: stacks/\nstackConfigDir: stacks\n");
  mkdirSync(path.join(root, "stacks"));
  project = findProject(path.join(root, "stacks"));
});
afterEach(() => rmSync(project.root, { recursive: true, force: true }));

function write(text: string, stack = "dev"): string {
  const file = path.join(project.stackFiles, `Pulumi.${stack}.yaml`);
  writeFileSync(file, text);
  return file;
}

test("the project is found from a folder below it, with program and stack files where Pulumi.yaml says", () => {
  expect(project).toEqual({
    root: project.root,
    name: "shop",
    program: path.join(project.root, "stacks"),
    stackFiles: path.join(project.root, "stacks"),
  });
});

test("values are handed over as the CLI does it: text as text, structure as JSON, keys with the project's name", async () => {
  write("config:\n  shop:a: x\n  b: {c: [1, true]}\n  aws:region: us\n  n: 3\n");
  const { run } = await loadStack(project, "dev");
  expect(run.config).toEqual({ "shop:a": "x", "shop:b": '{"c":[1,true]}', "aws:region": "us", "shop:n": "3" });
});

test("secrets written by us are read back, comments stay, and a second one uses the same salt", async () => {
  const file = write("# why\nconfig:\n  shop:a: x # kept\n");
  await encryptSecret(file, "shop:key", "hush\nhush", "pass");
  const salt = /encryptionsalt: .*/.exec(readFileSync(file, "utf8"))![0];
  await encryptSecret(file, "shop:other", "more", "pass");
  const text = readFileSync(file, "utf8");
  expect(text).toContain(salt);
  expect(text).toContain("shop:a: x # kept");
  expect(text).not.toContain("hush");
  const { run } = await loadStack(project, "dev", { passphrase: "pass" });
  expect([run.config["shop:key"], run.config["shop:other"], run.secretKeys]).toEqual([
    "hush\nhush",
    "more",
    ["shop:key", "shop:other"],
  ]);
});

test("a wrong passphrase is one clear error", async () => {
  await encryptSecret(write("config: {}\n"), "shop:key", "hush", "pass");
  await expect(loadStack(project, "dev", { passphrase: "pasS" })).rejects.toThrow(
    new WrongPassphrase("wrong passphrase for Pulumi.dev.yaml: it does not match its encryptionsalt"),
  );
});

test("without a passphrase a secret is a placeholder, and a warning names it", async () => {
  await encryptSecret(write("config: {}\n"), "shop:key", "hush", "pass");
  const { run, warnings } = await loadStack(project, "dev");
  expect(isPlaceholder(run.config["shop:key"]!)).toBe(true);
  expect(warnings).toEqual([expect.stringContaining("shop:key unknown")]);
});

test("every nested secure: is refused at once, with its path", () => {
  write("config:\n  shop:a: {b: {secure: v1:x:y}, c: [{secure: v1:x:y}]}\n");
  expect(() => readStackFile(project, "dev")).toThrow(/2 problems\n {2}shop:a\.b\n[\s\S]* {2}shop:a\.c\[0\]\n/);
});

test("a missing stack file lists those that exist", () => {
  write("config: {}\n", "one");
  write("config: {}\n", "two");
  expect(listStacks(project)).toEqual(["one", "two"]);
  expect(() => readStackFile(project, "three")).toThrow(/there is no stack file for "three"\n {4}allowed: one, two/);
});

test("a secure: value without salt, and a broken salt, are explained", async () => {
  write("config:\n  shop:key: {secure: v1:x:y}\n");
  await expect(loadStack(project, "dev", { passphrase: "pass" })).rejects.toThrow(/no encryptionsalt/);
  write("encryptionsalt: nonsense\nconfig:\n  shop:key: {secure: v1:x:y}\n");
  await expect(loadStack(project, "dev", { passphrase: "pass" })).rejects.toThrow(/encryptionsalt is malformed/);
});

test("a salt line made by a crypter opens only with its passphrase", async () => {
  const crypter = await createCrypter("pass");
  const again = await openCrypter("pass", crypter.salt);
  expect(again.decrypt(crypter.encrypt("x"))).toBe("x");
  await expect(openCrypter("other", crypter.salt)).rejects.toThrow(WrongPassphrase);
});

test("a changed ciphertext is not decrypted", async () => {
  const crypter = await createCrypter("pass");
  const [version, nonce, body] = crypter.encrypt("hush").split(":");
  const bytes = Buffer.from(body!, "base64");
  bytes[0]! ^= 1;
  expect(() => crypter.decrypt(`${version}:${nonce}:${bytes.toString("base64")}`)).toThrow(WrongPassphrase);
});

test("the passphrase comes from the variable, else from the file, as with the real CLI", () => {
  const file = path.join(project.root, "phrase");
  writeFileSync(file, "from file\n");
  expect(passphraseFromEnvironment({ PULUMI_CONFIG_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE_FILE: file })).toBe("");
  expect(passphraseFromEnvironment({ PULUMI_CONFIG_PASSPHRASE_FILE: file })).toBe("from file");
  expect(passphraseFromEnvironment({})).toBeUndefined();
});
