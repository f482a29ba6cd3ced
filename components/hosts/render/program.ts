import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostProgram, Phase, Step } from "../types";
import { renderDistributions } from "../steps/distributions";
import { quote } from "./quote";

const PHASES: readonly Phase[] = ["prepare", "cluster", "roll", "leave"];

/** Bash that every host program starts with; real files, so that shellcheck and editors see them as what they are. */
export const LIBRARY = readFileSync(join(__dirname, "library.sh"), "utf8");
export const RUNNER = readFileSync(join(__dirname, "runner.sh"), "utf8");

export interface HostProgramPaths {
  /** Where the host keeps what it must remember. @default "/etc/turducken" */
  readonly state?: string;
  /** Lock and scratch files; lost at reboot. @default "/run/turducken" */
  readonly run?: string;
  /** @default "/etc/os-release" */
  readonly osRelease?: string;
  /** How long a run waits for another one on the same host. @default 300 */
  readonly lockSeconds?: number;
}

/**
 * The bash text of `<host>.sh`: `bash host.sh <prepare|cluster|roll|leave> <check|apply>`. Same input, same bytes. Prints one
 * JSON `StepReport` per step; exit 0 done, 1 a step failed, 2 wrong usage. Secrets are one JSON line on stdin.
 *
 * Phase `roll` runs the steps of `prepare` that disturb work, then its own; an id in both is run once, as `roll` has it.
 *
 * @throws Error when the program cannot be right whatever the host: ids that are not kebab-case or not unique in a phase.
 */
export function renderHostProgram(program: HostProgram, paths: HostProgramPaths = {}): string {
  const phases = PHASES.map((phase) => ({ phase, steps: stepsOf(program, phase) }));
  for (const { phase, steps } of phases) refuseBadIds(program.host, phase, steps);
  return [
    header(program),
    settings(program, paths),
    LIBRARY,
    RUNNER,
    renderDistributions(),
    ...phases.flatMap(({ phase, steps }) => renderPhase(phase, steps)),
    ...renderHooks(program),
    // All of it is read before anything runs, also when it comes through `bash -s`.
    'main "$@"\nexit',
    "",
  ].join("\n");
}

/** What a phase really runs. */
function stepsOf(program: HostProgram, phase: Phase): readonly Step[] {
  const own = program.steps[phase] ?? [];
  if (phase !== "roll") return own;
  const ids = new Set(own.map((step) => step.id));
  return [...program.steps.prepare.filter((step) => step.disruption !== "none" && !ids.has(step.id)), ...own];
}

function refuseBadIds(host: string, phase: Phase, steps: readonly Step[]): void {
  const seen = new Set<string>();
  for (const { id } of steps) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))
      throw new Error(`host ${host}, phase ${phase}: step id ${JSON.stringify(id)} is not kebab-case`);
    if (seen.has(id)) throw new Error(`host ${host}, phase ${phase}: two steps have the id ${id}`);
    seen.add(id);
  }
}

function header({ cluster, host }: HostProgram): string {
  return [
    "#!/usr/bin/env bash",
    `# Host program of ${oneLine(host)} in cluster ${oneLine(cluster)}, rendered by turducken; edits are lost.`,
    "# bash <this> prepare|cluster|roll|leave check|apply",
    "# Steps are called by name, and their text may hold what the shell must not expand here.",
    "# shellcheck shell=bash disable=SC2317,SC2329,SC2016,SC2034",
    "",
  ].join("\n");
}

function settings({ cluster, host, maintenance, roll }: HostProgram, paths: HostProgramPaths): string {
  const values = {
    CLUSTER: cluster,
    HOST: host,
    STATE: paths.state ?? "/etc/turducken",
    RUN: paths.run ?? "/run/turducken",
    OS_RELEASE: paths.osRelease ?? "/etc/os-release",
    LOCK_SECONDS: String(paths.lockSeconds ?? 300),
    POLICY: maintenance.policy,
    REBOOT: maintenance.reboot,
    WAIT_SECONDS: String(maintenance.waitSeconds),
    HOOKS: roll ? "yes" : "no",
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .concat("")
    .join("\n");
}

function renderPhase(phase: Phase, steps: readonly Step[]): string[] {
  const functions = steps.map((step) => `${phase}_${step.id.replaceAll("-", "_")}`);
  const bodies = steps.flatMap((step, index) => [
    `# ${phase}: ${oneLine(step.title)}`,
    bashFunction(`check_${functions[index]}`, step.check),
    bashFunction(`apply_${functions[index]}`, step.apply),
  ]);
  const calls = steps.map((step, index) =>
    ["step", functions[index]!, step.id, step.disruption, quote(staticFields(step)), quote(step.remedy ?? "")].join(" "),
  );
  return [...bodies, bashFunction(`phase_${phase}`, calls.join("\n"))];
}

/** The part of a step's JSON line that is known here. ASCII only, so that it stays valid whatever the terminal does. */
function staticFields(step: Step): string {
  const ascii = (text: string) =>
    JSON.stringify(text).replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"step":${ascii(step.id)},"title":${ascii(step.title)}`;
}

function renderHooks({ roll }: HostProgram): string[] {
  return [
    bashFunction("hook_member", roll?.member ?? '[ -e "$STATE/member" ]'),
    bashFunction("hook_busy", roll?.busy ?? "return 1"),
    bashFunction("hook_before", roll?.before ?? ":"),
    bashFunction("hook_after", roll?.after ?? ":"),
  ];
}

/** Not indented: fragments may hold here-documents. */
function bashFunction(name: string, body: string): string {
  return `${name}() {\n${body.trim() === "" ? ":" : body.replace(/\n+$/, "")}\n}`;
}

function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ");
}
