/** Runs the fixture programs: real entry script, real gRPC, no network beyond loopback. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type Crypter, ephemeralCrypter } from "../../../../tools/config/passphrase";
import { type RunOptions, type RunResult, destroy, up } from "../../../../tools/engine/run";
import type { EngineEvent, ProgramRun } from "../../../../tools/engine/types";
import { runToys } from "./toy-program";
import { ToyProvider } from "./toy-provider";

export const TOKEN = "s3cr3t-token-value";
const programs = path.resolve(__dirname, "../../../fixtures/programs");

export function fixtureRun(program: string, config: Record<string, unknown> = {}): ProgramRun {
  const texts = Object.entries(config).map(([key, value]) => [
    `fixture:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return {
    project: "fixture",
    stack: program,
    organization: "organization",
    directory: path.join(programs, program),
    config: { "fixture:token": TOKEN, ...Object.fromEntries(texts) },
    secretKeys: ["fixture:token"],
    dryRun: true,
  };
}

/** A toy stack with a checkpoint in a folder of its own. */
export class ToyStack {
  readonly folder = mkdtempSync(path.join(tmpdir(), "turducken-engine-"));
  readonly checkpointFile = path.join(this.folder, "toys.json");
  private readonly crypter: Crypter = ephemeralCrypter();

  /** `real`: the program `toys` in a child process instead of its stand-in (a second each). */
  constructor(private readonly real = false) {}

  up(toys: readonly unknown[], more: Partial<RunOptions> & { provider?: ToyProvider; config?: Record<string, unknown> } = {}) {
    return this.run(up, toys, more);
  }

  destroy(more: Partial<RunOptions> & { provider?: ToyProvider } = {}) {
    return this.run(destroy, [], more);
  }

  checkpoint(): string {
    return readFileSync(this.checkpointFile, "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(
    how: (options: RunOptions) => Promise<RunResult>,
    toys: readonly unknown[],
    more: Partial<RunOptions> & { provider?: ToyProvider; config?: Record<string, unknown> },
  ): Promise<RunResult & { provider: ToyProvider; did: string[] }> {
    const provider = more.provider ?? new ToyProvider();
    const result = await how({
      run: fixtureRun("toys", { toys, ...more.config }),
      providers: [provider],
      checkpointFile: this.checkpointFile,
      crypter: this.crypter,
      runner: this.real ? undefined : runToys,
      ...more,
    });
    return { ...result, provider, did: summary(result.operations) };
  }
}

/** `a create done` …, the stack itself left out. */
function summary(events: readonly EngineEvent[]): string[] {
  return events
    .filter((event) => event.name !== "fixture-toys")
    .map((event) => `${event.name} ${event.operation} ${event.state}`);
}
