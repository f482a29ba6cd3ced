import { deviceResources, offeredNames, withDevices } from "../../../../components/devices";
import { config, eks, metal, poolOf } from "./contracts";

const gpu = poolOf("gpu", "dgx-h100");
const contract = metal([gpu, poolOf("cpu", "cpu-infiniband")]);

test("what nobody serves is taken out with a warning that names pool, resource and option, and its GPUs are not counted", () => {
  const { contract: made, warnings } = withDevices(contract, deviceResources(contract, config({ rdma: "shared" })));
  const [, pool] = made.pools;
  expect(pool).toMatchObject({ name: "gpu", gpus: 0, extendedResources: { "rdma/rdma_shared_device_a": 1 } });
  expect(pool!.broker).toMatchObject({ gpus: 0, cores: 8 });
  expect(warnings).toEqual([
    {
      path: "layers.devices.nvidia",
      value: "nvidia.com/gpu",
      message: "nobody serves nvidia.com/gpu on pool gpu (dgx-h100), so pods there do not ask for it and do not get it",
      allowed: "plugin, operator, present",
      fix: "set `devices.nvidia` in the layers stack and run `up` there",
    },
  ]);
  expect(contract.pools[1]!.gpus).toBe(8);
});

test("adapters get the name that the nodes use, whoever chose it", () => {
  const names = (given: object) => {
    const { contract: made, warnings } = withDevices(contract, deviceResources(contract, config({ nvidia: "plugin", ...given })));
    expect(warnings).toEqual([]);
    return made.pools.map((pool) => pool.extendedResources);
  };
  expect(names({ rdma: "verbs" })).toEqual([{}, { "nvidia.com/gpu": 8, "rdma/hca": 1 }, { "rdma/hca": 1 }]);
  expect(names({ rdma: "present", rdmaResource: "rdma/hca_shared_devices_a" })[2]).toEqual({ "rdma/hca_shared_devices_a": 1 });
  expect(names({ rdma: "verbs" })[1]).toEqual({ "nvidia.com/gpu": 8, "rdma/hca": 1 });
});

test("pools of the DRA driver have no EFA to ask for; the others keep theirs", () => {
  const cloud = eks([poolOf("mpi", "hpc7g.16xlarge"), poolOf("train", "p5.48xlarge")]);
  const offered = deviceResources(cloud, config({ efa: "plugin", efaDraPools: ["train"], nvidia: "present" }));
  expect(offered).toEqual({
    mpi: { "vpc.amazonaws.com/efa": "vpc.amazonaws.com/efa" },
    train: { "nvidia.com/gpu": "nvidia.com/gpu" },
  });
  expect(offeredNames(offered)).toEqual(["nvidia.com/gpu", "vpc.amazonaws.com/efa"]);
  expect(withDevices(cloud, offered).warnings.map((each) => [each.path, each.value])).toEqual([
    ["layers.devices.efa", "vpc.amazonaws.com/efa"],
  ]);
});

test("GKE serves its GPUs itself; what no option is about can be said to be there", () => {
  const gke = eks(
    [poolOf("a3", "a3-ultragpu-8g"), { ...poolOf("g", "cpu-generic"), extendedResources: { "habana.ai/gaudi": 8 } }],
    {
      environment: "gcp-gke",
      kubernetes: { version: "1.35", distribution: "gke" },
    },
  );
  expect(withDevices(gke, deviceResources(gke, config({ others: ["habana.ai/gaudi"] }))).warnings).toEqual([]);
  expect(withDevices(gke, deviceResources(gke, config())).warnings).toMatchObject([
    { path: "layers.devices.others", value: "habana.ai/gaudi" },
  ]);
});

test("what the layers offer survives JSON, and nothing at all means that nothing is asked for", () => {
  const offered = deviceResources(contract, config({ rdma: "verbs", nvidia: "plugin" }));
  expect(JSON.parse(JSON.stringify(offered))).toEqual(offered);
  expect(withDevices(contract, {}).contract.pools.map((pool) => pool.extendedResources)).toEqual([{}, {}, {}]);
});
