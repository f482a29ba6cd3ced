import { spawn } from "node:child_process";
import { join } from "node:path";
import { deviceResources, devicesConfig, rdmaConfigMap, rdmaDaemonSet, withDevices } from "../../components/devices";
import type { ClusterContract } from "../../components/contract/contract";
import { livePreflightRequest, type LivePreflightRequest } from "../../components/preflight";
import { runPreflight } from "../../tools/gate/preflight-command";
import { exampleContract, pool } from "../fixtures/contract";
import { ControlPlane, findPrograms } from "./controlPlane";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: the preflight on a real API server: ${found.missing}`);

const GPU = "nvidia.com/gpu";
const devices = devicesConfig.parse({ nvidia: "plugin", rdma: "verbs" });
const LEAF = "fabric.topograph.run/tier-0";

/** Compute as in the example, and two DGX in a leaf of their own. */
function contractOf(): ClusterContract {
  const base = exampleContract();
  const dgx = { ...pool("gpu"), machineType: "dgx-h100", fabric: "infiniband", gpus: 8, minReady: 2 };
  const nodes = ["g1", "g2"].map((name) => ({
    name,
    pool: "gpu",
    schedulable: true,
    domains: { leaf: "l9", spine: "s2" },
    labels: { [LEAF]: "l9", "fabric.topograph.run/tier-1": "s2" },
  }));
  const asked = { ...dgx, extendedResources: { [GPU]: 8, "rdma/rdma_shared_device_a": 1 } };
  return { ...base, pools: [...base.pools, asked], nodes: [...base.nodes, ...nodes] };
}

const ALL = { ready: true, labels: true, resources: true };

("missing" in found ? describe.skip : describe)("the preflight on a real API server", () => {
  const contract = contractOf();
  const offered = withDevices(contract, deviceResources(contract, devices)).contract;
  let plane: ControlPlane;

  function requestFor(made: ClusterContract, seconds = 3): LivePreflightRequest {
    return { ...livePreflightRequest(made, "gang", seconds), kubeconfig: plane.kubeconfig };
  }

  async function ask(made: ClusterContract, checks = ALL, more: Partial<LivePreflightRequest> = {}) {
    const lines: string[] = [];
    const print = { out: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };
    const code = await runPreflight(checks, JSON.stringify({ ...requestFor(made), ...more }), print);
    return { code, lines };
  }

  const status = (name: string, patch: object) =>
    plane.kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status: patch })]);
  const give = (name: string, resources: Record<string, string>) => status(name, { capacity: resources, allocatable: resources });

  beforeAll(async () => {
    if ("missing" in found) return;
    plane = await ControlPlane.start(found.folder);
    for (const node of contract.nodes.filter((each) => each.schedulable))
      await plane.node(node.name, { ...node.labels, "kubernetes.io/arch": "amd64" });
    for (const name of ["g1", "g2"]) await give(name, { [GPU]: "8", "rdma/hca": "63" });
  }, 120_000);

  afterAll(async () => plane?.stop(), 30_000);

  test("passes on the cluster of the contract, by the command that the stack runs", async () => {
    const child = spawn("node", [
      join(__dirname, "../../bin/turducken.js"),
      "gate",
      "preflight",
      "--ready",
      "--labels",
      "--resources",
    ]);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stdin.end(JSON.stringify(requestFor(offered, 20)));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text.trim().split("\n").slice(1)).toEqual([
      "scheduling.k8s.io/v1alpha2 serves PodGroup",
      "admissionregistration.k8s.io/v1 serves MutatingAdmissionPolicy",
      "pool compute: 6 of 6 nodes are there with the right architecture, Ready, labelled, with their devices",
      "pool gpu: 2 of 2 nodes are there with the right architecture, Ready, labelled, with their devices",
    ]);
  }, 60_000);

  test("says a wrong minor version and an API of another one at once, without waiting for nodes", async () => {
    const kubernetes = { version: "1.37.2", distribution: "kubeadm", gangApi: "scheduling.k8s.io/v1beta1" } as const;
    const started = Date.now();
    const { code, lines } = await ask({ ...offered, kubernetes }, ALL, { timeoutSeconds: 60 });
    expect(code).toBe(1);
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(lines[0]).toMatch(/^Kubernetes: expected 1\.37 \(contract: 1\.37\.2\), the API server says 1\.36\.\d+; run `up`/);
    expect(lines[1]).toMatch(
      /^scheduling\.k8s\.io\/v1beta1: expected PodGroup; the API server does not serve this version; the API server needs/,
    );
  }, 60_000);

  test("names every node that is missing, unlabelled, NotReady, without devices or of another architecture", async () => {
    await plane.kubectl(["label", "node", "n01", `${LEAF}-`]);
    await status("n02", { conditions: [{ type: "Ready", status: "False", reason: "Lab", message: "lab" }] });
    await plane.kubectl(["delete", "node", "n03"]);
    await plane.kubectl(["label", "node", "n04", "kubernetes.io/arch=arm64", "--overwrite"]);
    await plane.kubectl(["taint", "node", "n05", "team=physics:NoSchedule"]);
    await give("g1", { [GPU]: "7" });
    await plane.kubectl(["patch", "node", "g2", "--subresource=status", "--type=json", "-p",
      JSON.stringify(["allocatable", "capacity"].map((field) => ({ op: "remove", path: `/status/${field}/rdma~1hca` })))]); // prettier-ignore
    const { code, lines } = await ask(offered);
    expect(code).toBe(1);
    expect(lines.filter((line) => line.startsWith("pool") || line.startsWith("  "))).toEqual([
      "pool compute: 1 of 6 nodes are there with the right architecture, Ready, labelled, with their devices (at least 6 are wanted); not these:",
      `  n01: expected the label ${LEAF}, seen none; see the topology gate, or who labels nodes there`,
      "  n02: expected Ready, seen Ready=False; `kubectl describe node` says why",
      "  n03: expected, but there is no such node; see `kubelet` on the host, or set its state in the cluster stack",
      "  n04: expected amd64, seen arm64; correct the pool's machine type in the cluster stack",
      "  n05: expected no taint but the pool's own, seen team=physics:NoSchedule; remove it, or add it to the contract's `tolerations`",
      "pool gpu: 0 of 2 nodes are there with the right architecture, Ready, labelled, with their devices (at least 2 are wanted); not these:",
      "  g1: expected 8 nvidia.com/gpu, seen 7; the log of its device plugin's pod on that node says why",
      "  g2: expected 1 rdma/hca, seen none; the log of its device plugin's pod on that node says why",
    ]);
  }, 60_000);

  test("asked before layers, it minds neither labels nor devices nor Ready; a pool that needs fewer passes with warnings", async () => {
    const early = { ready: false, labels: false, resources: false };
    const few = { ...offered, pools: offered.pools.map((each) => ({ ...each, minReady: Math.min(each.minReady, 2) })) };
    const { code, lines } = await ask(few, early, { timeoutSeconds: 30 });
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith("pool") || line.startsWith("  "))).toEqual([
      "pool compute: 4 of 6 nodes are there with the right architecture (enough: at least 2 are wanted); not these:",
      "  n03: expected, but there is no such node; see `kubelet` on the host, or set its state in the cluster stack",
      "  n04: expected amd64, seen arm64; correct the pool's machine type in the cluster stack",
      "pool gpu: 2 of 2 nodes are there with the right architecture",
    ]);
  }, 60_000);

  test("with credentials that are none it could not ask: 2, and nothing secret is shown", async () => {
    const [token] = /token: (\S+)/.exec(plane.kubeconfig)!.slice(1);
    const { code, lines } = await ask(offered, ALL, { kubeconfig: plane.kubeconfig.replace(token!, "not-the-token") });
    expect({ code, text: lines.join("\n") }).toEqual({
      code: 2,
      text: "the API server does not let these credentials ask for its version (401)",
    });
  }, 60_000);

  test.each(["verbs", "shared"] as const)("the API server takes the objects of `rdma: %s` as they are", async (rdma) => {
    const settings = { ...devices, rdma };
    const gpu = contract.pools.find(({ name }) => name === "gpu")!;
    const create = (apiVersion: string, kind: string, object: object) =>
      plane.kubectl(
        ["create", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-"],
        JSON.stringify({ apiVersion, kind, ...object }),
      );
    await create("v1", "ConfigMap", rdmaConfigMap("devices-rdma-gpu"));
    const daemons = rdmaDaemonSet(contract, gpu, settings, "devices-rdma-gpu");
    // kubeadm starts API servers with --allow-privileged, this one is without.
    if (rdma === "shared") Object.assign(daemons.spec.template.spec.containers[0]!, { securityContext: {} });
    const made = JSON.parse(await create("apps/v1", "DaemonSet", daemons)) as {
      spec: { template: { spec: { hostNetwork?: boolean; containers: unknown[] } } };
    };
    expect(made.spec.template.spec.hostNetwork).toBe(rdma === "shared" ? true : undefined);
    expect(made.spec.template.spec.containers).toHaveLength(1);
  });
});
