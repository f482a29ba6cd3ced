import { randomBytes } from "crypto";
import { posix } from "path";
import type { SFTPWrapper, Stats } from "ssh2";
import { SshError } from "./errors";
import type { ExecOptions, ExecResult, UploadOptions, UploadResult } from "./types";

export interface UploadChannels {
  readonly where: string;
  readonly exec: (command: string, options: ExecOptions) => Promise<ExecResult>;
  readonly withSftp: <T>(work: (sftp: SFTPWrapper) => Promise<T>) => Promise<T>;
}

/** Over SFTP, or with `cat` where the host has no SFTP subsystem. */
export async function upload(
  bytes: Buffer,
  remotePath: string,
  options: UploadOptions,
  channels: UploadChannels,
): Promise<UploadResult> {
  try {
    return await channels.withSftp(async (sftp) => ({
      path: await overSftp(sftp, bytes, remotePath, options, channels.where),
      via: "sftp" as const,
    }));
  } catch (error) {
    if (!(error instanceof SshError) || error.kind !== "subsystem") throw error;
    return { path: await overShell(bytes, remotePath, options, channels), via: "shell" };
  }
}

async function overSftp(
  sftp: SFTPWrapper,
  bytes: Buffer,
  remotePath: string,
  options: UploadOptions,
  where: string,
): Promise<string> {
  const path = await sftpTarget(sftp, remotePath, options);
  const temporary = temporaryBeside(path);
  const mode = options.mode ?? 0o644;
  const step = async (what: string, run: (done: (error?: Error | null) => void) => void): Promise<void> => {
    try {
      await call(run);
    } catch (error) {
      throw new SshError("upload", where, `could not ${what}: ${(error as Error).message}`);
    }
  };
  await makeFolders(sftp, posix.dirname(path));
  try {
    await step(`write ${temporary}`, (done) => sftp.writeFile(temporary, bytes, { mode }, done));
    // The mode at creation is cut by the remote umask.
    await step(`set the mode of ${temporary}`, (done) => sftp.chmod(temporary, mode, done));
    await step(`rename ${temporary} to ${path}`, (done) => sftp.ext_openssh_rename(temporary, path, done));
  } catch (error) {
    await call((done) => sftp.unlink(temporary, done)).catch(() => undefined);
    throw error;
  }
  return path;
}

async function sftpTarget(sftp: SFTPWrapper, remotePath: string, options: UploadOptions): Promise<string> {
  const stats = await new Promise<Stats | undefined>((resolve) =>
    sftp.stat(remotePath, (error, found) => resolve(error ? undefined : found)),
  );
  return stats?.isDirectory() && options.basename ? posix.join(remotePath, options.basename) : remotePath;
}

async function makeFolders(sftp: SFTPWrapper, folder: string): Promise<void> {
  if (folder === "." || folder === "/") return;
  const there = await new Promise<boolean>((resolve) => sftp.stat(folder, (error) => resolve(!error)));
  if (there) return;
  await makeFolders(sftp, posix.dirname(folder));
  // Somebody else may have made it in between; the write that follows tells if it is really missing.
  await call((done) => sftp.mkdir(folder, done)).catch(() => undefined);
}

async function overShell(bytes: Buffer, remotePath: string, options: UploadOptions, channels: UploadChannels): Promise<string> {
  const mode = (options.mode ?? 0o644).toString(8);
  const script = [
    "set -eu",
    `path=${word(remotePath)}`,
    ...(options.basename ? [`if [ -d "$path" ]; then path=$path/${word(options.basename)}; fi`] : []),
    'mkdir -p -- "$(dirname -- "$path")"',
    `temporary=$(dirname -- "$path")/.${word(posix.basename(temporaryBeside("upload")))}`,
    `trap 'rm -f -- "$temporary"' EXIT`,
    'cat > "$temporary"',
    `[ "$(wc -c < "$temporary")" -eq ${bytes.length} ]`,
    `chmod ${mode} "$temporary"`,
    'mv -f -- "$temporary" "$path"',
    `printf %s "$path"`,
  ].join("\n");
  const result = await channels.exec(`sh -c ${word(script)}`, {
    stdin: bytes,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (result.code !== 0)
    throw new SshError(
      "upload",
      channels.where,
      `could not write ${remotePath}: ${result.stderr.trim().split("\n").pop() ?? "no reason given"}`,
    );
  return result.stdout;
}

function temporaryBeside(path: string): string {
  return posix.join(posix.dirname(path), `${posix.basename(path)}.turducken-${randomBytes(6).toString("hex")}`);
}

/** One word of POSIX shell. */
function word(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

function call(run: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}
