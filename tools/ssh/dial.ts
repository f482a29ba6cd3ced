import type { Duplex } from "stream";
import { Client } from "ssh2";
import type { ConnectConfig } from "ssh2";
import { SshError, classifyDialError } from "./errors";
import { fingerprint, hostKeyAlgorithms, keyType, parsePublicKey, publicKeyLine } from "./keys";
import type { PublicKey } from "./keys";
import { readableBySsh2 } from "./privateKey";
import type { SshEndpoint } from "./types";

export interface DialOptions {
  /** Host and address, for messages. */
  readonly where: string;
  /** A stream to speak over instead of a TCP connection of its own. */
  readonly open?: () => Promise<Duplex>;
  /** Waits for a turn; held for one try, not while waiting for the next. */
  readonly admit: <T>(work: () => Promise<T>) => Promise<T>;
  readonly keepaliveSeconds: number;
  readonly signal?: AbortSignal;
  readonly onRetry?: (message: string) => void;
}

export interface Dialled {
  readonly client: Client;
  /** The key the host showed, as a line that can be pinned. */
  readonly hostKey: string;
}

/** Seconds; pulumi/sdk/go/common/util/retry: 100 ms, times 1.5, at most 5 s. */
const backoff = { first: 0.1, factor: 1.5, longest: 5 };

/**
 * Connects, with pulumi-command's retry semantics: `dialErrorLimit` counts failed attempts, not time.
 * A host key mismatch, a refused login and an unreadable key end it at once (pulumi-command would try these again too).
 * @throws SshError
 */
export async function dialWithRetry(endpoint: SshEndpoint, options: DialOptions): Promise<Dialled> {
  const limit = endpoint.dialErrorLimit ?? 10;
  const pinned = readPinnedKey(endpoint, options.where);
  for (let tries = 1, pause = backoff.first; ; tries++, pause = Math.min(pause * backoff.factor, backoff.longest)) {
    try {
      return await options.admit(() => dialOnce(endpoint, pinned, options));
    } catch (error) {
      const failure = classifyDialError(error, options.where, endpoint.user);
      if (!failure.retryable || (limit > -1 && tries > limit)) throw failure.after(tries);
      options.onRetry?.(`${options.where}: ${failure.what}; try ${tries} of ${limit < 0 ? "any number" : limit + 1}`);
    }
    await sleep(pause * 1000, options);
  }
}

function readPinnedKey(endpoint: SshEndpoint, where: string): PublicKey | undefined {
  if (endpoint.hostKey === undefined) return undefined;
  try {
    return parsePublicKey(endpoint.hostKey);
  } catch (error) {
    throw new SshError(
      "host-key",
      where,
      `the pinned host key is malformed: ${(error as Error).message}`,
      false,
      "write the host key as ssh-keyscan prints it, without the host name",
    );
  }
}

async function dialOnce(endpoint: SshEndpoint, pinned: PublicKey | undefined, options: DialOptions): Promise<Dialled> {
  if (options.signal?.aborted) throw new SshError("cancelled", options.where, "cancelled while connecting");
  const sock = await options.open?.();
  const client = new Client();
  let shown: PublicKey | undefined;
  const config: ConnectConfig = {
    ...(sock ? { sock: sock as ConnectConfig["sock"] } : { host: endpoint.host, port: endpoint.port }),
    username: endpoint.user,
    readyTimeout: (endpoint.perDialTimeout ?? 15) * 1000,
    keepaliveInterval: options.keepaliveSeconds * 1000,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: hostKeyAlgorithms(pinned) as never },
    hostVerifier: (blob: Buffer) => {
      shown = { type: keyType(blob), blob: Buffer.from(blob) };
      return !pinned || (pinned.type === shown.type && pinned.blob.equals(blob));
    },
    ...login(endpoint),
  };
  await connect(client, config, options).catch((error: unknown) => {
    client.destroy();
    sock?.destroy();
    if (pinned && shown && !(pinned.type === shown.type && pinned.blob.equals(shown.blob)))
      throw mismatch(pinned, shown, options.where);
    throw error;
  });
  // A command is a few small packets, each waiting for the answer to the last.
  client.setNoDelay(true);
  if (!shown) throw new SshError("protocol", options.where, "the host showed no key");
  return { client, hostKey: publicKeyLine(shown) };
}

function login(endpoint: SshEndpoint): Partial<ConnectConfig> {
  return {
    ...(endpoint.privateKey === undefined ? {} : { privateKey: readableBySsh2(endpoint.privateKey) }),
    ...(endpoint.passphrase === undefined ? {} : { passphrase: endpoint.passphrase }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    ...(endpoint.agentSocketPath === undefined ? {} : { agent: endpoint.agentSocketPath }),
  };
}

function connect(client: Client, config: ConnectConfig, options: DialOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new SshError("cancelled", options.where, "cancelled while connecting"));
    const settle = (action: () => void) => () => {
      options.signal?.removeEventListener("abort", abort);
      action();
    };
    options.signal?.addEventListener("abort", abort, { once: true });
    client.once("ready", settle(resolve));
    // ssh2 may report more than one error for one failure; the listener stays so that none is unhandled.
    client.on("error", (error) => settle(() => reject(error))());
    client.once(
      "close",
      settle(() => reject(new SshError("protocol", options.where, "the host closed the connection during the handshake"))),
    );
    try {
      client.connect(config);
    } catch (error) {
      settle(() => reject(error as Error))();
    }
  });
}

function mismatch(pinned: PublicKey, shown: PublicKey, where: string): SshError {
  return new SshError(
    "host-key",
    where,
    `host key mismatch: pinned is ${pinned.type} ${fingerprint(pinned.blob)}, the host shows ${shown.type} ${fingerprint(shown.blob)}`,
  );
}

function sleep(milliseconds: number, options: DialOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new SshError("cancelled", options.where, "cancelled while waiting to connect again"));
    };
    const timer = setTimeout(() => {
      options.signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (options.signal?.aborted) abort();
    else options.signal?.addEventListener("abort", abort, { once: true });
  });
}
