import type { Duplex } from "stream";
import type { Client, ClientChannel, SFTPWrapper } from "ssh2";
import { SshError } from "./errors";
import { runOnChannel } from "./exec";
import { Semaphore } from "./semaphore";
import { upload } from "./upload";
import type { ExecOptions, ExecResult, UploadOptions, UploadResult } from "./types";

/** One authenticated connection that many commands share. Not made by hand: `SshPool.connection`. */
export class SshConnection {
  private readonly sessions: Semaphore;
  private ended: string | undefined;
  private readonly closing = new Set<(error: SshError) => void>();

  constructor(
    private readonly client: Client,
    /** Host and address, for messages. */
    readonly where: string,
    /** The key the host showed, `type base64`; to be pinned after trust on first use. */
    readonly hostKey: string,
    maxSessions: number,
    private readonly onClose: () => void,
  ) {
    this.sessions = new Semaphore(maxSessions);
    client.on("error", (error) =>
      this.end(error.message === "Keepalive timeout" ? "the host stopped answering" : "the connection broke"),
    );
    client.on("end", () => this.end("the host closed the connection"));
    client.on("close", () => this.end("the connection was cut"));
  }

  get open(): boolean {
    return this.ended === undefined;
  }

  /**
   * Runs a command through the user's login shell.
   * @returns exit code or signal with all output (UTF-8); a non-zero exit is a result, not an error
   * @throws SshError kind `cut`, `session`, `command-timeout` or `cancelled`
   */
  exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    return this.inSession(async () => {
      const channel = await this.openChannel<ClientChannel>((done) =>
        this.client.exec(command, { env: { ...options.environment } }, done),
      );
      return this.untilCut((signal) => runOnChannel(channel, this.where, options, signal));
    });
  }

  /**
   * Puts bytes at a path (relative paths start at the user's home), atomically: a temporary file beside it, then a rename.
   * Missing parent folders are made.
   * @throws SshError
   */
  upload(bytes: Buffer, remotePath: string, options: UploadOptions = {}): Promise<UploadResult> {
    const openSftp = () => this.openChannel<SFTPWrapper>((done) => this.client.sftp(done));
    return upload(bytes, remotePath, options, {
      where: this.where,
      exec: (command, execOptions) => this.exec(command, execOptions),
      withSftp: (work) =>
        this.inSession(async () => {
          const sftp = await openSftp();
          try {
            return await this.untilCut(() => work(sftp));
          } finally {
            sftp.end();
          }
        }),
    });
  }

  /** A TCP connection made by this host; does not count against MaxSessions. `towards` is for messages. */
  forward(host: string, port: number, towards?: string): Promise<Duplex> {
    return this.openChannel<ClientChannel>((done) => this.client.forwardOut("127.0.0.1", 0, host, port, done)).catch(
      (error: unknown) => {
        if (error instanceof SshError && error.kind !== "session") throw error;
        throw new SshError("forward", towards ?? this.where, `the bastion could not reach ${host}:${port}`);
      },
    );
  }

  close(): void {
    this.end("closed");
    this.client.end();
    // `end` waits for the other side; a host that is gone never answers.
    setTimeout(() => this.client.destroy(), 1000).unref();
  }

  /** Waits for a free session; when the host allows fewer than expected, lowers the limit and waits for one of ours to end. */
  private async inSession<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.sessions.use(work);
      } catch (error) {
        const others = this.sessions.active;
        if (!(error instanceof SshError) || error.kind !== "session" || error.started || others === 0) throw error;
        this.sessions.lower(others);
      }
    }
  }

  private openChannel<T>(request: (done: (error: Error | undefined, channel: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(new SshError("cut", this.where, this.ended));
      const cut = (error: SshError) => reject(error);
      this.closing.add(cut);
      const done = (error: Error | undefined, channel: T) => {
        this.closing.delete(cut);
        if (error) reject(this.channelError(error));
        else resolve(channel);
      };
      try {
        request(done);
      } catch (error) {
        done(error as Error, undefined as T);
      }
    });
  }

  private channelError(error: Error): SshError {
    if (this.ended || /not connected|no response from server/i.test(error.message))
      return new SshError("cut", this.where, this.ended ?? "the connection was cut");
    const reason = error.message.replace("(SSH) ", "");
    if (/channel open failure/i.test(reason))
      return new SshError("session", this.where, `the host opened no further session: ${reason}`);
    return new SshError("subsystem", this.where, `the host refused the request: ${reason}`);
  }

  /** Fails work in progress as soon as the connection ends, so a cut is an error and never a wait. */
  private untilCut<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    return new Promise<T>((resolve, reject) => {
      const cut = (error: SshError) => {
        stop.abort();
        reject(new SshError("cut", error.where, `${error.what} in the middle of a command`, true));
      };
      this.closing.add(cut);
      work(stop.signal)
        .then(resolve, reject)
        .finally(() => this.closing.delete(cut));
      if (this.ended) cut(new SshError("cut", this.where, this.ended));
    });
  }

  private end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    const error = new SshError("cut", this.where, reason);
    // A command whose exit status is already here ends well: its channel closes in the same turn.
    setImmediate(() => {
      for (const cut of [...this.closing]) cut(error);
      this.closing.clear();
    });
    this.onClose();
  }
}
