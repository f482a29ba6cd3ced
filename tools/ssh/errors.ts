/** What failed on the way to a host, or on it. */
export type SshErrorKind =
  | "name"
  | "refused"
  | "unreachable"
  | "timeout"
  | "protocol"
  | "host-key"
  | "authentication"
  | "login-key"
  | "forward"
  | "session"
  | "subsystem"
  | "cut"
  | "command-timeout"
  | "cancelled"
  | "upload";

/** Kinds that a second try cannot mend, or must not (a changed host key may be somebody in between). */
const permanent: ReadonlySet<SshErrorKind> = new Set([
  "host-key",
  "authentication",
  "login-key",
  "cancelled",
  "command-timeout",
  "upload",
  "cut",
]);

const remedies: Record<SshErrorKind, string> = {
  name: "check the host's name, or give an address instead",
  refused: "check that sshd runs on the host and listens on this port",
  unreachable: "check the address, the route to it and that the host is up; set `state: down` to go on without it",
  timeout: "check that the host is up and that no firewall drops the packets; set `state: down` to go on without it",
  protocol: "check that an SSH server answers on this port (sshd refuses new connections when MaxStartups is reached)",
  "host-key":
    "if the host was reinstalled, compare the key at its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and change it in the stack file; otherwise somebody may stand in between: do not go on",
  authentication: "check the user and that the public half of this key is in that user's authorized_keys on the host",
  "login-key": "give the whole private key in OpenSSH or PEM form, with its passphrase if it has one",
  forward: "check that the bastion reaches the host's address and port and allows TCP forwarding (AllowTcpForwarding)",
  session: "check the host's sshd log; MaxSessions or a ForceCommand may stand in the way",
  subsystem: "check Subsystem and ForceCommand in the host's sshd_config",
  cut: "the command may have run in part; it is written to be run again: check that the host is up and run again",
  "command-timeout": "look on the host for what hangs, or raise the timeout",
  cancelled: "run again when ready",
  upload: "check free space and permissions on the host",
};

/** An SSH failure in a user's words: which host and address, what failed, what to do. Holds no key material. */
export class SshError extends Error {
  readonly retryable: boolean;

  /**
   * @param where host and address, e.g. `n03 (10.0.0.13:22)` or `bastion gate (192.0.2.1:22) on the way to 10.0.0.13:22`
   * @param what one clause without a full stop
   * @param started whether a command had been handed to the host when it failed; only false is safe to repeat unasked
   */
  constructor(
    readonly kind: SshErrorKind,
    readonly where: string,
    readonly what: string,
    readonly started = false,
    readonly remedy = remedies[kind],
  ) {
    super(`${where}: ${what}; ${remedy}`);
    this.name = "SshError";
    this.retryable = !permanent.has(kind);
  }

  /** The same failure after several tries. */
  after(tries: number): SshError {
    return tries < 2 ? this : new SshError(this.kind, this.where, `${this.what} (${tries} tries)`, this.started, this.remedy);
  }
}

interface Ssh2Error extends Error {
  readonly level?: string;
  readonly code?: string | number;
}

const socketErrors: Record<string, [SshErrorKind, string]> = {
  ECONNREFUSED: ["refused", "connection refused"],
  ETIMEDOUT: ["timeout", "connection timed out"],
  EHOSTUNREACH: ["unreachable", "no route to the host"],
  ENETUNREACH: ["unreachable", "network unreachable"],
  EHOSTDOWN: ["unreachable", "host is down"],
  ENOTFOUND: ["name", "host name not found"],
  EAI_AGAIN: ["name", "host name could not be looked up"],
  ECONNRESET: ["protocol", "connection reset before the handshake was done"],
  EPIPE: ["protocol", "connection reset before the handshake was done"],
};

/** Sorts an error of ssh2 while connecting. Texts of ssh2 are kept only where they cannot hold a key. */
export function classifyDialError(error: unknown, where: string, user: string): SshError {
  if (error instanceof SshError) return error;
  const { level, code, message } = error as Ssh2Error;
  const known = typeof code === "string" ? socketErrors[code] : undefined;
  if (known) return new SshError(known[0], where, known[1]);
  if (level === "client-authentication") return new SshError("authentication", where, `login as ${user} was refused`);
  if (level === "client-timeout") return new SshError("timeout", where, "the SSH handshake timed out");
  if (/parse privateKey|passphrase|Unsupported key format/i.test(message)) {
    return new SshError(
      "login-key",
      where,
      /passphrase/i.test(message)
        ? "the private key is encrypted and its passphrase is missing or wrong"
        : "the private key cannot be read",
    );
  }
  return new SshError("protocol", where, `no SSH connection: ${firstLine(message)}`);
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 160);
}
