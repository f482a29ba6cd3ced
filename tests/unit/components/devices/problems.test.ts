import { devicesProblems } from "../../../../components/devices";
import { config, eks, metal, poolOf } from "./contracts";

const dgx = metal([poolOf("gpu", "dgx-h100")]);
const problems = (contract = dgx, given: object = {}) => devicesProblems(contract, config(given)).problems;
const warnings = (contract = dgx, given: object = {}) => devicesProblems(contract, config(given)).warnings;

test("a good configuration has neither", () => {
  expect(devicesProblems(dgx, config({ nvidia: "plugin", rdma: "verbs" }))).toEqual({ problems: [], warnings: [] });
});

test("EFA where no pool has it is refused with what the pools are", () => {
  expect(problems(dgx, { efa: "plugin", nvidia: "plugin", rdma: "verbs" })).toEqual([
    {
      path: "layers.devices.efa",
      value: "plugin",
      message: "no pool of cluster metal has EFA: control is cpu-generic with ethernet, gpu is dgx-h100 with infiniband",
      allowed: "none, present",
      fix: "leave it out, or correct the pools' machine types in the cluster stack",
    },
  ]);
});

test("two NVIDIA plugins on one node are refused", () => {
  const gke = eks([poolOf("a3", "a3-ultragpu-8g")], { kubernetes: { version: "1.35", distribution: "gke" } });
  expect(problems(gke, { nvidia: "plugin" }).map((each) => each.fix)).toEqual(["set `nvidia: present`"]);
  expect(problems(gke, { nvidia: "present" })).toEqual([]);
});

test("DRA: a pool that is not there or has no EFA, a Kubernetes that is too old, and nodes that cannot be told apart", () => {
  const cloud = eks([poolOf("mpi", "hpc7g.16xlarge"), poolOf("cpu", "cpu-generic")], {
    kubernetes: { version: "1.34", distribution: "eks" },
  });
  expect(problems(cloud, { efaDraPools: ["mpi", "cpu", "none"] }).map((each) => [each.path, each.value, each.message])).toEqual([
    ["layers.devices.efaDraPools[1]", "cpu", "the pool has no EFA"],
    ["layers.devices.efaDraPools[2]", "none", "the cluster has no such pool"],
    ["layers.devices.efaDraPools", "mpi", "AWS's DRA driver needs Kubernetes 1.35 or newer, and the cluster has 1.34"],
  ]);
  const hosts = eks([poolOf("mpi", "p5.48xlarge"), poolOf("train", "p5.48xlarge")], {
    environment: "existing",
    kubernetes: { version: "1.36.3", distribution: "kubeadm" },
  });
  expect(problems(hosts, { efa: "plugin", efaDraPools: ["train"] }).map((each) => each.value)).toEqual(["mpi", "train"]);
});

test("RDMA: a name that the plugin would not take, and a type whose adapters nobody knows", () => {
  expect(problems(dgx, { rdma: "verbs", rdmaResource: "rdma/rdma_shared_device_a" })).toMatchObject([
    { path: "layers.devices.rdmaResource", allowed: "small letters, digits and `-` behind `rdma/`, at least two" },
  ]);
  expect(problems(dgx, { rdma: "shared", rdmaResource: "example.org/my-hca" }).map((each) => each.allowed)).toEqual([
    "rdma/my-hca",
    "letters, digits and `_` behind `rdma/`",
  ]);
  const own = metal([poolOf("ib", "cpu-infiniband", { machineType: "own" })]);
  expect(problems(own, { rdma: "verbs" })).toMatchObject([
    {
      path: "layers.devices.rdmaAdapters",
      value: "own",
      message: "it is not known which adapters of pool ib (own) are its compute fabric",
    },
  ]);
  expect(problems(own, { rdma: "verbs", rdmaAdapters: { own: ["mlx5_2"] } })).toEqual([]);
  expect(problems(dgx, { rdma: "verbs", rdmaAdapters: { "dgx-h1000": ["mlx5_0"] } })).toMatchObject([
    { value: "dgx-h1000", fix: "did you mean dgx-h100?" },
  ]);
});

test("NVIDIA's RDMA plugin comes with a warning about umad, and so does a storage adapter among the compute adapters", () => {
  expect(warnings(dgx, { nvidia: "plugin", rdma: "shared" })).toMatchObject([
    { path: "layers.devices.rdma", value: "shared", fix: "use `rdma: verbs`, or let only trusted images run there as root" },
  ]);
  expect(warnings(dgx, { nvidia: "plugin", rdma: "verbs", rdmaAdapters: { "dgx-h100": ["mlx5_0", "mlx5_1"] } })).toMatchObject([
    { path: "layers.devices.rdmaAdapters", value: "mlx5_1" },
  ]);
});

test("a label that nobody sets is a warning: the plugin would have no pod and no error", () => {
  const existing = eks([poolOf("gpu", "dgx-h100")], {
    environment: "existing",
    kubernetes: { version: "1.36.3", distribution: "kubeadm" },
  });
  expect(warnings(existing, { nvidia: "plugin", rdma: "verbs" }).map((each) => [each.path, each.fix])).toEqual([
    ["layers.devices.nvidia", "see to it that those nodes carry node.kubernetes.io/instance-type=dgx-h100"],
    ["layers.devices.rdma", "see to it that those nodes carry node.kubernetes.io/instance-type=dgx-h100"],
  ]);
});

test("hosts on EC2 cannot pull the EFA image without more; options without effect are named", () => {
  const hosts = metal([poolOf("hpc", "hpc7g.16xlarge")], { environment: "aws-ec2" });
  expect(warnings(hosts, { efa: "plugin", nvidiaDriver: "operator", nvidiaRuntimeClass: "x" }).map((each) => each.path)).toEqual([
    "layers.devices.efaRepository",
    "layers.devices.nvidiaDriver",
    "layers.devices.nvidiaRuntimeClass",
  ]);
  expect(warnings(hosts, { efa: "plugin", efaRepository: "mirror.example.org/efa" })).toEqual([]);
});

test("what nobody serves is among the warnings", () => {
  expect(warnings().map((each) => each.path)).toEqual(["layers.devices.nvidia", "layers.devices.rdma"]);
});
