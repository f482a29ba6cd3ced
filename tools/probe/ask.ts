import type { Problem } from "../../components/config/problems";
import type { Phase, StepReport } from "../../components/hosts/plain";
import { SshError, type SshPool } from "../ssh";
import type { ProbeHost } from "./graph";

/** What one host said. */
export interface ProbeAnswer {
  readonly host: ProbeHost;
  /** Stdout of the facts script, and this machine's clock in seconds when it ran. */
  readonly facts?: { readonly stdout: string; readonly asked: number };
  readonly steps: readonly StepReport[];
  /** Why the host, or part of it, could not be asked. */
  readonly problems: readonly Problem[];
}

/** `leave` is armed only by the state `leaving`; it is nothing that `up` would repair. */
const PHASES: readonly Phase[] = ["prepare", "cluster", "roll"];
const SECONDS = 300;

/** Runs facts and the checks of every phase. The program comes through stdin, so not even a file is written on the host. */
export async function askHost(pool: SshPool, host: ProbeHost): Promise<ProbeAnswer> {
  const steps: StepReport[] = [];
  const problems: Problem[] = [];
  let facts: ProbeAnswer["facts"];
  try {
    facts = await askFacts(pool, host);
    for (const phase of PHASES) {
      const found = await askPhase(pool, host, phase);
      steps.push(...found.steps);
      if (found.problem) {
        problems.push(found.problem);
        break;
      }
    }
  } catch (error) {
    if (!(error instanceof SshError)) throw error;
    problems.push({ path: `${host.name}: connection`, value: error.where, message: error.what, fix: error.remedy });
  }
  return { host, facts, steps: onceEach(steps), problems };
}

async function askFacts(pool: SshPool, { target, facts }: ProbeHost): Promise<{ stdout: string; asked: number }> {
  await pool.connection(target);
  const before = Date.now();
  const { stdout } = await pool.exec(target, facts.command, { stdin: facts.stdin, timeout: 60 });
  return { stdout, asked: (before + Date.now()) / 2000 };
}

async function askPhase(pool: SshPool, host: ProbeHost, phase: Phase): Promise<{ steps: StepReport[]; problem?: Problem }> {
  const asRoot = `if [ "$(id -u)" = 0 ]; then exec bash -s -- ${phase} check; fi; exec sudo -n bash -s -- ${phase} check`;
  const result = await pool.exec(host.target, `sh -c '${asRoot}'`, { stdin: host.program, timeout: SECONDS });
  const steps = result.stdout.split("\n").flatMap((line) => readReport(line, host.name));
  if (result.code === 0) return { steps };
  const said = result.stderr.trim().split("\n").slice(0, 3).join(" ");
  return {
    steps,
    problem: {
      path: `${host.name}: ${phase}`,
      message: `its steps could not be checked (exit ${result.code ?? result.signal}): ${said || "it said nothing"}`,
      fix: "see that `sudo -n true` works for the SSH user and that no other run is at work on the host",
    },
  };
}

function readReport(line: string, host: string): StepReport[] {
  if (!line.startsWith('{"host":')) return [];
  const report = JSON.parse(line) as StepReport;
  return report.host === host ? [report] : [];
}

/**
 * Steps that disturb work are seen by `prepare` and again by `roll`. On a member, `prepare` defers them and the roll's word counts;
 * before, `prepare` does them and the roll will find nothing left.
 */
function onceEach(steps: readonly StepReport[]): StepReport[] {
  const rolled = new Set(steps.filter(({ phase }) => phase === "roll").map(({ step }) => step));
  const prepared = new Set(
    steps.filter(({ phase, state }) => phase === "prepare" && state !== "deferred").map(({ step }) => step),
  );
  return steps.filter(({ phase, step, state }) => {
    if (phase === "prepare" && state === "deferred") return !rolled.has(step);
    return phase !== "roll" || !prepared.has(step);
  });
}
