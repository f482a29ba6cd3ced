import { readFileSync, readdirSync, statSync, writeFileSync } from "fs";
import { join } from "path";
import { SshError, SshPool, fingerprint, parsePublicKey } from "../../../../tools/ssh";
import type { SshTarget } from "../../../../tools/ssh";
import { describeWithSshd, freePort, makeKey, startSshd, tryKill } from "./sshd";
import type { Sshd } from "./sshd";

jest.setTimeout(30_000);

describeWithSshd("a pool of SSH connections to a real sshd", () => {
  const key = makeKey();
  let sshd: Sshd;
  let pool: SshPool;
  beforeAll(async () => {
    sshd = await startSshd({ authorizedKeys: [key.publicKey], settings: ["AcceptEnv GREETING"] });
  });
  afterAll(() => sshd.stop());
  beforeEach(() => (pool = new SshPool()));
  afterEach(() => pool.close());

  const target = (changes: Partial<SshTarget> = {}): SshTarget => ({
    name: "n03",
    host: "127.0.0.1",
    port: sshd.port,
    user: sshd.user,
    privateKey: key.privateKey,
    hostKey: sshd.hostKey,
    dialErrorLimit: 0,
    ...changes,
  });
  const failure = async (work: Promise<unknown>): Promise<SshError> => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof SshError)) throw new Error(`expected an SshError, got ${String(error)}`);
    return error;
  };

  test("runs a command and returns its code and both outputs", async () => {
    const result = await pool.exec(target(), "echo out; echo err >&2; exit 3");
    expect(result).toEqual({ code: 3, stdout: "out\n", stderr: "err\n" });
  });

  test("passes standard input unchanged, also when it is large or not text", async () => {
    const bytes = Buffer.alloc(700_001, 0xfe);
    expect((await pool.exec(target(), "wc -c", { stdin: bytes })).stdout.trim()).toBe("700001");
    expect((await pool.exec(target(), "cat", { stdin: "sécret\n" })).stdout).toBe("sécret\n");
  });

  test("gives a command that reads no input its exit code all the same", async () => {
    expect((await pool.exec(target(), "exit 4", { stdin: Buffer.alloc(3_000_000) })).code).toBe(4);
  });

  test("names the signal that ended a command", async () => {
    expect(await pool.exec(target(), "kill -KILL $$")).toEqual({ code: null, signal: "KILL", stdout: "", stderr: "" });
  });

  test("shares one connection between many commands, eight at a time", async () => {
    const before = sshd.logins();
    const results = await Promise.all(Array.from({ length: 24 }, (_, n) => pool.exec(target(), `sleep 0.05; echo ${n}`)));
    expect(results.map((result) => result.stdout.trim())).toEqual(Array.from({ length: 24 }, (_, n) => String(n)));
    expect(sshd.logins() - before).toBe(1);
  });

  test("refuses a host whose key is not the pinned one, names both fingerprints and does not try again", async () => {
    const other = makeKey().publicKey;
    const before = sshd.logins();
    const retries: string[] = [];
    const watched = new SshPool({ onRetry: (message) => retries.push(message) });
    const error = await failure(watched.exec(target({ hostKey: other, dialErrorLimit: 5 }), "true"));
    await watched.close();
    expect(error.kind).toBe("host-key");
    expect(error.message).toContain(`n03 (127.0.0.1:${sshd.port}): host key mismatch`);
    expect(error.message).toContain(`pinned is ssh-ed25519 ${fingerprint(parsePublicKey(other).blob)}`);
    expect(error.message).toContain(`the host shows ssh-ed25519 ${fingerprint(parsePublicKey(sshd.hostKey).blob)}`);
    expect(retries).toEqual([]);
    expect(sshd.logins()).toBe(before);
  });

  test("reports a pinned key of a type that the host does not have as a mismatch too", async () => {
    const error = await failure(pool.exec(target({ hostKey: makeKey("ecdsa").publicKey }), "true"));
    expect(error.message).toContain("pinned is ecdsa-sha2-nistp256 SHA256:");
    expect(error.message).toContain(`the host shows ssh-ed25519 ${fingerprint(parsePublicKey(sshd.hostKey).blob)}`);
  });

  test("refuses a malformed pinned key before connecting", async () => {
    const error = await failure(pool.exec(target({ hostKey: "ssh-ed25519 AAAAB3" }), "true"));
    expect(error.message).toMatch(/the pinned host key is malformed: .*ssh-keyscan/s);
  });

  test("learns the host's key when none is pinned", async () => {
    const { hostKey: _unpinned, ...unpinned } = target();
    const connection = await pool.connection(unpinned);
    expect(connection.hostKey).toBe(sshd.hostKey.split(" ").slice(0, 2).join(" "));
  });

  test("says that the login was refused, without the key, and does not try again", async () => {
    const wrong = makeKey();
    const retries: string[] = [];
    const watched = new SshPool({ onRetry: (message) => retries.push(message) });
    const error = await failure(watched.exec(target({ privateKey: wrong.privateKey, dialErrorLimit: 5 }), "true"));
    await watched.close();
    expect(error.kind).toBe("authentication");
    expect(error.message).toContain(`login as ${sshd.user} was refused`);
    expect(error.message).not.toContain(wrong.privateKey.split("\n")[1]);
    expect(retries).toEqual([]);
  });

  test("says that a key cannot be read or lacks its passphrase, without printing it", async () => {
    const unreadable = await failure(pool.exec(target({ privateKey: "SECRETKEY" }), "true"));
    expect(unreadable.kind).toBe("login-key");
    expect(unreadable.message).not.toContain("SECRETKEY");
    const locked = makeKey("ed25519", "open sesame");
    expect((await failure(pool.exec(target({ privateKey: locked.privateKey }), "true"))).message).toContain(
      "passphrase is missing or wrong",
    );
  });

  test("counts failed dials: a refused port is tried dialErrorLimit + 1 times", async () => {
    const port = await freePort();
    const retries: string[] = [];
    const watched = new SshPool({ onRetry: (message) => retries.push(message) });
    const error = await failure(watched.exec(target({ port, dialErrorLimit: 2 }), "true"));
    await watched.close();
    expect(error.kind).toBe("refused");
    expect(error.message).toContain(`n03 (127.0.0.1:${port}): connection refused (3 tries)`);
    expect(retries).toHaveLength(2);
  });

  test("dials again after a failure instead of keeping it", async () => {
    await failure(pool.exec(target({ privateKey: makeKey().privateKey }), "true"));
    expect((await pool.exec(target(), "echo fine")).stdout).toBe("fine\n");
  });

  test("turns a cut connection into an error at once, and the next command connects anew", async () => {
    const running = failure(pool.exec(target(), "echo started; sleep 5"));
    await pool.exec(target(), "true");
    for (const pid of sshd.children()) tryKill(pid);
    const error = await running;
    expect(error.kind).toBe("cut");
    expect(error.started).toBe(true);
    expect(error.message).toContain("in the middle of a command");
    expect((await pool.exec(target(), "echo back")).stdout).toBe("back\n");
  });

  test("notices by keepalive that a host has fallen silent in the middle of a command", async () => {
    const watched = new SshPool({ keepaliveSeconds: 0.2 });
    const before = sshd.children();
    const running = failure(watched.exec(target(), "sleep 5"));
    await watched.exec(target(), "true");
    const serving = sshd.children().filter((pid) => !before.includes(pid));
    for (const pid of serving) process.kill(pid, "SIGSTOP");
    const error = await running;
    for (const pid of serving) process.kill(pid, "SIGCONT");
    await watched.close();
    expect(error.kind).toBe("cut");
    expect(error.message).toContain("the host stopped answering in the middle of a command");
  });

  test("gives up on a command that takes too long and keeps the connection", async () => {
    const before = sshd.logins();
    const error = await failure(pool.exec(target(), "exec sleep 5", { timeout: 0.3 }));
    expect(error.message).toContain("did not end within 0.3 s");
    expect((await pool.exec(target(), "echo next")).stdout).toBe("next\n");
    expect(sshd.logins() - before).toBe(1);
  });

  test("stops when it is told to", async () => {
    const stop = new AbortController();
    const running = failure(pool.exec(target(), "sleep 5", { signal: stop.signal }));
    await pool.exec(target(), "true");
    stop.abort();
    expect((await running).kind).toBe("cancelled");
  });

  test("hands over the variables that sshd accepts", async () => {
    expect(
      (await pool.exec(target(), "echo $GREETING-$OTHER", { environment: { GREETING: "hello", OTHER: "dropped" } })).stdout,
    ).toBe("hello-\n");
  });

  test("uploads bytes with their mode, makes missing folders and leaves nothing else behind", async () => {
    const path = join(sshd.folder, "deep", "er", "host.sh");
    const bytes = Buffer.from([0, 255, 10, 13, 39]);
    expect(await pool.upload(target(), bytes, path, { mode: 0o750 })).toEqual({ path, via: "sftp" });
    expect(readFileSync(path)).toEqual(bytes);
    expect(statSync(path).mode & 0o777).toBe(0o750);
    await pool.upload(target(), Buffer.from("second"), path);
    expect(readFileSync(path, "utf8")).toBe("second");
    expect(readdirSync(join(sshd.folder, "deep", "er"))).toEqual(["host.sh"]);
  });

  test("puts a file into a folder that exists under its own name", async () => {
    expect((await pool.upload(target(), Buffer.from("x"), sshd.folder, { basename: "n03.sh" })).path).toBe(
      join(sshd.folder, "n03.sh"),
    );
  });

  test("says why an upload failed and removes its temporary file", async () => {
    writeFileSync(join(sshd.folder, "file"), "");
    const error = await failure(pool.upload(target(), Buffer.from("x"), join(sshd.folder, "file", "below")));
    expect(error.kind).toBe("upload");
    expect(error.message).toContain("could not write");
  });
});

describeWithSshd("hosts with unusual SSH servers", () => {
  const key = makeKey();
  const pool = new SshPool();
  const running: Sshd[] = [];
  const start = async (...options: Parameters<typeof startSshd>) => {
    const sshd = await startSshd(...options);
    running.push(sshd);
    return sshd;
  };
  const of = (sshd: Sshd, privateKey: string): SshTarget => ({
    host: "127.0.0.1",
    port: sshd.port,
    user: sshd.user,
    privateKey,
    hostKey: sshd.hostKey,
    dialErrorLimit: 0,
  });
  afterAll(async () => {
    await pool.close();
    for (const sshd of running) await sshd.stop();
  });

  test("without SFTP an upload goes through the shell", async () => {
    const sshd = await start({ authorizedKeys: [key.publicKey], sftp: false });
    const path = join(sshd.folder, "it's here", "file");
    expect(await pool.upload(of(sshd, key.privateKey), Buffer.from("hi"), path, { mode: 0o600 })).toEqual({ path, via: "shell" });
    expect(readFileSync(path, "utf8")).toBe("hi");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(sshd.folder, "it's here"))).toEqual(["file"]);
  });

  test("fewer sessions than usual slow the work down and do not fail it", async () => {
    const sshd = await start({ authorizedKeys: [key.publicKey], settings: ["MaxSessions 2"] });
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, n) => pool.exec(of(sshd, key.privateKey), `sleep 0.05; echo ${n}`)),
    );
    expect(results.map((result) => Number(result.stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a host behind a bastion is reached through it, each with its own key and its own pin", async () => {
    const inner = makeKey();
    const gate = await start({ authorizedKeys: [key.publicKey] });
    const host = await start({ authorizedKeys: [inner.publicKey] });
    const target = { ...of(host, inner.privateKey), bastion: { ...of(gate, key.privateKey), name: "gate" } };
    const results = await Promise.all([1, 2, 3].map((n) => pool.exec(target, `echo ${n}; echo $SSH_CONNECTION | cut -d' ' -f4`)));
    expect(results.map((result) => result.stdout)).toEqual([1, 2, 3].map((n) => `${n}\n${host.port}\n`));
    expect([gate.logins(), host.logins()]).toEqual([1, 1]);
  });

  test("a failing bastion is named as such, and so is a host that the bastion cannot reach", async () => {
    const gate = await start({ authorizedKeys: [key.publicKey] });
    const closed = { ...of(gate, key.privateKey), port: await freePort(), name: "n01" };
    const unreachable = pool.exec({ ...closed, bastion: of(gate, key.privateKey) }, "true");
    await expect(unreachable).rejects.toThrow(
      `through bastion 127.0.0.1:${gate.port}: the bastion could not reach 127.0.0.1:${closed.port}`,
    );
    const wrongPin = pool.exec({ ...closed, bastion: { ...of(gate, key.privateKey), hostKey: makeKey().publicKey } }, "true");
    await expect(wrongPin).rejects.toThrow("the bastion failed: host key mismatch");
    const wrongKey = pool.exec({ ...closed, bastion: of(gate, makeKey().privateKey) }, "true");
    await expect(wrongKey).rejects.toThrow("the bastion failed: login as");
  });
});
