import type { OperationContext } from "../../../../tools/engine/types";

export interface TestContext extends OperationContext {
  readonly lines: string[];
}

/** A context that keeps what was logged and redacts the given secrets. */
export function contextOf(name: string, changes: Partial<OperationContext> & { secrets?: string[] } = {}): TestContext {
  const lines: string[] = [];
  const { secrets = [], ...rest } = changes;
  return {
    name,
    directory: __dirname,
    timeoutSeconds: 60,
    signal: new AbortController().signal,
    redact: (text) => secrets.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text),
    log: (message) => lines.push(message),
    lines,
    ...rest,
  };
}
