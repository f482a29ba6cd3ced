import type { ClusterContract } from "../../../components/contract/contract";
import { workloadConfig } from "../../../stacks/config/workload";
import { chooseLeaves, layersMismatch, workload, workloadProblems } from "../../../stacks/workload";
import { exampleContract } from "../../fixtures/contract";
import { graphOf, plainText, revealed, type GraphOptions } from "../../fixtures/graph";

const ring = {
  name: "ring",
  nodes: 3,
  within: "leaf",
  image: "registry.example.org/ring@sha256:1",
  command: ["/ring"],
  resources: { cpu: 8, memory: "4Gi" },
};
const config = (gangs: object[] = [ring]) => workloadConfig.parse({ cluster: "bare-metal", layers: "bare-metal-layers", gangs });
const summary = { schema: 1 as const, cluster: "example", scheduler: "gang" as const, namespace: "team" };
const stacks = (contract: ClusterContract = exampleContract(), layers: object = summary): GraphOptions => ({
  stacks: {
    "org/turducken/bare-metal": { outputs: { cluster: contract, kubeconfig: "ADMIN" }, secrets: ["kubeconfig"] },
    "org/turducken/bare-metal-layers": { outputs: { layers, workloadKubeconfig: "SCOPED" }, secrets: ["workloadKubeconfig"] },
  },
});

test("the example makes one gang in the layers' namespace, with the scoped credentials and never the administrator's", async () => {
  const graph = await graphOf(() => workload(config()), stacks());
  expect(revealed(graph.find("pulumi:providers:kubernetes", "kubernetes").inputs.kubeconfig)).toBe("SCOPED");
  expect(graph.find("kubernetes:scheduling.k8s.io/v1alpha2:PodGroup", "ring-group").inputs).toMatchObject({
    metadata: { name: "ring", namespace: "team" },
    spec: {
      schedulingPolicy: { gang: { minCount: 3 } },
      schedulingConstraints: { topology: [{ key: "fabric.topograph.run/tier-0" }] },
    },
  });
  expect(graph.find("kubernetes:batch/v1:Job", "ring-job").inputs).toMatchObject({
    metadata: { name: "ring", namespace: "team" },
  });
  expect(JSON.stringify(graph.resources)).not.toContain("ADMIN");
  expect(plainText(graph.resources)).not.toContain("SCOPED");
  expect(graph.outputs.workload).toEqual({
    cluster: "example",
    namespace: "team",
    gangs: [{ name: "ring", nodes: 3, pool: "compute", within: "leaf", topologyKey: "fabric.topograph.run/tier-0" }],
    miniClusters: [],
  });
});

const lammps = {
  name: "lammps",
  nodes: 3,
  within: "leaf",
  image: `registry.example.org/lammps@sha256:${"9".repeat(64)}`,
  command: "lmp -in in.reaxff.hns",
};
const withMiniClusters = (miniClusters: object[], more: object = {}) =>
  workloadConfig.parse({ cluster: "bare-metal", layers: "bare-metal-layers", miniClusters, ...more });

describe("MiniClusters", () => {
  const operator = { ...summary, fluxOperator: true, miniClusters: "team-flux", devices: { compute: {} } };

  test("become a PodGroup and an object of the operator, whose pods join the group, after the live check", async () => {
    const graph = await graphOf(() => workload(withMiniClusters([lammps])), stacks(exampleContract(), operator));
    expect(graph.find("kubernetes:scheduling.k8s.io/v1alpha2:PodGroup", "lammps-group").inputs).toMatchObject({
      spec: {
        schedulingPolicy: { gang: { minCount: 3 } },
        schedulingConstraints: { topology: [{ key: "fabric.topograph.run/tier-0" }] },
      },
    });
    const made = graph.find("kubernetes:flux-framework.org/v1alpha2:MiniCluster", "lammps-cluster");
    expect(made.inputs.metadata).toMatchObject({ name: "lammps", namespace: "team-flux" });
    const spec = made.inputs.spec as { size: number; pod: { labels: object }; flux: { curveCert: unknown } };
    expect(revealed(spec.flux.curveCert)).toContain("secret-key");
    const group = graph.find("kubernetes:scheduling.k8s.io/v1alpha2:PodGroup", "lammps-group").inputs.metadata as {
      name: string;
    };
    expect([spec.size, spec.pod.labels]).toEqual([3, { "turducken.dev/pod-group": group.name }]);
    expect(graph.outputs.workload).toMatchObject({
      gangs: [],
      miniClusters: [{ name: "lammps", namespace: "team-flux", nodes: 3, within: "leaf" }],
    });
  });

  test("need layers with the operator, and a name that no gang has", async () => {
    let message = "";
    await graphOf(async () => {
      await workload(withMiniClusters([lammps])).catch((error: Error) => (message = error.message));
      return {};
    }, stacks());
    expect(message).toContain("those layers have no Flux Operator, which makes MiniClusters");
    await graphOf(
      async () => {
        const config = withMiniClusters([lammps, { ...lammps, name: "ring", nodes: 4 }], { gangs: [ring] });
        await workload(config).catch((error: Error) => (message = error.message));
        return {};
      },
      stacks(exampleContract(), operator),
    );
    expect(message).toContain('workload.miniClusters[1].name = "ring"\n    Other work has this name');
    expect(message).toContain("the biggest is l1 with 3 nodes");
  });

  test("on Fluence get a leaf each by name, and the one that the stack file keeps is not moved", () => {
    const two = [
      { ...lammps, nodes: 2 },
      { ...lammps, name: "amg", nodes: 2 },
    ];
    const fluence = { scheduler: "fluence" as const };
    const first = chooseLeaves(exampleContract(), fluence, withMiniClusters(two));
    expect(first.miniClusters.map(({ name, leaf }) => [name, leaf])).toEqual([
      ["lammps", "l2"],
      ["amg", "l1"],
    ]);
    expect(first.warnings.map(({ fix }) => fix)).toEqual([
      "Write `lammps: l2` under `leaves`.",
      "Write `amg: l1` under `leaves`.",
    ]);
    const kept = chooseLeaves(exampleContract(), fluence, withMiniClusters(two, { leaves: { lammps: "l1" } }));
    expect(kept.miniClusters.map(({ leaf }) => leaf)).toEqual(["l1", "l2"]);
    expect(kept.warnings).toHaveLength(1);
    expect(chooseLeaves(exampleContract(), { scheduler: "gang" }, withMiniClusters(two)).miniClusters[0]!.leaf).toBeUndefined();
  });
});

test("gangs come after a live check, with the namespace's own rights, that they would be gangs", async () => {
  const graph = await graphOf(() => workload(config()), stacks());
  const ready = graph.find("command:local:Command", "gangs-gate");
  expect(ready.parent).toBe("gangs");
  expect(ready.inputs.create).toContain(
    "gate --api scheduling.k8s.io/v1alpha2 --namespace team --pod-group-label turducken.dev/pod-group",
  );
  expect(graph.find("turducken:gang:Gang", "ring").dependsOn).toEqual(["gangs-gate"]);
  expect(graph.find("kubernetes:scheduling.k8s.io/v1alpha2:PodGroup", "ring-group").parent).toBe("ring");
});

test("no gangs is a right workload, and asks nothing", async () => {
  const graph = await graphOf(() => workload(config([])), stacks());
  expect(graph.resources.filter((each) => each.type.startsWith("command:") || each.type.startsWith("kubernetes:"))).toEqual([]);
});

test("a preview before the layers exist has every resource", async () => {
  const graph = await graphOf(() => workload(config()), {
    preview: true,
    stacks: { "org/turducken/bare-metal": { outputs: { cluster: exampleContract() } } },
  });
  expect(graph.resources.map((each) => each.name)).toEqual(expect.arrayContaining(["ring-group", "ring-names", "ring-job"]));
});

test("the problems of all gangs come at once, and nothing is made", async () => {
  let message = "";
  const gangs = [
    { ...ring, nodes: 4 },
    { ...ring, within: "core" },
  ];
  const graph = await graphOf(async () => {
    await workload(config(gangs)).catch((error: Error) => (message = error.message));
    return {};
  }, stacks());
  expect(message.split("\n")[0]).toBe("work on cluster example: 3 problems");
  expect(message).toContain('workload.gangs[1].name = "ring"\n    another gang has this name');
  expect(message).toContain("workload.gangs[0].nodes = 4\n    it can never fit within one leaf: the biggest is l1 with 3 nodes");
  expect(message).toContain(
    'workload.gangs[1].within = "core"\n    cluster example has no tier of this name\n    allowed: leaf, spine',
  );
  expect(graph.resources.filter((each) => each.type.startsWith("kubernetes:"))).toEqual([]);
});

test("`unchecked` makes a gang that cannot fit and warns", () => {
  const { gangs } = config([{ ...ring, nodes: 4, unchecked: true }]);
  const { problems, warnings } = workloadProblems(exampleContract(), gangs);
  expect(problems).toEqual([]);
  expect(warnings.map((each) => each.path)).toEqual(["workload.gangs[0].nodes"]);
});

test("layers of another cluster, and layers without gangs, are refused together", () => {
  const layers = { ...summary, cluster: "other", scheduler: "default" as const };
  expect(layersMismatch(layers, exampleContract(), config()).map((each) => each.message)).toEqual([
    "those layers lie on cluster other, the contract is of cluster example",
    "those layers have `scheduler: default`, by which pods of a gang would be placed one by one",
  ]);
});
