import type { ClusterContract } from "../../../../components/contract/contract";
import { kueueProblems, kueueWarnings } from "../../../../components/kueue";
import { exampleContract, pool } from "../../../fixtures/contract";
import { config, mixedContract } from "./contracts";

const problems = (given: object = {}, overrides: Partial<ClusterContract> = {}, namespaces = ["work"]) =>
  kueueProblems(exampleContract(overrides), namespaces, config(given));
const AT = "layers.kueue";

test("the example and a mixed cluster have none, also without names of nodes on a provider", () => {
  expect(problems()).toEqual([]);
  expect(kueueProblems(mixedContract(), ["work"], config())).toEqual([]);
  const eks: Partial<ClusterContract> = {
    kubernetes: { version: "1.33.4", distribution: "eks" },
    nodes: [],
    pools: [{ ...pool("compute"), minReady: 4 }],
  };
  expect(problems({}, eks)).toEqual([]);
});

test.each<[string, object, Partial<ClusterContract>, object]>([
  [
    "an old cluster",
    {},
    { kubernetes: { version: "1.28.3", distribution: "kubeadm" } },
    { path: AT, value: "1.28.3", message: "Kueue needs Kubernetes 1.29 or newer, not 1.28.3", allowed: "1.29 or newer" },
  ],
  [
    "a pool that is not there",
    { pools: { gpu: {} } },
    {},
    {
      path: `${AT}.pools.gpu`,
      value: "gpu",
      message: "cluster example has no pool of this name that can carry work",
      allowed: "compute",
    },
  ],
  [
    "more nodes than there are",
    { pools: { compute: { nodes: 7 } } },
    {},
    { path: `${AT}.pools.compute.nodes`, value: 7, message: "pool compute has 6 that can carry work", allowed: "at most 6" },
  ],
  [
    "more cpu than the nodes have",
    { pools: { compute: { quota: { cpu: 49 } } } },
    {},
    {
      path: `${AT}.pools.compute.quota.cpu`,
      value: "49",
      message: "the nodes of pool compute together do not have so much",
      allowed: "at most 48",
    },
  ],
  [
    "more memory than the nodes have",
    { pools: { compute: { quota: { memory: "192Gi" } } } },
    {},
    { path: `${AT}.pools.compute.quota.memory`, allowed: "at most 196008Mi" },
  ],
  [
    "a quota that is no quantity",
    { pools: { compute: { quota: { cpu: "many" } } } },
    {},
    { path: `${AT}.pools.compute.quota.cpu`, value: "many", message: "it is not a Kubernetes quantity", allowed: "500m, 8, 4Gi" },
  ],
  [
    "a resource that is none",
    { pools: { compute: { quota: { "a b": "1" } } } },
    {},
    { path: `${AT}.pools.compute.quota.a b`, message: "it is not the name of a resource" },
  ],
  [
    "a label that is none",
    { pools: { compute: { nodeLabels: { pool: "not valid" } } } },
    {},
    { path: `${AT}.pools.compute.nodeLabels`, value: "pool=not valid", message: "it is not a node label" },
  ],
  [
    "no labels at all",
    { pools: { compute: { nodeLabels: {} } } },
    {},
    {
      path: `${AT}.pools.compute.nodeLabels`,
      allowed: "at least one label that all nodes of the pool carry, and no others",
      fix: "give `nodeLabels`",
    },
  ],
  [
    "too many labels",
    { pools: { compute: { nodeLabels: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, "v"])) } } },
    {},
    { path: `${AT}.pools.compute.nodeLabels`, value: 9, message: "Kueue takes no more labels", allowed: "at most 8" },
  ],
  [
    "nodes that nobody labels",
    {},
    { nodes: [], pools: [{ ...pool("compute"), minReady: 2 }] },
    {
      path: `${AT}.pools.compute.nodeLabels`,
      message:
        "no label tells this pool's nodes from others: the contract names no nodes, and no provider's node groups are there",
    },
  ],
  [
    "a pool that promises no node",
    {},
    { nodes: [], kubernetes: { version: "1.33.1", distribution: "gke" }, pools: [pool("compute")] },
    {
      path: `${AT}.pools.compute.nodes`,
      message: "the contract promises no ready node of this pool, so its quota would be 0 and no job would ever start on it",
      fix: "say how many nodes the queue may count on, or 0 to leave the pool out",
    },
  ],
  [
    "the host name as a tier",
    {},
    { topologyKeys: [{ tier: "leaf", key: "kubernetes.io/hostname" }] },
    { value: "leaf: kubernetes.io/hostname", message: "the host name is always the last level and cannot be a tier" },
  ],
  [
    "a key that is none",
    {},
    { topologyKeys: [{ tier: "leaf", key: "a b" }] },
    { value: "leaf: a b", message: "it is not a label key" },
  ],
  [
    "more taints than tolerations fit",
    {},
    {
      pools: [
        pool("control"),
        {
          ...pool("compute"),
          tolerations: Array.from({ length: 9 }, (_, at) => ({ key: `t${at}`, operator: "Exists", effect: "NoSchedule" })),
        },
      ],
    },
    {
      path: `${AT}.pools.compute`,
      value: 9,
      message: "the pool's taints need more tolerations than Kueue takes",
      allowed: "at most 8",
    },
  ],
  [
    "a domain that is called like a missing level",
    {},
    {
      nodes: exampleContract().nodes.map((node) =>
        node.name === "n01" ? { ...node, domains: { leaf: "unknown", spine: "s1" } } : node,
      ),
    },
    {
      value: "unknown",
      message: "a host or domain (of n01) has the name that stands for levels that a node lacks",
      fix: "rename it",
    },
  ],
])("%s is refused", (_title, given, overrides, expected) => {
  expect(problems(given, overrides)).toEqual([expect.objectContaining(expected)]);
});

test("two tiers with one key, and too many tiers", () => {
  const twice = problems(
    {},
    {
      topologyKeys: [
        { tier: "leaf", key: "a/x" },
        { tier: "spine", key: "a/x" },
      ],
    },
  );
  expect(twice.map((each) => each.message)).toEqual([
    "two tiers have this label key; Kueue's levels must differ",
    "two tiers have this label key; Kueue's levels must differ",
  ]);
  const tiers = Array.from({ length: 16 }, (_, at) => `tier-${at}`);
  const nodes = exampleContract().nodes.map((node) => ({
    ...node,
    domains: Object.fromEntries(tiers.map((tier) => [tier, "d"])),
  }));
  expect(problems({}, { nodes, topologyKeys: tiers.map((tier) => ({ tier, key: `a/${tier}` })) })).toMatchObject([
    { value: 17, message: "Kueue takes no more levels, with the host name", allowed: "at most 16", fix: "leave outer tiers out" },
  ]);
});

test("two pools that the same labels find", () => {
  const same = { nodeLabels: { "example.org/kind": "x" } };
  expect(kueueProblems(mixedContract(), ["work"], config({ pools: { gpu: same, cpu: same } }))).toEqual([
    {
      path: `${AT}.pools.cpu.nodeLabels`,
      value: "example.org/kind=x",
      message: "pool gpu has the same labels, so its nodes would be counted twice",
      fix: "give each pool labels of its own",
    },
  ]);
});

test("more pools than a queue takes", () => {
  const pools = Array.from({ length: 65 }, (_, at) => ({ ...pool(`p${at}`), minReady: 1 }));
  const gke: Partial<ClusterContract> = { kubernetes: { version: "1.33.1", distribution: "gke" }, nodes: [], pools };
  expect(problems({}, gke)).toMatchObject([
    { value: 65, message: "a queue of Kueue takes no more pools", allowed: "at most 64" },
  ]);
});

test("namespaces where Kueue would hold up the cluster, and none at all", () => {
  expect(problems({}, {}, ["work", "kube-system", "kueue-system"]).map((each) => [each.value, each.message])).toEqual([
    ["kube-system", "Kueue must not hold jobs of this namespace back: the cluster or Kueue itself could not start"],
    ["kueue-system", "Kueue must not hold jobs of this namespace back: the cluster or Kueue itself could not start"],
  ]);
  expect(problems({}, {}, [])).toMatchObject([{ message: "no namespace would have a queue" }]);
});

test("a cluster without workers, all problems at once", () => {
  const found = problems({ pools: { compute: { nodes: 1 } } }, { nodes: exampleContract().nodes.slice(0, 1) });
  expect(found.map((each) => each.message)).toEqual([
    "no pool of cluster example has a node that can carry work",
    "cluster example has no pool of this name that can carry work",
  ]);
});

test("nodes of which it is not known where they are are a warning", () => {
  expect(kueueWarnings(exampleContract())).toEqual([]);
  expect(kueueWarnings(mixedContract())).toEqual([
    {
      path: AT,
      value: "c2",
      message:
        "it is not known in which domain of every tier they are; they get the label value unknown there, and Kueue takes those under one parent for neighbours",
      fix: "say where they are in the cluster stack",
    },
  ]);
});
