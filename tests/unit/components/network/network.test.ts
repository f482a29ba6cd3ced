import * as k8s from "@pulumi/kubernetes";
import type { ClusterContract } from "../../../../components/contract/contract";
import { Network } from "../../../../components/network";
import { exampleContract } from "../../../fixtures/contract";
import { graphOf } from "../../../fixtures/graph";

const build = (network: ClusterContract["network"]) =>
  graphOf(async () => {
    new Network(
      "network",
      { contract: exampleContract({ network }) },
      { provider: new k8s.Provider("kubernetes", { kubeconfig: "x" }) },
    );
    return {};
  });

test("flannel comes from its chart, at one version, with the contract's pod addresses, into a namespace that lets it use the host", async () => {
  const graph = await build({ cni: "flannel", podCIDR: "10.7.0.0/16" });
  expect(graph.find("kubernetes:core/v1:Namespace", "network-namespace").inputs).toMatchObject({
    metadata: { name: "kube-flannel", labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
  });
  const release = graph.find("kubernetes:helm.sh/v3:Release", "network-flannel");
  expect(release).toMatchObject({
    parent: "network",
    provider: "kubernetes",
    dependsOn: ["network-namespace"],
    deleteBeforeReplace: true,
  });
  expect(release.inputs).toMatchObject({
    name: "flannel",
    namespace: "kube-flannel",
    chart: "flannel",
    repositoryOpts: { repo: "https://flannel-io.github.io/flannel" },
    values: { podCidr: "10.7.0.0/16" },
  });
  expect(release.inputs.version).toMatch(/^v\d+\.\d+\.\d+$/);
});

test.each(["bridge", "none", "provider"] as const)("%s is not the layers' business", async (cni) => {
  const graph = await build({ cni, podCIDR: "10.7.0.0/16" });
  expect(graph.resources.filter((each) => each.parent === "network")).toEqual([]);
});
