import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { renderProblems } from "../../components/config/problems";
import type { Inventory, VerdictInput } from "../../components/hosts/plain";
import { sha256 } from "../../components/hosts/render/commands";

/** `turducken verdict`: what the resource `set` of a cluster stack runs; a person may run it, too. */
export function register(program: Command): void {
  program
    .command("verdict")
    .description("judge the facts of all hosts of a cluster at once; facts and login keys are JSON on standard input")
    .option("--inventory <file>", "the hosts as the stack describes them; without it, they are on standard input, too")
    .option("--sha256 <hash>", "refuse an inventory file with another content")
    .action(async (options: VerdictOptions) => {
      const { judge } = await import("./judge");
      const { printWarning } = await import("./print");
      try {
        const input = readInput(options, await readAll(process.stdin));
        const { problems, warnings } = await judge(input);
        for (const warning of warnings) console.log(printWarning(warning));
        if (problems.length > 0) console.error(renderProblems(`hosts of ${input.cluster}`, problems));
        process.exitCode = problems.length > 0 ? 1 : 0;
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        console.error(error.message);
        process.exitCode = 2;
      }
    });
}

export interface VerdictOptions {
  readonly inventory?: string;
  readonly sha256?: string;
}

class BadInput extends Error {}

/** Messages never quote the input: it holds keys. */
function readInput(options: VerdictOptions, stdin: string): VerdictInput {
  const answers = parse(stdin, "standard input") as VerdictInput;
  const input: VerdictInput = options.inventory ? { ...readInventory(options.inventory, options.sha256), ...answers } : answers;
  if (!Array.isArray(input.hosts) || typeof input.cluster !== "string" || typeof input.facts !== "object" || input.facts === null)
    throw new BadInput("verdict wants {cluster, hosts, facts} in its inventory and on standard input");
  return input;
}

function readInventory(file: string, hash: string | undefined): Inventory {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new BadInput(`cannot read the inventory: ${(error as Error).message}`);
  }
  if (hash !== undefined && sha256(text) !== hash)
    throw new BadInput(
      `${file} is not the inventory of this run: another run wrote it at the same time. do: run up again, one at a time`,
    );
  return parse(text, file) as Inventory;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput(`${where} is not JSON`);
  }
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
