import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../components/config/problems";
import { bareMetal } from "./bare-metal";
import { parseCluster, parseLayers, parseWorkload } from "./config/parse";
import { readProgramConfig } from "./config/program";
import { layers } from "./layers";
import { workload } from "./workload";

/**
 * The program of every stack: a cluster, the layers on one, or the work, by what its configuration has.
 *
 * @returns the stack's outputs
 * @throws pulumi.RunError whose message is the list of everything that is wrong; the CLI shows it without a stack trace
 */
export async function program(): Promise<Record<string, unknown>> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof ConfigError ? userError(error.message) : error;
  }
}

/**
 * Without a stack: the language host inspects even a RunError, and Node 20.20 spends 10 to 30 s and a gigabyte on marking
 * `node_modules` in a source-mapped frame such as `node_modules/@pulumi/output.ts` (pulumi/pulumi#21326 sees the end of it).
 */
function userError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = undefined;
  return error;
}

async function run(): Promise<Record<string, unknown>> {
  const { program: name, raw, ...options } = readProgramConfig();
  switch (name) {
    case "cluster":
      return bareMetal(parseCluster(raw, options));
    case "layers":
      return layers(parseLayers(raw, options));
    case "workload":
      return workload(parseWorkload(raw, options));
    default:
      return name satisfies never;
  }
}
