import type * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { ClusterContract } from "../contract/contract";
import { newPodGroup } from "../gang/gang";
import { POD_GROUP_LABEL, poolOf } from "../gang/spec";
import { curveCertificate } from "./curve";
import { jobGate } from "./gate";
import { miniClusterObject } from "./objects";
import { schedulerParts } from "./schedulers";
import type { MiniClusterLayers, MiniClusterSpec } from "./spec";

export interface MiniClusterArgs {
  readonly contract: ClusterContract;
  readonly layers: MiniClusterLayers;
  readonly spec: MiniClusterSpec;
  /** Its own: the operator writes a label on every pod of the namespace that lacks it, and pod logs there show the CURVE key. */
  readonly namespace: string;
  /** For the namespace only; read by the gate of `spec.wait`. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * One application on a Flux cluster of its own. Check it with `checkMiniClusters` first, for all at once.
 *
 * Children: `<name>-seed` (of the CURVE certificate, in the state as a secret), `<name>-group` (PodGroup, for schedulers that
 * place a gang), `<name>-cluster` (the MiniCluster), `<name>-gate` (with `spec.wait`). Deletion goes the other way: the
 * MiniCluster before the PodGroup, which stays Terminating until the last pod is gone (so does Pulumi), and until whose end
 * Fluence keeps the nodes allocated.
 *
 * Every change replaces the MiniCluster. The operator writes the scripts into a ConfigMap once and makes the Job once, and never
 * compares either with the object again: a changed command, image, label or resource would be accepted and ignored
 * (flux-framework/flux-operator:controllers/flux/configmap.go, job.go@0d75cef8; only `size` is followed, and the pods of another
 * size would run the old scripts).
 */
export class MiniCluster extends pulumi.ComponentResource {
  static readonly type = "turducken:minicluster:MiniCluster";
  readonly object: k8s.apiextensions.CustomResource;
  readonly gate?: command.local.Command;

  constructor(name: string, args: MiniClusterArgs, options: pulumi.ComponentResourceOptions) {
    super(MiniCluster.type, name, {}, options);
    const { spec } = args;
    const seed = new random.RandomBytes(`${name}-seed`, { length: 32 }, { parent: this });
    const group = this.group(`${name}-group`, args);
    this.object = this.cluster(`${name}-cluster`, args, seed.base64, group);
    if (spec.wait === "started" || spec.wait === "complete") this.gate = this.waitFor(`${name}-gate`, args, spec.wait);
    this.registerOutputs({});
  }

  private group(name: string, { contract, layers, spec, namespace }: MiniClusterArgs) {
    const { group } = schedulerParts(contract, layers, spec, poolOf(contract, spec)!.name, namespace);
    return group && newPodGroup(name, contract, group, { parent: this, replaceOnChanges: ["spec"] });
  }

  private cluster(
    name: string,
    { contract, layers, spec, namespace }: MiniClusterArgs,
    seed: pulumi.Output<string>,
    group: ReturnType<MiniCluster["group"]>,
  ): k8s.apiextensions.CustomResource {
    const object = miniClusterObject(contract, layers, spec, namespace);
    const curveCert = pulumi.secret(seed.apply((bytes) => curveCertificate(bytes, spec.name)));
    // The group's name as its output: another group is another MiniCluster.
    const labels = group && { ...object.spec.pod.labels, [POD_GROUP_LABEL]: group.metadata.name };
    return new k8s.apiextensions.CustomResource(
      name,
      {
        ...object,
        spec: {
          ...object.spec,
          pod: { ...object.spec.pod, ...(labels ? { labels } : {}) },
          flux: { ...object.spec.flux, curveCert },
        },
      },
      {
        parent: this,
        dependsOn: group ? [group] : [],
        deleteBeforeReplace: true,
        replaceOnChanges: ["spec"],
        // The key is in the middle of it, and what the server gives back has the key in plain text.
        additionalSecretOutputs: ["spec"],
      },
    );
  }

  private waitFor(name: string, { spec, namespace, kubeconfig }: MiniClusterArgs, until: "started" | "complete") {
    const owner = this.object.metadata.uid;
    const timeoutSeconds = spec.waitSeconds ?? 3600;
    return jobGate(
      name,
      { name: spec.name, namespace, until, owner, kubeconfig, timeoutSeconds },
      { parent: this, dependsOn: [this.object] },
    );
  }
}
