import { buildContract } from "../../../../components/contract/build";
import { parseContract } from "../../../../components/contract/parse";
import { parseCluster } from "../../../../stacks/config";
import { exampleRaw, OPTIONS, spoilt, type Raw } from "../../stacks/config/example";

function contractOf(raw: Raw) {
  const { config, hosts, tree, settings } = parseCluster(raw, OPTIONS);
  return buildContract({
    name: config.name,
    environment: config.environment,
    hosts,
    tree,
    settings: settings!,
    minReady: config.minReady,
  });
}

test("the example's contract says where every node is, and which key means leaf", () => {
  const contract = contractOf(exampleRaw());
  expect(contract.topologyKeys).toEqual([
    { tier: "leaf", key: "fabric.topograph.run/tier-0" },
    { tier: "spine", key: "fabric.topograph.run/tier-1" },
  ]);
  expect(contract.nodes.map(({ name, schedulable, domains }) => [name, schedulable, domains.leaf, domains.spine])).toEqual([
    ["cp1", false, undefined, undefined],
    ["n01", true, "l1", "s1"],
    ["n02", true, "l1", "s1"],
    ["n03", true, "l1", "s1"],
    ["n04", true, "l2", "s1"],
    ["n05", true, "l2", "s1"],
    ["n06", true, "l3", "s2"],
  ]);
  expect(contract.nodes[6]!.labels).toEqual({ "fabric.topograph.run/tier-0": "l3", "fabric.topograph.run/tier-1": "s2" });
  expect(contract.pools.map(({ name, minReady }) => [name, minReady])).toEqual([
    ["control", 0],
    ["compute", 6],
  ]);
  expect(contract.kubernetes).toEqual({ version: "1.36.3", distribution: "kubeadm", gangApi: "scheduling.k8s.io/v1alpha2" });
  expect(contract.schedulers).toEqual(["gang", "fluence", "kueue", "default"]);
});

test("what is built is what readers accept", () => {
  const contract = contractOf(exampleRaw());
  expect(parseContract(JSON.parse(JSON.stringify(contract)), "a test")).toEqual(contract);
});

test.each(["leaving", "lost", "down"])("a host that is %s carries no work and is not waited for", (state) => {
  const contract = contractOf(spoilt((raw) => (raw.states = { n06: state })));
  expect(contract.nodes.find(({ name }) => name === "n06")!.schedulable).toBe(false);
  expect(contract.pools[1]!.minReady).toBe(5);
});

test("without gangs the contract names no API for them", () => {
  const contract = contractOf(spoilt((raw) => (raw.kubernetes = { gangs: false })));
  expect(contract.kubernetes.gangApi).toBeUndefined();
  expect(contract.schedulers).toEqual(["kueue", "default"]);
});

test("accelerators of a pool's machines are resources, accelerator domains have a key of their own", () => {
  const contract = contractOf(
    spoilt((raw) => {
      raw.hosts[3] = { ...raw.hosts[3], pool: "gpu", machineType: "dgx-h100", accelerator: "nvl1" };
      raw.minReady = { gpu: 0 };
    }),
  );
  expect(contract.pools[2]).toMatchObject({
    name: "gpu",
    fabric: "infiniband",
    cores: 112,
    threadsPerCore: 2,
    gpus: 8,
    extendedResources: { "nvidia.com/gpu": 8, "rdma/rdma_shared_device_a": 1 },
    hugePagesMiB: 0,
    broker: { cores: 112, gpus: 8 },
    minReady: 0,
  });
  expect(contract.pools[2]!.environment.nccl).toHaveProperty("NCCL_IB_HCA");
  expect(contract.acceleratorKey).toBe("accelerator.topograph.run/domain");
  expect(contract.nodes[6]).toMatchObject({ accelerator: "nvl1", labels: { "accelerator.topograph.run/domain": "nvl1" } });
});
