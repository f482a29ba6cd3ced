/** Whom to connect to and how; the fields of pulumi-command's `connection` (provider/pkg/provider/remote/connection.go). */
export interface SshEndpoint {
  /** Name for messages. @default the host */
  readonly name?: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key text, never a path. */
  readonly privateKey?: string;
  readonly passphrase?: string;
  readonly password?: string;
  /** Socket of an ssh-agent. @default none: unlike pulumi-command, SSH_AUTH_SOCK is not picked up by itself */
  readonly agentSocketPath?: string;
  /** `ssh-ed25519 AAAA…`. Absent: trust on first use, and the learned key is in `SshConnection.hostKey`. */
  readonly hostKey?: string;
  /** Seconds for one dial, TCP and handshake together; 0 for no bound. @default 15 */
  readonly perDialTimeout?: number;
  /** Failed dials allowed before the failure counts: a dial is tried `dialErrorLimit + 1` times, -1 for ever. @default 10 */
  readonly dialErrorLimit?: number;
}

export interface SshTarget extends SshEndpoint {
  /** Reached through this host by a forwarded TCP connection; it has its own key and its own pinned host key. */
  readonly bastion?: SshEndpoint;
}

export interface ExecOptions {
  /** Sent as standard input, then closed. Absent: empty input. */
  readonly stdin?: string | Buffer;
  /** Seconds; the call fails when it is over, and the remote command is sent TERM (which OpenSSH ignores for root). @default no bound */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Variables for SSH setenv; sshd must name them in AcceptEnv, else they are dropped without a word. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** `code` is null when the command was ended by `signal` (without SIG, e.g. KILL). */
export interface ExecResult {
  readonly code: number | null;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UploadOptions {
  /** Permission bits of the file. @default 0o644 */
  readonly mode?: number;
  /** Name to use when `remotePath` is an existing folder. */
  readonly basename?: string;
  readonly signal?: AbortSignal;
}

export interface UploadResult {
  /** Where the bytes are now. */
  readonly path: string;
  /** `shell` when the host has no SFTP subsystem. */
  readonly via: "sftp" | "shell";
}
