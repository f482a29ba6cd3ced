import { spawn, spawnSync } from "child_process";
import type { ChildProcess } from "child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "fs";
import { createServer, connect } from "net";
import { tmpdir, userInfo } from "os";
import { join } from "path";

const sshdPath = "/usr/sbin/sshd";

/** Why no real sshd can be started here, or undefined. */
export function whyNoSshd(): string | undefined {
  if (!existsSync(sshdPath)) return `${sshdPath} is not installed (Debian package openssh-server)`;
  if (spawnSync("ssh-keygen", ["-?"]).error) return "ssh-keygen is not installed (Debian package openssh-client)";
  return undefined;
}

/** A real OpenSSH server of the current user on a loopback port, with its own host key. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly folder: string;
  /** PIDs of the processes that serve connections. */
  children(): number[];
  /** How many logins it has accepted so far. */
  logins(): number;
  stop(): Promise<void>;
}

export interface SshdOptions {
  readonly authorizedKeys: readonly string[];
  readonly settings?: readonly string[];
  readonly sftp?: boolean;
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function makeKey(type = "ed25519", passphrase = ""): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), "turducken-key-"));
  try {
    const made = spawnSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", join(folder, "key")]);
    if (made.status !== 0) throw new Error(String(made.stderr));
    return {
      privateKey: readFileSync(join(folder, "key"), "utf8"),
      publicKey: readFileSync(join(folder, "key.pub"), "utf8").trim(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "turducken-sshd-"));
  const port = await freePort();
  const host = makeKey();
  mkdirSync(join(folder, "run"));
  writeFileSync(join(folder, "host_key"), host.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "authorized_keys"), options.authorizedKeys.join("\n") + "\n", { mode: 0o600 });
  writeFileSync(join(folder, "sshd_config"), configuration(folder, port, options));
  chmodSync(folder, 0o755);
  // As root sshd insists on its privilege separation folder.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const log: string[] = [];
  const child = spawn(sshdPath, ["-D", "-e", "-f", join(folder, "sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  await listening(port, child, log);
  return {
    port,
    user: userInfo().username,
    hostKey: host.publicKey,
    folder,
    children: () => descendants(child.pid ?? 0),
    logins: () => (log.join("").match(/Accepted publickey/g) ?? []).length,
    stop: async () => {
      for (const pid of descendants(child.pid ?? 0)) tryKill(pid);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, port: number, options: SshdOptions): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder}/host_key`,
    `PidFile ${folder}/pid`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "StrictModes no",
    // Debian's bash reads ~/.bashrc for a shell of depth 1 under sshd; what a user has there (pyenv waits 60 s for a lock) is not ours.
    "SetEnv SHLVL=2",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "LogLevel INFO",
    ...(options.sftp === false ? [] : ["Subsystem sftp internal-sftp"]),
    ...(options.settings ?? []),
    "",
  ].join("\n");
}

async function listening(port: number, child: ChildProcess, log: string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) break;
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill("SIGKILL");
  throw new Error(`sshd did not start: ${log.join("")}`);
}

export function descendants(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  const children = readFileSync(path, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself.
  }
}

/** `describe`, or a skipped one whose name says why. */
export function describeWithSshd(title: string, body: () => void): void {
  const why = whyNoSshd();
  if (!why) return describe(title, body);
  process.stderr.write(`skipped: ${title}: ${why}\n`);
  describe.skip(`${title} (skipped: ${why})`, body);
}
