import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, type ProcessIdentity } from "./processes";
import type { SavedSysctls } from "./sysctls";

/** What a run has made on this machine, written before it is made, so that the next run can take it away if this one is killed. */
export interface RunRecord {
  readonly runId: string;
  readonly owner: ProcessIdentity;
  /** The run's own folder, nothing else is in it. */
  readonly folder: string;
  readonly subnetPrefix: string;
  /** Values from before the run; none for a run that holds no machine-wide lock. */
  readonly sysctls: SavedSysctls;
  /** Left up on purpose; only an explicit clean-up takes it away. */
  readonly kept: boolean;
}

export class Registry {
  constructor(readonly folder = "/run/turducken") {}

  write(record: RunRecord): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const file = this.file(record.runId);
    writeFileSync(`${file}.new`, JSON.stringify(record, null, 2), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  remove(runId: string): void {
    rmSync(this.file(runId), { force: true });
  }

  all(): RunRecord[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return [];
    }
    return names
      .filter((name) => /^[0-9a-f]{8}\.json$/.test(name))
      .flatMap((name) => {
        try {
          return [JSON.parse(readFileSync(join(this.folder, name), "utf8")) as RunRecord];
        } catch {
          return []; // Removed by its run while we looked.
        }
      });
  }

  /** Runs whose owner is gone and that nobody asked to keep. */
  leftovers(): RunRecord[] {
    return this.all().filter((record) => !record.kept && !isAlive(record.owner));
  }

  private file(runId: string): string {
    return join(this.folder, `${runId}.json`);
  }
}
