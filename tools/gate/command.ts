import type { Command } from "commander";
import { registerPreflight } from "./preflight-command";

/** `turducken gate`: waits that stacks run as resources; a person may run them, too. */
export function register(program: Command): void {
  program
    .command("gate")
    .description(
      "wait until nodes carry their topology labels, or (--api) check that the API server schedules gangs, or (--fluence) that Fluence may start, or (--kueue) that Kueue answers, or (--job) that a Job has started or is complete; the request is JSON on standard input",
    )
    .option("--api <version>", "PodGroup API that must be served, e.g. scheduling.k8s.io/v1alpha2")
    .option("--namespace <name>", "where a pod is tried, without making it, or where the Job is", "default")
    .option("--pod-group-label <key>", "also check that this label alone puts a pod into its group")
    .option("--fluence", "wait until Fluence's nodes are its own and may be read anew")
    .option("--fluence-hide", "hide all other nodes from Fluence, by a taint")
    .option("--off", "with --fluence-hide: take that taint away everywhere")
    .option("--kueue <version>", "wait until Kueue serves this API and its webhook answers, e.g. kueue.x-k8s.io/v1beta2")
    .option("--job <name>", "wait for this Job of the object that the request names")
    .option("--until <word>", "with --job: started or complete", "complete")
    .action(async (options: GateOptions) => {
      const { runGate } = await import("./run");
      process.exitCode = await runGate(options, await readAll(process.stdin), {
        out: (line) => console.log(line),
        error: (line) => console.error(line),
      });
    });
  registerPreflight(program.commands.find((each) => each.name() === "gate")!);
}

export interface GateOptions {
  readonly api?: string;
  readonly namespace: string;
  readonly podGroupLabel?: string;
  readonly kueue?: string;
  readonly fluence?: boolean;
  readonly fluenceHide?: boolean;
  readonly off?: boolean;
  readonly job?: string;
  readonly until?: string;
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
