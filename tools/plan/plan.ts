/** Plans a stack of this repository, and with it the stacks it references. */
import { readFileSync } from "node:fs";
import { ConfigError } from "../../components/config/problems";
import { parseContract } from "../../components/contract/parse";
import type { Finding, Policy, PolicyGraph } from "../../policies/types";
import { type LoadOptions, MissingFile, listStacks, loadStack } from "../config/stack-file";
import type { Project } from "../config/project";
import { planProgram } from "../engine/plan";
import { scannerFor } from "../engine/program";
import { fromPlain } from "../engine/properties";
import { type Diagnostic, type ProgramResult, type PropertyMap, Secret, Unknown } from "../engine/types";

export interface PlanOptions extends LoadOptions {
  /** Contract file used for every referenced stack that gives a `cluster` output. */
  readonly contract?: string;
  readonly policies?: readonly Policy[];
}

export interface StackPlan {
  readonly project: string;
  readonly stack: string;
  /** Folder that source files are shown relative to. */
  readonly root: string;
  /** Stacks that were planned because this one references them, in order. */
  readonly references: readonly string[];
  readonly result: ProgramResult;
  readonly warnings: readonly string[];
  /** What is wrong with the stack, each readable by a user. */
  readonly errors: readonly string[];
  readonly findings: readonly Finding[];
  /** Set when it could not be checked at all: the program could not run. */
  readonly notChecked?: string;
  readonly redact: (text: string) => string;
}

/**
 * Runs the program of the stack in plan mode.
 *
 * @throws ConfigError for a stack file in bad form, WrongPassphrase
 */
export async function planStack(project: Project, stack: string, options: PlanOptions = {}): Promise<StackPlan> {
  const contract = options.contract === undefined ? undefined : readContract(options.contract);
  return new Planner(project, options, contract).plan(stack, options.configFile);
}

class Planner {
  private readonly planned = new Map<string, Promise<StackPlan>>();

  constructor(
    private readonly project: Project,
    private readonly options: PlanOptions,
    private readonly contract: PropertyMap | undefined,
  ) {}

  async plan(stack: string, configFile?: string, above: readonly string[] = []): Promise<StackPlan> {
    const loaded = await loadStack(this.project, stack, { ...this.options, configFile });
    const scanner = scannerFor(loaded.run);
    const references: string[] = [];
    const carried: string[] = [];
    const failures: string[] = [];
    let fatal: unknown;
    const plannedOutputs = async (fullName: string): Promise<PropertyMap | undefined> => {
      const name = fullName.split("/").pop()!;
      if (this.contract !== undefined) return this.contract;
      if (above.includes(name) || name === stack) {
        failures.push(`the stacks ${[...above, stack, name].join(" → ")} reference each other in a circle`);
        return undefined;
      }
      if (!listStacks(this.project).includes(name)) return undefined;
      const plan = await this.once(name, [...above, stack]);
      if (!references.includes(name)) references.push(name);
      carried.push(...plan.warnings.map((each) => `${name}: ${each}`));
      failures.push(...plan.errors.map((each) => `${name}: ${each}`));
      return plan.result.outputs;
    };
    // Thrown into the program, an error would come back wrapped in words about RPCs.
    const resolveStack = (fullName: string): Promise<PropertyMap | undefined> =>
      plannedOutputs(fullName).catch((error: unknown) => {
        if (error instanceof ConfigError) failures.push(error.message);
        else fatal ??= error;
        return undefined;
      });
    const result = await planProgram(loaded.run, { resolveStack, scanner });
    if (fatal !== undefined) throw fatal;
    const findings = judge(this.options.policies ?? [], {
      project: this.project.name,
      stack,
      resources: result.resources,
      outputs: result.outputs,
    });
    const of = (severity: Diagnostic["severity"]): string[] =>
      result.diagnostics.filter((each) => each.severity === severity).map((each) => each.message);
    const errors = [...failures, ...of("error")];
    return {
      project: this.project.name,
      stack,
      root: this.project.root,
      references,
      result,
      warnings: [...new Set([...loaded.warnings, ...carried, ...of("warning")])],
      errors: [...new Set(errors)],
      findings,
      notChecked:
        result.exitCode !== 0 && errors.length === 0 ? `the program ended with exit code ${result.exitCode}` : undefined,
      redact: scanner.redact,
    };
  }

  private once(stack: string, above: readonly string[]): Promise<StackPlan> {
    const known = this.planned.get(stack) ?? this.plan(stack, undefined, above);
    this.planned.set(stack, known);
    return known;
  }
}

function judge(policies: readonly Policy[], graph: PolicyGraph): Finding[] {
  return policies.flatMap((policy) => policy.check(graph));
}

/** Somebody else's cluster: its contract is known, its kubeconfig is a secret that a plan does not need. */
function readContract(file: string): PropertyMap {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const message = `it cannot be read: ${(error as Error).message}`;
    throw new MissingFile("--contract", [{ path: file, message, fix: "name the JSON file with the cluster's contract" }]);
  }
  const secret = new Secret(new Unknown());
  return { cluster: fromPlain(parseContract(value, file)), kubeconfig: secret, workloadKubeconfig: secret };
}

/** 0 fine, 1 the stack is wrong, 2 it could not be checked. */
export function exitCodeOf(plan: StackPlan): 0 | 1 | 2 {
  if (plan.notChecked !== undefined) return 2;
  return plan.errors.length > 0 || plan.findings.some((finding) => finding.severity === "error") ? 1 : 0;
}
