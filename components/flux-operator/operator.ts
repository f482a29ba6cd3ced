import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { miniClusterCrd } from "./crd";
import { kindOf, type ManifestKind, type ManifestObject } from "./manifest";
import { operatorAccount, operatorDeployment, operatorNamespace, type OperatorSettings } from "./objects";
import { electionBinding, electionRole, managerBinding, managerRole } from "./rbac";

/** Our own objects with an image, or a user's manifest, read and checked by `loadManifest`. */
export type FluxOperatorArgs = OperatorSettings | { readonly manifest: readonly ManifestObject[] };

/**
 * The Flux Operator: makes a Job, a Service and a ConfigMap of each MiniCluster. Options must name the Kubernetes provider.
 *
 * Children: `<name>-crd`, `<name>-namespace`, `<name>-account`, `<name>-role`, `<name>-binding`, `<name>-election-role`,
 * `<name>-election-binding`, `<name>-deployment`; of a manifest `<name>-<kind>-<namespace>-<object>`.
 *
 * The CRD stays when the stack goes (`retainOnDelete`): deleting it deletes every MiniCluster of everybody with their running
 * Jobs, which the stacks that made them would only notice later. `protect` would instead stop the whole stack from being taken
 * down. A later stack takes the CRD over by server-side apply; `kubectl delete crd` is how to mean it.
 */
export class FluxOperator extends pulumi.ComponentResource {
  static readonly type = "turducken:flux-operator:FluxOperator";
  /** What MiniClusters depend on: the CRD they are of, and the controller that sees them. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: FluxOperatorArgs, options: pulumi.ComponentResourceOptions) {
    super(FluxOperator.type, name, {}, options);
    this.ready = "manifest" in args ? makeManifest(name, args.manifest, this) : makeOperator(name, args, this);
    this.registerOutputs({});
  }
}

function makeOperator(name: string, settings: OperatorSettings, parent: pulumi.Resource): pulumi.Resource[] {
  const { CustomResourceDefinition } = k8s.apiextensions.v1;
  const crd = new CustomResourceDefinition(`${name}-crd`, miniClusterCrd() as k8s.apiextensions.v1.CustomResourceDefinitionArgs, {
    parent,
    retainOnDelete: true,
  });
  const namespace = new k8s.core.v1.Namespace(`${name}-namespace`, operatorNamespace(), { parent });
  const inside = { parent, dependsOn: [namespace] };
  const account = new k8s.core.v1.ServiceAccount(`${name}-account`, operatorAccount(), inside);
  const role = new k8s.rbac.v1.ClusterRole(`${name}-role`, managerRole(), { parent });
  const electing = new k8s.rbac.v1.Role(`${name}-election-role`, electionRole(), inside);
  const binding = new k8s.rbac.v1.ClusterRoleBinding(`${name}-binding`, managerBinding(), { parent, dependsOn: [account, role] });
  const elected = new k8s.rbac.v1.RoleBinding(`${name}-election-binding`, electionBinding(), {
    parent,
    dependsOn: [account, electing],
  });
  const deployment = new k8s.apps.v1.Deployment(`${name}-deployment`, operatorDeployment(settings), {
    parent,
    dependsOn: [crd, binding, elected],
  });
  return [crd, deployment];
}

/** Each object as a resource of its own, those of one kind after all of the kind before. */
function makeManifest(name: string, objects: readonly ManifestObject[], parent: pulumi.Resource): pulumi.Resource[] {
  const made: { kind: ManifestKind; resource: pulumi.Resource }[] = [];
  for (const object of objects) {
    const kind = kindOf(object);
    const dependsOn = made.filter((each) => each.kind !== kind).map(({ resource }) => resource);
    const { namespace, name: own } = object.metadata;
    const words = [name, object.kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), own];
    const retainOnDelete = object.kind === "CustomResourceDefinition";
    made.push({ kind, resource: MAKERS[kind](words.join("-"), object, { parent, dependsOn, retainOnDelete }) });
  }
  return made.map(({ resource }) => resource);
}

type Maker = (name: string, object: ManifestObject, options: pulumi.CustomResourceOptions) => pulumi.Resource;

/** The typed class of each kind; the object is the user's, so its fields are what they are. */
const MAKERS: Readonly<Record<ManifestKind, Maker>> = {
  "apiextensions.k8s.io/v1/CustomResourceDefinition": (name, object, options) =>
    new k8s.apiextensions.v1.CustomResourceDefinition(
      name,
      object as unknown as k8s.apiextensions.v1.CustomResourceDefinitionArgs,
      options,
    ),
  "v1/Namespace": (name, object, options) => new k8s.core.v1.Namespace(name, object as k8s.core.v1.NamespaceArgs, options),
  "v1/ServiceAccount": (name, object, options) =>
    new k8s.core.v1.ServiceAccount(name, object as k8s.core.v1.ServiceAccountArgs, options),
  "rbac.authorization.k8s.io/v1/ClusterRole": (name, object, options) =>
    new k8s.rbac.v1.ClusterRole(name, object as k8s.rbac.v1.ClusterRoleArgs, options),
  "rbac.authorization.k8s.io/v1/Role": (name, object, options) =>
    new k8s.rbac.v1.Role(name, object as k8s.rbac.v1.RoleArgs, options),
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": (name, object, options) =>
    new k8s.rbac.v1.ClusterRoleBinding(name, object as unknown as k8s.rbac.v1.ClusterRoleBindingArgs, options),
  "rbac.authorization.k8s.io/v1/RoleBinding": (name, object, options) =>
    new k8s.rbac.v1.RoleBinding(name, object as unknown as k8s.rbac.v1.RoleBindingArgs, options),
  "v1/ConfigMap": (name, object, options) => new k8s.core.v1.ConfigMap(name, object as k8s.core.v1.ConfigMapArgs, options),
  "v1/Service": (name, object, options) => new k8s.core.v1.Service(name, object as k8s.core.v1.ServiceArgs, options),
  "apps/v1/Deployment": (name, object, options) =>
    new k8s.apps.v1.Deployment(name, object as unknown as k8s.apps.v1.DeploymentArgs, options),
};
