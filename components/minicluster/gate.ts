import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { gate } from "../topology/gate";

/** What `turducken gate --job` reads from standard input. */
export interface JobGateRequest {
  /** `metadata.uid` of the MiniCluster. */
  readonly owner: string;
  readonly kubeconfig: string;
  readonly timeoutSeconds: number;
}

export interface JobGateArgs {
  readonly name: string;
  readonly namespace: string;
  readonly until: "started" | "complete";
  /** Of the object that made the Job: a new one is waited for anew, and a Job that is left of an older one is not taken for it. */
  readonly owner: pulumi.Input<string>;
  /** For the namespace of the work only. */
  readonly kubeconfig: pulumi.Input<string>;
  readonly timeoutSeconds: number;
}

/**
 * Waits for the Job of a MiniCluster, because the MiniCluster's own status is no guide: it says ready too early and finished not
 * at all. `started`: every pod runs or is done. `complete`: the Job is. A Job that failed ends the wait at once, with its
 * pods' last words.
 */
export function jobGate(name: string, args: JobGateArgs, options: pulumi.CustomResourceOptions): command.local.Command {
  const { timeoutSeconds, until, namespace } = args;
  const words = ["--job", args.name, "--namespace", namespace, "--until", until];
  const request = pulumi
    .all([args.kubeconfig, args.owner])
    .apply(([kubeconfig, owner]) => ({ kubeconfig, owner, timeoutSeconds }));
  return gate(name, { words, request, timeoutSeconds }, options);
}
