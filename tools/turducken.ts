/** The command line. Only the command that was asked for is loaded: most of the others pull in the cluster's clients. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { ConfigError } from "../components/config/problems";

interface CommandModule {
  register(program: Command): void;
}

/** Name → what `--help` says and where it lives. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<CommandModule> }>> = {
  plan: { summary: "show the whole graph of a stack, offline", load: () => import("./plan/command") },
  hardware: {
    summary: "list machine types, or show one and what a pool of it offers",
    load: () => import("./hardware/command"),
  },
  topology: {
    summary: "show, convert, check and compare fabric topologies",
    load: () => import("./topology/command"),
  },
  probe: { summary: "show what `up` would change on each host", load: () => load("./probe/command") },
  rehearse: {
    summary: "run a cluster stack and all stacks on it for real, on this machine",
    load: () => load("./rehearse/command"),
  },
  reference: { summary: "write or check the generated configuration reference", load: () => load("./reference/command") },
  verdict: { summary: "judge the facts of all hosts (stacks run this)", load: () => load("./verdict/command") },
  gate: { summary: "wait for labels or an API (stacks run this)", load: () => load("./gate/command") },
};

async function load(module: string): Promise<CommandModule> {
  return (await import(module)) as CommandModule;
}

/** Exit codes: 0 fine, 1 what was asked about is wrong, 2 it could not be done. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("turducken")
    .description("HPC clusters as code: hosts over SSH, Kubernetes on them, gangs placed by network topology")
    .version((JSON.parse(readFileSync(path.join(__dirname, "../package.json"), "utf8")) as { version: string }).version)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .showHelpAfterError();
  const asked = argv.find((word) => !word.startsWith("-"));
  for (const [name, command] of Object.entries(COMMANDS)) {
    if (name === asked) (await command.load()).register(program);
    else program.command(name).description(command.summary);
  }
  await program.parseAsync([...argv], { from: "user" });
}

/** A user's mistake is shown as it is; anything else is a bug and keeps its stack. */
export function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof Error) return process.env.TURDUCKEN_DEBUG ? (error.stack ?? error.message) : error.message;
  return String(error);
}

if (require.main === module || process.argv[1]?.endsWith("turducken.js") || process.argv[1]?.endsWith("turducken")) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 2;
  });
}
