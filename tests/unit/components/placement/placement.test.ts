import {
  leafSelector,
  leavesOf,
  namesInLeafOrder,
  placementMeaning,
  placementProblems,
  placementTable,
  poolSelector,
  schedulersFor,
  whyNot,
  withPoolLabels,
  type PlacementJob,
  type PlacementRequest,
} from "../../../../components/placement";
import type { ClusterContract } from "../../../../components/contract/contract";
import { exampleContract, pool } from "../../../fixtures/contract";

const PATH = "workload.miniclusters[0]";
const problems = (
  scheduler: "gang" | "fluence" | "kueue" | "default",
  request: PlacementRequest & PlacementJob,
  overrides: Partial<ClusterContract> = {},
) => placementProblems(exampleContract(overrides), scheduler, request, PATH);

const EKS: Partial<ClusterContract> = {
  environment: "aws-eks",
  kubernetes: { version: "1.36.1", distribution: "eks" },
  schedulers: ["kueue", "default"],
};
const noTiers: Partial<ClusterContract> = { topologyKeys: [] };

describe("possible placements", () => {
  test.each([
    ["gang", { within: "leaf" }],
    ["gang", { within: "tier-1", nodes: 3 }],
    ["gang", { leaf: "l2" }],
    ["fluence", { within: "leaf" }],
    ["fluence", { within: "tier-0", leaf: "l1" }],
    ["fluence", { pack: "leaf" }],
    ["kueue", { within: "spine", slices: { size: 2, within: "leaf" }, nodes: 4 }],
    ["kueue", { preferred: "leaf" }],
    ["kueue", { pack: "leaf", within: "spine" }],
    ["kueue", {}],
    ["default", { leaf: "l1" }],
    ["default", {}],
  ] as const)("%s with %j", (scheduler, request) => {
    expect(problems(scheduler, request)).toEqual([]);
  });
});

describe("schedulers that cannot run there", () => {
  test("a provider's control plane has neither gangs nor Fluence, and says which it has", () => {
    expect(problems("gang", { within: "leaf" }, EKS)).toEqual([
      {
        path: `${PATH}.scheduler`,
        value: "gang",
        message:
          "it cannot run on cluster example (eks 1.36.1): the provider's control plane gives no access to its feature gates",
        allowed: "kueue, default",
        fix: "use layers with a scheduler that the cluster offers",
      },
    ]);
  });

  test("the version and the gates of a kubeadm cluster decide", () => {
    expect(whyNot({ version: "1.37.2", distribution: "kubeadm", gangs: true }, "fluence")).toBe(
      "Fluence 2 uses scheduling.k8s.io/v1alpha2, which only Kubernetes 1.36 serves, not 1.37",
    );
    expect(whyNot({ version: "1.36.3", distribution: "kubeadm", gangs: false }, "gang")).toBe(
      "the control plane runs without the gang gates (kubernetes.gangs: false)",
    );
    expect(whyNot({ version: "1.28.9", distribution: "gke", gangs: false }, "kueue")).toBe(
      "Kueue needs Kubernetes 1.29 or newer, not 1.28.9",
    );
    expect(whyNot({ version: "1.37.2", distribution: "kubeadm", gangs: true }, "gang")).toBeUndefined();
  });

  test("a scheduler that could run but that the contract does not offer is refused, too", () => {
    expect(problems("kueue", {}, { schedulers: ["gang", "default"] })).toMatchObject([
      {
        message: "it cannot run on cluster example (kubeadm 1.36.3): the cluster's contract does not offer it",
        allowed: "gang, default",
      },
    ]);
  });

  test("unknown tiers are named beside it, all at once", () => {
    expect(problems("fluence", { within: "pod" }, EKS).map((each) => each.path)).toEqual([`${PATH}.scheduler`, `${PATH}.within`]);
  });
});

describe("words that a scheduler does not have", () => {
  test("preferred is for Kueue only", () => {
    expect(problems("gang", { preferred: "leaf" })).toEqual([
      {
        path: `${PATH}.preferred`,
        value: "leaf",
        message:
          "`preferred` is not possible with scheduler gang: the Kubernetes scheduler's topology constraint of a gang is hard only",
        allowed: "`preferred` with scheduler kueue",
        fix: "use `within`, which is hard, or leave it out, or use layers with `scheduler: kueue`",
      },
    ]);
  });

  test.each([
    ["gang", { slices: { size: 2, within: "leaf" } }, "a PodGroup has one topology constraint for all of its pods"],
    ["gang", { pack: "leaf" }, "the Kubernetes scheduler does not count domains inside the one that a gang is in"],
    ["fluence", { preferred: "leaf" }, "Fluence reads no topology labels, so it cannot prefer a domain"],
    [
      "fluence",
      { slices: { size: 2, within: "leaf" } },
      "Fluence reads no topology labels, so it cannot keep groups of pods together",
    ],
    [
      "default",
      { within: "leaf" },
      "the default scheduler places pods one by one, so the first one could fix a domain that has no room for all",
    ],
    ["default", { preferred: "leaf" }, "the default scheduler places pods one by one and does not weigh domains for a whole job"],
    [
      "default",
      { slices: { size: 2, within: "leaf" } },
      "the default scheduler places pods one by one and knows no groups of them",
    ],
    ["default", { pack: "leaf" }, "the default scheduler places pods one by one and does not count the domains of a job"],
  ] as const)("%s with %j is refused with the reason", (scheduler, request, reason) => {
    const [word] = Object.keys(request);
    const found = problems(scheduler, request);
    expect(found.map((each) => each.message)).toEqual([`\`${word}\` is not possible with scheduler ${scheduler}: ${reason}`]);
    expect(found[0]!.allowed).toContain("kueue");
  });

  test("where no scheduler of the cluster has the word, leaving it out is all that is left", () => {
    expect(problems("gang", { slices: { size: 2, within: "leaf" } }, { schedulers: ["gang", "default"] })).toMatchObject([
      { allowed: undefined, fix: "leave it out" },
    ]);
  });
});

describe("tiers", () => {
  test("a tier that the cluster does not have lists those it has, wherever it is named", () => {
    const found = problems("kueue", { within: "core", slices: { size: 1, within: "tier-7" } });
    expect(found).toEqual([
      {
        path: `${PATH}.within`,
        value: "core",
        message: "cluster example has no tier of this name",
        allowed: "leaf, spine",
        fix: "use one of the tiers it has, nearest first",
      },
      expect.objectContaining({ path: `${PATH}.slices.within`, value: "tier-7", allowed: "leaf, spine" }),
    ]);
  });

  test("an accelerator domain must be there", () => {
    expect(problems("gang", { within: "accelerator" })).toMatchObject([
      { message: "no node of cluster example is in an accelerator (NVLink) domain", allowed: "leaf, spine" },
    ]);
    expect(problems("gang", { within: "accelerator" }, { acceleratorKey: "accelerator.topograph.run/domain" })).toEqual([]);
  });

  test("a cluster without tiers has no leaf to pack or to name", () => {
    expect(problems("kueue", { pack: "leaf", within: "leaf" }, noTiers)).toMatchObject([
      {
        path: `${PATH}.within`,
        allowed: "none: nothing says where the cluster's nodes are",
        fix: "leave it out, or give the hosts a leaf in the cluster stack",
      },
      { path: `${PATH}.pack`, message: "cluster example has no tiers, so its nodes are in no leaf" },
    ]);
  });

  test("a leaf that is named must have nodes for work", () => {
    expect(problems("kueue", { leaf: "l9" })).toEqual([
      {
        path: `${PATH}.leaf`,
        value: "l9",
        message: "cluster example has no leaf of this name with nodes that can carry work",
        allowed: "l1, l2, l3",
        fix: "name one of those",
      },
    ]);
    expect(leavesOf(exampleContract())).toEqual(["l1", "l2", "l3"]);
  });
});

describe("Fluence, which knows no topology", () => {
  test("keeps jobs in one leaf only", () => {
    expect(problems("fluence", { within: "spine" })).toEqual([
      {
        path: `${PATH}.within`,
        value: "spine",
        message: "Fluence knows no topology; a job can only be kept in one leaf, by a node selector",
        allowed: "leaf",
        fix: "use `within: leaf`, or layers with another scheduler",
      },
    ]);
  });

  test("needs the leaf's name where the contract does not know the nodes", () => {
    expect(problems("fluence", { within: "leaf" }, { nodes: [] })).toMatchObject([
      { message: "no leaf can be chosen for Fluence: the contract does not say which nodes are in which" },
    ]);
    expect(problems("fluence", { within: "leaf", leaf: "any" }, { nodes: [] })).toEqual([]);
  });

  test("packs by name, so names must follow the leaves", () => {
    const contract = exampleContract();
    expect(namesInLeafOrder(contract)).toBe(true);
    const [, first, ...rest] = contract.nodes;
    const shuffled = { nodes: [{ ...first!, name: "n99" }, ...rest] };
    expect(namesInLeafOrder(exampleContract(shuffled))).toBe(false);
    expect(problems("fluence", { pack: "leaf" }, shuffled)).toMatchObject([
      {
        path: `${PATH}.pack`,
        message: "Fluence takes nodes by name, and sorted by name this cluster's nodes are not leaf by leaf",
      },
    ]);
  });
});

describe("words together", () => {
  test("hard and wished for is one too many", () => {
    expect(problems("kueue", { within: "spine", preferred: "leaf" }).map((each) => each.message)).toEqual([
      "`within: spine` is hard and `preferred` is a wish; a job has one of them",
    ]);
  });

  test("in a named leaf there is nothing to prefer or to pack", () => {
    expect(problems("kueue", { leaf: "l1", preferred: "leaf", pack: "leaf" }).map((each) => [each.path, each.message])).toEqual([
      [`${PATH}.preferred`, "`leaf: l1` already says where all nodes are"],
      [`${PATH}.pack`, "`leaf: l1` already says where all nodes are"],
    ]);
  });

  test.each([
    [{ slices: { size: 0, within: "leaf" } }, "a slice has whole nodes", "1 or more"],
    [{ slices: { size: 2, within: "leaf" }, nodes: 5 }, "5 nodes cannot be cut into slices of 2", "a divisor of 5"],
    [
      { slices: { size: 4, within: "leaf" }, nodes: 4 },
      "no leaf of pool compute has so many nodes: the biggest is l1 with 3",
      "at most 3",
    ],
    [
      { slices: { size: 2, within: "spine" }, within: "leaf" },
      "a slice lies inside the job, and spine is broader than leaf, where the whole job is",
      "leaf",
    ],
  ])("%j is refused", (request, message, allowed) => {
    expect(problems("kueue", request)).toMatchObject([{ message, allowed }]);
  });
});

describe("the table", () => {
  test("says what each word means, and for which scheduler a word is", () => {
    const place = { version: "1.36.3", distribution: "kubeadm", gangs: true } as const;
    expect(placementMeaning(place, "kueue", "preferred").supported).toBe(true);
    expect(placementMeaning({ ...place, distribution: "gke" }, "gang", "within")).toEqual({
      supported: false,
      text: "the provider's control plane gives no access to its feature gates",
    });
    expect(schedulersFor(place, "within")).toEqual(["gang", "fluence", "kueue"]);
    expect(schedulersFor(place, "slices")).toEqual(["kueue"]);
  });

  test("has one line for each scheduler, place and version that differ", () => {
    const rows = placementTable()
      .trimEnd()
      .split("\n")
      .slice(2)
      .map((each) => each.split(" | ").slice(0, 4));
    expect(rows).toEqual([
      ["| `gang`", "kubeadm", "1.36", "yes, with `kubernetes.gangs: true` (scheduling.k8s.io/v1alpha2)"],
      ["| `gang`", "kubeadm", "1.37", "yes, with `kubernetes.gangs: true` (scheduling.k8s.io/v1beta1)"],
      ["| `gang`", "kubeadm", "other", "no: the gates for native gangs are known for Kubernetes 1.36 and 1.37"],
      ["| `gang`", "eks, gke", "any", "no: the provider's control plane gives no access to its feature gates"],
      ["| `gang`", "usernetes", "any", "no: the feature gates of a Usernetes control plane are not set by any stack"],
      ["| `fluence`", "kubeadm", "1.36", "yes, with `kubernetes.gangs: true` (scheduling.k8s.io/v1alpha2)"],
      [
        "| `fluence`",
        "kubeadm",
        "1.37, other",
        "no: Fluence 2 uses scheduling.k8s.io/v1alpha2, which only Kubernetes 1.36 serves",
      ],
      ["| `fluence`", "eks, gke", "any", "no: the provider's control plane gives no access to its feature gates"],
      ["| `fluence`", "usernetes", "any", "no: the feature gates of a Usernetes control plane are not set by any stack"],
      ["| `kueue`", "kubeadm, eks, gke, usernetes", "1.29 and newer", "yes"],
      ["| `default`", "kubeadm, eks, gke, usernetes", "any", "yes"],
    ]);
    expect(placementTable()).toContain("`podset-preferred-topology`");
  });
});

describe("which pool a node is of", () => {
  test("is a label of ours on hosts, and the provider's on its node groups", () => {
    expect(poolSelector(exampleContract(), "compute")).toEqual({ "turducken.dev/pool": "compute" });
    expect(poolSelector(exampleContract({ ...EKS, nodes: [] }), "compute")).toEqual({ "eks.amazonaws.com/nodegroup": "compute" });
    const gke: Partial<ClusterContract> = { kubernetes: { version: "1.36.1", distribution: "gke" }, nodes: [] };
    expect(poolSelector(exampleContract(gke), "compute")).toEqual({ "cloud.google.com/gke-nodepool": "compute" });
    expect(poolSelector(exampleContract({ nodes: [] }), "compute")).toBeUndefined();
  });

  test("and a leaf is the nearest tier's label", () => {
    expect(leafSelector(exampleContract(), "l2")).toEqual({ "fabric.topograph.run/tier-0": "l2" });
    expect(leafSelector(exampleContract(noTiers), "l2")).toBeUndefined();
  });

  test("goes into the labels of nodes known by name, and nowhere else", () => {
    const labelled = withPoolLabels(exampleContract());
    expect(labelled.nodes.find((node) => node.name === "n01")!.labels).toEqual({
      "fabric.topograph.run/tier-0": "l1",
      "fabric.topograph.run/tier-1": "s1",
      "turducken.dev/pool": "compute",
    });
    const eks = exampleContract({ ...EKS, pools: [pool("compute")] });
    expect(withPoolLabels(eks)).toBe(eks);
  });
});
