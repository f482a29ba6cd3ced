import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { KEEP_OFF_NAME, keepOffPolicy, policyBinding, TOLERATE_NAME, toleratePolicy } from "./admission";
import type { FluenceConfig } from "./config";
import { fluenceGate, hideNodes } from "./gate";
import { nodeMarks } from "./nodes";
import { configMap, deployment, extraRole, fluenceNamespace, roleBindings, serviceAccount } from "./objects";

/** Owner of the label that says which nodes are Fluence's. */
export const FLUENCE_FIELD_MANAGER = "turducken-fluence";

export interface FluenceArgs {
  readonly contract: ClusterContract;
  readonly config: FluenceConfig;
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * Fluence, generation 2, without its webhook, and nodes that are its own: other pods are kept off them, and all other nodes are
 * hidden from it. Check the configuration with `fluenceProblems` first. Give it `dependsOn` the gate of the topology labels: it
 * reads its nodes once, at start.
 *
 * Children, in this order: `<node>-fluence` (NodePatch) for each node that can carry work; `<name>-keep-off` and
 * `<name>-tolerate` with a binding each; `<name>-hide`, the taint of all other nodes; namespace, account, roles, configuration;
 * `<name>-gate`; `<name>-scheduler`. Options must name the Kubernetes provider.
 */
export class Fluence extends pulumi.ComponentResource {
  static readonly type = "turducken:fluence:Fluence";
  /** Finished when Fluence is ready to place pods. */
  readonly scheduler: k8s.apps.v1.Deployment;

  constructor(name: string, args: FluenceArgs, options: pulumi.ComponentResourceOptions) {
    super(Fluence.type, name, {}, options);
    const marks = nodeMarks(args.contract, args.config.pools).map((node) => this.markNode(node));
    const policies = this.keepApart(name, marks);
    const hidden = hideNodes(`${name}-hide`, args, { parent: this, dependsOn: policies });
    const rights = this.giveRights(name, args.config.namespace);
    const gate = fluenceGate(`${name}-gate`, args, { parent: this, dependsOn: [hidden] });
    this.scheduler = this.run(name, args, [...rights, gate]);
    this.registerOutputs({});
  }

  private markNode({ name, labels }: { name: string; labels: Record<string, string> }): k8s.core.v1.NodePatch {
    const annotations = { "pulumi.com/patchForce": "true", "pulumi.com/patchFieldManager": FLUENCE_FIELD_MANAGER };
    return new k8s.core.v1.NodePatch(
      `${name}-fluence`,
      { metadata: { name, labels, annotations } },
      // Deleting a patch of a node that left would make a Node object without a machine; see components/topology.
      { parent: this, retainOnDelete: true },
    );
  }

  /** Both policies, then what binds them; nodes know their place before anybody is kept off them. */
  private keepApart(name: string, marks: pulumi.Resource[]): pulumi.Resource[] {
    const { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } = k8s.admissionregistration.v1;
    const keepOff = new MutatingAdmissionPolicy(`${name}-keep-off`, keepOffPolicy(), { parent: this, dependsOn: marks });
    const tolerate = new MutatingAdmissionPolicy(`${name}-tolerate`, toleratePolicy(), { parent: this });
    return [
      new MutatingAdmissionPolicyBinding(`${name}-keep-off-binding`, policyBinding(KEEP_OFF_NAME), {
        parent: this,
        dependsOn: [keepOff],
      }),
      new MutatingAdmissionPolicyBinding(`${name}-tolerate-binding`, policyBinding(TOLERATE_NAME), {
        parent: this,
        dependsOn: [tolerate],
      }),
    ];
  }

  private giveRights(name: string, namespace: string): pulumi.Resource[] {
    const { ClusterRole, ClusterRoleBinding, RoleBinding } = k8s.rbac.v1;
    const home = new k8s.core.v1.Namespace(`${name}-namespace`, fluenceNamespace(namespace), { parent: this });
    const inside = { parent: this, dependsOn: [home] };
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, serviceAccount(namespace), inside);
    const role = new ClusterRole(`${name}-extra`, extraRole(), { parent: this });
    const { scheduler, volumes, extra, authentication } = roleBindings(namespace);
    const bound = { parent: this, dependsOn: [account, role] };
    return [
      new ClusterRoleBinding(`${name}-as-scheduler`, scheduler, bound),
      new ClusterRoleBinding(`${name}-as-volume-scheduler`, volumes, bound),
      new ClusterRoleBinding(`${name}-extra-binding`, extra, bound),
      new RoleBinding(`${name}-authentication`, authentication, bound),
      new k8s.core.v1.ConfigMap(`${name}-config`, configMap(namespace), inside),
    ];
  }

  private run(name: string, { contract, config }: FluenceArgs, dependsOn: pulumi.Resource[]): k8s.apps.v1.Deployment {
    return new k8s.apps.v1.Deployment(`${name}-scheduler`, deployment(contract, config), { parent: this, dependsOn });
  }
}
