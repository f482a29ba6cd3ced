import fc from "fast-check";
import { kueueParts, type KueueSummary } from "../../../../components/kueue";
import { poolLevels, withKueueLabels } from "../../../../components/kueue/levels";
import { clusterQueue, localQueue, poolTopology, resourceFlavor, topologies } from "../../../../components/kueue/objects";
import { queuePools } from "../../../../components/kueue/quota";
import type { ClusterContract } from "../../../../components/contract/contract";
import { expectedPools, topologyLabelKeys } from "../../../../components/topology/labels";
import { exampleContract } from "../../../fixtures/contract";
import { anyContract, config, mixedContract } from "./contracts";
import { crdProblems } from "./crd";

const LEAF = "fabric.topograph.run/tier-0";
const SPINE = "fabric.topograph.run/tier-1";
const NVLINK = "accelerator.topograph.run/domain";
const HOST = "kubernetes.io/hostname";
const flavors = (contract: ClusterContract) => queuePools(contract).map((pool) => resourceFlavor(contract, pool, config()));
const everything = (contract: ClusterContract, namespaces = ["work"]) => [
  ...topologies(contract),
  ...flavors(contract),
  clusterQueue(contract, namespaces, config()),
  ...namespaces.map((namespace) => localQueue(namespace, config())),
];

describe("the objects of the example", () => {
  const contract = exampleContract();

  test("are these", () => {
    expect(everything(contract)).toEqual([
      {
        apiVersion: "kueue.x-k8s.io/v1beta2",
        kind: "Topology",
        metadata: { name: "fabric-4cf101a7" },
        spec: { levels: [{ nodeLabel: SPINE }, { nodeLabel: LEAF }, { nodeLabel: HOST }] },
      },
      {
        apiVersion: "kueue.x-k8s.io/v1beta2",
        kind: "ResourceFlavor",
        metadata: { name: "compute-6cc8dce2" },
        spec: { nodeLabels: { "turducken.dev/pool": "compute" }, topologyName: "fabric-4cf101a7" },
      },
      {
        apiVersion: "kueue.x-k8s.io/v1beta2",
        kind: "ClusterQueue",
        metadata: { name: "work", annotations: { "pulumi.com/waitFor": "condition=Active" } },
        spec: {
          namespaceSelector: {
            matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["work"] }],
          },
          queueingStrategy: "BestEffortFIFO",
          resourceGroups: [
            {
              coveredResources: ["cpu", "memory"],
              flavors: [
                {
                  name: "compute-6cc8dce2",
                  resources: [
                    { name: "cpu", nominalQuota: "48" },
                    { name: "memory", nominalQuota: "196008Mi" },
                  ],
                },
              ],
            },
          ],
        },
      },
      {
        apiVersion: "kueue.x-k8s.io/v1beta2",
        kind: "LocalQueue",
        metadata: { name: "work", namespace: "work", annotations: { "pulumi.com/waitFor": "condition=Active" } },
        spec: { clusterQueue: "work" },
      },
    ]);
  });

  test("with devices, huge pages and taints count what each pool has, in one order", () => {
    const [group] = clusterQueue(mixedContract(), ["work"], config()).spec.resourceGroups;
    expect(group!.coveredResources).toEqual(["cpu", "memory", "hugepages-2Mi", "nvidia.com/gpu", "rdma/hca"]);
    expect(group!.flavors.map(({ resources }) => resources.map(({ nominalQuota }) => nominalQuota))).toEqual([
      ["24", "98004Mi", "6Gi", "12", "12"],
      ["32", "64Gi", "0", "0", "0"],
    ]);
    expect(flavors(mixedContract())[0]!.spec.tolerations).toEqual([
      { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
    ]);
  });

  test("keep to a provider's own label for the pool", () => {
    const gke = exampleContract({ kubernetes: { version: "1.36.1", distribution: "gke" }, nodes: [] });
    expect(flavors(gke).map((each) => each.spec.nodeLabels)).toEqual([
      { "cloud.google.com/gke-nodepool": "control" },
      { "cloud.google.com/gke-nodepool": "compute" },
    ]);
  });
});

describe("rules of Kueue's schemas and webhooks", () => {
  test("hold for every cluster", () => {
    fc.assert(
      fc.property(anyContract, (contract) => {
        fc.pre(queuePools(contract).length > 0);
        expect(everything(contract, ["work", "more"]).flatMap((each) => crdProblems(each))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("no object of one name ever changes in what cannot be changed", () => {
    fc.assert(
      fc.property(anyContract, anyContract, (before, after) => {
        const old = new Map([...topologies(before), ...flavors(before)].map((each) => [each.metadata.name, each]));
        const broken = [...topologies(after), ...flavors(after)].flatMap((each) =>
          crdProblems(each, old.get(each.metadata.name)),
        );
        expect(broken).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("are really looked at", () => {
    const contract = exampleContract();
    const [topology] = topologies(contract);
    const [flavor] = flavors(contract);
    const level = (...keys: string[]) => ({ ...topology!, spec: { levels: keys.map((nodeLabel) => ({ nodeLabel })) } });
    expect(crdProblems(level(HOST, LEAF))).toEqual([
      "levels: the kubernetes.io/hostname label can only be used at the lowest level",
    ]);
    expect(crdProblems(level(LEAF, LEAF, HOST))).toEqual(["levels: must be unique"]);
    expect(crdProblems(level(LEAF, HOST), topology)).toEqual(["levels: field is immutable"]);
    expect(crdProblems({ ...flavor!, spec: { ...flavor!.spec, nodeLabels: {} } }, flavor)).toEqual([
      "at least one nodeLabel is required when topology is set",
      "nodeLabels are immutable when topologyName is set",
    ]);
    const queue = clusterQueue(contract, ["work"], config());
    const [group] = queue.spec.resourceGroups;
    const reordered = { ...group!, coveredResources: ["memory", "cpu"] };
    expect(crdProblems({ ...queue, spec: { ...queue.spec, resourceGroups: [reordered] } })).toEqual([
      "flavors: must match the name in coveredResources",
    ]);
  });
});

describe("levels of a pool", () => {
  test("have the accelerator domain inside the nearest tier that it does not cross, and only where nodes are in one", () => {
    expect(poolLevels(mixedContract(), "gpu")).toEqual([SPINE, LEAF, NVLINK, HOST]);
    expect(poolLevels(mixedContract(), "cpu")).toEqual([SPINE, LEAF, HOST]);
    const contract = mixedContract();
    const wide = { ...contract, nodes: contract.nodes.map((node) => ({ ...node, accelerator: node.accelerator && "nv" })) };
    expect(poolLevels(wide, "gpu")).toEqual([SPINE, NVLINK, LEAF, HOST]);
  });

  test("leave out a tier that no node of the pool is in: Kueue would not see the pool at all", () => {
    const contract = mixedContract();
    const nodes = contract.nodes.map((node) => (node.pool === "cpu" ? { ...node, domains: { spine: "s1" } } : node));
    expect(poolLevels({ ...contract, nodes }, "cpu")).toEqual([SPINE, HOST]);
    expect(topologies({ ...contract, nodes })).toHaveLength(2);
  });

  test("are all tiers where nodes are not known by name, accelerators for GPUs only, no key twice", () => {
    const cloud = { ...mixedContract(), nodes: [] };
    expect(poolLevels(cloud, "gpu")).toEqual([SPINE, LEAF, NVLINK, HOST]);
    expect(poolLevels(cloud, "cpu")).toEqual([SPINE, LEAF, HOST]);
    expect(poolLevels({ ...cloud, acceleratorKey: LEAF }, "gpu")).toEqual([SPINE, LEAF, HOST]);
  });

  test("change the names of the Topology and of its flavors, and of nothing else", () => {
    const contract = exampleContract();
    const flat = { ...contract, topologyKeys: contract.topologyKeys.slice(0, 1) };
    expect(poolTopology(flat, "compute").metadata.name).not.toBe(poolTopology(contract, "compute").metadata.name);
    expect(flavors(flat)[0]!.metadata.name).not.toBe(flavors(contract)[0]!.metadata.name);
    expect(clusterQueue(flat, ["work"], config()).metadata).toEqual(clusterQueue(contract, ["work"], config()).metadata);
    const fewer = { ...contract, nodes: contract.nodes.slice(0, -2) };
    expect(flavors(fewer)).toEqual(flavors(contract));
  });
});

describe("labels that Kueue needs on nodes", () => {
  test("are the pool, and a constant for a level that a node lacks", () => {
    const labels = Object.fromEntries(withKueueLabels(mixedContract()).nodes.map((node) => [node.name, node.labels]));
    expect(labels.c2).toEqual({ [SPINE]: "s1", [LEAF]: "unknown", "turducken.dev/pool": "cpu" });
    expect(labels.c1).toEqual({ [SPINE]: "s1", [LEAF]: "l3", "turducken.dev/pool": "cpu" });
    expect(labels.g1).toEqual({ [SPINE]: "s1", [LEAF]: "l1", [NVLINK]: "nv1", "turducken.dev/pool": "gpu" });
  });

  test("are all that a node of a flavor must carry", () => {
    fc.assert(
      fc.property(anyContract, (contract) => {
        const labelled = withKueueLabels(contract);
        for (const node of labelled.nodes.filter((each) => each.schedulable)) {
          // Domains are written as labels by the contract's builder; here only what Kueue adds is looked at.
          const carried = {
            ...node.labels,
            ...Object.fromEntries(contract.topologyKeys.flatMap(({ tier, key }) => (node.domains[tier] ? [[key, "x"]] : []))),
          };
          expect(Object.keys(carried)).toEqual(
            expect.arrayContaining(poolLevels(contract, node.pool).filter((key) => key !== HOST)),
          );
        }
      }),
    );
  });

  test("are what the label gate then waits for", () => {
    const labelled = withKueueLabels(mixedContract());
    expect(topologyLabelKeys(labelled)).toEqual([LEAF, SPINE, NVLINK]);
    expect(expectedPools(labelled).find((each) => each.name === "cpu")!.nodes.c2).toMatchObject({ [LEAF]: "unknown" });
  });

  test("are the provider's own business where it sets them", () => {
    const provider = { ...mixedContract(), labelsBy: "provider" as const };
    expect(withKueueLabels(provider)).toBe(provider);
  });
});

describe("the workload's side", () => {
  const contract = mixedContract();
  const kueue: KueueSummary = { queue: "work" };
  const parts = (request: Parameters<typeof kueueParts>[1], summary = kueue) => kueueParts(contract, request, summary);
  const REQUIRED = "kueue.x-k8s.io/podset-required-topology";
  const PREFERRED = "kueue.x-k8s.io/podset-preferred-topology";
  const SLICES = "kueue.x-k8s.io/podset-slice-required-topology";
  const SIZE = "kueue.x-k8s.io/podset-slice-size";

  test.each([
    [{}, { "kueue.x-k8s.io/podset-unconstrained-topology": "true" }],
    [{ within: "leaf" }, { [REQUIRED]: LEAF }],
    [{ within: "accelerator" }, { [REQUIRED]: NVLINK }],
    [{ preferred: "tier-1" }, { [PREFERRED]: SPINE }],
    [{ pack: "leaf" as const }, { [PREFERRED]: LEAF }],
    [{ pack: "leaf" as const, within: "spine" }, { [REQUIRED]: SPINE }],
    [{ slices: { size: 4, within: "leaf" } }, { [SLICES]: LEAF, [SIZE]: "4" }],
    [
      { within: "spine", slices: { size: 2, within: "accelerator" } },
      { [REQUIRED]: SPINE, [SLICES]: NVLINK, [SIZE]: "2" },
    ],
    [
      { pack: "leaf" as const, slices: { size: 2, within: "spine" } },
      { [PREFERRED]: SPINE, [SLICES]: SPINE, [SIZE]: "2" },
    ],
    [
      { pack: "leaf" as const, slices: { size: 2, within: "accelerator" } },
      { [PREFERRED]: LEAF, [SLICES]: NVLINK, [SIZE]: "2" },
    ],
  ])("%j", (request, annotations) => {
    expect(parts(request)).toEqual({
      jobLabels: { "kueue.x-k8s.io/queue-name": "work" },
      podAnnotations: annotations,
      nodeSelector: {},
    });
  });

  test("a pool and a leaf are node selectors", () => {
    expect(parts({ pool: "gpu", leaf: "l2" }).nodeSelector).toEqual({ "turducken.dev/pool": "gpu", [LEAF]: "l2" });
    expect(parts({ pool: "gpu" }, { queue: "work", poolLabels: { gpu: { "example.org/pool": "g" } } }).nodeSelector).toEqual({
      "example.org/pool": "g",
    });
  });

  test("every level that is named is one of the pool's, and at most one of the three main annotations is set", () => {
    const tier = fc.constantFrom("leaf", "spine", "accelerator");
    const slices = fc.record({ size: fc.integer({ min: 1, max: 9 }), within: tier });
    const request = fc.oneof(
      fc.record({ within: tier, slices: fc.option(slices, { nil: undefined }) }),
      fc.record({ preferred: tier, slices: fc.option(slices, { nil: undefined }) }),
      fc.record({ pack: fc.constant("leaf" as const), slices: fc.option(slices, { nil: undefined }) }),
    );
    fc.assert(
      fc.property(request, (each) => {
        const { podAnnotations } = parts(each);
        const main = Object.keys(podAnnotations).filter((key) => !key.includes("slice"));
        expect(main).toHaveLength(1);
        const named = [podAnnotations[main[0]!]!, ...(podAnnotations[SLICES] ? [podAnnotations[SLICES]] : [])];
        expect(poolLevels(contract, "gpu")).toEqual(expect.arrayContaining(named));
      }),
    );
  });

  test("a tier that is not there is a bug of the caller", () => {
    expect(() => parts({ within: "core" })).toThrow("no tier core in cluster example");
  });
});
