import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  expectedPools,
  labelledNodes,
  TopologyLabels,
  topologyLabelKeys,
  turduckenCommand,
} from "../../../../components/topology";
import { exampleContract } from "../../../fixtures/contract";
import { graphOf, plainText, revealed } from "../../../fixtures/graph";

const build = (contract = exampleContract(), labels = true) =>
  graphOf(async () => {
    const provider = new k8s.Provider("kubernetes", { kubeconfig: "x", clusterIdentifier: "x" });
    new TopologyLabels(
      "topology",
      { contract, labels, kubeconfig: pulumi.secret("KUBECONFIG"), gateTimeoutSeconds: 60 },
      { provider },
    );
    return {};
  });

test("every node that can carry work gets exactly its labels, by force and with a stated owner", async () => {
  const graph = await build();
  const patches = graph.resources.filter((each) => each.type === "kubernetes:core/v1:NodePatch");
  expect(patches.map((each) => each.name)).toEqual(["n01", "n02", "n03", "n04", "n05", "n06"].map((name) => `${name}-labels`));
  expect(patches[5]).toMatchObject({ parent: "topology", provider: "kubernetes" });
  expect(patches[5]!.inputs.metadata).toEqual({
    name: "n06",
    labels: { "fabric.topograph.run/tier-0": "l3", "fabric.topograph.run/tier-1": "s2" },
    annotations: { "pulumi.com/patchForce": "true", "pulumi.com/patchFieldManager": "turducken-topology" },
  });
});

test("the gate runs after all patches, gets the kubeconfig as a secret on standard input, and has a bound", async () => {
  const graph = await build();
  const gate = graph.find("command:local:Command", "topology-gate");
  expect(gate.dependsOn).toEqual(["n01", "n02", "n03", "n04", "n05", "n06"].map((name) => `${name}-labels`));
  expect(gate).toMatchObject({ parent: "topology", createTimeout: "90s" });
  expect(gate.inputs).toMatchObject({ logging: "none", addPreviousOutputInEnv: false });
  expect(JSON.parse(revealed(gate.inputs.stdin) as string)).toEqual({
    kubeconfig: "KUBECONFIG",
    keys: ["fabric.topograph.run/tier-0", "fabric.topograph.run/tier-1"],
    pools: [
      {
        name: "compute",
        minReady: 6,
        nodes: Object.fromEntries(
          exampleContract()
            .nodes.slice(1)
            .map((node) => [node.name, node.labels]),
        ),
      },
    ],
    timeoutSeconds: 60,
  });
  expect(plainText(graph.resources)).not.toContain("KUBECONFIG");
});

test("with labels off it only waits", async () => {
  const graph = await build(exampleContract(), false);
  expect(graph.resources.map((each) => each.type)).not.toContain("kubernetes:core/v1:NodePatch");
  expect(graph.find("command:local:Command", "topology-gate").dependsOn).toEqual([]);
});

test("where the cloud makes nodes and labels there is nothing to write and nothing known to wait for", async () => {
  const graph = await build(exampleContract({ nodes: [], labelsBy: "provider" }));
  expect(graph.resources.filter((each) => each.parent === "topology")).toEqual([]);
});

test("a host out of use is neither labelled nor waited for, and a pool's least is never more than it has", () => {
  const base = exampleContract();
  const contract = { ...base, nodes: base.nodes.map((node) => (node.name === "n06" ? { ...node, schedulable: false } : node)) };
  expect(labelledNodes(contract).map((node) => node.name)).toEqual(["n01", "n02", "n03", "n04", "n05"]);
  expect(expectedPools(contract)).toMatchObject([{ name: "compute", minReady: 5 }]);
});

test("keys are nearest first, the accelerator's last", () => {
  expect(topologyLabelKeys(exampleContract({ acceleratorKey: "a/b" }))).toEqual([
    "fabric.topograph.run/tier-0",
    "fabric.topograph.run/tier-1",
    "a/b",
  ]);
});

describe("turduckenCommand", () => {
  test("is relative to the program's folder, so that the state is the same in every checkout", () => {
    const stacks = `${__dirname}/../../../../stacks`;
    expect(turduckenCommand(["gate"], stacks)).toBe("node '../bin/turducken.js' gate");
  });

  test("takes plain words only", () => {
    expect(() => turduckenCommand(["gate", "$(reboot)"])).toThrow("not a plain word");
  });
});
