import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { Kueue, kueueRelease, kueueSummary, managerConfig } from "../../../../components/kueue";
import { VERSIONS } from "../../../../components/kueue/versions";
import { compareVersions } from "../../../../components/kubernetes/versions";
import { graphOf, plainText, revealed } from "../../../fixtures/graph";
import { exampleContract } from "../../../fixtures/contract";
import { config, mixedContract } from "./contracts";

const CUSTOM = "kubernetes:kueue.x-k8s.io/v1beta2";
const build = (given: object = {}, contract = exampleContract(), namespaces = ["work", "lammps"]) =>
  graphOf(async () => {
    const provider = new k8s.Provider("kubernetes", { kubeconfig: "x", clusterIdentifier: "x" });
    new Kueue("kueue", { contract, namespaces, config: config(given), kubeconfig: pulumi.secret("KUBECONFIG") }, { provider });
    return {};
  });

describe("Kueue", () => {
  test("is installed, waited for, and given its queues, one after the other", async () => {
    const graph = await build();
    expect(graph.find("kubernetes:core/v1:Namespace", "kueue-namespace").inputs.metadata).toEqual({
      name: "kueue-system",
      labels: { "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest" },
    });
    const release = graph.find("kubernetes:helm.sh/v3:Release", "kueue-chart");
    expect(release).toMatchObject({
      parent: "kueue",
      provider: "kubernetes",
      dependsOn: ["kueue-namespace"],
      deleteBeforeReplace: true,
    });
    expect(release.inputs).toMatchObject({
      name: "kueue",
      namespace: "kueue-system",
      chart: "oci://registry.k8s.io/kueue/charts/kueue",
      version: "0.19.2",
    });
    expect(graph.find("command:local:Command", "kueue-ready").dependsOn).toEqual(["kueue-chart"]);
    expect(graph.find(`${CUSTOM}:Topology`, "kueue-fabric-4cf101a7").dependsOn).toEqual(["kueue-ready"]);
    const flavor = graph.find(`${CUSTOM}:ResourceFlavor`, "kueue-compute-flavor");
    // Not deleted first: a finalizer keeps a flavor as long as a ClusterQueue names it, and the deletion would never end.
    expect(flavor).toMatchObject({
      dependsOn: ["kueue-fabric-4cf101a7"],
      deleteBeforeReplace: false,
      replaceOnChanges: ["spec"],
    });
    expect(graph.find(`${CUSTOM}:ClusterQueue`, "kueue-cluster-queue").dependsOn).toEqual(["kueue-compute-flavor"]);
    const queues = graph.resources.filter((each) => each.type === `${CUSTOM}:LocalQueue`);
    expect(queues.map((each) => [each.name, each.parent, each.provider, each.dependsOn]).sort()).toEqual([
      ["kueue-lammps-queue", "kueue", "kubernetes", ["kueue-cluster-queue"]],
      ["kueue-work-queue", "kueue", "kubernetes", ["kueue-cluster-queue"]],
    ]);
  });

  test("waits with a bound, by the kubeconfig as a secret on standard input", async () => {
    const graph = await build({ timeoutSeconds: 90 });
    const gate = graph.find("command:local:Command", "kueue-ready");
    expect(gate.inputs.create).toMatch(/^node '.*bin\/turducken\.js' gate --kueue kueue\.x-k8s\.io\/v1beta2$/);
    expect(gate).toMatchObject({
      parent: "kueue",
      createTimeout: "120s",
      additionalSecretOutputs: expect.arrayContaining(["stdin"]),
    });
    expect(JSON.parse(revealed(gate.inputs.stdin) as string)).toEqual({ kubeconfig: "KUBECONFIG", timeoutSeconds: 90 });
    expect(plainText(graph.resources)).not.toContain("KUBECONFIG");
  });

  test("of one's own is waited for all the same", async () => {
    const graph = await build({ install: false });
    expect(graph.resources.filter((each) => /helm|Namespace/.test(each.type))).toEqual([]);
    expect(graph.find("command:local:Command", "kueue-ready").dependsOn).toEqual([]);
    expect(graph.find(`${CUSTOM}:ClusterQueue`, "kueue-cluster-queue").inputs).toMatchObject({ metadata: { name: "work" } });
  });

  test("has a flavor for each pool, and a Topology for each different list of levels", async () => {
    const graph = await build({}, mixedContract());
    const names = (kind: string) =>
      graph.resources
        .filter((each) => each.type === `${CUSTOM}:${kind}`)
        .map((each) => each.name)
        .sort();
    expect(names("ResourceFlavor")).toEqual(["kueue-cpu-flavor", "kueue-gpu-flavor"]);
    expect(names("Topology")).toHaveLength(2);
    expect(names("ClusterQueue")).toEqual(["kueue-cluster-queue"]);
  });
});

describe("the chart", () => {
  test("is 0.19.2 or newer, and the image is the release's", () => {
    expect(compareVersions(VERSIONS.kueueChart.version, "0.19.2")).toBeGreaterThanOrEqual(0);
    expect(VERSIONS.kueueImage.version).toBe(`v${VERSIONS.kueueChart.version}`);
    expect(kueueRelease(["work"], { values: {} }).values).toMatchObject({
      controllerManager: {
        manager: { image: { repository: "registry.k8s.io/kueue/kueue", tag: "v0.19.2", pullPolicy: "IfNotPresent" } },
      },
    });
  });

  test("lets Kueue's webhooks see Jobs of the workload namespaces and nothing else", () => {
    const values = kueueRelease(["work", "lammps", "work"], { values: {} }).values as {
      managerConfig: { controllerManagerConfigYaml: string };
    };
    const parsed = parse(values.managerConfig.controllerManagerConfigYaml) as ReturnType<typeof managerConfig>;
    expect(parsed).toEqual(managerConfig(["work", "lammps"]));
    expect(parsed.integrations.frameworks).toEqual(["batch/job"]);
    expect(parsed.managedJobsNamespaceSelector).toEqual({
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["lammps", "work"] }],
    });
    expect(parsed).toMatchObject({ apiVersion: "config.kueue.x-k8s.io/v1beta2", kind: "Configuration" });
  });

  test("takes the user's values over ours, level by level", () => {
    const { values } = kueueRelease(["work"], {
      values: {
        controllerManager: { replicas: 2, manager: { resources: { limits: { memory: "2Gi" } } } },
        enableCertManager: true,
      },
    });
    expect(values).toMatchObject({
      enableCertManager: true,
      controllerManager: { replicas: 2, manager: { image: { tag: "v0.19.2" }, resources: { limits: { memory: "2Gi" } } } },
      managerConfig: { controllerManagerConfigYaml: expect.any(String) },
    });
  });
});

test("the summary tells a workload the queue and the labels of each pool", () => {
  expect(
    kueueSummary(mixedContract(), config({ queue: "hpc", pools: { cpu: { nodeLabels: { "example.org/kind": "cpu" } } } })),
  ).toEqual({
    queue: "hpc",
    poolLabels: { gpu: { "turducken.dev/pool": "gpu" }, cpu: { "example.org/kind": "cpu" } },
  });
});
