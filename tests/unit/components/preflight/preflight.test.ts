import { fluenceConfig } from "../../../../components/fluence/config";
import { kueueConfig } from "../../../../components/kueue/config";
import { preflight, type PreflightInput } from "../../../../components/preflight";
import { exampleContract, pool } from "../../../fixtures/contract";
import { config, eks, metal, poolOf, taint } from "../devices/contracts";

const topology = { labels: true };
const input = (more: Partial<PreflightInput> = {}): PreflightInput => ({ scheduler: "default", topology, ...more });
const gang = input({ scheduler: "gang" });
const IMAGE = `ghcr.io/converged-computing/fluence:x@sha256:${"0".repeat(64)}`;
const fluence = fluenceConfig.parse({ pools: ["compute"], image: IMAGE });

const paths = (problems: readonly { path: string; value?: unknown }[]) => problems.map((each) => [each.path, each.value]);

test("the example passes for every scheduler that it offers, without a word", () => {
  const contract = exampleContract();
  for (const scheduler of ["gang", "kueue", "default"] as const) {
    const kueue = kueueConfig.parse({});
    expect(preflight(contract, input({ scheduler, kueue, namespaces: ["work"], devices: config() }))).toEqual({
      problems: [],
      warnings: [],
    });
  }
  expect(preflight(contract, input({ scheduler: "fluence", fluence })).problems).toEqual([]);
});

test("what Fluence's own configuration is likely not to have meant is a warning, and only where Fluence runs", () => {
  const of = (scheduler: PreflightInput["scheduler"]) =>
    paths(preflight(exampleContract(), input({ scheduler, fluence })).warnings);
  expect(of("fluence")).toEqual([["layers.fluence.pools", ["compute"]]]);
  expect(of("gang")).toEqual([]);
});

describe("the scheduler", () => {
  test("that cannot run there is one problem with every reason", () => {
    const contract = exampleContract({
      kubernetes: { version: "1.35.2", distribution: "kubeadm" },
      schedulers: ["kueue", "default"],
    });
    expect(preflight(contract, gang).problems.map((each) => each.message)).toEqual([
      "it cannot run on cluster example (kubeadm 1.35.2): the cluster's contract does not offer it; the contract names no API version that serves PodGroup; " +
        "the gates for native gangs are known for Kubernetes 1.36 and 1.37, not 1.35",
    ]);
  });

  test("that a contract offers although it cannot be is refused all the same", () => {
    const cloud = eks([poolOf("hpc", "hpc7g.16xlarge")], { schedulers: ["gang", "default"] });
    expect(preflight(cloud, gang).problems.map((each) => each.message)).toEqual([
      "it cannot run on cluster cloud (eks 1.35): the contract names no API version that serves PodGroup; the provider's control plane gives no access to its feature gates",
    ]);
  });

  test("Fluence without its nodes is told which pools there are, and with a shared one that it cannot share", () => {
    const contract = exampleContract();
    expect(preflight(contract, input({ scheduler: "fluence" })).problems).toMatchObject([
      { path: "layers.fluence", allowed: "pools of the cluster: control, compute" },
    ]);
    const claims = [{ pool: "compute", by: "gang ring" }];
    expect(paths(preflight(contract, input({ scheduler: "fluence", fluence, claims })).problems)).toHaveLength(1);
  });

  test("Kueue's own questions are asked only where it can run", () => {
    const kueue = kueueConfig.parse({});
    const old = exampleContract({ kubernetes: { version: "1.28.0", distribution: "kubeadm" } });
    expect(preflight(old, input({ scheduler: "kueue", kueue })).problems.map((each) => each.path)).toEqual(["layers.scheduler"]);
    expect(preflight(exampleContract(), input({ scheduler: "kueue", kueue })).problems).toMatchObject([
      { path: "layers.kueue", message: "no namespace would have a queue" },
    ]);
  });
});

describe("the contract", () => {
  test("whose PodGroup API its Kubernetes does not serve is the one problem, not its consequences", () => {
    const kubernetes = { version: "1.37.2", distribution: "kubeadm", gangApi: "scheduling.k8s.io/v1alpha2" } as const;
    expect(preflight(exampleContract({ kubernetes }), gang).problems).toEqual([
      {
        path: "cluster.kubernetes.gangApi",
        value: "scheduling.k8s.io/v1alpha2",
        message: "Kubernetes 1.37 does not serve it",
        allowed: "scheduling.k8s.io/v1beta1",
        fix: "correct the contract where it is made",
      },
    ]);
    expect(
      preflight(exampleContract({ kubernetes: { ...kubernetes, version: "newest" } }), gang).problems.map((each) => each.path),
    ).toEqual(["cluster.kubernetes.version"]);
  });

  test("with nodes whose place is not known names them by pool", () => {
    const base = exampleContract();
    const contract = { ...base, nodes: base.nodes.map((node) => (node.name === "n06" ? { ...node, domains: {} } : node)) };
    expect(preflight(contract, gang).warnings.map((each) => each.message)).toEqual([
      "Pool compute: 5 of 6 nodes have leaf and spine; no leaf and spine: n06",
    ]);
  });

  test("without any topology is a warning for a scheduler that could use it, and none for one that cannot", () => {
    const contract = exampleContract({ topologyKeys: [], nodes: [] });
    expect(preflight(contract, gang).warnings.map((each) => each.path)).toEqual(["cluster.topologyKeys"]);
    expect(preflight(contract, input()).warnings).toEqual([]);
  });
});

describe("pools", () => {
  test("EFA on machines without it, RDMA on Ethernet, more GPUs and adapters than the machine has, the wrong architecture: all at once", () => {
    const contract = eks([
      poolOf("cpu", "cpu-generic", { extendedResources: { "vpc.amazonaws.com/efa": 1, "rdma/hca": 1 } }),
      poolOf("train", "p5.48xlarge", { gpus: 9, extendedResources: { "nvidia.com/gpu": 9, "vpc.amazonaws.com/efa": 33 } }),
      poolOf("arm", "hpc7g.16xlarge", { arch: "amd64", fabric: "ethernet", extendedResources: {} }),
    ]);
    expect(
      preflight(contract, input({ topology: { labels: false } })).problems.map((each) => [each.path, each.value, each.allowed]),
    ).toEqual([
      ["cluster.pools.cpu.extendedResources", "vpc.amazonaws.com/efa", "pools with efa"],
      ["cluster.pools.cpu.extendedResources", "rdma/hca", "pools with infiniband or roce"],
      ["cluster.pools.train.gpus", 9, "at most 8"],
      ["cluster.pools.train.extendedResources", "nvidia.com/gpu: 9", "at most 8"],
      ["cluster.pools.train.extendedResources", "vpc.amazonaws.com/efa: 33", "at most 32"],
      ["cluster.pools.arm.arch", "amd64", "arm64"],
      ["cluster.pools.arm.fabric", "ethernet", "efa"],
    ]);
  });

  test("that can never have as many nodes ready as they must, and a cluster without work, are refused", () => {
    const contract = exampleContract({ pools: [pool("control"), { ...pool("compute"), minReady: 7 }] });
    expect(paths(preflight(contract, gang).problems)).toEqual([["cluster.pools.compute.minReady", 7]]);
    const idle = { ...contract, pools: [pool("control"), pool("compute")], nodes: contract.nodes.slice(0, 1) };
    expect(preflight(idle, gang).problems.map((each) => each.message)).toEqual([
      "no pool of cluster example has a node that can carry work",
    ]);
  });

  test("all with taints leave controllers no place; one without does", () => {
    const pools = [poolOf("gpu", "dgx-h100", { tolerations: [taint("nvidia.com/gpu")] })];
    const found = (more: typeof pools) =>
      preflight(metal([...pools, ...more]), input()).warnings.map((each) => [each.path, each.value]);
    expect(found([])).toEqual([["cluster.pools", "gpu"]]);
    expect(found([poolOf("cpu", "cpu-generic")])).toEqual([]);
  });

  test("with EFA that nobody asks for, and of unknown size, are warnings", () => {
    const contract = eks([poolOf("hpc", "hpc7g.16xlarge", { extendedResources: {}, broker: undefined })]);
    expect(preflight(contract, input({ topology: { labels: false } })).warnings.map((each) => each.path)).toEqual([
      "cluster.pools.hpc.extendedResources",
      "cluster.pools.hpc.broker",
    ]);
  });
});

test("devices, labels and operator are asked in the same run", () => {
  const contract = exampleContract({ labelsBy: "provider" });
  const fluxOperator = { nodeSelector: {}, tolerations: [] };
  const { problems } = preflight(contract, input({ scheduler: "gang", devices: config({ efa: "plugin" }), fluxOperator }));
  expect(problems.map((each) => each.path)).toEqual([
    "layers.topology.labels",
    "layers.fluxOperator.image",
    "layers.devices.efa",
  ]);
});
