import * as k8s from "@pulumi/kubernetes";
import { Devices, type DevicesConfig } from "../../../../components/devices";
import type { ClusterContract } from "../../../../components/contract/contract";
import { graphOf } from "../../../fixtures/graph";
import { config, eks, metal, poolOf } from "./contracts";

const build = (contract: ClusterContract, given: Partial<DevicesConfig>) =>
  graphOf(async () => {
    const provider = new k8s.Provider("kubernetes", { kubeconfig: "x", clusterIdentifier: "x" });
    const { offered } = new Devices("devices", { contract, config: config(given) }, { provider });
    return { offered };
  });

test("charts are releases with fixed names that no dead node can fail", async () => {
  const graph = await build(eks([poolOf("train", "p5.48xlarge")]), { efa: "plugin", nvidia: "operator" });
  expect(
    graph.resources
      .filter((each) => each.parent === "devices")
      .map((each) => each.name)
      .sort(),
  ).toEqual(["devices-efa", "devices-gpu-operator", "devices-gpu-operator-namespace"]);
  expect(graph.find("kubernetes:helm.sh/v3:Release", "devices-efa")).toMatchObject({
    provider: "kubernetes",
    deleteBeforeReplace: true,
    inputs: { name: "efa-device-plugin", namespace: "kube-system", version: "v0.5.30", skipAwait: true },
  });
  expect(graph.find("kubernetes:helm.sh/v3:Release", "devices-gpu-operator").dependsOn).toEqual([
    "devices-gpu-operator-namespace",
  ]);
  expect(graph.find("kubernetes:core/v1:Namespace", "devices-gpu-operator-namespace").inputs.metadata).toMatchObject({
    labels: { "pod-security.kubernetes.io/enforce": "privileged" },
  });
});

test("each pool with adapters has its program and its DaemonSet, named after it", async () => {
  const graph = await build(metal([poolOf("gpu", "dgx-h100"), poolOf("cpu", "cpu-infiniband")]), { rdma: "verbs" });
  expect(
    graph.resources
      .filter((each) => each.parent === "devices")
      .map((each) => each.name)
      .sort(),
  ).toEqual(["devices-rdma-cpu", "devices-rdma-cpu-program", "devices-rdma-gpu", "devices-rdma-gpu-program"]);
  const daemons = graph.find("kubernetes:apps/v1:DaemonSet", "devices-rdma-gpu");
  expect(daemons.dependsOn).toEqual(["devices-rdma-gpu-program"]);
  expect(daemons.inputs).toMatchObject({ metadata: { name: "devices-rdma-gpu", namespace: "kube-system" } });
  expect(graph.outputs.offered).toEqual({
    control: {},
    gpu: { "rdma/rdma_shared_device_a": "rdma/hca" },
    cpu: { "rdma/rdma_shared_device_a": "rdma/hca" },
  });
});

test("without a word nothing is installed", async () => {
  const graph = await build(metal([poolOf("gpu", "dgx-h100")]), {});
  expect(graph.resources.filter((each) => each.parent === "devices")).toEqual([]);
});
