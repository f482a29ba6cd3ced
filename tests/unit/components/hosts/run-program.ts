import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  renderHostProgram,
  type HostProgram,
  type HostProgramPaths,
  type Phase,
  type Step,
  type StepReport,
} from "../../../../components/hosts";

export interface ProgramRun {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  readonly reports: StepReport[];
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that stands for one host: its state, its lock and what steps write. Removed by `close`. */
export class FakeHost {
  readonly folder = mkdtempSync(join(tmpdir(), "turducken-host-"));
  readonly paths: HostProgramPaths = { state: join(this.folder, "state"), run: join(this.folder, "run"), lockSeconds: 1 };

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  member(): void {
    mkdirSync(this.paths.state!, { recursive: true });
    writeFileSync(join(this.paths.state!, "member"), "");
  }

  program(
    program: Partial<Omit<HostProgram, "steps">> & { steps: Partial<Record<Phase, readonly Step[]>> },
    paths: HostProgramPaths = {},
  ): string {
    return renderHostProgram(
      {
        cluster: "example",
        host: "n01",
        maintenance: { policy: "defer", reboot: "never", waitSeconds: 5 },
        ...program,
        steps: { prepare: [], cluster: [], roll: [], leave: [], ...program.steps },
      },
      { ...this.paths, ...paths },
    );
  }

  run(
    text: string,
    phase: Phase,
    mode: "apply" | "check",
    options: { stdin?: string; viaStdin?: boolean; env?: Record<string, string>; started?: (pid: number) => void } = {},
  ): Promise<ProgramRun> {
    const file = this.path("program.sh");
    writeFileSync(file, text);
    const argv = options.viaStdin ? ["-s", "--", phase, mode] : [file, phase, mode];
    const child = spawn("bash", argv, { env: { PATH: process.env.PATH, ...options.env } });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined).end(options.viaStdin ? text : (options.stdin ?? ""));
    options.started?.(child.pid!);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        const reports = stdout
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line) as StepReport);
        resolve({ code: code ?? -1, signal, reports, stdout, stderr });
      });
    });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const step = (id: string, check: string, apply: string, more: Partial<Step> = {}): Step => ({
  id,
  title: `Title of ${id}`,
  check,
  apply,
  disruption: "none",
  ...more,
});

/** A step that is right once its file exists. */
export const fileStep = (host: FakeHost, id: string, more: Partial<Step> = {}): Step =>
  step(id, `[ -e ${host.path(id)} ]`, `echo ${id} >>${host.path("order")}\n: >${host.path(id)}`, more);

export const states = (run: ProgramRun): string[] => run.reports.map((report) => `${report.step} ${report.state}`);

export function shellcheckMissing(): boolean {
  try {
    execFileSync("shellcheck", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return true;
  }
}

/** What shellcheck says about a script; empty when it has nothing to say. */
export function shellcheck(script: string): string {
  try {
    return execFileSync("shellcheck", ["-s", "bash", "-"], { input: script, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
