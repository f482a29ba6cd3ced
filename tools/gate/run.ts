import { z } from "zod";
import { gangApiGate } from "./api";
import { GateClient, UnreachableError } from "./client";
import type { GateOptions } from "./command";
import { fluenceGate } from "./fluence";
import { hideFromFluence } from "./hide";
import { jobGate } from "./job";
import { kueueGate } from "./kueue";
import { labelGate } from "./labels";

export interface Printer {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

const labelRequest = z.object({
  kubeconfig: z.string().min(1),
  keys: z.array(z.string()),
  pools: z.array(
    z.object({
      name: z.string(),
      minReady: z.number().int().min(0),
      nodes: z.record(z.string(), z.record(z.string(), z.string())),
    }),
  ),
  timeoutSeconds: z.number().positive(),
});
const fluenceRequest = z.object({
  kubeconfig: z.string().min(1),
  own: z.array(z.string()),
  restart: z.object({ namespace: z.string(), name: z.string(), hash: z.string() }),
  timeoutSeconds: z.number().positive(),
});
const hideRequest = z.object({
  kubeconfig: z.string().min(1),
  hide: z.array(z.string()),
  show: z.array(z.string()),
  timeoutSeconds: z.number().positive(),
});
const jobRequest = z.object({ kubeconfig: z.string().min(1), owner: z.string().min(1), timeoutSeconds: z.number().positive() });
const apiRequest = z.object({ kubeconfig: z.string().min(1), timeoutSeconds: z.number().positive() });

/** Answer of one gate: whether it may go on, and what to tell. */
export interface Verdict {
  readonly passed: boolean;
  readonly lines: readonly string[];
}

/**
 * One gate from request to exit code: 0 it holds, 1 it does not, 2 it could not be asked.
 *
 * @param input JSON; its kubeconfig is a secret and is never printed
 */
export async function runGate(options: GateOptions, input: string, print: Printer): Promise<number> {
  try {
    const verdict = await verdictOf(options, input);
    for (const line of verdict.lines) (verdict.passed ? print.out : print.error)(line);
    return verdict.passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    print.error(error.message);
    return 2;
  }
}

function verdictOf(options: GateOptions, input: string): Promise<Verdict> {
  if (options.fluenceHide) return hideVerdict(options, input);
  if (options.fluence) return fluenceVerdict(input);
  if (options.job) return jobVerdict(options.job, options, input);
  if (options.kueue) return kueueVerdict(options.kueue, input);
  return options.api ? apiVerdict(options, input) : labelVerdict(input);
}

async function fluenceVerdict(input: string): Promise<Verdict> {
  const request = decode(fluenceRequest, input);
  return fluenceGate(request, new GateClient(request.kubeconfig));
}

async function jobVerdict(job: string, { namespace, until }: GateOptions, input: string): Promise<Verdict> {
  const { kubeconfig, owner, timeoutSeconds } = decode(jobRequest, input);
  if (until !== "started" && until !== "complete") throw new UnreachableError("--until is `started` or `complete`");
  return jobGate({ job, namespace, until, owner, timeoutSeconds }, new GateClient(kubeconfig));
}

async function kueueVerdict(api: string, input: string): Promise<Verdict> {
  const { kubeconfig, timeoutSeconds } = decode(apiRequest, input);
  return kueueGate({ api, timeoutSeconds }, new GateClient(kubeconfig));
}

async function hideVerdict(options: GateOptions, input: string): Promise<Verdict> {
  const request = decode(hideRequest, input);
  return hideFromFluence(request, options.off ?? false, new GateClient(request.kubeconfig));
}

async function labelVerdict(input: string): Promise<Verdict> {
  const request = decode(labelRequest, input);
  return labelGate(request, new GateClient(request.kubeconfig));
}

async function apiVerdict(options: GateOptions, input: string): Promise<Verdict> {
  const request = decode(apiRequest, input);
  return gangApiGate(
    { ...options, api: options.api!, timeoutSeconds: request.timeoutSeconds },
    new GateClient(request.kubeconfig),
  );
}

/** @throws UnreachableError when the input is not such a request; nothing of it is in the message. */
export function decode<T>(schema: z.ZodType<T>, input: string): T {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    // The parser's own message would quote the input, which holds a secret.
    throw new UnreachableError("the request on standard input is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UnreachableError(
    `the request on standard input is not right: ${parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
  );
}
