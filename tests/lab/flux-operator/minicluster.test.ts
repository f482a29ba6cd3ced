/**
 * A MiniCluster of ours from description to end, with the operator's own program: PodGroup, object, Job, pods in one leaf, the
 * gate on the Job, deletion. Nodes and the end of pods are told by the test. Where the program is: see program.test.ts.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { miniClusterCrd } from "../../../components/flux-operator";
import { admissionBinding, admissionPolicy } from "../../../components/gang/admission";
import { checkMiniCluster, curveCertificate, miniClusterObject } from "../../../components/minicluster";
import { schedulerParts } from "../../../components/minicluster/schedulers";
import { GateClient } from "../../../tools/gate/client";
import { jobGate } from "../../../tools/gate/job";
import { exampleContract } from "../../fixtures/contract";
import { ControlPlane, findPrograms } from "../controlPlane";
import { until } from "./api";

const found = findPrograms();
const folders = "missing" in found ? [] : found.folder.split(delimiter);
const program = [process.env.TURDUCKEN_FLUX_OPERATOR ?? "", ...folders.map((folder) => join(folder, "flux-operator"))].find(
  (file) => file !== "" && existsSync(file),
);
if (program === undefined)
  console.warn("skipped: a MiniCluster with the Flux Operator's own program; set TURDUCKEN_FLUX_OPERATOR");

interface Pod {
  metadata: { name: string; labels: Record<string, string> };
  spec: {
    nodeName?: string;
    schedulingGroup?: { podGroupName: string };
    containers: { env: { name: string; value: string }[]; resources: object; volumeMounts: { mountPath: string }[] }[];
    volumes: { name: string; emptyDir?: object }[];
  };
}

interface Part {
  kind: string;
  metadata: { name: string; deletionTimestamp?: string; ownerReferences?: { uid: string }[] };
  data?: Record<string, string>;
}

/** What the operator made, and is not on its way out. */
const made = ({ kind, metadata }: Part) =>
  kind !== "Pod" && metadata.name.startsWith("lammps") && metadata.deletionTimestamp === undefined;

const contract = exampleContract();
const layers = { scheduler: "gang" } as const;
const spec = {
  name: "lammps",
  nodes: 3,
  within: "leaf",
  image: `registry.invalid/lammps@sha256:${"0".repeat(64)}`,
  command: ["lmp", "-in", "in.reaxff.hns"],
  launch: { mpi: "mpich" },
} as const;

("missing" in found || program === undefined ? describe.skip : describe)("a MiniCluster with the Flux Operator", () => {
  let plane: ControlPlane;
  let operator: ChildProcess;
  let owner = "";

  const pods = async () => (await plane.get<{ items: Pod[] }>(["pods", "-n", "flux-jobs"])).items;
  const gate = (word: "started" | "complete", timeoutSeconds: number) =>
    jobGate({ job: "lammps", namespace: "flux-jobs", until: word, owner, timeoutSeconds }, new GateClient(plane.kubeconfig));
  const tell = (pod: Pod, status: object) =>
    plane.kubectl([
      "patch", "pod", pod.metadata.name, "-n", "flux-jobs", "--subresource=status", "--type=merge", "-p", JSON.stringify({ status }),
    ]); // prettier-ignore

  beforeAll(async () => {
    plane = await ControlPlane.start((found as { folder: string }).folder);
    await plane.apply("apiextensions.k8s.io/v1", "CustomResourceDefinition", miniClusterCrd());
    await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", admissionPolicy());
    await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", admissionBinding());
    await plane.apply("v1", "Namespace", { metadata: { name: "flux-jobs" } });
    for (const { name, labels, schedulable } of contract.nodes) if (schedulable) await plane.node(name, labels);
    const log = openSync(join(plane.folder, "operator.log"), "a");
    const words = ["--metrics-bind-address=0", "--health-probe-bind-address=0"];
    const env = { ...process.env, KUBECONFIG: join(plane.folder, "kubeconfig") };
    operator = spawn(program!, words, { stdio: ["ignore", log, log], env });
  }, 180_000);

  afterAll(async () => {
    operator?.kill("SIGKILL");
    await plane?.stop();
  }, 30_000);

  test("is accepted, and becomes a gang of pods in one leaf, one on each node", async () => {
    expect(checkMiniCluster(contract, layers, spec)).toEqual({ problems: [], warnings: [] });
    const { group } = schedulerParts(contract, layers, spec, "compute", "flux-jobs");
    await plane.apply("scheduling.k8s.io/v1alpha2", "PodGroup", group!);
    const seed = Buffer.alloc(32, 7).toString("base64");
    const object = miniClusterObject(contract, layers, spec, "flux-jobs", curveCertificate(seed, spec.name));
    await plane.kubectl(["create", "--validate=strict", "-f", "-"], JSON.stringify(object));
    owner = (await plane.get<{ metadata: { uid: string } }>(["minicluster", "lammps", "-n", "flux-jobs"])).metadata.uid;

    const placed = await until(40, pods, (all) => all.length === 3 && all.every((pod) => pod.spec.nodeName !== undefined));
    expect(placed.map((pod) => pod.spec.nodeName).sort()).toEqual(["n01", "n02", "n03"]);
    const [pod] = placed;
    expect(pod!.spec.schedulingGroup).toEqual({ podGroupName: group!.metadata.name });
    expect(pod!.spec.containers[0]!.resources).toMatchObject({ requests: { cpu: "7200m" } });
    expect(pod!.spec.containers[0]!.resources).not.toHaveProperty("limits.cpu");
    expect(pod!.spec.containers[0]!.volumeMounts.map((each) => each.mountPath)).toContain("/dev/shm");
    expect(pod!.spec.volumes.find((each) => each.name === "shm")!.emptyDir).toEqual({ medium: "Memory" });
  }, 90_000);

  test("keeps the certificate that was given to it", async () => {
    const { data } = await plane.get<{ data: Record<string, string> }>(["configmap", "lammps-entrypoint", "-n", "flux-jobs"]);
    expect(data["curve.cert"]).toBe(curveCertificate(Buffer.alloc(32, 7).toString("base64"), "lammps"));
    expect(data["wait-0"]).toContain("flux python /tmp/turducken/run.py ${flags} --quiet --watch ${command}");
  });

  test("has started when its pods run, and is complete when its Job is", async () => {
    expect((await gate("started", 1)).passed).toBe(false);
    const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    for (const pod of await pods()) await tell(pod, ready);
    expect(await gate("started", 20)).toMatchObject({ passed: true, lines: ["Job lammps: 3 of 3 pods run, 0 succeeded"] });
    for (const pod of await pods()) await tell(pod, { phase: "Succeeded", conditions: [{ type: "Ready", status: "False" }] });
    expect(await gate("complete", 20)).toEqual({ passed: true, lines: ["Job lammps is complete: 3 of 3 pods succeeded"] });
  }, 60_000);

  test("is replaced by one with another command while the old one's parts are still going", async () => {
    // The garbage collector learns of a new kind within half a minute.
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    const second = miniClusterObject(contract, layers, { ...spec, command: ["second"] }, "flux-jobs", "CERT");
    await plane.kubectl(["delete", "minicluster", "lammps", "-n", "flux-jobs", "--cascade=background"]);
    await plane.kubectl(["create", "--validate=strict", "-f", "-"], JSON.stringify(second));
    const old = owner;
    owner = (await plane.get<{ metadata: { uid: string } }>(["minicluster", "lammps", "-n", "flux-jobs"])).metadata.uid;
    expect(owner).not.toBe(old);
    const parts = await until(
      60,
      () => plane.get<{ items: Part[] }>(["job,configmap,service,pod", "-n", "flux-jobs"]),
      ({ items }) => items.filter(made).length === 3 && items.filter(({ kind }) => kind === "Pod").length === 3,
    );
    const script = parts.items.find(({ metadata }) => metadata.name === "lammps-entrypoint")!.data!["wait-0"];
    expect(script).toContain('command="second"');
    expect(parts.items.filter(made).map(({ metadata }) => metadata.ownerReferences)).toEqual(
      Array.from({ length: 3 }, () => [expect.objectContaining({ uid: owner })]),
    );
    expect((await gate("started", 1)).passed).toBe(false);
  }, 150_000);

  test("is deleted with its pods, and then its PodGroup", async () => {
    // No kubelet ends them here.
    for (const pod of await pods()) await tell(pod, { phase: "Succeeded" });
    await plane.kubectl(["delete", "minicluster", "lammps", "-n", "flux-jobs", "--cascade=background"]);
    expect(await until(40, pods, (all) => all.length === 0)).toEqual([]);
    await plane.kubectl(["delete", "podgroup", "--all", "-n", "flux-jobs", "--timeout=20s"]);
  }, 90_000);
});
