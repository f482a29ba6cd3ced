import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { ConfigError, renderProblems, type Problem } from "../../components/config/problems";
import { judgeFacts } from "../verdict/judge";
import { printWarning } from "../verdict/print";
import { passphraseFromEnvironment, WrongPassphrase } from "../config/passphrase";
import { findProject } from "../config/project";
import { loadStack, type LoadedStack } from "../config/stack-file";
import { planProgram } from "../engine";
import { SshPool } from "../ssh";
import { askHost, type ProbeAnswer } from "./ask";
import type { ProbeOptions } from "./command";
import { probeSet, type ProbeSet } from "./graph";
import { markGenerations } from "./mark";
import { hostLines, summary } from "./show";

export interface Printer {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

/** Could not be checked; the message is for the user. */
class CannotCheck extends Error {}

export interface ProbeReport {
  readonly stack: string;
  readonly cluster: string;
  readonly hosts: readonly {
    readonly host: string;
    readonly generation: number;
    readonly reached: boolean;
    readonly steps: ProbeAnswer["steps"];
  }[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Host → generation that was written into the stack file. */
  readonly marked: Readonly<Record<string, number>>;
}

/** @returns 0 nothing to do, 1 changes or problems found, 2 could not check */
export async function runProbe(stack: string, options: ProbeOptions, print: Printer, from = process.cwd()): Promise<number> {
  try {
    const { loaded, set } = await planned(stack, options, print, from);
    const answers = await askAll(set, print);
    const report = judgeAnswers(stack, set, answers);
    show(report, answers, print);
    const marked = options.mark ? mark(loaded, answers, print, from) : {};
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...report, marked }, undefined, 2)}\n`);
    if (answers.length > 0 && answers.every(({ facts }) => facts === undefined)) return 2;
    return report.problems.length > 0 || report.hosts.some(({ steps }) => steps.some(({ state }) => state !== "ok")) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof CannotCheck || error instanceof ConfigError || error instanceof WrongPassphrase)) throw error;
    print.error(error.message);
    return 2;
  }
}

async function planned(
  stack: string,
  options: ProbeOptions,
  print: Printer,
  from: string,
): Promise<{ loaded: LoadedStack; set: ProbeSet }> {
  const loaded = await loadStack(findProject(from), stack, {
    configFile: options.configFile,
    passphrase: passphraseFromEnvironment(),
  });
  const hidden = loaded.crypter ? [] : Object.keys(loaded.file.secure);
  if (hidden.length > 0)
    throw new CannotCheck(
      `${hidden.join(", ")} cannot be read without the passphrase. do: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE`,
    );
  const result = await planProgram(loaded.run);
  const errors = result.diagnostics.filter(({ severity }) => severity === "error");
  for (const { message } of errors) print.error(message);
  if (result.exitCode !== 0 || errors.length > 0)
    throw new CannotCheck(`the stack ${stack} is wrong; no host was contacted. do: correct it (turducken plan ${stack})`);
  const set = probeSet(result, loaded.run.directory, stack);
  if (!set) throw new CannotCheck(`the stack ${stack} has no hosts to probe. do: name a cluster stack of environment bare-metal`);
  return { loaded, set };
}

async function askAll(set: ProbeSet, print: Printer): Promise<ProbeAnswer[]> {
  print.out(`probing ${set.hosts.length} hosts of cluster ${set.inventory.cluster}; nothing is changed`);
  const pool = new SshPool();
  try {
    return await Promise.all(set.hosts.map((host) => askHost(pool, host)));
  } finally {
    await pool.close();
  }
}

function judgeAnswers(stack: string, { inventory }: ProbeSet, answers: readonly ProbeAnswer[]): Omit<ProbeReport, "marked"> {
  const reached = answers.flatMap(({ host, facts }) => (facts ? [{ name: host.name, facts }] : []));
  const { problems, warnings } = judgeFacts(
    { ...inventory, hosts: inventory.hosts.filter(({ name }) => reached.some((each) => each.name === name)) },
    Object.fromEntries(reached.map(({ name, facts }) => [name, facts.stdout])),
    new Map(reached.map(({ name, facts }) => [name, facts.asked])),
  );
  return {
    stack,
    cluster: inventory.cluster,
    hosts: answers.map(({ host, facts, steps }) => ({
      host: host.name,
      generation: host.generation,
      reached: facts !== undefined,
      steps,
    })),
    problems: [...answers.flatMap((answer) => answer.problems), ...problems],
    warnings,
  };
}

function show(report: Omit<ProbeReport, "marked">, answers: readonly ProbeAnswer[], print: Printer): void {
  for (const warning of report.warnings) print.out(printWarning(warning));
  for (const answer of answers) for (const line of hostLines(answer)) print.out(line);
  if (report.problems.length > 0) print.error(renderProblems(`hosts of ${report.cluster}`, report.problems));
  print.out(summary(answers, report.problems.length));
}

/** Deferred steps wait for the host, not for us: only what `up` would change is marked. */
function mark(loaded: LoadedStack, answers: readonly ProbeAnswer[], print: Printer, from: string): Record<string, number> {
  const broken = answers.filter(({ steps }) => steps.some(({ state }) => state === "would-change"));
  const generations = new Map(broken.map(({ host }) => [host.name, host.generation + 1]));
  if (generations.size === 0) {
    print.out("no host needs a mark");
    return {};
  }
  markGenerations(loaded.file.file, generations);
  const file = relative(from, loaded.file.file);
  for (const { host } of broken)
    print.out(`marked ${host.name}: generation ${host.generation} → ${host.generation + 1} in ${file}`);
  print.out("review the change, then run `pulumi up` to repair these hosts and no others");
  return Object.fromEntries(generations);
}
