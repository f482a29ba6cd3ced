import { ConfigError } from "../../../components/config/problems";
import { layersConfig } from "../../../stacks/config/layers";
import { layersProblems } from "../../../components/preflight";
import { layers } from "../../../stacks/layers";
import { exampleContract } from "../../fixtures/contract";
import { graphOf, plainText, revealed, type GraphOptions } from "../../fixtures/graph";

const ADMIN = JSON.stringify({
  "current-context": "a",
  clusters: [{ name: "c", cluster: { server: "https://10.0.0.10:6443" } }],
  contexts: [{ name: "a", context: { cluster: "c", user: "u" } }],
  users: [{ name: "u", user: { "client-key-data": "ADMIN-KEY" } }],
});
const config = (more: object = {}) => layersConfig.parse({ cluster: "bare-metal", workloads: { namespace: "work" }, ...more });
const cluster = (contract = exampleContract()): GraphOptions => ({
  stacks: { "org/turducken/bare-metal": { outputs: { cluster: contract, kubeconfig: ADMIN }, secrets: ["kubeconfig"] } },
});

test("the layers of the example: network, labels, gangs, workspace, all through one provider that knows the cluster by name", async () => {
  const graph = await graphOf(() => layers(config()), cluster());
  const provider = graph.find("pulumi:providers:kubernetes", "kubernetes");
  expect(provider.inputs).toMatchObject({ clusterIdentifier: "bare-metal/example", enableServerSideApply: "true" });
  expect(revealed(provider.inputs.kubeconfig)).toBe(ADMIN);
  expect(
    graph.resources
      .filter((each) => each.type.startsWith("turducken:"))
      .map((each) => [each.type, each.name])
      .sort(),
  ).toEqual([
    ["turducken:devices:Devices", "devices"],
    ["turducken:gang:GangAdmission", "gangs"],
    ["turducken:gang:Workspace", "workloads"],
    ["turducken:network:Network", "network"],
    ["turducken:preflight:LivePreflight", "nodes"],
    ["turducken:preflight:LivePreflight", "preflight"],
    ["turducken:topology:TopologyLabels", "topology"],
  ]);
  const typed = graph.resources.filter((each) => each.type.startsWith("kubernetes:"));
  expect(typed).toHaveLength(2 + 6 + 2 + 5);
  expect(typed.filter((each) => each.provider !== "kubernetes" || each.parent === "")).toEqual([]);
});

test("its outputs are a plain summary and a secret kubeconfig, and nothing secret is anywhere in plain", async () => {
  const graph = await graphOf(() => layers(config()), cluster());
  expect(graph.outputs.layers).toEqual({
    schema: 1,
    cluster: "example",
    scheduler: "gang",
    namespace: "work",
    devices: { control: {}, compute: {} },
    fluxOperator: false,
  });
  expect(plainText(graph.resources)).not.toMatch(/ADMIN-KEY|scoped-token/);
});

test("labels wait for the network: without it no node is Ready", async () => {
  const graph = await graphOf(() => layers(config()), cluster());
  for (const [type, name] of [
    ["turducken:topology:TopologyLabels", "topology"],
    ["kubernetes:core/v1:NodePatch", "n01-labels"],
  ] as const)
    expect(graph.find(type, name).dependsOn).toEqual(["network-flannel", "network-namespace", "preflight-gate"]);
  expect(graph.find("kubernetes:core/v1:NodePatch", "n01-labels").parent).toBe("topology");
});

test("every name begins with its component's or its node's", async () => {
  const graph = await graphOf(() => layers(config()), cluster());
  const children = graph.resources.filter((each) => each.parent && each.parent !== "turducken-test");
  const nodes = exampleContract().nodes.map((node) => node.name);
  expect(children.filter((each) => ![each.parent, ...nodes].some((owner) => each.name.startsWith(`${owner}-`)))).toEqual([]);
});

test("with the default scheduler nothing about gangs is made", async () => {
  const graph = await graphOf(() => layers(config({ scheduler: "default" })), cluster());
  expect(graph.resources.map((each) => each.type)).not.toContain("turducken:gang:GangAdmission");
});

test("two runs make the same graph", async () => {
  const [first, second] = [await graphOf(() => layers(config()), cluster()), await graphOf(() => layers(config()), cluster())];
  // Registrations that do not depend on each other come in any order.
  const sorted = (resources: typeof first.resources) =>
    JSON.stringify([...resources].sort((a, b) => (a.type + a.name < b.type + b.name ? -1 : 1)));
  expect(sorted(second.resources)).toBe(sorted(first.resources));
});

test("a preview before there is a kubeconfig still has every resource", async () => {
  const contract = exampleContract();
  const graph = await graphOf(() => layers(config()), {
    preview: true,
    stacks: { "org/turducken/bare-metal": { outputs: { cluster: contract } } },
  });
  expect(graph.resources.filter((each) => each.type === "kubernetes:core/v1:NodePatch")).toHaveLength(6);
  expect(graph.find("command:local:Command", "topology-gate").inputs.create).toContain("gate");
});

describe("layersProblems", () => {
  const topology = { labels: true, gateTimeoutSeconds: 1 };

  test("gives all the reasons why gangs cannot be on this cluster", () => {
    const contract = exampleContract({
      kubernetes: { version: "1.35.2", distribution: "kubeadm" },
      schedulers: ["kueue", "default"],
    });
    expect(layersProblems(contract, { scheduler: "gang", topology })).toEqual([
      {
        path: "layers.scheduler",
        value: "gang",
        message:
          "it cannot run on cluster example (kubeadm 1.35.2): the cluster's contract does not offer it; the contract names no API version that serves PodGroup; " +
          "the gates for native gangs are known for Kubernetes 1.36 and 1.37, not 1.35",
        allowed: "kueue, default",
        fix: "use a scheduler that the cluster offers, or change the cluster stack (`kubernetes.gangs: true`, a version that can) and run `up` there",
      },
    ]);
  });

  test("refuses to write labels that the cloud writes", () => {
    const contract = exampleContract({ labelsBy: "provider" });
    expect(layersProblems(contract, { scheduler: "gang", topology }).map((each) => each.path)).toEqual([
      "layers.topology.labels",
    ]);
    expect(layersProblems(contract, { scheduler: "gang", topology: { ...topology, labels: false } })).toEqual([]);
  });
});

test("without a cluster it says what to set", async () => {
  await expect(layers(layersConfig.parse({}))).rejects.toThrow(ConfigError);
});

const pinned = (name: string) => `registry.example.org/${name}@sha256:${"9".repeat(64)}`;
const dependsOf = (graph: Awaited<ReturnType<typeof graphOf>>, type: string, name: string) => graph.find(type, name).dependsOn;

test("whatever uses the cluster comes after the live look at it, and a scheduler after every node is as it must be", async () => {
  const fluence = { pools: ["compute"], image: pinned("fluence") };
  const graph = await graphOf(
    () => layers(config({ scheduler: "fluence", fluence, fluxOperator: { image: pinned("flux") } })),
    cluster(),
  );
  for (const [type, name] of [
    ["kubernetes:core/v1:NodePatch", "n01-labels"],
    ["kubernetes:core/v1:Namespace", "workloads-namespace"],
    ["kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "flux-operator-crd"],
    ["command:local:Command", "gangs-api"],
  ] as const)
    expect(dependsOf(graph, type, name)).toContain("preflight-gate");
  expect(dependsOf(graph, "command:local:Command", "nodes-gate")).toEqual(
    expect.arrayContaining(["topology-gate", "n06-labels"]),
  );
  expect(dependsOf(graph, "kubernetes:apps/v1:Deployment", "fluence-scheduler")).toContain("nodes-gate");
  expect(graph.outputs.layers).toMatchObject({
    scheduler: "fluence",
    fluence: { pools: ["compute"] },
    fluxOperator: true,
    miniClusters: "work-flux",
  });
  expect(graph.find("kubernetes:core/v1:Namespace", "workloads-work-flux-namespace").inputs).toMatchObject({
    metadata: { name: "work-flux", labels: { "pod-security.kubernetes.io/enforce": "baseline" } },
  });
  expect(graph.find("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "workloads-work-flux-binding").inputs).toMatchObject({
    metadata: { namespace: "work-flux" },
    subjects: [{ name: "turducken-workloads", namespace: "work" }],
  });
  const rules = graph.find("kubernetes:rbac.authorization.k8s.io/v1:Role", "workloads-role").inputs.rules as {
    apiGroups: string[];
  }[];
  expect(rules.at(-1)!.apiGroups).toEqual(["flux-framework.org"]);
});

test("with Kueue every node gets its pool as a label and a constant where a level is missing", async () => {
  const graph = await graphOf(() => layers(config({ scheduler: "kueue" })), cluster());
  expect(graph.find("kubernetes:core/v1:NodePatch", "n01-labels").inputs).toMatchObject({
    metadata: { labels: { "turducken.dev/pool": "compute", "fabric.topograph.run/tier-0": "l1" } },
  });
  expect(dependsOf(graph, "kubernetes:helm.sh/v3:Release", "kueue-chart")).toContain("nodes-gate");
  expect(graph.outputs.layers).toMatchObject({ kueue: { queue: "work" } });
});

test("everything that is wrong with a scheduler, devices and the operator is said at once", async () => {
  const wrong = config({ scheduler: "fluence", fluxOperator: {}, devices: { nvidia: "plugin" } });
  let message = "";
  await graphOf(async () => {
    await layers(wrong).catch((error: Error) => (message = error.message));
    return {};
  }, cluster());
  for (const path of ["layers.fluence", "layers.fluxOperator.image", "layers.devices.nvidia"]) expect(message).toContain(path);
});
