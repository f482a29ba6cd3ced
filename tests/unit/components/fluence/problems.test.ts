import { fluenceProblems, fluenceWarnings } from "../../../../components/fluence/problems";
import { exampleContract, pool } from "../../../fixtures/contract";
import { config, twoPools } from "./fixtures";

const contract = twoPools();
const kubernetes = contract.kubernetes;
const brief = (...args: Parameters<typeof fluenceProblems>) =>
  fluenceProblems(...args).map(({ path, value, message }) => `${path}=${JSON.stringify(value)}: ${message}`);

test("the example with a pool for others has no problem and no warning", () => {
  expect(fluenceProblems(contract, config())).toEqual([]);
  expect(fluenceWarnings(contract, config())).toEqual([]);
});

test.each([
  ["1.37.2", "it uses scheduling.k8s.io/v1alpha2, which only Kubernetes 1.36 serves"],
  ["1.35.4", "it uses scheduling.k8s.io/v1alpha2, which only Kubernetes 1.36 serves"],
])("Kubernetes %s is refused", (version, why) => {
  expect(fluenceProblems({ ...contract, kubernetes: { ...kubernetes, version } }, config())).toMatchObject([
    { message: expect.stringContaining(why) as string, allowed: "1.36.x" },
  ]);
});

test("a provider's control plane and one without gates are refused, each for its own reason", () => {
  const eks = { ...contract, kubernetes: { version: "1.36.1", distribution: "eks" as const } };
  expect(brief(eks, config())).toEqual([
    "layers.fluence=undefined: Fluence cannot run on cluster example (eks 1.36.1): it needs feature gates of the control plane, which eks gives no access to",
  ]);
  const bare = { ...contract, kubernetes: { version: "1.36.3", distribution: "kubeadm" as const } };
  expect(brief(bare, config())).toEqual([
    "layers.fluence=undefined: Fluence cannot run on cluster example (kubeadm 1.36.3): the control plane runs without the gate GenericWorkload and without the PodGroup API",
  ]);
});

test("pools that are unknown, named twice, tainted or empty are refused, all at once", () => {
  const tainted = { ...pool("gpu"), tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }] };
  const more = { ...contract, pools: [...contract.pools, tainted] };
  expect(brief(more, config({ pools: ["compute", "comptue", "compute", "gpu"] }))).toEqual([
    'layers.fluence.pools[1]="comptue": the cluster has no such pool',
    'layers.fluence.pools[2]="compute": the pool is named twice',
    'layers.fluence.pools[3]="gpu": its nodes carry a taint, and Fluence never sees a node that had one when it started, tolerated or not',
  ]);
  expect(brief(contract, config({ pools: ["control"] }))).toEqual([
    'layers.fluence.pools=["control"]: the contract names no node of these pools that can carry work; Fluence reads its nodes once, at start',
  ]);
});

test("a pool whose nodes nobody can name must come with the taint", () => {
  const elastic = { ...contract, pools: [...contract.pools, pool("elastic")] };
  expect(fluenceProblems(elastic, config())).toMatchObject([
    {
      path: "layers.fluence.pools",
      message:
        "nodes of pool elastic are not known by name, so they cannot be hidden from Fluence, which takes every node without a taint",
      allowed: "turducken.dev/not-fluence:NoSchedule on every node of elastic, from its start",
    },
  ]);
});

test("it runs on amd64 nodes that are not its own", () => {
  const arm = (name: string) => ({
    ...contract,
    pools: contract.pools.map((each) => (each.name === name ? { ...each, arch: "arm64" as const } : each)),
  });
  expect(fluenceProblems(arm("control"), config())).toMatchObject([
    {
      path: "layers.fluence.runOn",
      value: "control-plane",
      message: "its image is for amd64, and the control plane is arm64",
      allowed: "service",
    },
  ]);
  expect(fluenceProblems(arm("compute"), config())).toEqual([]);
  expect(brief(arm("service"), config({ runOn: "service" }))).toEqual([
    'layers.fluence.runOn="service": its image is for amd64, and the pool is arm64',
  ]);
  expect(brief(contract, config({ runOn: "compute" }))).toEqual([
    'layers.fluence.runOn="compute": on its own nodes its own pod would be the foreign pod that blocks it',
  ]);
  expect(brief(contract, config({ runOn: "control" }))).toEqual([
    'layers.fluence.runOn="control": no node of the pool can carry work',
  ]);
  expect(fluenceProblems(contract, config({ runOn: "nowhere" }))).toMatchObject([{ allowed: "control-plane, service" }]);
});

test("nodes that another scheduler uses are refused", () => {
  const claims = [
    { pool: "compute", by: "gang ring" },
    { pool: "service", by: "Kueue flavour cpu" },
  ];
  expect(brief(contract, config(), claims)).toEqual([
    'layers.fluence.pools="compute": gang ring places pods there, too: a node that another scheduler made busy blocks Fluence for ever',
  ]);
});

test("warned is who leaves nothing for others, whose names do not follow the leaves, and who logs every attempt", () => {
  const base = exampleContract();
  expect(fluenceWarnings(base, config()).map((each) => each.path)).toEqual(["layers.fluence.pools"]);
  const swapped = contract.nodes.map((node) => (node.name === "n02" ? { ...node, domains: { leaf: "l2", spine: "s1" } } : node));
  expect(fluenceWarnings({ ...contract, nodes: swapped }, config({ logLevel: 4 }))).toMatchObject([
    { message: expect.stringContaining("will straddle them") as string },
    { path: "layers.fluence.logLevel", value: 4 },
  ]);
  expect(fluenceWarnings(contract, config({ logLevel: 4, retries: "calm" }))).toEqual([]);
});
