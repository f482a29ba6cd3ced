import {
  miniClusterCrd,
  operatorDeployment,
  operatorNamespace,
  OPERATOR_ACCOUNT,
  OPERATOR_NAMESPACE,
  validateMiniClusterObject,
} from "../../components/flux-operator";
import { operatorAccount } from "../../components/flux-operator/objects";
import { electionBinding, electionRole, LEADER_ID, managerBinding, managerRole } from "../../components/flux-operator/rbac";
import { INVALID, mini, VALID } from "../unit/components/flux-operator/cases";
import { ControlPlane, findPrograms } from "./controlPlane";
import { apiOf, until, type Api } from "./flux-operator/api";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: the Flux Operator's objects on a real API server: ${found.missing}`);

const IMAGE = `ghcr.io/flux-framework/flux-operator@sha256:${"1".repeat(64)}`;
const CLUSTERS = "/apis/flux-framework.org/v1alpha2/namespaces/default/miniclusters";
const DRY = "?dryRun=All&fieldValidation=Strict";
const OPERATOR = `system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR_ACCOUNT}`;

/** `[verb, group, resource, namespace?, name?]`; without a namespace in all of them. */
type Call = readonly [verb: string, group: string, resource: string, namespace?: string, name?: string];

const words = ([verb, group, resource, namespace = "all namespaces", name = ""]: Call) =>
  `${verb} ${group || "core"}/${resource} ${name} in ${namespace}`;

/** Calls measured over the life of MiniClusters with services, a resize and cleanup; and those of leader election. */
const CALLS: readonly Call[] = [
  ["list", "flux-framework.org", "miniclusters"],
  ["watch", "flux-framework.org", "miniclusters"],
  ["patch", "flux-framework.org", "miniclusters"],
  ["delete", "flux-framework.org", "miniclusters"],
  ["update", "flux-framework.org", "miniclusters/status"],
  ["update", "flux-framework.org", "miniclusters/finalizers"],
  ...["configmaps", "services", "pods"].flatMap((resource) =>
    ["create", "list", "watch"].map((verb): Call => [verb, "", resource]),
  ),
  ["patch", "", "pods"],
  ...["create", "list", "watch", "patch"].map((verb): Call => [verb, "batch", "jobs"]),
  ...["list", "watch"].flatMap((verb): Call[] => [
    [verb, "", "secrets"],
    [verb, "networking.k8s.io", "ingresses"],
  ]),
  ["create", "coordination.k8s.io", "leases", OPERATOR_NAMESPACE],
  ["get", "coordination.k8s.io", "leases", OPERATOR_NAMESPACE, LEADER_ID],
  ["update", "coordination.k8s.io", "leases", OPERATOR_NAMESPACE, LEADER_ID],
  ["create", "", "events", OPERATOR_NAMESPACE],
  ["patch", "", "events", OPERATOR_NAMESPACE],
];

/** What upstream's role allows and the controller never does, and what would be worse. */
const NOT_ITS: readonly Call[] = [
  ...["create", "update", "patch", "delete"].map((verb): Call => [verb, "", "secrets"]),
  ["get", "", "secrets"],
  ["create", "", "pods/exec"],
  ["get", "", "pods/log"],
  ["delete", "", "pods"],
  ["create", "flux-framework.org", "miniclusters"],
  ["update", "flux-framework.org", "miniclusters"],
  ["delete", "batch", "jobs"],
  ["update", "", "configmaps"],
  ["list", "", "nodes"],
  ["patch", "", "nodes"],
  ["create", "", "persistentvolumes"],
  ["create", "apps", "statefulsets"],
  ["create", "networking.k8s.io", "ingresses"],
  ["create", "", "serviceaccounts/token"],
  ["create", "rbac.authorization.k8s.io", "clusterrolebindings"],
  ["update", "coordination.k8s.io", "leases", OPERATOR_NAMESPACE, "another"],
  ["get", "coordination.k8s.io", "leases", "default", LEADER_ID],
  ["create", "", "events", "default"],
];

("missing" in found ? describe.skip : describe)("the Flux Operator's objects on a real API server", () => {
  let plane: ControlPlane;
  let api: Api;

  beforeAll(async () => {
    if ("missing" in found) return;
    plane = await ControlPlane.start(found.folder, false);
    api = apiOf(plane.kubeconfig);
    const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", ...miniClusterCrd() };
    const made = await api("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict", {
      body: crd,
    });
    expect([made.status, made.warnings]).toEqual([201, []]);
    await plane.apply("v1", "Namespace", operatorNamespace());
    await plane.apply("v1", "ServiceAccount", operatorAccount());
    await plane.apply("rbac.authorization.k8s.io/v1", "ClusterRole", managerRole());
    await plane.apply("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", managerBinding());
    await plane.apply("rbac.authorization.k8s.io/v1", "Role", electionRole());
    await plane.apply("rbac.authorization.k8s.io/v1", "RoleBinding", electionBinding());
    await until(
      20,
      () => api("GET", CLUSTERS),
      ({ status }) => status === 200,
    );
  }, 180_000);

  afterAll(async () => plane?.stop(), 30_000);

  test("the CRD is established, its schema structural, its names accepted", async () => {
    const { body } = await api("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/miniclusters.flux-framework.org");
    const { conditions } = body.status as { conditions: { type: string; status: string }[] };
    expect(Object.fromEntries(conditions.map(({ type, status }) => [type, status]))).toMatchObject({
      Established: "True",
      NamesAccepted: "True",
    });
    expect(conditions.filter(({ type }) => type === "NonStructuralSchema")).toEqual([]);
  });

  test("every MiniCluster that we accept is accepted, strictly", async () => {
    const answers = await Promise.all(
      Object.entries(VALID).map(async ([name, body]) => {
        const { status, body: said, warnings } = await api("POST", CLUSTERS + DRY, { body });
        return { name, status, said: said.message, warnings };
      }),
    );
    expect(answers.length).toBeGreaterThanOrEqual(30);
    expect(answers.filter(({ status, warnings }) => status !== 201 || warnings.length > 0)).toEqual([]);
    expect(Object.values(VALID).flatMap((object) => validateMiniClusterObject(object))).toEqual([]);
  });

  test("of the others the API server refuses those of the wrong shape, and lets the rest in: only our validation sees them", async () => {
    const answers = await Promise.all(
      Object.entries(INVALID).map(async ([name, { object, refused }]) => {
        const { status } = await api("POST", CLUSTERS + DRY, { body: object as object });
        return { name, status, refused: refused === true };
      }),
    );
    expect(answers.length).toBeGreaterThanOrEqual(60);
    expect(answers.filter(({ status, refused }) => (refused ? status < 400 || status >= 500 : status !== 201))).toEqual([]);
    expect(Object.entries(INVALID).filter(([, { object }]) => validateMiniClusterObject(object).length === 0)).toEqual([]);
    expect(answers.filter(({ refused }) => refused).length).toBeGreaterThanOrEqual(10);
  });

  test("defaults are filled in, and the scale subresource counts the size", async () => {
    const made = await api("POST", CLUSTERS, { body: mini({ flux: { container: {} } }, "scaled") });
    expect(made.body.spec).toEqual({
      cleanup: false,
      containers: [{ command: expect.any(String) as string, image: expect.any(String) as string, pullAlways: false }],
      deadlineSeconds: 31500000,
      flux: {
        connectTimeout: "5s",
        container: {
          disable: false,
          image: "ghcr.io/converged-computing/flux-view-ubuntu:tag-noble",
          mountPath: "/mnt/flux",
          name: "flux-view",
          pullAlways: false,
        },
        logLevel: 6,
      },
      interactive: false,
      size: 1,
      tasks: 1,
    });
    await plane.kubectl(["scale", "minicluster", "scaled", "--replicas=3"]);
    expect((await api("GET", `${CLUSTERS}/scaled`)).body.spec).toMatchObject({ size: 3 });

    const status = { jobid: "", maximumSize: 4, selector: "hpa-selector=scaled", size: 3 };
    const patched = await api("PATCH", `${CLUSTERS}/scaled/status`, {
      body: { spec: { size: 9 }, status },
      contentType: "application/merge-patch+json",
    });
    expect(patched.body).toMatchObject({ spec: { size: 3 }, status });
    expect((await api("GET", `${CLUSTERS}/scaled/scale`)).body).toMatchObject({
      spec: { replicas: 3 },
      status: { replicas: 3, selector: "hpa-selector=scaled" },
    });
  });

  const may = async ([verb, group, resource, namespace, name]: Call) => {
    const [kind, subresource] = resource.split("/");
    const resourceAttributes = { verb, group, resource: kind, subresource, namespace, name };
    const { body } = await api("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
      as: OPERATOR,
    });
    return (body.status as { allowed: boolean }).allowed;
  };

  test.each(CALLS.map((call) => [words(call), call] as const))("the operator may %s", async (_words, call) => {
    expect(await may(call)).toBe(true);
  });

  test.each(NOT_ITS.map((call) => [words(call), call] as const))("the operator may not %s", async (_words, call) => {
    expect(await may(call)).toBe(false);
  });

  test("as itself it makes what a MiniCluster needs and looks at what it watches", async () => {
    const as = OPERATOR;
    const metadata = { name: "scaled-entrypoint" };
    const made = await api("POST", "/api/v1/namespaces/default/configmaps?dryRun=All", {
      body: { apiVersion: "v1", kind: "ConfigMap", metadata, data: {} },
      as,
    });
    expect(made.status).toBe(201);
    expect((await api("GET", "/api/v1/secrets?limit=1", { as })).status).toBe(200);
    expect((await api("GET", "/api/v1/nodes", { as })).status).toBe(403);
  });

  test("its pod is let in at level restricted, and one without the care is not", async () => {
    const { spec } = operatorDeployment({ image: IMAGE, arch: "amd64" });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "operator", labels: spec.template.metadata.labels },
      spec: spec.template.spec,
    };
    const pods = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods${DRY}`;
    const let_in = await api("POST", pods, { body: pod });
    expect([let_in.status, let_in.warnings]).toEqual([201, []]);

    const careless = { ...pod, spec: { ...pod.spec, securityContext: {} } };
    const refused = await api("POST", pods, { body: careless });
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain('violates PodSecurity "restricted:latest"');
  });

  test("the Deployment is accepted strictly, without a warning", async () => {
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", ...operatorDeployment({ image: IMAGE, arch: "arm64" }) };
    const answer = await api("POST", `/apis/apps/v1/namespaces/${OPERATOR_NAMESPACE}/deployments${DRY}`, { body: deployment });
    expect([answer.status, answer.warnings]).toEqual([201, []]);
  });
});
