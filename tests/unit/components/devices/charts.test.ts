import { deviceCharts, type ChartRelease } from "../../../../components/devices";
import { config, eks, metal, poolOf, taint } from "./contracts";

const one = (charts: ChartRelease[], id: string) => charts.find((each) => each.id === id)!;

describe("the EFA plugin", () => {
  test("is allowed on exactly the instance types of the pools with EFA, and tolerates every taint of theirs", () => {
    const contract = eks([
      poolOf("hpc", "hpc7g.16xlarge", { tolerations: [taint("dedicated", "hpc")] }),
      poolOf("train", "p5.48xlarge", { tolerations: [taint("nvidia.com/gpu"), taint("dedicated", "hpc")] }),
      poolOf("system", "cpu-generic", { machineType: "m7g.large", tolerations: [taint("CriticalAddonsOnly")] }),
    ]);
    const charts = deviceCharts(contract, config({ efa: "plugin" }));
    expect(charts).toEqual([
      {
        id: "efa",
        name: "efa-device-plugin",
        namespace: "kube-system",
        chart: "aws-efa-k8s-device-plugin",
        version: "v0.5.30",
        repositoryOpts: { repo: "https://aws.github.io/eks-charts" },
        values: {
          supportedInstanceLabels: { keys: ["node.kubernetes.io/instance-type"], values: ["hpc7g.16xlarge", "p5.48xlarge"] },
          tolerations: [taint("dedicated", "hpc"), taint("nvidia.com/gpu")],
        },
      },
    ]);
  });

  test("finds hosts by their pool, since nobody sets the instance type on them", () => {
    const contract = metal([poolOf("hpc", "hpc7g.16xlarge")], { environment: "aws-ec2" });
    const [chart] = deviceCharts(contract, config({ efa: "plugin", efaRepository: "mirror.example.org/efa" }));
    expect(chart!.values).toEqual({
      supportedInstanceLabels: { keys: ["turducken.dev/pool"], values: ["hpc"] },
      tolerations: [],
      image: { repository: "mirror.example.org/efa" },
    });
  });

  test("names the hosts where the contract does not say that they carry their pool: a label that nobody sets would be no pod and no error", () => {
    const base = metal([poolOf("hpc", "hpc7g.16xlarge"), poolOf("other", "cpu-generic")]);
    const bare = { ...base, nodes: base.nodes.map((node) => ({ ...node, labels: {}, schedulable: node.name !== "hpc2" })) };
    const [chart] = deviceCharts(bare, config({ efa: "plugin" }));
    expect(chart!.values.supportedInstanceLabels).toEqual({ keys: ["kubernetes.io/hostname"], values: ["hpc1"] });
  });

  test("is never on a node with the DRA driver, even when two pools have the same instance type", () => {
    const contract = eks([poolOf("mpi", "p5.48xlarge"), poolOf("train", "p5.48xlarge")]);
    const charts = deviceCharts(contract, config({ efa: "plugin", efaDraPools: ["train"] }));
    const labels = (id: string) => one(charts, id).values.supportedInstanceLabels;
    expect(charts.map((each) => `${each.chart} ${each.version}`)).toEqual([
      "aws-efa-k8s-device-plugin v0.5.30",
      "aws-dranet 1.0.0",
    ]);
    expect(labels("efa")).toEqual({ keys: ["eks.amazonaws.com/nodegroup"], values: ["mpi"] });
    expect(labels("efa-dra")).toEqual({ keys: ["eks.amazonaws.com/nodegroup"], values: ["train"] });
  });
});

describe("NVIDIA", () => {
  const contract = metal([
    poolOf("gpu", "dgx-h100", { tolerations: [taint("nvidia.com/gpu", "present")] }),
    poolOf("cpu", "cpu-infiniband"),
  ]);

  test("the plugin leaves the adapters to their own plugin and goes to the pools with GPUs alone", () => {
    const [chart] = deviceCharts(contract, config({ nvidia: "plugin", nvidiaRuntimeClass: "nvidia" }));
    expect(chart).toMatchObject({ chart: "nvidia-device-plugin", version: "0.20.0", namespace: "kube-system" });
    expect(chart!.values).toEqual({
      mofedEnabled: false,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "turducken.dev/pool", operator: "In", values: ["gpu"] }] }],
          },
        },
      },
      tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }, taint("nvidia.com/gpu", "present")],
      runtimeClassName: "nvidia",
    });
  });

  test("the operator installs neither driver nor toolkit where the host has them, and both when asked", () => {
    const values = (given: object) => deviceCharts(contract, config({ nvidia: "operator", ...given }))[0]!.values;
    expect(values({})).toEqual({
      driver: { enabled: false },
      toolkit: { enabled: false },
      devicePlugin: { env: [{ name: "MOFED_ENABLED", value: "false" }] },
      daemonsets: { tolerations: [taint("nvidia.com/gpu", "present")] },
      "node-feature-discovery": { worker: { tolerations: [taint("nvidia.com/gpu", "present")] } },
    });
    expect(values({ nvidiaDriver: "operator", nvidiaToolkit: "operator" })).toMatchObject({
      driver: { enabled: true },
      toolkit: { enabled: true },
    });
  });
});

test("AMD and Neuron: the pool's label takes the place of one that only Node Feature Discovery sets", () => {
  const amd = { ...poolOf("mi", "cpu-generic"), machineType: "mi300x", extendedResources: { "amd.com/gpu": 8 } };
  const [chart] = deviceCharts(metal([amd]), config({ amd: "plugin" }));
  expect(chart).toMatchObject({ chart: "amd-gpu", version: "0.21.0", allowNullValues: true });
  expect(chart!.values.node_selector).toEqual({
    "feature.node.kubernetes.io/pci-0300_1002.present": null,
    "kubernetes.io/arch": "amd64",
    "turducken.dev/pool": "mi",
  });
  const [neuron] = deviceCharts(eks([poolOf("trn", "trn1.32xlarge")]), config({ neuron: "plugin" }));
  expect(neuron).toMatchObject({ chart: "oci://public.ecr.aws/neuron/neuron-helm-chart", version: "1.9.0" });
  expect(neuron!.values).toEqual({
    neuronInstances: ["trn1.32xlarge"],
    devicePlugin: { tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }] },
    npd: { enabled: false },
  });
});

test("nothing is installed where the site has it, where nobody wants it, and where no pool has the hardware", () => {
  const contract = eks([poolOf("train", "p5.48xlarge")]);
  expect(deviceCharts(contract, config())).toEqual([]);
  expect(deviceCharts(contract, config({ efa: "present", nvidia: "present" }))).toEqual([]);
  expect(deviceCharts(eks([poolOf("cpu", "cpu-generic")]), config({ efa: "plugin", nvidia: "operator" }))).toEqual([]);
});
