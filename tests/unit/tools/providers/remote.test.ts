import { readFileSync, writeFileSync } from "fs";
import { join } from "path";
import { RemoteCommandProvider } from "../../../../tools/engine/providers/remote";
import { describeWithSshd, makeKey, startSshd } from "../ssh/sshd";
import type { Sshd } from "../ssh/sshd";
import { contextOf } from "./context";

jest.setTimeout(30_000);

const type = "command:remote:Command";
const copy = "command:remote:CopyToRemote";

describeWithSshd("command:remote against a real sshd", () => {
  const key = makeKey();
  let sshd: Sshd;
  let provider: RemoteCommandProvider;
  beforeAll(async () => {
    sshd = await startSshd({ authorizedKeys: [key.publicKey], settings: ["AcceptEnv GREETING"] });
  });
  afterAll(() => sshd.stop());
  beforeEach(() => (provider = new RemoteCommandProvider()));
  afterEach(() => provider.close());

  const connection = () => ({
    host: "127.0.0.1",
    port: sshd.port,
    user: sshd.user,
    privateKey: key.privateKey,
    hostKey: sshd.hostKey,
    dialErrorLimit: 1,
  });
  const create = (inputs: Record<string, unknown>, context = contextOf("n03-host")) =>
    provider.create(type, "urn", { connection: connection(), logging: "none", ...inputs }, context);
  const state = (inputs: Record<string, unknown>, outputs: Record<string, unknown> = {}) => ({
    id: "x",
    inputs: { connection: connection(), logging: "none", ...inputs },
    outputs,
  });

  test("create runs the text with stdin and keeps the outputs less one line feed", async () => {
    const made = await create({ create: "cat; printf 'two\\n\\n' >&2", stdin: "one\n\n" });
    expect(made.outputs).toMatchObject({ stdout: "one\n", stderr: "two\n", create: "cat; printf 'two\\n\\n' >&2" });
    expect(made.id).toMatch(/^n03-host[0-9a-f]{8}$/);
    expect(made.secretOutputs).toContain("connection");
  });

  test("a command without create text runs nothing", async () => {
    expect((await create({ delete: "true" })).outputs).toMatchObject({ stdout: "", stderr: "" });
  });

  test("a failing command names resource, code, host and the end of stderr, without secrets and without the command", async () => {
    const failing = create(
      { create: "echo begun; echo bad hunter2 >&2; exit 7" },
      contextOf("n03-host", { secrets: ["hunter2"] }),
    );
    await expect(failing).rejects.toThrow(`n03-host exited with code 7 on 127.0.0.1:${sshd.port}:\nbad [secret]`);
    await expect(failing).rejects.not.toThrow("exit 7");
  });

  test("update runs update, or else create, and offers the previous output only where sshd accepts it", async () => {
    const olds = state({ create: "echo first" }, { stdout: "first", stderr: "" });
    const context = contextOf("n03-host");
    const second = { connection: connection(), logging: "none", create: "echo second" };
    expect((await provider.update(type, "urn", olds, second, context)).outputs["stdout"]).toBe("second");
    expect(context.lines).toEqual([expect.stringContaining("unable to set PULUMI_COMMAND_STDOUT")]);
    const quiet = contextOf("n03-host");
    const third = { ...second, update: "echo third", addPreviousOutputInEnv: false };
    expect((await provider.update(type, "urn", olds, third, quiet)).outputs["stdout"]).toBe("third");
    expect(quiet.lines).toEqual([]);
  });

  test("any changed input is an update, changed triggers a replace, none nothing", async () => {
    const olds = state({ create: "a", triggers: [1] });
    const news = (changes: Record<string, unknown>) => ({ ...olds.inputs, ...changes });
    expect(await provider.diff(type, olds, news({}))).toEqual({ kind: "none", properties: [] });
    expect(await provider.diff(type, olds, news({ stdin: "x" }))).toEqual({ kind: "update", properties: ["stdin"] });
    expect(await provider.diff(type, olds, news({ connection: { ...connection(), user: "other" } }))).toEqual({
      kind: "update",
      properties: ["connection"],
    });
    expect(await provider.diff(type, olds, news({ create: "b", triggers: [2] }))).toEqual({
      kind: "replace",
      properties: ["triggers"],
    });
  });

  test("delete runs the delete text of the state, and nothing without one", async () => {
    const mark = join(sshd.folder, "deleted");
    await provider.delete(type, "urn", state({ create: "true" }), contextOf("n03-host"));
    await provider.delete(type, "urn", state({ delete: `echo gone > ${mark}` }), contextOf("n03-host"));
    expect(readFileSync(mark, "utf8")).toBe("gone\n");
  });

  test("a variable that sshd does not accept fails the command, as with the real provider", async () => {
    expect((await create({ create: "echo $GREETING", environment: { GREETING: "hi" } })).outputs["stdout"]).toBe("hi");
    await expect(create({ create: "true", environment: { OTHER: "x" } })).rejects.toThrow(
      'could not set environment variable "OTHER"',
    );
  });

  test("output is logged line by line unless logging is none", async () => {
    const loud = contextOf("n03-host", { secrets: ["hunter2"] });
    await create({ create: "echo hunter2; echo b >&2", logging: "stdout" }, loud);
    expect(loud.lines).toEqual(["[secret]"]);
    const quiet = contextOf("n03-host");
    await create({ create: "echo a" }, quiet);
    expect(quiet.lines).toEqual([]);
  });

  test("a wrong host key is an error of the resource with both fingerprints", async () => {
    const wrong = { ...connection(), hostKey: makeKey().publicKey };
    await expect(create({ connection: wrong, create: "true" })).rejects.toThrow(
      /^n03-host: 127\.0\.0\.1:\d+: host key mismatch: pinned is .* the host shows /,
    );
  });

  test("without a pinned key the one that the host shows is learned", async () => {
    await create({ connection: { ...connection(), hostKey: undefined }, create: "true" });
    expect(provider.learnedHostKeys.get(`127.0.0.1:${sshd.port}`)).toBe(sshd.hostKey.split(" ").slice(0, 2).join(" "));
  });

  test("a copy puts a file at the path, relative to the program's folder, and again only when its hash or path changes", async () => {
    writeFileSync(join(sshd.folder, "n03.sh"), "echo one");
    const context = contextOf("n03-copy", { directory: sshd.folder });
    const inputs = { connection: connection(), source: { path: "n03.sh", hash: "1" }, remotePath: join(sshd.folder, "there.sh") };
    await provider.create(copy, "urn", inputs, context);
    expect(readFileSync(join(sshd.folder, "there.sh"), "utf8")).toBe("echo one");
    writeFileSync(join(sshd.folder, "n03.sh"), "echo two");
    await provider.update(copy, "urn", state(inputs), { ...inputs, connection: { ...connection(), dialErrorLimit: 2 } }, context);
    expect(readFileSync(join(sshd.folder, "there.sh"), "utf8")).toBe("echo one");
    await provider.update(copy, "urn", state(inputs), { ...inputs, source: { path: "n03.sh", hash: "2" } }, context);
    expect(readFileSync(join(sshd.folder, "there.sh"), "utf8")).toBe("echo two");
  });

  test("the path of a copied file may change, its hash is what counts", async () => {
    const inputs = { source: { path: "a/n03.sh", hash: "1" }, remotePath: "x" };
    expect(
      (await provider.diff(copy, state(inputs), { ...state(inputs).inputs, source: { path: "b/n03.sh", hash: "1" } })).kind,
    ).toBe("none");
    expect(
      (await provider.diff(copy, state(inputs), { ...state(inputs).inputs, source: { path: "a/n03.sh", hash: "2" } })).kind,
    ).toBe("update");
  });

  test("a missing file is named", async () => {
    const inputs = { connection: connection(), source: { path: "absent.sh", hash: "1" }, remotePath: "x" };
    await expect(provider.create(copy, "urn", inputs, contextOf("n03-copy", { directory: sshd.folder }))).rejects.toThrow(
      `n03-copy: cannot read ${join(sshd.folder, "absent.sh")}`,
    );
  });
});
