import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  FluxOperator,
  fluxOperatorConfig,
  fluxOperatorProblems,
  miniClusterCrd,
  operatorDeployment,
  operatorSettings,
  type ManifestObject,
} from "../../../../components/flux-operator";
import { electionRole, managerRole } from "../../../../components/flux-operator/rbac";
import { policies, type PolicyValue } from "../../../../policies";
import { exampleContract, pool } from "../../../fixtures/contract";
import { graphOf } from "../../../fixtures/graph";

const IMAGE = `ghcr.io/flux-framework/flux-operator@sha256:${"1".repeat(64)}`;
const provider = () => new k8s.Provider("kubernetes", { kubeconfig: pulumi.secret("x"), clusterIdentifier: "x" });

describe("FluxOperator", () => {
  test("makes the CRD and what the controller needs, then the controller", async () => {
    const graph = await graphOf(async () => {
      new FluxOperator("flux", { image: IMAGE, arch: "arm64" }, { provider: provider() });
      return {};
    });
    const children = graph.resources.filter(({ parent }) => parent === "flux");
    expect(children.map(({ name }) => name).sort()).toEqual([
      "flux-account", "flux-binding", "flux-crd", "flux-deployment", "flux-election-binding", "flux-election-role", "flux-namespace", "flux-role",
    ]); // prettier-ignore
    expect(children.every((each) => each.provider === "kubernetes")).toBe(true);
    expect(graph.find("kubernetes:apps/v1:Deployment", "flux-deployment").dependsOn).toEqual([
      "flux-binding",
      "flux-crd",
      "flux-election-binding",
    ]);
    const crd = graph.find("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "flux-crd");
    expect(crd.inputs).toMatchObject(miniClusterCrd());
    expect(children.filter(({ retainOnDelete }) => retainOnDelete).map(({ name }) => name)).toEqual(["flux-crd"]);
    expect(graph.find("kubernetes:core/v1:Namespace", "flux-namespace").inputs).toMatchObject({
      metadata: { name: "operator-system", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
  });

  test("keeps to every policy", async () => {
    const { resources } = await graphOf(async () => {
      new FluxOperator("flux", { image: IMAGE, arch: "amd64" }, { provider: provider() });
      return {};
    });
    const seen = resources.map((each) => ({
      ...each,
      urn: each.name,
      custom: !each.type.startsWith("turducken:") && each.type !== "pulumi:pulumi:Stack",
      inputs: each.inputs as Record<string, PolicyValue>,
      options: {
        protect: false,
        deleteBeforeReplace: each.deleteBeforeReplace,
        retainOnDelete: each.retainOnDelete,
        additionalSecretOutputs: each.additionalSecretOutputs,
      },
    }));
    const graph = { project: "turducken", stack: "layers", outputs: {}, resources: seen };
    expect(policies.flatMap((rule) => rule.check(graph))).toEqual([]);
  });

  test("makes a manifest's objects one by one, and keeps its CRD", async () => {
    const manifest: ManifestObject[] = [
      {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "miniclusters.flux-framework.org" },
        spec: miniClusterCrd().spec,
      },
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "ops" } },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "manager", namespace: "ops" } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "manager", namespace: "ops" }, spec: { replicas: 1 } },
    ];
    const graph = await graphOf(async () => {
      new FluxOperator("flux", { manifest }, { provider: provider() });
      return {};
    });
    const deployment = graph.find("kubernetes:apps/v1:Deployment", "flux-deployment-ops-manager");
    expect(deployment.inputs).toMatchObject({ metadata: { name: "manager", namespace: "ops" }, spec: { replicas: 1 } });
    expect(deployment.dependsOn).toEqual([
      "flux-customresourcedefinition-miniclusters.flux-framework.org",
      "flux-namespace-ops",
      "flux-serviceaccount-ops-manager",
    ]);
    expect(
      graph.find(
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "flux-customresourcedefinition-miniclusters.flux-framework.org",
      ).retainOnDelete,
    ).toBe(true);
    expect(deployment.retainOnDelete).toBe(false);
  });
});

test("the controller runs where its image can, with no more rights than it needs", () => {
  const { spec } = operatorDeployment({
    image: IMAGE,
    arch: "arm64",
    nodeSelector: { pool: "system" },
    tolerations: [{ key: "system", operator: "Exists" }],
  });
  const pod = spec.template.spec;
  expect(pod.nodeSelector).toEqual({ "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64", pool: "system" });
  expect(pod.tolerations).toEqual([{ key: "system", operator: "Exists" }]);
  expect(pod.securityContext).toEqual({
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" },
  });
  expect(pod.containers).toEqual([
    expect.objectContaining({
      image: IMAGE,
      args: ["--leader-elect"],
      livenessProbe: { httpGet: { path: "/healthz", port: 8081 }, initialDelaySeconds: 15, periodSeconds: 20 },
      readinessProbe: { httpGet: { path: "/readyz", port: 8081 }, initialDelaySeconds: 5, periodSeconds: 10 },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true },
    }),
  ]);
  expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
});

test("the controller's rights are those measured, and no others", () => {
  const rights = managerRole().rules.flatMap(({ apiGroups, resources, verbs }) =>
    resources.map((resource) => `${apiGroups[0] || "core"}/${resource}: ${verbs.join(" ")}`),
  );
  expect(rights).toEqual([
    "flux-framework.org/miniclusters: list watch patch delete",
    "flux-framework.org/miniclusters/status: update",
    "flux-framework.org/miniclusters/finalizers: update",
    "core/configmaps: create list watch",
    "core/services: create list watch",
    "core/pods: create list watch patch",
    "batch/jobs: create list watch patch",
    "core/secrets: list watch",
    "networking.k8s.io/ingresses: list watch",
  ]);
  expect(electionRole().rules.map(({ resources, verbs }) => [resources, verbs])).toEqual([
    [["leases"], ["create"]],
    [["leases"], ["get", "update"]],
    [["events"], ["create", "patch"]],
  ]);
});

describe("the configuration", () => {
  const contract = exampleContract();
  const mixed = exampleContract({ pools: [pool("compute"), { ...pool("arm"), arch: "arm64" }] });
  const parse = (raw: unknown) => fluxOperatorConfig.parse(raw);
  const at = (raw: unknown, cluster = contract) => fluxOperatorProblems(parse(raw), cluster, "op").map(({ path }) => path);

  test("needs an image or a manifest, and says how to find the digest", () => {
    const [problem] = fluxOperatorProblems(parse({}), exampleContract({ pools: [{ ...pool("a"), arch: "arm64" }] }), "op");
    expect(problem).toMatchObject({
      path: "op.image",
      fix: "`docker buildx imagetools inspect ghcr.io/flux-framework/flux-operator:arm` prints the digest of today's; write the name with it.",
    });
  });

  test("takes the architecture from the pools, and asks for it where they differ", () => {
    expect(at({ image: IMAGE })).toEqual([]);
    expect(operatorSettings(parse({ image: IMAGE }), contract)).toEqual({
      image: IMAGE,
      arch: "amd64",
      nodeSelector: {},
      tolerations: [],
    });
    expect(at({ image: IMAGE }, mixed)).toEqual(["op.arch"]);
    expect(at({ image: IMAGE, arch: "arm64" }, mixed)).toEqual([]);
    expect(at({ image: IMAGE, arch: "arm64" })).toEqual(["op.arch"]);
  });

  test("takes a manifest alone", () => {
    const sha256 = "a".repeat(64);
    expect(at({ manifest: { path: "x.yaml", sha256 } }, mixed)).toEqual([]);
    expect(at({ manifest: { path: "x.yaml", sha256 }, image: IMAGE, arch: "amd64" })).toEqual(["op.image", "op.arch"]);
    expect(at({ manifest: { sha256 } })).toEqual(["op.manifest"]);
    expect(at({ manifest: { sha256, path: "x", url: "https://x" } })).toEqual(["op.manifest"]);
  });

  test.each([
    [{ image: "ghcr.io/flux-framework/flux-operator:latest" }],
    [{ image: IMAGE, arch: "x86" }],
    [{ manifest: { url: "http://x", sha256: "a".repeat(64) } }],
    [{ manifest: { url: "https://x", sha256: "abc" } }],
    [{ images: IMAGE }],
  ])("does not take %j", (raw) => {
    expect(fluxOperatorConfig.safeParse(raw).success).toBe(false);
  });
});
