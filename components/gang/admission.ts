import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { gate } from "../topology/gate";
import { POD_GROUP_LABEL } from "./spec";

export const ADMISSION_NAME = "turducken-pod-group";

/**
 * Puts every pod that carries the label under the PodGroup of that name, inside the API server: no webhook stands between a
 * user and their pods. Jobs and MiniClusters have no field of their own for it.
 */
export function admissionPolicy() {
  return {
    metadata: { name: ADMISSION_NAME },
    spec: {
      // Seen only by pods with the label: for them alone the API server refuses rather than place a gang pod by pod.
      failurePolicy: "Fail",
      // A webhook after this one may add the label.
      reinvocationPolicy: "IfNeeded",
      matchConstraints: {
        matchPolicy: "Equivalent",
        namespaceSelector: {},
        objectSelector: { matchExpressions: [{ key: POD_GROUP_LABEL, operator: "Exists" }] },
        resourceRules: [
          { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" },
        ],
      },
      matchConditions: [{ name: "not-in-a-group-yet", expression: "!has(object.spec.schedulingGroup)" }],
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: {
            expression: `Object{spec: Object.spec{schedulingGroup: Object.spec.schedulingGroup{podGroupName: object.metadata.labels["${POD_GROUP_LABEL}"]}}}`,
          },
        },
      ],
    },
  };
}

export function admissionBinding() {
  return { metadata: { name: ADMISSION_NAME }, spec: { policyName: ADMISSION_NAME } };
}

export interface GangAdmissionArgs {
  /** API version that serves PodGroup, from the contract. */
  readonly gangApi: string;
  readonly kubeconfig: pulumi.Input<string>;
  /** Bound of each of the two waits. @default 120 */
  readonly timeoutSeconds?: number;
}

/**
 * Lets any labelled pod join a gang. Children: `<name>-api` (the API server really keeps a pod's group: with its gate off it
 * drops the field without a word), the policy, its binding, and `<name>-gate` (the policy is in effect). Options must name the
 * Kubernetes provider.
 */
export class GangAdmission extends pulumi.ComponentResource {
  static readonly type = "turducken:gang:GangAdmission";
  /** Finished when a labelled pod would be grouped. */
  readonly gate: command.local.Command;

  constructor(name: string, args: GangAdmissionArgs, options: pulumi.ComponentResourceOptions) {
    super(GangAdmission.type, name, {}, options);
    const api = gangPreflight(`${name}-api`, { ...args, namespace: "default" }, { parent: this });
    const policy = new k8s.admissionregistration.v1.MutatingAdmissionPolicy(`${name}-policy`, admissionPolicy(), {
      parent: this,
      dependsOn: [api],
    });
    const binding = new k8s.admissionregistration.v1.MutatingAdmissionPolicyBinding(`${name}-binding`, admissionBinding(), {
      parent: this,
      dependsOn: [policy],
    });
    this.gate = gangPreflight(
      `${name}-gate`,
      { ...args, namespace: "default", admission: true },
      { parent: this, dependsOn: [binding] },
    );
    this.registerOutputs({});
  }
}

export interface GangPreflightArgs extends GangAdmissionArgs {
  /** Where the pod is tried (a dry run: nothing is made). */
  readonly namespace: string;
  /** Also ask that the label alone puts a pod into its group. @default false */
  readonly admission?: boolean;
}

/** Asks the live API server what a version number cannot tell: whether gangs are switched on. */
export function gangPreflight(
  name: string,
  args: GangPreflightArgs,
  options: pulumi.CustomResourceOptions,
): command.local.Command {
  const timeoutSeconds = args.timeoutSeconds ?? 120;
  const words = [
    "--api",
    args.gangApi,
    "--namespace",
    args.namespace,
    ...(args.admission ? ["--pod-group-label", POD_GROUP_LABEL] : []),
  ];
  const request = pulumi.output(args.kubeconfig).apply((kubeconfig) => ({ kubeconfig, timeoutSeconds }));
  return gate(name, { words, request, timeoutSeconds }, options);
}

/** The live check before a workload's gangs. Child: `<name>-gate`. */
export class GangPreflight extends pulumi.ComponentResource {
  static readonly type = "turducken:gang:GangPreflight";

  constructor(name: string, args: GangPreflightArgs, options?: pulumi.ComponentResourceOptions) {
    super(GangPreflight.type, name, {}, options);
    gangPreflight(`${name}-gate`, args, { parent: this });
    this.registerOutputs({});
  }
}
