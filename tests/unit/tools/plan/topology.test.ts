import type { ClusterContract } from "../../../../components/contract/contract";
import { Unknown } from "../../../../tools/engine/types";
import { drawTopology } from "../../../../tools/plan/topology";

const node = (name: string, domains: Record<string, string>, schedulable = true) => ({
  name,
  pool: "compute",
  schedulable,
  domains,
  labels: {},
});
const contract: ClusterContract = {
  schema: 1,
  name: "example",
  environment: "bare-metal",
  kubernetes: { version: "1.36.3", distribution: "kubeadm" },
  network: { cni: "bridge" },
  topologyKeys: [
    { tier: "leaf", key: "a" },
    { tier: "spine", key: "b" },
  ],
  labelsBy: "layers",
  pools: [],
  nodes: [
    node("cp1", {}, false),
    node("n01", { leaf: "l1", spine: "s1" }),
    node("n02", { leaf: "l1", spine: "s1" }),
    node("n03", { leaf: "l2", spine: "s2" }),
  ],
  schedulers: ["default"],
};

test("the contract's nodes are drawn in their domains, without the control plane that has none", () => {
  const picture = drawTopology({ cluster: contract })!;
  expect(picture).toContain("spine s1 · 2 hosts");
  expect(picture).toContain("n[01-02]");
  expect(picture).not.toContain("cp1");
});

test("there is no picture without a contract or when it is not known", () => {
  expect(drawTopology({})).toBeUndefined();
  expect(drawTopology({ cluster: new Unknown() })).toBeUndefined();
  expect(drawTopology({ cluster: { ...contract, nodes: [] } })).toBeUndefined();
});
