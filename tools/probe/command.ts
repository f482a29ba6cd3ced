import type { Command } from "commander";

/** `turducken probe`: what `up` would change on the hosts of a cluster stack, asked without changing anything. */
export function register(program: Command): void {
  program
    .command("probe")
    .description(
      "connect to all hosts of a cluster stack, judge their facts and list per step what `up` would change; changes nothing",
    )
    .argument("<stack>", "stack to probe, as in Pulumi.<stack>.yaml")
    .option("--mark", "raise the generation of hosts that need repair in the stack file, so that the next `up` repairs them")
    .option("--json <file>", "write everything found as JSON")
    .option("--config-file <file>", "another file instead of Pulumi.<stack>.yaml")
    .addHelpText("after", "\nExit: 0 nothing to do, 1 changes or problems found, 2 could not check.")
    .action(async (stack: string, options: ProbeOptions) => {
      const { runProbe } = await import("./run");
      const print = { out: (line: string) => console.log(line), error: (line: string) => console.error(line) };
      process.exitCode = await runProbe(stack, options, print);
    });
}

export interface ProbeOptions {
  readonly mark?: boolean;
  readonly json?: string;
  readonly configFile?: string;
}
