import * as pulumi from "@pulumi/pulumi";
import { deviceResources } from "../../../../components/devices";
import { LivePreflight, livePreflightRequest, preflightWords, type LivePreflightArgs } from "../../../../components/preflight";
import { exampleContract } from "../../../fixtures/contract";
import { graphOf, plainText, revealed } from "../../../fixtures/graph";
import { config, eks, metal, poolOf, taint } from "../devices/contracts";

const build = (args: Partial<LivePreflightArgs> = {}) =>
  graphOf(async () => {
    const kubeconfig = pulumi.secret("KUBECONFIG");
    new LivePreflight("preflight", { contract: exampleContract(), scheduler: "gang", stage: "cluster", kubeconfig, ...args });
    return {};
  });

test("the gate is a bounded command whose request is a secret on standard input", async () => {
  const graph = await build({ timeoutSeconds: 60 });
  const gate = graph.find("command:local:Command", "preflight-gate");
  expect(gate).toMatchObject({ parent: "preflight", createTimeout: "90s", additionalSecretOutputs: ["stdin"] });
  expect(gate.inputs.create).toMatch(/turducken\.js' gate preflight$/);
  expect(JSON.parse(revealed(gate.inputs.stdin) as string)).toMatchObject({
    kubeconfig: "KUBECONFIG",
    version: "1.36.3",
    timeoutSeconds: 60,
    pools: [{ name: "compute", arch: "amd64", minReady: 6 }],
  });
  expect(plainText(graph.resources)).not.toContain("KUBECONFIG");
});

test("after the devices it looks for what the layers serve, under the names of the nodes", async () => {
  const contract = metal([poolOf("gpu", "dgx-h100", { minReady: 2 })]);
  const offered = deviceResources(contract, config({ rdma: "verbs" }));
  const graph = await build({ contract, stage: "devices", offered });
  const gate = graph.find("command:local:Command", "preflight-gate");
  expect(gate.inputs.create).toMatch(/gate preflight --ready --labels --resources$/);
  const { pools } = JSON.parse(revealed(gate.inputs.stdin) as string) as { pools: { resources: object }[] };
  expect(pools.map((each) => each.resources)).toEqual([{ "rdma/hca": 1 }]);
});

test("nodes need not be Ready before flannel, and labels are there before the layers only where the provider sets them", () => {
  expect(preflightWords(exampleContract(), "cluster")).toEqual(["preflight"]);
  expect(preflightWords(exampleContract({ network: { cni: "bridge" } }), "cluster")).toEqual(["preflight", "--ready"]);
  expect(preflightWords(eks([poolOf("hpc", "hpc7g.16xlarge")]), "cluster")).toEqual(["preflight", "--ready", "--labels"]);
});

describe("livePreflightRequest", () => {
  test("knows the inventory's nodes with the label keys of the tiers where each is known", () => {
    const base = exampleContract();
    const nodes = base.nodes.map((node) => (node.name === "n06" ? { ...node, domains: { leaf: "l3" } } : node));
    const [pool] = livePreflightRequest({ ...base, nodes }, "gang", 60).pools;
    expect(Object.keys(pool!.nodes!)).toEqual(["n01", "n02", "n03", "n04", "n05", "n06"]);
    expect(pool!.nodes!.n01).toEqual(["fabric.topograph.run/tier-0", "fabric.topograph.run/tier-1"]);
    expect(pool!.nodes!.n06).toEqual(["fabric.topograph.run/tier-0"]);
  });

  test("finds nodes that the cloud makes by their instance type, with every label of the provider, and the pool's taints", () => {
    const contract = eks([poolOf("hpc", "hpc7g.16xlarge", { minReady: 4, tolerations: [taint("dedicated", "hpc")] })], {
      topologyKeys: [{ tier: "leaf", key: "topology.k8s.aws/network-node-layer-3" }],
    });
    expect(livePreflightRequest(contract, "kueue", 60)).toEqual({
      version: "1.35",
      apis: [],
      pools: [
        {
          name: "hpc",
          arch: "arm64",
          minReady: 4,
          match: { key: "node.kubernetes.io/instance-type", values: ["hpc7g.16xlarge"] },
          keys: ["topology.k8s.aws/network-node-layer-3"],
          resources: { "vpc.amazonaws.com/efa": 1 },
          tolerations: [taint("dedicated", "hpc")],
        },
      ],
      timeoutSeconds: 60,
    });
  });

  test("asks for the PodGroup API and for admission policies where gangs or Fluence need them", () => {
    const kinds = (scheduler: "gang" | "fluence" | "kueue" | "default") =>
      livePreflightRequest(exampleContract(), scheduler, 60).apis.map(({ api, kind }) => `${api} ${kind}`);
    const both = ["scheduling.k8s.io/v1alpha2 PodGroup", "admissionregistration.k8s.io/v1 MutatingAdmissionPolicy"];
    expect([kinds("gang"), kinds("fluence"), kinds("kueue"), kinds("default")]).toEqual([both, both, [], []]);
  });
});
