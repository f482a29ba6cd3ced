import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { gate } from "../topology/gate";
import type { FluenceConfig } from "./config";
import { fluenceNodes, hiddenNodes } from "./nodes";
import { FLUENCE_NAME, restartHash } from "./objects";

/**
 * What `turducken gate --fluence` reads from standard input. It waits until all of this holds, or says what does not:
 *
 * - a pod without a scheduler of its own comes back from a dry run with the affinity and the toleration of the two policies;
 * - every node of `own` is there, Ready, labelled, not cordoned, and without a NoSchedule or NoExecute taint;
 * - every other Node object carries such a taint for good (taints of `node.kubernetes.io/` come and go);
 * - no pod that Fluence did not place runs on a node of `own`, DaemonSets' and static pods excepted;
 * - unless the Deployment runs with `restart` already, so that nothing will be restarted: no pod that Fluence placed runs
 *   anywhere, and no PodGroup holds an allocation, which the next Fluence would mistake for one of its own.
 */
export interface FluenceGateRequest {
  readonly kubeconfig: string;
  readonly own: readonly string[];
  readonly restart: { readonly namespace: string; readonly name: string; readonly hash: string };
  readonly timeoutSeconds: number;
}

/**
 * What `turducken gate --fluence-hide` reads. It waits until the policies are in effect, gives every node of `hide` that no other
 * NoSchedule or NoExecute taint hides for good the taint, and takes it from every node of `show`. Nodes that do not exist are
 * left out. With `--off` it takes the taint from all of them.
 */
export interface FluenceHideRequest {
  readonly kubeconfig: string;
  readonly hide: readonly string[];
  readonly show: readonly string[];
  readonly timeoutSeconds: number;
}

export interface FluenceGateArgs {
  readonly contract: ClusterContract;
  readonly config: FluenceConfig;
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * The other nodes, hidden from Fluence. Not a NodePatch: `spec.taints` is one value to server-side apply, so a patch would take away
 * other taints, and lose its own to the node controller when a node is NotReady for a moment. Deleting it shows the nodes again.
 */
export function hideNodes(name: string, args: FluenceGateArgs, options: pulumi.CustomResourceOptions): command.local.Command {
  const { contract, config } = args;
  const timeoutSeconds = config.gateTimeoutSeconds;
  const hide = hiddenNodes(contract, config.pools);
  const show = fluenceNodes(contract, config.pools);
  const request = pulumi
    .output(args.kubeconfig)
    .apply((kubeconfig): FluenceHideRequest => ({ kubeconfig, hide, show, timeoutSeconds }));
  const words = ["--fluence-hide"];
  return gate(name, { words, deleteWords: [...words, "--off"], request, timeoutSeconds }, options);
}

/** The last look before Fluence starts or starts anew. */
export function fluenceGate(name: string, args: FluenceGateArgs, options: pulumi.CustomResourceOptions): command.local.Command {
  const { contract, config } = args;
  const timeoutSeconds = config.gateTimeoutSeconds;
  const own = fluenceNodes(contract, config.pools);
  const restart = { namespace: config.namespace, name: FLUENCE_NAME, hash: restartHash(contract, config) };
  const request = pulumi
    .output(args.kubeconfig)
    .apply((kubeconfig): FluenceGateRequest => ({ kubeconfig, own, restart, timeoutSeconds }));
  return gate(name, { words: ["--fluence"], request, timeoutSeconds }, options);
}
