import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { gate } from "../topology/gate";
import { kueueNamespace, kueueRelease } from "./chart";
import type { KueueConfig } from "./config";
import { clusterQueue, localQueue, poolLabels, resourceFlavor, topologies } from "./objects";
import type { KueueSummary } from "./parts";
import { queuePools } from "./quota";
import { KUEUE_API } from "./versions";

export interface KueueArgs {
  readonly contract: ClusterContract;
  readonly config: KueueConfig;
  /** Where workloads may queue; each gets a LocalQueue. They exist already. */
  readonly namespaces: readonly string[];
  /** For the gate; handed over as a secret on standard input. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * Queues that place jobs by the network: Kueue by its chart (or the user's own), and on it a Topology, a flavor for each pool,
 * one ClusterQueue and a LocalQueue in each workload namespace. Check with `kueueProblems` first. Nodes carry the labels of
 * `withKueueLabels` before it is made, else Kueue does not see them.
 *
 * Children: `<name>-namespace`, `<name>-chart`, `<name>-ready`, `<name>-<topology>`, `<name>-<pool>-flavor`,
 * `<name>-cluster-queue`, `<name>-<namespace>-queue`. Options must name the Kubernetes provider.
 */
export class Kueue extends pulumi.ComponentResource {
  static readonly type = "turducken:kueue:Kueue";
  /** Undefined for a user's own installation. */
  readonly release?: k8s.helm.v3.Release;
  /** Finished when Kueue's webhooks answer. */
  readonly ready: command.local.Command;

  constructor(name: string, args: KueueArgs, options: pulumi.ComponentResourceOptions) {
    super(Kueue.type, name, {}, options);
    if (args.config.install) this.release = installKueue(name, args, this);
    this.ready = kueueGate(`${name}-ready`, args, { parent: this, dependsOn: this.release ? [this.release] : [] });
    const flavors = makeFlavors(name, args, this, this.ready);
    makeQueues(name, args, this, flavors);
    this.registerOutputs({});
  }
}

function installKueue(name: string, args: KueueArgs, parent: pulumi.Resource): k8s.helm.v3.Release {
  const namespace = new k8s.core.v1.Namespace(`${name}-namespace`, kueueNamespace(), { parent });
  return new k8s.helm.v3.Release(`${name}-chart`, kueueRelease(args.namespaces, args.config), {
    parent,
    dependsOn: [namespace],
    deleteBeforeReplace: true,
  });
}

/**
 * A chart is installed when its pods are Ready, but its certificates reach the webhooks' registration and the Service's endpoints
 * reach every node at their own time.
 */
function kueueGate(name: string, { kubeconfig, config }: KueueArgs, options: pulumi.CustomResourceOptions) {
  const { timeoutSeconds } = config;
  const request = pulumi.output(kubeconfig).apply((text) => ({ kubeconfig: text, timeoutSeconds }));
  return gate(name, { words: ["--kueue", KUEUE_API], request, timeoutSeconds }, options);
}

/** What cannot be changed in them is in their names (see objects.ts), so a change makes new ones before it deletes the old. */
function makeFlavors(name: string, { contract, config }: KueueArgs, parent: pulumi.Resource, ready: pulumi.Resource) {
  const fabric = topologies(contract).map(
    (each) => new k8s.apiextensions.CustomResource(`${name}-${each.metadata.name}`, each, { parent, dependsOn: [ready] }),
  );
  return queuePools(contract).map(
    (pool) =>
      new k8s.apiextensions.CustomResource(`${name}-${pool.name}-flavor`, resourceFlavor(contract, pool, config), {
        parent,
        dependsOn: fabric,
        replaceOnChanges: ["spec"],
      }),
  );
}

function makeQueues(name: string, args: KueueArgs, parent: pulumi.Resource, flavors: pulumi.Resource[]): void {
  const { contract, config, namespaces } = args;
  const shared = new k8s.apiextensions.CustomResource(`${name}-cluster-queue`, clusterQueue(contract, namespaces, config), {
    parent,
    dependsOn: flavors,
  });
  for (const namespace of new Set(namespaces)) {
    new k8s.apiextensions.CustomResource(`${name}-${namespace}-queue`, localQueue(namespace, config), {
      parent,
      dependsOn: [shared],
      // A LocalQueue's ClusterQueue cannot be changed.
      deleteBeforeReplace: true,
      replaceOnChanges: ["spec.clusterQueue"],
    });
  }
}

/** For the output `layers`. */
export function kueueSummary(contract: ClusterContract, config: KueueConfig): KueueSummary {
  const labels = queuePools(contract).map(({ name }) => [name, poolLabels(contract, name, config) ?? {}] as const);
  return { queue: config.queue, poolLabels: Object.fromEntries(labels) };
}
