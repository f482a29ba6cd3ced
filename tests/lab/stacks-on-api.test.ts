import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ephemeralCrypter } from "../../tools/config/passphrase";
import { destroy, up, type RunResult } from "../../tools/engine";
import { defaultProviders } from "../../tools/engine/providers";
import { Secret, type PropertyMap } from "../../tools/engine/types";
import { GateClient } from "../../tools/gate/client";
import { exampleContract } from "../fixtures/contract";
import { ControlPlane, findPrograms } from "./controlPlane";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: layers and workload stacks on a real API server: ${found.missing}`);

const contract = exampleContract({ network: { cni: "none" } });
const ring = { name: "ring", nodes: 3, within: "leaf", image: "registry.invalid/ring@sha256:0", resources: { cpu: "5" } };

interface Pods {
  items: {
    metadata: { name: string; deletionTimestamp?: string; labels: Record<string, string> };
    spec: { nodeName?: string };
  }[];
}
interface Nodes {
  items: { metadata: { name: string; labels: Record<string, string>; managedFields: { manager: string; fieldsV1: object }[] } }[];
}

("missing" in found ? describe.skip : describe)("layers and workload stacks on a real API server", () => {
  const folder = mkdtempSync(join(tmpdir(), "turducken-stacks-"));
  const crypter = ephemeralCrypter();
  const outputs: Record<string, PropertyMap> = {};
  let plane: ControlPlane;
  let kubelets: NodeJS.Timeout;

  const options = (stack: string, config: Record<string, unknown> = {}) => ({
    run: {
      project: "turducken",
      stack,
      organization: "organization",
      directory: join(__dirname, "..", "..", "stacks"),
      config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`turducken:${key}`, JSON.stringify(value)])),
      secretKeys: [],
      dryRun: false,
    },
    providers: defaultProviders(),
    checkpointFile: join(folder, `${stack}.json`),
    crypter,
    resolveStack: async (name: string) => outputs[name.split("/").at(-1)!],
  });

  async function run(stack: string, config: Record<string, unknown>): Promise<RunResult> {
    const result = await up(options(stack, config));
    outputs[stack] = result.outputs;
    return result;
  }
  const layers = (generation = 0) =>
    run("lab-layers", {
      layers: { cluster: "lab", workloads: { namespace: "team", generation }, topology: { gateTimeoutSeconds: 20 } },
    });
  const workload = (gangs: object[]) => run("lab-work", { workload: { cluster: "lab", layers: "lab-layers", gangs } });
  const said = (result: RunResult) =>
    result.diagnostics.map((each) => each.message).join("\n") + result.operations.map((each) => each.error ?? "").join("\n");
  const failure = (result: RunResult) => (result.exitCode === 0 ? "" : said(result) || `exit ${result.exitCode}`);
  const changes = (result: RunResult) =>
    result.operations
      .filter((each) => !["same", "read"].includes(each.operation))
      .map((each) => `${each.operation} ${each.name} ${each.state}`);

  async function placed(gang: string): Promise<string[]> {
    for (let tries = 0; ; tries++) {
      const { items } = await plane.get<Pods>(["pods", "-n", "team", "-l", `turducken.dev/pod-group=${gang}`]);
      const nodes = items.flatMap((pod) => pod.spec.nodeName ?? []).sort();
      if (nodes.length === 3 || tries === 60) return nodes;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** No kubelet is here to end pods that were deleted, so this does. */
  async function endDeletedPods(): Promise<void> {
    const { items } = await plane.get<Pods>(["pods", "-n", "team"]);
    for (const pod of items.filter((each) => each.metadata.deletionTimestamp)) {
      await plane.kubectl([
        "delete",
        "pod",
        "-n",
        "team",
        pod.metadata.name,
        "--force",
        "--grace-period=0",
        "--ignore-not-found",
      ]);
    }
  }

  beforeAll(async () => {
    plane = await ControlPlane.start("folder" in found ? found.folder : "");
    // One node comes with a label from its kubelet, wrong and owned by it.
    for (const node of contract.nodes.filter((each) => each.schedulable))
      await plane.node(node.name, node.name === "n03" ? { "fabric.topograph.run/tier-0": "old" } : {});
    outputs.lab = { cluster: JSON.parse(JSON.stringify(contract)) as PropertyMap, kubeconfig: new Secret(plane.kubeconfig) };
    kubelets = setInterval(() => void endDeletedPods().catch(() => undefined), 500);
  }, 120_000);

  afterAll(async () => {
    clearInterval(kubelets);
    await plane?.stop();
    rmSync(folder, { recursive: true });
  }, 30_000);

  test("layers label every node as its own, pass their gates and give scoped credentials", async () => {
    const result = await layers();
    expect(failure(result)).toBe("");
    const { items } = await plane.get<Nodes>(["nodes", "--show-managed-fields"]);
    const wanted = Object.fromEntries(contract.nodes.filter((node) => node.schedulable).map((node) => [node.name, node.labels]));
    const topology = (labels: Record<string, string>) =>
      Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith("fabric.topograph.run/")));
    expect(Object.fromEntries(items.map((node) => [node.metadata.name, topology(node.metadata.labels)]))).toEqual(wanted);
    const owners = items[0]!.metadata.managedFields
      .filter((each) => JSON.stringify(each.fieldsV1).includes("fabric.topograph.run"))
      .map((each) => each.manager);
    expect(owners).toEqual(["turducken-topology"]);
    expect(result.outputs.workloadKubeconfig).toBeInstanceOf(Secret);
    expect(result.plainOutputs.layers).toMatchObject({
      schema: 1,
      cluster: "example",
      scheduler: "gang",
      namespace: "team",
      fluxOperator: false,
    });
  }, 120_000);

  test("a second run changes nothing", async () => {
    expect(changes(await layers())).toEqual([]);
  }, 60_000);

  test("the workload's gang lands in the leaf of three, with the scoped credentials", async () => {
    const result = await workload([ring]);
    expect(failure(result)).toBe("");
    expect(await placed("ring")).toEqual(["n01", "n02", "n03"]);
    expect(changes(await workload([ring]))).toEqual([]);
  }, 120_000);

  test("a gang that cannot fit is refused before anything is touched; forced, `up` does not wait for it", async () => {
    const four = { ...ring, name: "four", nodes: 4 };
    const refused = await workload([ring, four]);
    expect(refused.exitCode).toBe(1);
    expect(said(refused)).toContain("it can never fit within one leaf: the biggest is l1 with 3 nodes");
    expect(await placed("ring")).toHaveLength(3);
    const forced = await workload([ring, { ...four, unchecked: true }]);
    expect(forced.exitCode).toBe(0);
    expect(said(forced)).toContain("warnings about work on cluster example: 1 problem");
    expect(changes(forced).sort()).toEqual([
      "create four done",
      "create four-group done",
      "create four-job done",
      "create four-names done",
    ]);
    expect((await workload([ring])).exitCode).toBe(0);
  }, 120_000);

  test("a change of a gang replaces the Job after its pods are gone, and it is placed whole again", async () => {
    const changed = await workload([{ ...ring, image: "registry.invalid/ring@sha256:1" }]);
    expect(failure(changed)).toBe("");
    expect(changes(changed).filter((each) => each.endsWith("done"))).toContain("replace ring-job done");
    expect(await placed("ring")).toEqual(["n01", "n02", "n03"]);
  }, 120_000);

  test("a raised generation renews the workloads' credentials: the new ones work, the old ones do not", async () => {
    const kubeconfig = () => (outputs["lab-layers"]!.workloadKubeconfig as Secret).value as string;
    const old = kubeconfig();
    const renewed = await layers(1);
    expect(failure(renewed)).toBe("");
    expect(changes(renewed)).toContain("replace workloads-token done");
    const ask = async (text: string) => (await new GateClient(text).call("GET", "/api/v1/namespaces/team/pods")).status;
    expect(await ask(kubeconfig())).toBe(200);
    // The API server remembers for 10 s that a token was good.
    let status = 0;
    for (let tries = 0; tries < 120 && status !== 401; tries++) {
      status = await ask(old);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(status).toBe(401);
    const work = await workload([{ ...ring, image: "registry.invalid/ring@sha256:1" }]);
    expect(failure(work)).toBe("");
    expect(changes(work).filter((each) => each.includes("ring-job"))).toEqual([]);
  }, 120_000);

  test("destroy takes the Job first, then the PodGroup, and nothing is left", async () => {
    const result = await destroy(options("lab-work"));
    expect(failure(result)).toBe("");
    const order = result.operations.filter((each) => each.operation === "delete").map((each) => each.name);
    expect(order.indexOf("ring-job")).toBeLessThan(order.indexOf("ring-group"));
    expect(await plane.kubectl(["get", "jobs,pods,services,podgroups", "-n", "team", "-o", "name"])).toBe("");
  }, 120_000);

  test("neither checkpoint holds a credential in plain", () => {
    const scoped = (outputs["lab-layers"]!.workloadKubeconfig as Secret).value as string;
    const token = /token: (\S+)/;
    for (const secret of [token.exec(plane.kubeconfig)![1]!, token.exec(scoped)![1]!]) {
      for (const stack of ["lab-layers", "lab-work"])
        expect(readFileSync(join(folder, `${stack}.json`), "utf8")).not.toContain(secret);
    }
  });

  test("destroy of the layers takes policy and namespace away; the labels stay, as their patches are retained", async () => {
    const result = await destroy(options("lab-layers"));
    expect(failure(result)).toBe("");
    const labelled = await plane.kubectl(["get", "nodes", "-l", "fabric.topograph.run/tier-0", "-o", "name"]);
    expect(labelled.trim().split("\n")).toHaveLength(6);
    expect(await plane.kubectl(["get", "mutatingadmissionpolicies,mutatingadmissionpolicybindings", "-o", "name"])).toBe("");
    expect(await plane.kubectl(["get", "namespace", "team", "--ignore-not-found"])).toBe("");
  }, 120_000);
});
