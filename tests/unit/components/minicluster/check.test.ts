import type { ClusterContract } from "../../../../components/contract/contract";
import {
  checkMiniCluster,
  checkMiniClusters,
  type MiniClusterLayers,
  type MiniClusterSpec,
} from "../../../../components/minicluster";
import { exampleContract } from "../../../fixtures/contract";
import { contractOf, GANG, lammps } from "./fixtures";

function check(
  spec: Partial<MiniClusterSpec>,
  { type = "hpc6a.48xlarge", layers = GANG, contract = contractOf(type) }: Given = {},
) {
  return checkMiniCluster(contract, layers, { ...lammps, ...spec }, "w[0]");
}
interface Given {
  readonly type?: string;
  readonly layers?: MiniClusterLayers;
  readonly contract?: ClusterContract;
}

/** `path: message` of each. */
const told = (problems: readonly { path: string; message: string }[]) =>
  problems.map(({ path, message }) => `${path}: ${message}`);

test.each(["hpc7g.16xlarge", "p5.48xlarge", "dgx-h100", "cpu-generic", "hpc6a.48xlarge"])(
  "nothing is wrong with the example on %s",
  (type) => {
    expect(check({ within: "leaf" }, { type })).toEqual({ problems: [], warnings: [] });
  },
);

describe("what cannot be", () => {
  test.each<[string, Partial<MiniClusterSpec>, Given, string[]]>([
    ["a pool that is not there", { pool: "gpu" }, {}, ["w[0].pool: the cluster has no such pool"]],
    [
      "no view for the system on the architecture",
      { os: "ubuntu-noble" },
      { type: "hpc7g.16xlarge" },
      ["w[0].os: No Flux view of ubuntu-noble is published for arm64, which pool compute (hpc7g.16xlarge) is."],
    ],
    [
      "a view of the other architecture",
      { view: { image: "ghcr.io/converged-computing/flux-view-rocky:tag-9" } },
      { type: "hpc7g.16xlarge" },
      ["w[0].view.image: This view is for amd64, and machines of pool compute (hpc7g.16xlarge) are arm64."],
    ],
    [
      "an image of the other architecture",
      { arch: "amd64" },
      { type: "hpc7g.16xlarge" },
      ["w[0].arch: The image is for amd64, and machines of pool compute (hpc7g.16xlarge) are arm64."],
    ],
    [
      "more GPUs than the type has",
      { resources: { "nvidia.com/gpu": "16" } },
      { type: "p5.48xlarge" },
      ["w[0].resources.nvidia.com/gpu: No machine of pool compute (p5.48xlarge) has so much."],
    ],
    [
      "EFA on a pool without it",
      { resources: { "vpc.amazonaws.com/efa": "1" } },
      { type: "dgx-h100" },
      [
        "w[0].resources.vpc.amazonaws.com/efa: Machines of pool compute (dgx-h100) have no vpc.amazonaws.com/efa; no pod would ever start.",
      ],
    ],
    [
      "huge pages where nobody sets them aside",
      { resources: { "hugepages-2Mi": "1Gi" } },
      { type: "dgx-h100" },
      [
        "w[0].resources.hugepages-2Mi: Nothing says that nodes of pool compute (dgx-h100) set huge pages aside; no pod would ever start.",
      ],
    ],
    [
      "an amount that is none",
      { resources: { memory: "viel" } },
      {},
      ["w[0].resources.memory: It is not a Kubernetes quantity."],
    ],
    [
      "more memory than the machine has",
      { resources: { memory: "385Gi" } },
      {},
      ["w[0].resources.memory: No machine of pool compute (hpc6a.48xlarge) has so much."],
    ],
    [
      "a device that the layers do not offer",
      {},
      { layers: { scheduler: "gang", devices: [] } },
      [
        "w[0].resources.vpc.amazonaws.com/efa: Machines of pool compute (hpc6a.48xlarge) have it, but no device plugin of the layers offers it.",
      ],
    ],
    [
      "two pods on one node",
      { resources: { cpu: "48", "vpc.amazonaws.com/efa": "0" } },
      {},
      [
        "w[0].resources.cpu: Two of its pods would fit on one node of pool compute (hpc6a.48xlarge): each asks for 48000m of 96000m CPU. Flux would then count the node's cores twice.",
      ],
    ],
    [
      "half cores with exclusive CPU",
      { cpu: "exclusive", resources: { cpu: "151" } },
      { type: "p5.48xlarge" },
      ["w[0].resources.cpu: With `cpu: exclusive` a pod has whole cores, and a core of p5.48xlarge is 2 CPUs."],
    ],
    [
      "more tasks than cores",
      { tasks: 193 },
      {},
      ["w[0].tasks: Flux finds 96 cores in each of 2 pods and gives every task one: it would refuse the job as unsatisfiable."],
    ],
    [
      "more tasks than exclusive cores",
      { tasks: 192, cpu: "exclusive" },
      {},
      ["w[0].tasks: Flux finds 95 cores in each of 2 pods and gives every task one: it would refuse the job as unsatisfiable."],
    ],
    [
      "fewer tasks than nodes",
      { tasks: 1 },
      {},
      ["w[0].tasks: Every node runs at least one whole task; a node without any would be held for nothing."],
    ],
    ["no nodes", { nodes: 0 }, {}, ["w[0].nodes: It has whole nodes."]],
    [
      "a leaf that is too small",
      { within: "leaf", nodes: 4 },
      {},
      ["w[0].nodes: it can never fit within one leaf: the biggest is l1 with 3 nodes"],
    ],
    [
      "a named leaf that is too small",
      { leaf: "l3" },
      {},
      ["w[0].nodes: It can never fit: leaf l3 has 1 node of pool compute that can carry work."],
    ],
    [
      "a PMI service that the view has not",
      { os: "rocky-9", launch: { mpi: "openmpi", pmi: "pmix" } },
      {},
      ["w[0].launch.pmi: The view for rocky-9 has no `pmix`: Flux would not start the job."],
    ],
    [
      "a PMI service that the library does not speak",
      { launch: { mpi: "intelmpi", pmi: "pmix" } },
      {},
      [
        "w[0].launch.pmi: intelmpi does not find its other processes this way: 192 tasks would be 192 worlds of one rank, and each would end well.",
      ],
    ],
    [
      "no PMI for many tasks of MPI",
      { launch: { mpi: "mpich", pmi: "off" } },
      {},
      [
        "w[0].launch.pmi: mpich does not find its other processes this way: 192 tasks would be 192 worlds of one rank, and each would end well.",
      ],
    ],
    [
      "an option with a quote",
      { launch: { options: ["-o", "x='1'"] } },
      {},
      ["w[0].launch.options[1]: The operator's script splits options at spaces and understands no quotes."],
    ],
    [
      "an output pattern without a group",
      { probe: { output: "(?:on) \\(ranks\\)" } },
      {},
      ["w[0].probe.output: It has no group, so nothing says which number is the number of ranks."],
    ],
    ["nothing to run", { command: [] }, {}, ["w[0].command: There is nothing to run."]],
    [
      "a command with a line end",
      { command: ["sh", "-c", "a\nEOF"] },
      {},
      ["w[0].command[2]: Words of a command are not empty and have no line ends in them."],
    ],
    ["a relative folder", { workingDir: "data" }, {}, ["w[0].workingDir: It is no absolute path."]],
    [
      "waiting for an interactive one",
      { interactive: true, command: undefined, wait: "complete" },
      {},
      ["w[0].wait: An interactive MiniCluster has no tasks to ask and never completes."],
    ],
    [
      "a wish without Kueue",
      { preferred: "leaf" },
      {},
      [
        "w[0].preferred: `preferred` is not possible with scheduler gang: the Kubernetes scheduler's topology constraint of a gang is hard only",
      ],
    ],
    [
      "Kueue without a queue for the pool",
      {},
      { layers: { scheduler: "kueue", queues: { other: "q" } } },
      ["w[0].pool: The layers have no queue for this pool; Kueue leaves a Job without one to the default scheduler."],
    ],
    [
      "Fluence on nodes that it does not own",
      {},
      { layers: { scheduler: "fluence", fluencePools: ["other"] } },
      ["w[0].pool: Fluence does not own the nodes of this pool and does not see them."],
    ],
    [
      "Fluence within a leaf that nobody chose",
      { within: "leaf" },
      { layers: { scheduler: "fluence" } },
      ["w[0].within: No leaf was chosen, and Fluence keeps a job in one leaf only where its name is given."],
    ],
    [
      "an environment variable that cannot be",
      { environment: { "A=B": "1" } },
      {},
      [expect.stringMatching(/^w\[0\]\.environment/)],
    ],
  ])("%s", (_, spec, given, expected) => {
    const { problems, warnings } = check(spec, given);
    expect(told(problems)).toEqual(expected);
    expect(told(warnings)).toEqual([]);
    for (const problem of problems) expect(problem.fix).toMatch(/\S/);
  });

  test("a scheduler that cannot run there", () => {
    const contract = exampleContract({
      kubernetes: { version: "1.33.1", distribution: "eks" },
      schedulers: ["default", "kueue"],
    });
    const { problems } = check({}, { contract, layers: { scheduler: "fluence" } });
    expect(told(problems)).toEqual([
      "w[0].scheduler: it cannot run on cluster example (eks 1.33.1): the provider's control plane gives no access to its feature gates",
    ]);
  });
});

describe("names", () => {
  const names = (name: string, nodes = 2) => told(check({ name, nodes, unchecked: true }).problems);

  test("52 characters are enough for everything that is made of a name", () => {
    expect(names("a".repeat(52))).toEqual([]);
    expect(names("a".repeat(52), 9_999)).toEqual([]);
  });

  test("53 are too many: the pod's name is shown", () => {
    expect(names("a".repeat(53))).toEqual([
      `w[0].name: It becomes the name of a Job, a Service, a volume \`<name>-entrypoint\` and of pods, which it cannot be (53 characters: a pod would be ${"a".repeat(53)}-1-xxxxx).`,
    ]);
  });

  test.each(["1st", "Lammps", "lam_mps", "lammps-", ""])("%p is none", (name) => {
    expect(names(name)).toHaveLength(1);
  });
});

describe("several at once", () => {
  test("two of one name would be one gang", () => {
    const { problems } = checkMiniClusters(contractOf("cpu-generic"), GANG, [lammps, { ...lammps, nodes: 1 }], "w", ["ring"]);
    expect(told(problems)).toEqual([
      "w[1].name: Other work has this name: its pods would be in one gang with these, and wait for each other.",
    ]);
  });

  test("a plain gang of the name counts, too", () => {
    expect(checkMiniClusters(contractOf("cpu-generic"), GANG, [lammps], "w", ["lammps"]).problems).toHaveLength(1);
  });

  test("all that is wrong with all of them is told together", () => {
    const bad: MiniClusterSpec = {
      ...lammps,
      name: "Bad",
      arch: "amd64",
      command: [],
      resources: { memory: "999Ti" },
      launch: { mpi: "intelmpi", pmi: "pmix" },
      workingDir: "here",
    };
    const { problems } = checkMiniClusters(contractOf("hpc7g.16xlarge"), GANG, [lammps, bad], "w");
    expect(problems.map(({ path }) => path)).toEqual([
      "w[1].name",
      "w[1].command",
      "w[1].workingDir",
      "w[1].arch",
      "w[1].resources.memory",
      "w[1].launch.pmi",
      "w[1].launch.pmi",
    ]);
  });
});

describe("warnings", () => {
  test("with `unchecked`, why it could never fit", () => {
    const { problems, warnings } = check({ within: "leaf", nodes: 4, unchecked: true });
    expect(problems).toEqual([]);
    expect(told(warnings)).toEqual(["w[0].nodes: it can never fit within one leaf: the biggest is l1 with 3 nodes"]);
  });

  test("Open MPI on a view without PMIx", () => {
    const { problems, warnings } = check({ os: "rocky-9", launch: { mpi: "openmpi" } });
    expect(problems).toEqual([]);
    expect(warnings).toMatchObject([{ path: "w[0].launch.pmi", value: "simple" }]);
  });

  test.each([
    [6, "8 GPUs on each node cannot be divided among 3 tasks; 2 of them stay unused."],
    [32, "16 tasks share 8 GPUs on each node; every task sees all of them, and chooses by itself."],
  ])("%d tasks on 16 GPUs", (tasks, message) => {
    expect(told(check({ tasks }, { type: "p5.48xlarge" }).warnings)).toEqual([`w[0].tasks: ${message}`]);
  });
});
