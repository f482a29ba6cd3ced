import { createHash } from "crypto";
import { SshConnection } from "./connection";
import { dialWithRetry } from "./dial";
import type { Dialled } from "./dial";
import { SshError } from "./errors";
import { Semaphore } from "./semaphore";
import type { ExecOptions, ExecResult, SshEndpoint, SshTarget, UploadOptions, UploadResult } from "./types";

export interface SshPoolOptions {
  /** Sessions at once on one connection. @default 8, under sshd's MaxSessions 10 */
  readonly maxSessions?: number;
  /** Handshakes at once over all hosts. @default 32: more only wait for each other's CPU time */
  readonly maxHandshakes?: number;
  /** Handshakes at once through one bastion. @default 8, under sshd's MaxStartups 10:30:100 */
  readonly maxHandshakesPerBastion?: number;
  /** Seconds between keepalives; three unanswered ones end the connection. @default 5 */
  readonly keepaliveSeconds?: number;
  readonly onRetry?: (message: string) => void;
}

/** One connection per (user, host, port, keys, bastion) for a whole run, made when first asked for. Close it at the end. */
export class SshPool {
  private readonly connections = new Map<string, Promise<SshConnection>>();
  private readonly handshakes: Semaphore;
  private readonly bastionHandshakes = new Map<string, Semaphore>();
  private closed = false;

  constructor(private readonly options: SshPoolOptions = {}) {
    this.handshakes = new Semaphore(options.maxHandshakes ?? 32);
  }

  /** Runs a command; see SshConnection.exec. Connects anew when the pooled connection died since its last use. */
  exec(target: SshTarget, command: string, options: ExecOptions = {}): Promise<ExecResult> {
    return this.use(target, options.signal, (connection) => connection.exec(command, options));
  }

  /** Puts bytes at a path; see SshConnection.upload. */
  upload(target: SshTarget, bytes: Buffer, remotePath: string, options: UploadOptions = {}): Promise<UploadResult> {
    return this.use(target, options.signal, (connection) => connection.upload(bytes, remotePath, options));
  }

  /**
   * The shared connection to a host. A failed dial is not kept: the next call dials again.
   * @throws SshError
   */
  connection(target: SshTarget, signal?: AbortSignal): Promise<SshConnection> {
    if (this.closed) return Promise.reject(new SshError("cancelled", placeOf(target), "the run is over"));
    return this.pooled(keyOf(target), (forget) => this.connect(target, signal, forget));
  }

  async close(): Promise<void> {
    this.closed = true;
    const all = [...this.connections.values()];
    this.connections.clear();
    for (const result of await Promise.allSettled(all)) if (result.status === "fulfilled") result.value.close();
  }

  private async use<T>(
    target: SshTarget,
    signal: AbortSignal | undefined,
    work: (connection: SshConnection) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(await this.connection(target, signal));
    } catch (error) {
      // Only what never reached the host may be repeated unasked (a host that rebooted between two commands).
      if (!(error instanceof SshError) || error.kind !== "cut" || error.started || this.closed) throw error;
      return work(await this.connection(target, signal));
    }
  }

  private async connect(target: SshTarget, signal: AbortSignal | undefined, forget: () => void): Promise<SshConnection> {
    const { bastion } = target;
    const where = bastion ? `${placeOf(target)} through bastion ${placeOf(bastion)}` : placeOf(target);
    const gate = bastion ? await this.gate(bastion, where, signal) : undefined;
    const dialled = await dialWithRetry(target, {
      ...this.shared(where, signal),
      // The bastion may cut us off between two tries, so it is asked for anew.
      ...(bastion && gate
        ? {
            open: async () =>
              (gate.open ? gate : await this.gate(bastion, where, signal)).forward(target.host, target.port, where),
          }
        : {}),
      admit: (work) => this.handshakes.use(() => (bastion ? this.perBastion(bastion).use(work) : work())),
    });
    return this.opened(dialled, placeOf(target), forget);
  }

  private opened(dialled: Dialled, where: string, forget: () => void): SshConnection {
    const connection = new SshConnection(dialled.client, where, dialled.hostKey, this.options.maxSessions ?? 8, forget);
    if (this.closed) connection.close();
    return connection;
  }

  private shared(where: string, signal?: AbortSignal) {
    const { keepaliveSeconds = 5, onRetry } = this.options;
    return { where, keepaliveSeconds, ...(signal ? { signal } : {}), ...(onRetry ? { onRetry } : {}) };
  }

  private async gate(bastion: SshEndpoint, where: string, signal?: AbortSignal): Promise<SshConnection> {
    try {
      return await this.bastionConnection(bastion, signal);
    } catch (error) {
      if (!(error instanceof SshError)) throw error;
      throw new SshError(error.kind, where, `the bastion failed: ${error.what}`, false, error.remedy);
    }
  }

  /** Not under the handshake limit: hosts that hold a turn wait for it. */
  private bastionConnection(bastion: SshEndpoint, signal?: AbortSignal): Promise<SshConnection> {
    return this.pooled(`bastion ${keyOf(bastion)}`, async (forget) => {
      const dialled = await dialWithRetry(bastion, { ...this.shared(placeOf(bastion), signal), admit: (work) => work() });
      return this.opened(dialled, placeOf(bastion), forget);
    });
  }

  private pooled(key: string, connect: (forget: () => void) => Promise<SshConnection>): Promise<SshConnection> {
    const found = this.connections.get(key);
    if (found) return found;
    const forget = () => {
      if (this.connections.get(key) === made) this.connections.delete(key);
    };
    const made: Promise<SshConnection> = connect(forget);
    this.connections.set(key, made);
    made.catch(forget);
    return made;
  }

  private perBastion(bastion: SshEndpoint): Semaphore {
    const key = keyOf(bastion);
    const found = this.bastionHandshakes.get(key) ?? new Semaphore(this.options.maxHandshakesPerBastion ?? 8);
    this.bastionHandshakes.set(key, found);
    return found;
  }
}

/** `n03 (10.0.0.13:22)`, or only the address when there is no name. */
export function placeOf(endpoint: SshEndpoint): string {
  const address = endpoint.host.includes(":") ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
  return endpoint.name && endpoint.name !== endpoint.host ? `${endpoint.name} (${address})` : address;
}

/** Credentials and the pin are part of the identity, as a hash: another key is another login, another pin another check. */
function keyOf(target: SshTarget): string {
  const { user, host, port, privateKey, passphrase, password, agentSocketPath, hostKey, bastion } = target;
  const secrets = createHash("sha256")
    .update(JSON.stringify([privateKey, passphrase, password, agentSocketPath, hostKey]))
    .digest("hex");
  return JSON.stringify([user, host, port, secrets, bastion ? keyOf(bastion) : ""]);
}
