import type { ClientChannel } from "ssh2";
import { SshError } from "./errors";
import type { ExecOptions, ExecResult } from "./types";

/** Feeds and drains one command's channel until it closes. `cut` only stops the timers: the caller reports the cut. */
export function runOnChannel(channel: ClientChannel, where: string, options: ExecOptions, cut: AbortSignal): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const fail = (error: SshError) => {
      stop();
      end(channel);
      reject(error);
    };
    const abort = () => fail(new SshError("cancelled", where, "cancelled in the middle of a command", true));
    const timer =
      options.timeout === undefined
        ? undefined
        : setTimeout(
            () => fail(new SshError("command-timeout", where, `the command did not end within ${options.timeout} s`, true)),
            options.timeout * 1000,
          );
    const stop = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    };
    cut.addEventListener("abort", stop, { once: true });
    channel.on("data", (chunk: Buffer) => stdout.push(chunk));
    channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A command that does not read its input makes the write fail; its exit code tells what matters.
    channel.on("error", () => undefined);
    // Not "exit": a short command's end may come in one packet with its beginning, before anybody can listen (1 of 5 commands, when
    // the machine was busy). "close" comes last, and ssh2 hands it what the exit said.
    channel.on("close", (code?: number | null, signal?: string) => {
      stop();
      if (code !== undefined)
        resolve({
          code,
          ...(signal ? { signal: signal.replace(/^SIG/, "") } : {}),
          stdout: Buffer.concat(stdout).toString("utf8"),
          stderr: Buffer.concat(stderr).toString("utf8"),
        });
      // When the whole connection ended, the caller says so first.
      else
        setTimeout(
          () => reject(new SshError("cut", where, "the session ended without an exit status in the middle of a command", true)),
          50,
        );
    });
    if (options.signal?.aborted) return abort();
    options.signal?.addEventListener("abort", abort, { once: true });
    channel.end(options.stdin ?? "");
  });
}

interface SignalSender {
  readonly _protocol: { signal(channel: number, name: string): void };
}

function end(channel: ClientChannel): void {
  try {
    // Channel.signal does nothing once the input is closed (ssh2 1.17.0 lib/Channel.js tests `writable`), which it always is
    // here; the request itself may still be sent (RFC 4254, 6.9). OpenSSH does not deliver it to sessions of root.
    const { _client: client, outgoing } = channel as unknown as { _client: SignalSender; outgoing: { id: number } };
    client._protocol.signal(outgoing.id, "TERM");
    channel.close();
  } catch {
    // The channel is gone already.
  }
}
