/**
 * Closes on Ctrl-C and termination, then ends this process with the usual code (128 + signal). A second signal does not hurry it:
 * half a clean-up would leave more behind. Returns a function that takes the handlers away again.
 */
export function closeOnSignals(
  close: () => Promise<void>,
  say: (message: string) => void = (text) => process.stderr.write(`${text}\n`),
): () => void {
  let closing = false;
  const handler = (signal: NodeJS.Signals) => {
    if (closing) return;
    closing = true;
    say(`${signal}: cleaning up`);
    close()
      .catch((error: unknown) => say(`clean-up failed: ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => process.exit(signal === "SIGINT" ? 130 : 143));
  };
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  signals.forEach((signal) => process.on(signal, handler));
  return () => signals.forEach((signal) => process.off(signal, handler));
}
