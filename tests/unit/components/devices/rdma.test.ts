import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { computeAdapters, rdmaDaemonSet, rdmaPools } from "../../../../components/devices";
import { FIND_ADAPTERS } from "../../../../components/devices/find-adapters";
import { config, metal, poolOf, taint } from "./contracts";

const DGX = ["mlx5_0", "mlx5_3", "mlx5_4", "mlx5_5", "mlx5_6", "mlx5_9", "mlx5_10", "mlx5_11"];
const gpu = poolOf("gpu", "dgx-h100", { tolerations: [taint("nvidia.com/gpu")] });
const contract = metal([gpu, poolOf("cpu", "cpu-infiniband"), poolOf("plain", "cpu-generic")]);

describe("computeAdapters", () => {
  test("are the compute adapters of the catalogue: those for storage are left out", () => {
    expect(computeAdapters(gpu, config())).toEqual(DGX);
  });

  test("are the user's own where they say so, and unknown for a type that nobody knows", () => {
    expect(computeAdapters(gpu, config({ rdmaAdapters: { "dgx-h100": ["mlx5_0"] } }))).toEqual(["mlx5_0"]);
    expect(computeAdapters({ ...gpu, machineType: "own" }, config())).toEqual([]);
  });
});

describe("rdmaDaemonSet", () => {
  test("each pool with adapters has one, on its nodes, with its taints and its adapters", () => {
    const settings = config({ rdma: "verbs" });
    expect(rdmaPools(contract, settings).map(({ name }) => name)).toEqual(["gpu", "cpu"]);
    const { metadata, spec } = rdmaDaemonSet(contract, gpu, settings, "devices-rdma-gpu");
    const pod = spec.template.spec;
    expect(metadata).toMatchObject({ name: "devices-rdma-gpu", namespace: "kube-system" });
    expect(pod.tolerations).toEqual([taint("nvidia.com/gpu")]);
    expect(pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms).toEqual([
      { matchExpressions: [{ key: "turducken.dev/pool", operator: "In", values: ["gpu"] }] },
    ]);
    expect(pod.initContainers[0]!.env.slice(0, 5)).toEqual([
      { name: "ADAPTERS", value: DGX.join(" ") },
      { name: "PLUGIN", value: "verbs" },
      { name: "RESOURCE_PREFIX", value: "rdma" },
      { name: "RESOURCE_NAME", value: "hca" },
      { name: "SHARE", value: "63" },
    ]);
  });

  test("`verbs` needs no privilege, not the host's network, and sees of /dev only the adapters", () => {
    const pod = rdmaDaemonSet(contract, gpu, config({ rdma: "verbs" }), "n").spec.template.spec;
    expect(pod).not.toHaveProperty("hostNetwork");
    for (const container of [...pod.initContainers, ...pod.containers]) {
      expect(container.image).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } });
    }
    expect(pod.containers[0]).toMatchObject({
      args: ["--domain=rdma", "--config=/config/config.yaml", "--listen=127.0.0.1:8080"],
    });
    expect(pod.volumes.flatMap((each) => ("hostPath" in each ? [each.hostPath.path] : []))).toEqual([
      "/sys",
      "/var/lib/kubelet/device-plugins",
      "/dev/infiniband",
    ]);
  });

  test("`shared` runs NVIDIA's plugin as its authors run it, under the name that its pods ask for", () => {
    const pod = rdmaDaemonSet(contract, gpu, config({ rdma: "shared" }), "n").spec.template.spec;
    expect(pod).toMatchObject({ hostNetwork: true });
    expect(pod.containers[0]).toMatchObject({ securityContext: { privileged: true } });
    expect(pod.initContainers[0]!.env).toContainEqual({ name: "RESOURCE_NAME", value: "rdma_shared_device_a" });
  });

  test("a change of the adapters or of the program is a new template, so that running plugins start anew", () => {
    const hash = (given: object) =>
      rdmaDaemonSet(contract, gpu, config({ rdma: "verbs", ...given }), "n").spec.template.metadata.annotations;
    expect(hash({})).toEqual(hash({}));
    expect(hash({ rdmaShare: 10 })).not.toEqual(hash({}));
    expect(hash({ rdmaAdapters: { "dgx-h100": ["mlx5_0"] } })).not.toEqual(hash({}));
  });
});

describe("the program that looks for adapters, on a node's /sys", () => {
  let folder: string;
  let sys: string;

  /** As the kernel shows an adapter: numbers and names in no order that could be known before. */
  function adapter(device: string, uverbs: string | undefined, ...interfaces: string[]): void {
    mkdirSync(join(sys, "class", "infiniband", device, "device", "net"), { recursive: true });
    for (const name of interfaces) mkdirSync(join(sys, "class", "infiniband", device, "device", "net", name));
    if (uverbs === undefined) return;
    mkdirSync(join(sys, "class", "infiniband_verbs", uverbs), { recursive: true });
    writeFileSync(join(sys, "class", "infiniband_verbs", uverbs, "ibdev"), `${device}\n`);
  }

  function find(adapters: string, plugin: string, name = "hca") {
    const env = { PATH: process.env.PATH, SYS: sys, OUT: folder, ADAPTERS: adapters, PLUGIN: plugin };
    const more = { RESOURCE_PREFIX: "rdma", RESOURCE_NAME: name, SHARE: "63" };
    const { status, stderr } = spawnSync("sh", ["-c", FIND_ADAPTERS], { env: { ...env, ...more }, encoding: "utf8" });
    return { status, stderr: stderr.trim().split("\n"), files: readdirSync(folder).filter((each) => each.startsWith("config")) };
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "turducken-sys-"));
    sys = join(folder, "sys");
    adapter("mlx5_0", "uverbs2", "ibp24s0");
    adapter("mlx5_1", "uverbs0", "ibp41s0f0");
    adapter("mlx5_10", "uverbs1", "ibp206s0", "ibp206s0.8001");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("is a program that a POSIX shell reads", () => {
    execFileSync("sh", ["-n"], { input: FIND_ADAPTERS });
    const { status, stdout, error } = spawnSync("shellcheck", ["-s", "sh", "-"], { input: FIND_ADAPTERS, encoding: "utf8" });
    if (!error) expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });

  test("verbs: a pod gets rdma_cm and the uverbs of the compute adapters, and neither umad, issm nor the storage adapter's", () => {
    expect(find("mlx5_0 mlx5_10", "verbs")).toEqual({ status: 0, stderr: [""], files: ["config.yaml"] });
    const paths = ["rdma_cm", "uverbs2", "uverbs1"].map((file) => ({ path: `/dev/infiniband/${file}`, permissions: "rw" }));
    expect(parse(readFileSync(join(folder, "config.yaml"), "utf8"))).toEqual({
      device: [{ name: "hca", groups: [{ count: 63, paths }] }],
    });
  });

  test("shared: the adapters are told to the plugin by their first interface, in one selector", () => {
    expect(find("mlx5_0 mlx5_10", "shared", "rdma_shared_device_a")).toEqual({ status: 0, stderr: [""], files: ["config.json"] });
    expect(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))).toEqual({
      periodicUpdateInterval: 60,
      configList: [
        {
          resourceName: "rdma_shared_device_a",
          resourcePrefix: "rdma",
          rdmaHcaMax: 63,
          selectors: { ifNames: ["ibp24s0", "ibp206s0"] },
        },
      ],
    });
  });

  test("an adapter that is missing is named with those that are there, and nothing is offered", () => {
    expect(find("mlx5_0 mlx5_7 mlx5_8", "verbs")).toEqual({
      status: 1,
      stderr: [
        "RDMA device mlx5_7 is not on this node; here are: mlx5_0, mlx5_1, mlx5_10",
        "RDMA device mlx5_8 is not on this node; here are: mlx5_0, mlx5_1, mlx5_10",
      ],
      files: [],
    });
  });

  test("modules that are not loaded are named", () => {
    adapter("mlx5_2", undefined);
    expect(find("mlx5_2", "verbs").stderr).toEqual(["RDMA device mlx5_2 has no uverbs file; load the kernel module ib_uverbs"]);
    expect(find("mlx5_2", "shared").stderr).toEqual([
      "RDMA device mlx5_2 has no network interface, by which the plugin finds it; load the kernel module ib_ipoib",
    ]);
  });

  test("a node without any RDMA, and no adapters at all, are errors", () => {
    rmSync(sys, { recursive: true });
    expect(find("mlx5_0", "verbs").stderr).toEqual(["RDMA device mlx5_0 is not on this node; here are: none"]);
    expect(find("", "verbs")).toMatchObject({ status: 1, stderr: ["no adapter was asked for"] });
  });
});
