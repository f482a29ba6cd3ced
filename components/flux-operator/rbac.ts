/**
 * What the controller may do: what it was measured to call over the whole life of MiniClusters with services and cleanup, on
 * Kubernetes 1.36, and two calls that only happen elsewhere. Reads come from informers, hence list and watch without get.
 *
 * Upstream's role also has nodes, pods/exec, pods/log, volumes and writing Secrets, none of which its code uses
 * (flux-framework/flux-operator:config/rbac/role.yaml, controllers/flux@0d75cef8).
 */
import { GROUP } from "./model/spec";

export const OPERATOR_NAMESPACE = "operator-system";
export const OPERATOR_ACCOUNT = "operator-controller-manager";
/** Name of its Lease (main.go@0d75cef8). */
export const LEADER_ID = "14dde902.flux-framework.org";

const ELECTION_ROLE = "operator-leader-election-role";
const MANAGER_ROLE = "operator-manager-role";

export function managerRole() {
  const make = ["create", "list", "watch"];
  return {
    metadata: { name: MANAGER_ROLE },
    rules: [
      // patch: a size beyond the one it was made for is set back (controllers/flux/scale.go). delete: `cleanup: true`.
      { apiGroups: [GROUP], resources: ["miniclusters"], verbs: ["list", "watch", "patch", "delete"] },
      { apiGroups: [GROUP], resources: ["miniclusters/status"], verbs: ["update"] },
      // Only where admission plugin OwnerReferencesPermissionEnforcement is on: what it makes has blocking owner references.
      { apiGroups: [GROUP], resources: ["miniclusters/finalizers"], verbs: ["update"] },
      { apiGroups: [""], resources: ["configmaps", "services"], verbs: make },
      // patch: the label job-index, on every pod of a MiniCluster's namespace (controllers/flux/labels.go).
      { apiGroups: [""], resources: ["pods"], verbs: [...make, "patch"] },
      // patch: a resize.
      { apiGroups: ["batch"], resources: ["jobs"], verbs: [...make, "patch"] },
      // It never reads one on purpose, but watches them in all namespaces (Owns in minicluster_controller.go) and does not start without.
      { apiGroups: [""], resources: ["secrets"], verbs: ["list", "watch"] },
      { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: ["list", "watch"] },
    ],
  };
}

/** kubernetes/client-go:tools/leaderelection/resourcelock/leaselock.go: Get, Create, Update; and an event for each new leader. */
export function electionRole() {
  return {
    metadata: { name: ELECTION_ROLE, namespace: OPERATOR_NAMESPACE },
    rules: [
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: [LEADER_ID], verbs: ["get", "update"] },
      { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
    ],
  };
}

const subjects = [{ kind: "ServiceAccount", name: OPERATOR_ACCOUNT, namespace: OPERATOR_NAMESPACE }];

export function managerBinding() {
  return {
    metadata: { name: "operator-manager-rolebinding" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: MANAGER_ROLE },
    subjects,
  };
}

export function electionBinding() {
  return {
    metadata: { name: "operator-leader-election-rolebinding", namespace: OPERATOR_NAMESPACE },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: ELECTION_ROLE },
    subjects,
  };
}
