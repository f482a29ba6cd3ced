import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { withDevices, type OfferedDevices } from "../devices/resources";
import type { Scheduler } from "../kubernetes/gates";
import { gate } from "../topology/gate";
import { livePreflightRequest, type LivePreflightRequest } from "./request";

/**
 * When the live cluster is looked at. `cluster`: before any layer; nodes need not be Ready where the layers bring the pod network.
 * `devices`: after labels and device plugins; every node Ready, labelled and with its devices.
 */
export type PreflightStage = "cluster" | "devices";

export interface LivePreflightArgs {
  readonly contract: ClusterContract;
  readonly scheduler: Scheduler;
  readonly stage: PreflightStage;
  /** For the gate; handed over as a secret on standard input. */
  readonly kubeconfig: pulumi.Input<string>;
  /** What the layers serve: only that is looked for on nodes. Needed with stage `devices`. */
  readonly offered?: OfferedDevices;
  /** @default 300 */
  readonly timeoutSeconds?: number;
}

/**
 * Whether the live cluster is the one of the contract: Kubernetes' version, APIs, and the nodes of each pool with their
 * architecture, taints, labels and devices. It waits a bounded time for what may still come, and fails with everything that is
 * wrong. Child: `<name>-gate`; what uses the cluster depends on this component. It runs again only when the contract changes.
 */
export class LivePreflight extends pulumi.ComponentResource {
  static readonly type = "turducken:preflight:LivePreflight";
  readonly gate: command.local.Command;

  constructor(name: string, args: LivePreflightArgs, options: pulumi.ComponentResourceOptions = {}) {
    super(LivePreflight.type, name, {}, options);
    const { contract, stage, scheduler } = args;
    const timeoutSeconds = args.timeoutSeconds ?? 300;
    const made = stage === "devices" ? withDevices(contract, args.offered ?? {}).contract : contract;
    const body = livePreflightRequest(made, scheduler, timeoutSeconds);
    const request = pulumi.output(args.kubeconfig).apply((kubeconfig): LivePreflightRequest => ({ ...body, kubeconfig }));
    this.gate = gate(`${name}-gate`, { words: preflightWords(contract, stage), request, timeoutSeconds }, { parent: this });
    this.registerOutputs({});
  }
}

/** Arguments after `turducken gate`. */
export function preflightWords(contract: ClusterContract, stage: PreflightStage): string[] {
  if (stage === "devices") return ["preflight", "--ready", "--labels", "--resources"];
  // Without a pod network no node is Ready, and flannel is one of the layers.
  const ready = contract.network.cni !== "flannel";
  return ["preflight", ...(ready ? ["--ready"] : []), ...(contract.labelsBy === "provider" ? ["--labels"] : [])];
}
