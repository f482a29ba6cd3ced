import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { Gang, GangAdmission, scopedKubeconfig, Workspace } from "../../../../components/gang";
import { exampleContract } from "../../../fixtures/contract";
import { graphOf, plainText, revealed } from "../../../fixtures/graph";

const ADMIN = [
  "apiVersion: v1",
  "current-context: a",
  "clusters: [{name: c, cluster: {server: 'https://10.0.0.10:6443', certificate-authority-data: Q0E=}}]",
  "contexts: [{name: a, context: {cluster: c, user: root}}]",
  "users: [{name: root, user: {client-key-data: ADMIN-KEY}}]",
].join("\n");
const provider = () => new k8s.Provider("kubernetes", { kubeconfig: pulumi.secret(ADMIN), clusterIdentifier: "x" });

describe("Gang", () => {
  const spec = { name: "ring", nodes: 3, within: "leaf", image: "i@sha256:1" };

  test.each([
    ["scheduling.k8s.io/v1alpha2", "kubernetes:scheduling.k8s.io/v1alpha2:PodGroup"],
    ["scheduling.k8s.io/v1beta1", "kubernetes:scheduling.k8s.io/v1beta1:PodGroup"],
  ] as const)("makes the PodGroup of %s, then the Job that depends on it", async (gangApi, type) => {
    const contract = exampleContract({ kubernetes: { version: "1.36.3", distribution: "kubeadm", gangApi } });
    const graph = await graphOf(async () => {
      new Gang("ring", { contract, gang: spec, namespace: "work" }, { provider: provider() });
      return {};
    });
    const group = graph.find(type, "ring-group");
    expect(group).toMatchObject({
      parent: "ring",
      provider: "kubernetes",
      deleteBeforeReplace: true,
      replaceOnChanges: ["spec"],
    });
    const job = graph.find("kubernetes:batch/v1:Job", "ring-job");
    expect(job).toMatchObject({
      parent: "ring",
      provider: "kubernetes",
      deleteBeforeReplace: true,
      dependsOn: ["ring-group", "ring-names"],
    });
    expect(job.inputs).toMatchObject({ spec: { template: { metadata: { labels: { "turducken.dev/pod-group": "ring" } } } } });
    expect(graph.resources.map((each) => each.name)).toEqual(
      expect.arrayContaining(["ring", "ring-group", "ring-names", "ring-job"]),
    );
  });
});

describe("GangAdmission", () => {
  test("asks the API server before it makes the policy and again when it should be in effect", async () => {
    const graph = await graphOf(async () => {
      new GangAdmission(
        "gangs",
        { gangApi: "scheduling.k8s.io/v1alpha2", kubeconfig: pulumi.secret(ADMIN) },
        { provider: provider() },
      );
      return {};
    });
    const api = graph.find("command:local:Command", "gangs-api");
    expect(api.inputs.create).toMatch(
      /^node '.*bin\/turducken\.js' gate --api scheduling\.k8s\.io\/v1alpha2 --namespace default$/,
    );
    expect(JSON.parse(revealed(api.inputs.stdin) as string)).toEqual({ kubeconfig: ADMIN, timeoutSeconds: 120 });
    expect(graph.find("kubernetes:admissionregistration.k8s.io/v1:MutatingAdmissionPolicy", "gangs-policy").dependsOn).toEqual([
      "gangs-api",
    ]);
    expect(
      graph.find("kubernetes:admissionregistration.k8s.io/v1:MutatingAdmissionPolicyBinding", "gangs-binding").dependsOn,
    ).toEqual(["gangs-policy"]);
    const gate = graph.find("command:local:Command", "gangs-gate");
    expect(gate.dependsOn).toEqual(["gangs-binding"]);
    expect(gate.inputs.create).toContain("--pod-group-label turducken.dev/pod-group");
    expect(plainText(graph.resources)).not.toContain("ADMIN-KEY");
  });
});

describe("Workspace", () => {
  test("gives credentials that hold a token and the cluster, and nothing of the administrator", async () => {
    let kubeconfig: pulumi.Output<string> | undefined;
    const graph = await graphOf(async () => {
      kubeconfig = new Workspace("workloads", { namespace: "work", kubeconfig: pulumi.secret(ADMIN) }, { provider: provider() })
        .kubeconfig;
      return { kubeconfig };
    });
    expect(await pulumi.isSecret(kubeconfig!)).toBe(true);
    const text = await (kubeconfig as unknown as { promise(): Promise<string> }).promise();
    expect(parse(text)).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: "https://10.0.0.10:6443", "certificate-authority-data": "Q0E=" } }],
      users: [{ name: "turducken-workloads", user: { token: "scoped-token" } }],
      contexts: [{ name: "turducken-workloads", context: { cluster: "c", user: "turducken-workloads", namespace: "work" } }],
      "current-context": "turducken-workloads",
    });
    expect(graph.find("kubernetes:core/v1:Secret", "workloads-token")).toMatchObject({
      parent: "workloads",
      additionalSecretOutputs: expect.arrayContaining(["data"]),
    });
    expect(graph.find("kubernetes:core/v1:Namespace", "workloads-namespace").inputs).toMatchObject({
      metadata: { labels: { "pod-security.kubernetes.io/enforce": "baseline" } },
    });
    const rules = (graph.find("kubernetes:rbac.authorization.k8s.io/v1:Role", "workloads-role").inputs.rules ?? []) as {
      resources: string[];
    }[];
    expect(rules.flatMap((rule) => rule.resources)).not.toContain("secrets");
    expect(plainText(graph.resources)).not.toMatch(/ADMIN-KEY|scoped-token/);
  });

  test("says what is missing without a token or without a cluster, and shows nothing of the kubeconfig", () => {
    expect(() => scopedKubeconfig(ADMIN, "work", "")).toThrow(
      "the token controller has not given account turducken-workloads in work a token",
    );
    expect(() => scopedKubeconfig("users: [{name: SECRET}]", "work", "t")).toThrow(
      /^the cluster's kubeconfig names no cluster in its current context$/,
    );
  });
});
