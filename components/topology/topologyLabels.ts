import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { gate, type LabelGateRequest } from "./gate";
import { expectedPools, labelledNodes, TOPOLOGY_FIELD_MANAGER, topologyLabelKeys, type ContractNode } from "./labels";

export interface TopologyLabelsArgs {
  readonly contract: ClusterContract;
  /** For the gate; handed over as a secret on standard input. */
  readonly kubeconfig: pulumi.Input<string>;
  /**
   * How long the gate waits for nodes to be there, Ready and labelled.
   * @default 300
   */
  readonly gateTimeoutSeconds?: number;
  /**
   * Write the labels. Without it they are only waited for, e.g. where somebody else sets them.
   * @default true
   */
  readonly labels?: boolean;
}

/**
 * Says on every node where it is in the network, and waits until that is so: a gang asked to stay in one leaf would leave out
 * every node that has no label yet.
 *
 * Children: `<node>-labels` per node that can carry work (NodePatch) and `<name>-gate`. Options must name the Kubernetes provider.
 */
export class TopologyLabels extends pulumi.ComponentResource {
  static readonly type = "turducken:topology:TopologyLabels";
  /** Finished when every pool is labelled. Undefined where no node is known by name. */
  readonly gate?: command.local.Command;

  constructor(name: string, args: TopologyLabelsArgs, options: pulumi.ComponentResourceOptions) {
    super(TopologyLabels.type, name, {}, options);
    const patches = args.labels === false ? [] : labelledNodes(args.contract).map((node) => labelNode(node, this));
    this.gate = labelGate(name, args, patches, this);
    this.registerOutputs({});
  }
}

function labelNode(node: ContractNode, parent: pulumi.Resource): k8s.core.v1.NodePatch {
  return new k8s.core.v1.NodePatch(
    `${node.name}-labels`,
    {
      metadata: {
        name: node.name,
        labels: node.labels,
        annotations: {
          // A kubelet may have set the same label when the host joined; without force the patch would end in a conflict.
          "pulumi.com/patchForce": "true",
          // Otherwise a random name, by which nobody could tell who owns the label.
          "pulumi.com/patchFieldManager": TOPOLOGY_FIELD_MANAGER,
        },
      },
    },
    {
      parent,
      // Deleting a patch applies an empty object in its place (pulumi-kubernetes provider/pkg/ssa/actions.go, Relinquish): for a node
      // that left the cluster meanwhile, that would make a Node object without a machine. The labels of nodes that stay are harmless.
      retainOnDelete: true,
    },
  );
}

function labelGate(
  name: string,
  args: TopologyLabelsArgs,
  patches: pulumi.Resource[],
  parent: pulumi.Resource,
): command.local.Command | undefined {
  const pools = expectedPools(args.contract);
  if (pools.length === 0) return undefined;
  const timeoutSeconds = args.gateTimeoutSeconds ?? 300;
  const request: pulumi.Input<LabelGateRequest> = pulumi
    .output(args.kubeconfig)
    .apply((kubeconfig) => ({ kubeconfig, keys: topologyLabelKeys(args.contract), pools, timeoutSeconds }));
  return gate(`${name}-gate`, { words: [], request, timeoutSeconds }, { parent, dependsOn: patches });
}
