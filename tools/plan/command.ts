import type { Command } from "commander";

export interface PlanCommandOptions {
  readonly json?: string;
  readonly contract?: string;
  readonly configFile?: string;
  readonly all: boolean;
}

/** `turducken plan`: what a stack is, without a cloud account, a login or the network. */
export function register(program: Command): void {
  program
    .command("plan <stack>")
    .description("show the whole graph of a stack, offline: resources, topology, warnings, policy findings, outputs")
    .option("--json <file>", "write everything as JSON; - for standard output instead of the picture")
    .option("--contract <file>", "cluster contract (JSON) to use instead of planning the cluster stack that this one references")
    .option("--config-file <file>", "another file instead of Pulumi.<stack>.yaml")
    .option("--all", "show every resource; more than 30 alike are otherwise shown as one", false)
    .action(async (stack: string, options: PlanCommandOptions) => {
      const { planCommand } = await import("./run");
      process.exitCode = await planCommand(stack, options);
    });
}
