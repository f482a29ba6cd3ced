import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { FLANNEL_REPOSITORY, VERSIONS } from "../kubernetes/versions";

const NAMESPACE = "kube-flannel";

export interface NetworkArgs {
  readonly contract: ClusterContract;
}

/**
 * The pod network, where the layers bring it: flannel's chart. `bridge` is written by the hosts' own programs, `provider` comes
 * with the cluster, `none` is the user's. Options must name the Kubernetes provider.
 */
export class Network extends pulumi.ComponentResource {
  static readonly type = "turducken:network:Network";
  /** Undefined where the layers install nothing. */
  readonly release?: k8s.helm.v3.Release;

  constructor(name: string, args: NetworkArgs, options: pulumi.ComponentResourceOptions) {
    super(Network.type, name, {}, options);
    const { cni, podCIDR } = args.contract.network;
    if (cni === "flannel") this.release = flannel(name, podCIDR ?? missingCIDR(args.contract.name), this);
    this.registerOutputs({});
  }
}

/**
 * Namespace first, by hand, as flannel's instructions want it: its pods use the host's network, which needs `privileged`
 * (flannel-io/flannel:Documentation/kubernetes.md).
 */
function flannel(name: string, podCIDR: string, parent: pulumi.Resource): k8s.helm.v3.Release {
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  const namespace = new k8s.core.v1.Namespace(`${name}-namespace`, { metadata: { name: NAMESPACE, labels } }, { parent });
  return new k8s.helm.v3.Release(`${name}-flannel`, flannelRelease(podCIDR), {
    parent,
    dependsOn: [namespace],
    deleteBeforeReplace: true,
  });
}

/** Values of flannel-io/flannel:chart/kube-flannel/values.yaml@07274bb7. */
export function flannelRelease(podCIDR: string) {
  return {
    // A fixed release name: a random one would leave two flannels behind after a replacement.
    name: "flannel",
    namespace: NAMESPACE,
    chart: "flannel",
    version: VERSIONS.flannelChart.version,
    repositoryOpts: { repo: FLANNEL_REPOSITORY },
    values: { podCidr: podCIDR },
    timeout: 600,
  };
}

function missingCIDR(cluster: string): never {
  throw new Error(`the contract of cluster ${cluster} says cni flannel and no podCIDR`);
}
