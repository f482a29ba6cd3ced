/** What `turducken plan` does with its arguments. */
import { writeFileSync } from "node:fs";
import { ConfigError } from "../../components/config/problems";
import { WrongPassphrase, passphraseFromEnvironment } from "../config/passphrase";
import { findProject } from "../config/project";
import { MissingFile } from "../config/stack-file";
import type { PlanCommandOptions } from "./command";
import { planJson } from "./json";
import { exitCodeOf, planStack } from "./plan";
import { renderPlan } from "./render";

/** Prints the plan; returns 0 fine, 1 the stack is wrong, 2 it could not be checked. */
export async function planCommand(stack: string, options: PlanCommandOptions): Promise<number> {
  try {
    const { policies } = await import("../../policies/index");
    const passphrase = passphraseFromEnvironment();
    const project = findProject(process.cwd());
    const plan = await planStack(project, stack, {
      contract: options.contract,
      configFile: options.configFile,
      passphrase,
      policies,
    });
    const json = `${JSON.stringify(planJson(plan), null, 2)}\n`;
    if (options.json === "-") process.stdout.write(json);
    else {
      if (options.json !== undefined) writeFileSync(options.json, json);
      process.stdout.write(renderPlan(plan, { all: options.all }));
    }
    return exitCodeOf(plan);
  } catch (error) {
    if (error instanceof ConfigError) return say(error.message, error instanceof MissingFile ? 2 : 1);
    if (error instanceof WrongPassphrase) {
      return say(
        `${error.message}\n  do: set PULUMI_CONFIG_PASSPHRASE (or _FILE) to this stack's passphrase, or unset both to plan without its secrets`,
        2,
      );
    }
    return say(`the stack could not be checked: ${(error as Error).message}`, 2);
  }
}

function say(message: string, code: number): number {
  process.stderr.write(`${message}\n`);
  return code;
}
