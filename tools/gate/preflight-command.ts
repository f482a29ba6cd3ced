import type { Command } from "commander";
import { z } from "zod";
import type { PreflightChecks } from "./preflight";
import type { Printer } from "./run";

/** `turducken gate preflight`, below `turducken gate`. */
export function registerPreflight(gate: Command): void {
  gate
    .command("preflight")
    .description(
      "check that the live cluster is the one of the contract: version, APIs, nodes and their architecture; the request is JSON on standard input",
    )
    .option("--ready", "also that nodes are Ready and have no taint but the pool's own")
    .option("--labels", "also that nodes carry the topology labels that the contract knows of")
    .option("--resources", "also that nodes offer the devices that pods of their pool ask for")
    .action(async (options: Partial<PreflightChecks>) => {
      const { ready = false, labels = false, resources = false } = options;
      const print = { out: (line: string) => console.log(line), error: (line: string) => console.error(line) };
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      process.exitCode = await runPreflight({ ready, labels, resources }, Buffer.concat(chunks).toString("utf8"), print);
    });
}

const preflightRequest = z.object({
  kubeconfig: z.string().min(1),
  version: z.string(),
  apis: z.array(z.object({ api: z.string(), kind: z.string(), remedy: z.string() })),
  pools: z.array(
    z.object({
      name: z.string(),
      arch: z.string(),
      minReady: z.number().int().min(0),
      nodes: z.record(z.string(), z.array(z.string())).optional(),
      match: z.object({ key: z.string(), values: z.array(z.string()) }).optional(),
      keys: z.array(z.string()),
      resources: z.record(z.string(), z.number()),
      tolerations: z.array(z.object({ key: z.string(), operator: z.string(), value: z.string().optional(), effect: z.string() })),
    }),
  ),
  timeoutSeconds: z.number().positive(),
});

/**
 * From request to exit code: 0 it is the cluster of the contract, 1 it is not, 2 it could not be asked.
 *
 * @param input JSON; its kubeconfig is a secret and is never printed
 */
export async function runPreflight(checks: PreflightChecks, input: string, print: Printer): Promise<number> {
  const { GateClient, UnreachableError } = await import("./client");
  const { livePreflight } = await import("./preflight");
  const { decode } = await import("./run");
  try {
    const request = decode(preflightRequest, input);
    const verdict = await livePreflight(request, checks, new GateClient(request.kubeconfig));
    for (const line of verdict.lines) (verdict.passed ? print.out : print.error)(line);
    return verdict.passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    print.error(error.message);
    return 2;
  }
}
