/** What happened in a run: events as they come, failures, and whether anything new may start. */
import type { SecretScanner } from "./secrets";
import type { Diagnostic, EngineEvent, Operation } from "./types";

export interface JournalSubject {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

export class Journal {
  readonly events: EngineEvent[] = [];
  readonly diagnostics: Diagnostic[] = [];
  /** URNs that failed or were skipped because of one that did. */
  readonly broken = new Set<string>();
  private active = 0;
  private stopped = false;
  private readonly onIdle: (() => void)[] = [];

  constructor(
    private readonly scanner: SecretScanner,
    private readonly continueOnError: boolean,
    private readonly listener: (event: EngineEvent) => void = () => undefined,
  ) {}

  /** No new step may start: something failed (unless continue-on-error) or the run was aborted. */
  get isStopped(): boolean {
    return this.stopped;
  }

  stop(): void {
    this.stopped = true;
    this.settle();
  }

  get failed(): boolean {
    return this.diagnostics.some((each) => each.severity === "error");
  }

  /** Does one step with its events. Returns undefined when it failed. */
  async step<T>(subject: JournalSubject, operation: Operation, work: () => Promise<T>): Promise<T | undefined> {
    const begin = Date.now();
    this.active++;
    this.emit(subject, operation, "started", 0);
    try {
      const result = await work();
      this.emit(subject, operation, "done", elapsed(begin));
      return result;
    } catch (error) {
      this.fail(subject, operation, error instanceof Error ? error.message : String(error), elapsed(begin));
      return undefined;
    } finally {
      this.active--;
      this.settle();
    }
  }

  fail(subject: JournalSubject, operation: Operation, message: string, seconds = 0): void {
    const error = this.scanner.redact(message);
    this.broken.add(subject.urn);
    this.diagnostics.push({ severity: "error", message: `${subject.name} (${subject.type}): ${error}`, urn: subject.urn });
    this.emit(subject, operation, "failed", seconds, error);
    if (!this.continueOnError) this.stop();
  }

  skip(subject: JournalSubject, operation: Operation, because: string): void {
    this.broken.add(subject.urn);
    this.emit(subject, operation, "skipped", 0, because);
  }

  emit(subject: JournalSubject, operation: Operation, state: EngineEvent["state"], seconds: number, error?: string): void {
    const event: EngineEvent = {
      urn: subject.urn,
      type: subject.type,
      name: subject.name,
      operation,
      state,
      seconds,
      ...(error === undefined ? {} : { error }),
    };
    this.events.push(event);
    this.listener(event);
  }

  warn(message: string): void {
    this.diagnostics.push({ severity: "warning", message: this.scanner.redact(message) });
  }

  /** Resolves when no step is running. */
  idle(): Promise<void> {
    return this.active === 0 ? Promise.resolve() : new Promise((resolve) => this.onIdle.push(resolve));
  }

  /** Called whenever the last running step of a stopped run has ended. */
  whenStopped: () => void = () => undefined;

  private settle(): void {
    if (this.active > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
    if (this.stopped) this.whenStopped();
  }
}

function elapsed(begin: number): number {
  return (Date.now() - begin) / 1000;
}
