import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { deviceCharts, GPU_OPERATOR_NAMESPACE, type ChartRelease } from "./charts";
import type { DevicesConfig } from "./config";
import type { ContractPool } from "../gang/spec";
import { rdmaConfigMap, rdmaDaemonSet, rdmaPools } from "./rdma";
import { deviceResources, type OfferedDevices } from "./resources";

export interface DevicesArgs {
  readonly contract: ClusterContract;
  /** Check it with `devicesProblems` first. */
  readonly config: DevicesConfig;
}

/**
 * Device plugins for what the pools have: charts for EFA, GPUs and accelerators, and a DaemonSet of our own for each pool with
 * InfiniBand or RoCE. Each is on exactly the nodes of its pools. None is waited for, because one dead node would fail it; a
 * `LivePreflight` of stage `devices` that depends on this waits for as many nodes as each pool must have.
 *
 * Children: `<name>-efa`, `-efa-dra`, `-nvidia`, `-gpu-operator` (and `-gpu-operator-namespace`), `-amd`, `-neuron`;
 * `<name>-rdma-<pool>` and its `<name>-rdma-<pool>-program`. Options must name the Kubernetes provider.
 */
export class Devices extends pulumi.ComponentResource {
  static readonly type = "turducken:devices:Devices";
  /** What the nodes will offer; plain values. */
  readonly offered: OfferedDevices;

  constructor(name: string, args: DevicesArgs, options: pulumi.ComponentResourceOptions) {
    super(Devices.type, name, {}, options);
    const { contract, config } = args;
    this.offered = deviceResources(contract, config);
    for (const chart of deviceCharts(contract, config)) release(name, chart, this);
    for (const pool of rdmaPools(contract, config)) rdma(name, pool, args, this);
    this.registerOutputs({});
  }
}

function release(name: string, { id, ...chart }: ChartRelease, parent: pulumi.Resource): k8s.helm.v3.Release {
  const before = chart.namespace === GPU_OPERATOR_NAMESPACE ? [operatorNamespace(name, parent)] : [];
  return new k8s.helm.v3.Release(
    `${name}-${id}`,
    { ...chart, repositoryOpts: chart.repositoryOpts, skipAwait: true, timeout: 600 },
    { parent, dependsOn: before, deleteBeforeReplace: true },
  );
}

/** Its pods are privileged (docs.nvidia.com, GPU Operator, "Installing", prerequisites). */
function operatorNamespace(name: string, parent: pulumi.Resource): k8s.core.v1.Namespace {
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  return new k8s.core.v1.Namespace(
    `${name}-gpu-operator-namespace`,
    { metadata: { name: GPU_OPERATOR_NAMESPACE, labels } },
    { parent },
  );
}

function rdma(name: string, pool: ContractPool, { contract, config }: DevicesArgs, parent: pulumi.Resource): void {
  const object = `${name}-rdma-${pool.name}`;
  const program = new k8s.core.v1.ConfigMap(`${object}-program`, rdmaConfigMap(object), { parent, deleteBeforeReplace: true });
  new k8s.apps.v1.DaemonSet(object, rdmaDaemonSet(contract, pool, config, object), {
    parent,
    dependsOn: [program],
    deleteBeforeReplace: true,
  });
}
