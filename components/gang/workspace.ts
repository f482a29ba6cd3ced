import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";

export const WORK_ACCOUNT = "turducken-workloads";

export interface WorkspaceArgs {
  readonly namespace: string;
  /** The administrator's; only its server and CA go into the scoped one. */
  readonly kubeconfig: pulumi.Input<string>;
  /**
   * Raise it to renew the credentials: a new token is made, and the old one stops working when its Secret is deleted.
   * @default 0
   */
  readonly generation?: number;
  /** What the account may do beside `workRules`. @default nothing */
  readonly rules?: readonly WorkRule[];
  /** Further namespaces, in which the same account may do the same. @default none */
  readonly others?: readonly string[];
}

export interface WorkRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

const OWN = ["get", "list", "watch", "create", "update", "patch", "delete"] as const;

/**
 * Where workload stacks may work, and nothing beyond: a namespace with an account that can make gangs in it.
 *
 * The credentials are the token of a ServiceAccount Secret. A token from the TokenRequest API would have to be minted by a
 * command, which Pulumi does not run again when the token expires, so a workload stack would fail at some later day. The Secret
 * is an ordinary typed resource to the real engine and to any other, never expires by itself, ends with its Secret, and is
 * encrypted in the state (the SDK marks `data` as secret).
 *
 * Children: namespace, account, role, binding, `<name>-token`; namespace, role and binding of each other namespace. Options must name the Kubernetes provider.
 */
export class Workspace extends pulumi.ComponentResource {
  static readonly type = "turducken:gang:Workspace";
  readonly namespace: pulumi.Output<string>;
  /** Secret; for this namespace only. */
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: WorkspaceArgs, options: pulumi.ComponentResourceOptions) {
    super(Workspace.type, name, {}, options);
    const home = new k8s.core.v1.Namespace(`${name}-namespace`, workNamespace(args.namespace), { parent: this });
    const metadata = { name: WORK_ACCOUNT, namespace: args.namespace };
    const inside = { parent: this, dependsOn: [home] };
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, { metadata, automountServiceAccountToken: false }, inside);
    const rules = [...workRules(), ...(args.rules ?? [])];
    const role = new k8s.rbac.v1.Role(`${name}-role`, { metadata, rules }, inside);
    const binding = new k8s.rbac.v1.RoleBinding(`${name}-binding`, roleBinding(args.namespace), {
      parent: this,
      dependsOn: [account, role],
    });
    for (const other of args.others ?? []) this.open(`${name}-${other}`, other, args.namespace, rules, account);
    const token = new k8s.core.v1.Secret(`${name}-token`, tokenSecret(args.namespace, args.generation ?? 0), {
      parent: this,
      dependsOn: [account, binding],
    });
    this.namespace = home.metadata.name;
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([args.kubeconfig, token.data])
        .apply(([admin, data]) => scopedKubeconfig(admin, args.namespace, Buffer.from(data?.token ?? "", "base64").toString())),
    );
    this.registerOutputs({});
  }

  /** One more namespace for the account. */
  private open(name: string, namespace: string, home: string, rules: WorkRule[], account: pulumi.Resource): void {
    const made = new k8s.core.v1.Namespace(`${name}-namespace`, workNamespace(namespace), { parent: this });
    const metadata = { name: WORK_ACCOUNT, namespace };
    const role = new k8s.rbac.v1.Role(`${name}-role`, { metadata, rules }, { parent: this, dependsOn: [made] });
    new k8s.rbac.v1.RoleBinding(`${name}-binding`, roleBinding(namespace, home), { parent: this, dependsOn: [account, role] });
  }
}

/** `baseline`: pods of a workload stack get neither the host's folders nor its network. */
export function workNamespace(namespace: string) {
  return {
    metadata: {
      name: namespace,
      labels: { "pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "latest" },
    },
  };
}

/** What a gang's life needs, and what one looks at while it lives. No Secrets: the account's own token lies in one. */
export function workRules(): WorkRule[] {
  const own = [...OWN];
  const look = ["get", "list", "watch"];
  return [
    { apiGroups: ["batch"], resources: ["jobs"], verbs: own },
    { apiGroups: ["scheduling.k8s.io"], resources: ["podgroups"], verbs: own },
    { apiGroups: [""], resources: ["pods", "services", "configmaps"], verbs: own },
    { apiGroups: [""], resources: ["pods/log", "pods/status", "events", "endpoints"], verbs: look },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: look },
    { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: look },
  ];
}

/** @param home where the account is */
export function roleBinding(namespace: string, home = namespace) {
  return {
    metadata: { name: WORK_ACCOUNT, namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: WORK_ACCOUNT },
    subjects: [{ kind: "ServiceAccount", name: WORK_ACCOUNT, namespace: home }],
  };
}

export function tokenSecret(namespace: string, generation: number) {
  return {
    metadata: {
      name: `${WORK_ACCOUNT}-token-${generation}`,
      namespace,
      // The token controller fills it a moment after it is made.
      annotations: { "kubernetes.io/service-account.name": WORK_ACCOUNT, "pulumi.com/waitFor": "jsonpath={.data.token}" },
    },
    type: "kubernetes.io/service-account-token",
  };
}

interface Kubeconfig {
  clusters?: { name: string; cluster: Record<string, unknown> }[];
  contexts?: { name: string; context: { cluster: string } }[];
  "current-context"?: string;
}

/**
 * The administrator's kubeconfig with its user replaced by a token and its context bound to one namespace.
 *
 * @param token empty before the token controller has answered
 * @throws Error, without any of the text, when the kubeconfig has no cluster or there is no token
 */
export function scopedKubeconfig(admin: string, namespace: string, token: string): string {
  if (!token)
    throw new Error(
      `the token controller has not given account ${WORK_ACCOUNT} in ${namespace} a token; is kube-controller-manager running?`,
    );
  const config = parse(admin) as Kubeconfig | null;
  const context = config?.contexts?.find((each) => each.name === config["current-context"]) ?? config?.contexts?.[0];
  const cluster = config?.clusters?.find((each) => each.name === context?.context.cluster);
  if (!cluster) throw new Error("the cluster's kubeconfig names no cluster in its current context");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [cluster],
    users: [{ name: WORK_ACCOUNT, user: { token } }],
    contexts: [{ name: WORK_ACCOUNT, context: { cluster: cluster.name, user: WORK_ACCOUNT, namespace } }],
    "current-context": WORK_ACCOUNT,
  });
}
