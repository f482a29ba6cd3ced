import { Option, type Command } from "commander";

export interface ListOptions {
  readonly provider?: "aws" | "gcp" | "bare-metal";
  readonly fabric?: string;
  readonly json?: boolean;
}

export interface ShowOptions {
  readonly layout?: "primary" | "dedicated";
  readonly json?: boolean;
}

/** `turducken hardware`: the catalogue of machine types, and all that is known of one. */
export function register(program: Command): void {
  const hardware = program.command("hardware").description("machine types: what they are and what a pool of them offers");
  hardware
    .command("list")
    .description("list the machine types of the catalogue")
    .addOption(new Option("--provider <name>", "only those of one provider").choices(["aws", "gcp", "bare-metal"]))
    .option("--fabric <kind>", "only those with this fabric, e.g. efa")
    .option("--json", "write them as JSON")
    .addHelpText("after", "\nExit: 0 listed, 1 no machine type is like that, 2 wrong options.")
    .action(async (options: ListOptions) => {
      const { listHardware } = await import("./run");
      process.exitCode = listHardware(options);
    });
  hardware
    .command("show")
    .argument("<type>", "name of a machine type")
    .description("show all that is known of a machine type: interfaces, topology, and what a pool of it offers")
    .addOption(new Option("--layout <name>", "how EFA interfaces lie on the cards").choices(["primary", "dedicated"]))
    .option("--json", "write it as JSON")
    .addHelpText("after", "\nExit: 0 shown, 1 there is no such type or layout, 2 wrong options.")
    .action(async (type: string, options: ShowOptions) => {
      const { showHardware } = await import("./run");
      process.exitCode = showHardware(type, options);
    });
}
