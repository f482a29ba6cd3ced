import * as fc from "fast-check";
import { validateMiniClusterObject } from "../../../../components/flux-operator/validate";
import {
  curveCertificate,
  miniClusterObject,
  podSize,
  type MiniClusterLayers,
  type MiniClusterSpec,
} from "../../../../components/minicluster";
import { contractOf, GANG, lammps } from "./fixtures";

const POST = [
  "status=$?",
  "if [ -s /tmp/turducken/failed ]; then status=$(cat /tmp/turducken/failed); fi",
  'if [ "$status" -ne 0 ]; then exit "$status"; fi',
].join("\n");
const HARDENED = { allowPrivilegeEscalation: false };
const SHM = { shm: { emptyDir: true, emptyDirMedium: "memory" } };

const made = (type: string, spec: Partial<MiniClusterSpec> = {}, layers: MiniClusterLayers = GANG) =>
  miniClusterObject(contractOf(type), layers, { ...lammps, ...spec }, "work", "CERT");

/** The whole object with `commands.pre` taken out: its lines have tests of their own. */
function golden(type: string, spec: Partial<MiniClusterSpec> = {}) {
  const { containers, ...rest } = made(type, spec).spec;
  const { pre, ...commands } = containers[0]!.commands as { pre?: string };
  return { spec: { ...rest, containers: [{ ...containers[0], commands }] }, pre: (pre ?? "").split("\n") };
}

const common = (size: number, tasks: number, view: string, optionFlags: string) => ({
  size,
  tasks,
  backoffLimit: 1,
  logging: { quiet: true },
  network: { headlessName: "lammps" },
  pod: {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    labels: { "turducken.dev/pod-group": expect.stringMatching(/^lammps-[0-9a-f]{6}$/) },
  },
  flux: {
    container: { image: `ghcr.io/converged-computing/${view}`, securityContext: HARDENED },
    submitCommand: "flux python /tmp/turducken/run.py",
    optionFlags,
    curveCert: "CERT",
  },
});
const application = (environment: Record<string, string>, cpu: string, more: Record<string, string>) => ({
  image: "registry.example.org/lammps@sha256:1",
  command: "lmp -v x 2 -in in.reaxff.hns -nocite",
  environment,
  resources: { requests: { cpu, ...more }, limits: more },
  commands: { post: POST },
  volumes: SHM,
  securityContext: HARDENED,
});

describe("miniClusterObject", () => {
  test("on hpc7g asks for the EFA, its huge pages and the arm64 view, one task for each core", () => {
    const { spec, pre } = golden("hpc7g.16xlarge");
    expect(spec).toEqual({
      ...common(2, 128, "flux-view-rocky:arm-9", "-o pmi=simple -o cpu-affinity=per-task"),
      containers: [
        application({ FI_PROVIDER: "efa" }, "56700m", {
          memory: expect.stringMatching(/^\d{6}Mi$/),
          "vpc.amazonaws.com/efa": "1",
          "hugepages-2Mi": "5120Mi",
        }),
      ],
    });
    expect(pre.some((line) => line.startsWith("flux R encode"))).toBe(false);
  });

  test("on p5 asks for all GPUs and EFAs, gives every task a GPU, and tells Flux of the GPUs that hwloc misses", () => {
    const { spec, pre } = golden("p5.48xlarge");
    expect(spec).toEqual({
      ...common(
        2,
        16,
        "flux-view-ubuntu:tag-noble",
        "-o pmi=simple -o cpu-affinity=per-task -c 12 -g 1 -o gpu-affinity=per-task",
      ),
      containers: [
        application({ FI_PROVIDER: "efa" }, "171000m", {
          memory: expect.stringMatching(/^\d{7}Mi$/),
          "nvidia.com/gpu": "8",
          "vpc.amazonaws.com/efa": "32",
          "hugepages-2Mi": "5120Mi",
        }),
      ],
    });
    // With quiet logs the operator appends a redirection to the last line: it would win over this one.
    expect(pre.slice(-3)).toEqual([
      'flux R encode --hosts="${hosts}" --cores=0-95 --gpus=0-7 > /tmp/turducken/R',
      'mv /tmp/turducken/R "${configroot}/etc/flux/system/R"',
      ":",
    ]);
  });

  test("on DGX H100 asks for one share of the InfiniBand adapters and names the compute ones", () => {
    const { spec } = golden("dgx-h100");
    const hcas = [0, 3, 4, 5, 6, 9, 10, 11].map((index) => `mlx5_${index}`);
    expect(spec.containers).toEqual([
      application({ UCX_NET_DEVICES: hcas.map((each) => `${each}:1`).join(","), NCCL_IB_HCA: `=${hcas.join(",")}` }, "200700m", {
        memory: expect.stringMatching(/^\d{7}Mi$/),
        "nvidia.com/gpu": "8",
        "rdma/rdma_shared_device_a": "1",
      }),
    ]);
    expect(spec.flux.optionFlags).toBe("-o pmi=simple -o cpu-affinity=per-task -c 14 -g 1 -o gpu-affinity=per-task");
  });

  test("on small machines without a fabric asks for more than half of the CPU", () => {
    const { spec } = golden("cpu-generic");
    expect(spec).toEqual({
      ...common(2, 4, "flux-view-ubuntu:tag-noble", "-o pmi=simple -o cpu-affinity=per-task"),
      containers: [application({}, "1100m", { memory: expect.stringMatching(/^\d{3}Mi$/) })],
    });
  });

  test("has name, namespace and annotations that keep Pulumi from waiting for a status that says nothing", () => {
    expect(made("cpu-generic")).toMatchObject({
      apiVersion: "flux-framework.org/v1alpha2",
      kind: "MiniCluster",
      metadata: {
        name: "lammps",
        namespace: "work",
        annotations: { "pulumi.com/waitFor": "jsonpath={.metadata.uid}", "pulumi.com/deletionPropagationPolicy": "background" },
      },
    });
  });

  test("is the same bytes for the same description, and what the operator takes", () => {
    const spec = fc.record({
      nodes: fc.integer({ min: 1, max: 6 }),
      cpu: fc.constantFrom("shared" as const, "exclusive" as const),
      type: fc.constantFrom("hpc7g.16xlarge", "p5.48xlarge", "dgx-h100", "cpu-generic", "hpc6a.48xlarge"),
      command: fc.array(fc.stringMatching(/^[ -~]+$/), { minLength: 1, maxLength: 4 }),
      environment: fc.dictionary(fc.stringMatching(/^[A-Z]{1,5}$/), fc.stringMatching(/^[ -~]{0,9}$/)),
    });
    fc.assert(
      fc.property(spec, ({ type, ...rest }) => {
        const object = made(type, rest);
        expect(JSON.stringify(made(type, structuredClone(rest)))).toBe(JSON.stringify(object));
        const curveCert = curveCertificate(Buffer.alloc(32, 1).toString("base64"), "lammps");
        expect(
          validateMiniClusterObject({ ...object, spec: { ...object.spec, flux: { ...object.spec.flux, curveCert } } }),
        ).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("resources", () => {
  const size = (type: string, spec: Partial<MiniClusterSpec> = {}) => podSize(contractOf(type).pools[1]!, { ...lammps, ...spec });

  test("shared CPU has no limit, everything else has one", () => {
    expect(size("hpc7g.16xlarge").limits).not.toHaveProperty("cpu");
    expect(size("hpc7g.16xlarge").cores).toBe(64);
  });

  test("exclusive CPU is whole cores with limits equal to requests, and Flux finds no more cores than that", () => {
    const { requests, limits, cores } = size("p5.48xlarge", { cpu: "exclusive" });
    expect(requests.cpu).toBe("190");
    expect(limits).toEqual(requests);
    expect(cores).toBe(95);
    expect(made("p5.48xlarge", { cpu: "exclusive" }).spec.containers[0]!.commands.pre).toContain("--cores=0-94 --gpus=0-7");
  });

  test("the user's amounts win, and 0 leaves a device out", () => {
    const { requests, gpus } = size("p5.48xlarge", {
      resources: { "vpc.amazonaws.com/efa": "0", "nvidia.com/gpu": "4", cpu: "100" },
    });
    expect(requests).toMatchObject({ "nvidia.com/gpu": "4", cpu: "100" });
    expect(requests).not.toHaveProperty("vpc.amazonaws.com/efa");
    expect(gpus).toBe(4);
  });

  test("devices that nobody offers are not asked for", () => {
    const { requests } = podSize(contractOf("p5.48xlarge").pools[1]!, lammps, { devices: ["nvidia.com/gpu"] });
    expect(Object.keys(requests)).toEqual(["cpu", "memory", "nvidia.com/gpu", "hugepages-2Mi"]);
  });
});

describe("environment and command", () => {
  test("the user's variables win over the fabric's", () => {
    const { environment } = made("hpc7g.16xlarge", { environment: { FI_PROVIDER: "tcp", OMP_NUM_THREADS: "2" } }).spec
      .containers[0]!;
    expect(environment).toEqual({ FI_PROVIDER: "tcp", OMP_NUM_THREADS: "2" });
  });

  test("words with spaces or signs of the shell go into a script that the operator's here-document gives back unchanged", () => {
    const { command, commands } = made("cpu-generic", { command: ["sh", "-c", 'echo "$HOME" `id` it\'s a\\b'] }).spec
      .containers[0]!;
    expect(command).toBeUndefined();
    expect(commands.script).toBe("exec 'sh' '-c' 'echo \"\\$HOME\" \\`id\\` it'\\\\''s a\\\\b'");
  });

  test("an interactive MiniCluster has no command, no tasks and no launch", () => {
    const { spec } = golden("cpu-generic", { interactive: true, command: undefined });
    expect(spec).toMatchObject({ interactive: true, pod: { restartPolicy: "OnFailure" } });
    expect(spec).not.toHaveProperty("tasks");
    expect(spec).not.toHaveProperty("backoffLimit");
    expect(spec.flux).not.toHaveProperty("submitCommand");
    expect(spec.containers[0]).toMatchObject({ commands: {} });
    expect(spec.containers[0]).not.toHaveProperty("command");
  });

  test("hands run.py what it has to compare with", () => {
    const pre = made("hpc7g.16xlarge", { probe: { world: "mpi", seconds: 60, output: "on (\\d+) ranks" } }).spec.containers[0]!
      .commands.pre!;
    const job = pre.split("\n")[pre.split("\n").indexOf("cat > /tmp/turducken/job.json <<'TURDUCKEN'") + 1]!;
    expect(JSON.parse(job)).toEqual({
      nodes: 2,
      tasks: 128,
      options: ["-o", "pmi=simple", "-o", "cpu-affinity=per-task"],
      pmi: "simple",
      world: "mpi",
      seconds: 60,
      program: "lmp",
      system: true,
      output: "on (\\d+) ranks",
    });
    expect(pre.split("\n").filter((line) => line === "TURDUCKEN")).toHaveLength(2);
  });

  test.each([
    ["more tasks than GPUs see all of them", 32, "-c 6 -o gpu-affinity=off"],
    ["half as many tasks as GPUs have two each", 8, "-c 24 -g 2 -o gpu-affinity=per-task"],
  ])("%s", (_, tasks, flags) => {
    expect(made("p5.48xlarge", { tasks }).spec.flux.optionFlags).toBe(`-o pmi=simple -o cpu-affinity=per-task ${flags}`);
  });

  test.each([
    ["openmpi", "ubuntu-noble", "pmix"],
    ["openmpi", "rocky-9", "simple"],
    ["intelmpi", "ubuntu-noble", "simple"],
  ] as const)("%s on %s finds its processes by %s", (mpi, os, pmi) => {
    expect(made("hpc6a.48xlarge", { launch: { mpi }, os }).spec.flux.optionFlags).toBe(`-o pmi=${pmi} -o cpu-affinity=per-task`);
  });
});

describe("schedulers", () => {
  test("gang: the label that puts the pods into the PodGroup, on the default scheduler", () => {
    const { pod, network } = made("cpu-generic", { within: "leaf" }).spec;
    expect(pod).toEqual({
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      labels: { "turducken.dev/pod-group": expect.stringMatching(/^lammps-[0-9a-f]{6}$/) },
    });
    expect(network).toEqual({ headlessName: "lammps" });
  });

  test("gang: another place or size is another PodGroup, anything else is not", () => {
    const group = (spec: Partial<MiniClusterSpec>) => made("cpu-generic", spec).spec.pod.labels!["turducken.dev/pod-group"];
    const first = group({ within: "leaf" });
    expect(group({ within: "leaf", image: "other@sha256:2", tasks: 2 })).toBe(first);
    expect(new Set([first, group({ within: "spine" }), group({}), group({ within: "leaf", nodes: 3 })]).size).toBe(4);
  });

  test("fluence: its scheduler, and the leaf as node selector, which disableAffinity leaves alone", () => {
    const { pod, network } = made("cpu-generic", { within: "leaf", leaf: "l2" }, { scheduler: "fluence" }).spec;
    expect(pod).toMatchObject({
      schedulerName: "fluence",
      labels: { "turducken.dev/pod-group": expect.stringMatching(/^lammps-[0-9a-f]{6}$/) },
      nodeSelector: { "fabric.topograph.run/tier-0": "l2" },
    });
    expect(network).toEqual({ headlessName: "lammps", disableAffinity: true });
  });

  test("kueue: the queue on the Job, the place on the pods", () => {
    const spec = { within: "spine", slices: { size: 1, within: "leaf" } };
    const { pod, jobLabels } = made("cpu-generic", spec, { scheduler: "kueue", queue: "work" }).spec;
    expect(jobLabels).toEqual({ "kueue.x-k8s.io/queue-name": "work" });
    expect(pod.annotations).toEqual({
      "kueue.x-k8s.io/podset-required-topology": "fabric.topograph.run/tier-1",
      "kueue.x-k8s.io/podset-slice-required-topology": "fabric.topograph.run/tier-0",
      "kueue.x-k8s.io/podset-slice-size": "1",
    });
    expect(pod.labels).toBeUndefined();
  });

  test("several pools: the pool's label as node selector, and its tolerations", () => {
    const contract = contractOf("cpu-generic");
    const [control, compute] = contract.pools;
    const tolerations = [{ key: "dedicated", operator: "Equal", value: "hpc", effect: "NoSchedule" }];
    const nodes = contract.nodes.map((node) => (node.name === "cp1" ? { ...node, schedulable: true } : node));
    const two = { ...contract, nodes, pools: [control!, { ...compute!, tolerations }] };
    const { pod } = miniClusterObject(two, { scheduler: "default" }, { ...lammps, pool: "compute" }, "work").spec;
    expect(pod.nodeSelector).toEqual({ "turducken.dev/pool": "compute" });
    expect(pod.tolerations).toEqual(tolerations);
    expect(pod.labels).toBeUndefined();
  });
});
