import { admissionBinding, admissionPolicy } from "../../components/gang/admission";
import { gangJob, gangService, podGroup } from "../../components/gang/objects";
import { POD_GROUP_LABEL, type GangSpec } from "../../components/gang/spec";
import {
  roleBinding,
  scopedKubeconfig,
  tokenSecret,
  WORK_ACCOUNT,
  workNamespace,
  workRules,
} from "../../components/gang/workspace";
import { expectedPools, topologyLabelKeys } from "../../components/topology/labels";
import type { GateOptions } from "../../tools/gate/command";
import { runGate } from "../../tools/gate/run";
import { exampleContract } from "../fixtures/contract";
import { ControlPlane, findPrograms } from "./controlPlane";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: gangs on a real API server and scheduler: ${found.missing}`);
const contract = exampleContract();
const GATE: GateOptions = { api: "scheduling.k8s.io/v1alpha2", namespace: "default" };

interface Pods {
  items: { metadata: { name: string }; spec: { nodeName?: string; schedulingGroup?: { podGroupName: string } } }[];
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function poll<T>(seconds: number, ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (done(answer) || Date.now() > end) return answer;
    await sleep(250);
  }
}

async function gateOn(
  kubeconfig: string,
  options: Partial<GateOptions> & { labels?: boolean; seconds?: number; minReady?: number } = {},
) {
  const lines: string[] = [];
  const pools = expectedPools(contract).map((pool) => ({ ...pool, minReady: options.minReady ?? pool.minReady }));
  const request = {
    kubeconfig,
    timeoutSeconds: options.seconds ?? 20,
    ...(options.labels ? { keys: topologyLabelKeys(contract), pools } : {}),
  };
  const words = options.labels ? { namespace: "default" } : { ...GATE, ...options };
  const code = await runGate(words, JSON.stringify(request), {
    out: (line) => lines.push(line),
    error: (line) => lines.push(line),
  });
  return { code, text: lines.join("\n") };
}

("missing" in found ? describe.skip : describe)("gangs on a real API server and scheduler", () => {
  let plane: ControlPlane;
  const gang = (name: string, nodes: number, within?: string): GangSpec => ({
    name,
    nodes,
    within,
    image: "registry.invalid/work@sha256:0",
    resources: { cpu: "5", memory: "1Gi" },
  });

  const placed = async (name: string) =>
    (await plane.get<Pods>(["pods", "-n", "work", "-l", `${POD_GROUP_LABEL}=${name}`])).items
      .flatMap((pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []))
      .sort();

  async function make(spec: GangSpec): Promise<void> {
    await plane.apply(contract.kubernetes.gangApi!, "PodGroup", podGroup(contract, spec, "work"));
    await plane.apply("v1", "Service", gangService(spec, "work"));
    await plane.apply("batch/v1", "Job", gangJob(contract, spec, "work"));
  }

  /** As the stack does it: the Job and its pods first, then the PodGroup. No kubelet ends pods here, so they are ended by force. */
  async function remove(name: string): Promise<void> {
    await plane.kubectl(["delete", "job", name, "-n", "work", "--cascade=foreground", "--wait=false"]);
    await poll(
      20,
      async () => {
        await plane.kubectl(["delete", "pods", "-n", "work", "-l", `${POD_GROUP_LABEL}=${name}`, "--force", "--grace-period=0"]);
        return plane.get<Pods>(["jobs", "-n", "work", "-l", `${POD_GROUP_LABEL}=${name}`]);
      },
      (jobs) => jobs.items.length === 0,
    );
    await plane.kubectl(["delete", "service", name, "-n", "work"]);
    await plane.kubectl(["delete", "podgroups.scheduling.k8s.io", name, "-n", "work", "--timeout=20s"]);
  }

  beforeAll(async () => {
    if ("missing" in found) return;
    plane = await ControlPlane.start(found.folder);
    for (const node of contract.nodes.filter((each) => each.schedulable)) await plane.node(node.name, node.labels);
    await plane.apply("v1", "Namespace", workNamespace("work"));
    await poll(
      20,
      () => plane.kubectl(["get", "serviceaccounts", "-n", "work", "-o", "name"]),
      (text) => text.includes("default"),
    );
  }, 120_000);

  afterAll(async () => plane?.stop(), 30_000);

  test("the preflight passes with the gates of the version table, and says that the policy is missing before it is there", async () => {
    expect(await gateOn(plane.kubeconfig)).toEqual({
      code: 0,
      text: "scheduling.k8s.io/v1alpha2 serves PodGroup\na pod's spec.schedulingGroup is kept",
    });
    const without = await gateOn(plane.kubeconfig, { podGroupLabel: POD_GROUP_LABEL, seconds: 2 });
    expect(without.code).toBe(1);
    expect(without.text).toContain("the admission policy of the layers stack is missing or not in effect");

    await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", admissionPolicy());
    await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", admissionBinding());
    expect((await gateOn(plane.kubeconfig, { podGroupLabel: POD_GROUP_LABEL, seconds: 60 })).code).toBe(0);
  }, 120_000);

  test("the policy never overwrites a group that a pod already names, and leaves other pods alone", async () => {
    const pod = (name: string, labels: object, spec: object) => ({
      metadata: { name, namespace: "work", labels },
      spec: { containers: [{ name: "c", image: "i" }], nodeSelector: { none: "such" }, ...spec },
    });
    await plane.apply("v1", "Pod", pod("own", { [POD_GROUP_LABEL]: "label" }, { schedulingGroup: { podGroupName: "mine" } }));
    await plane.apply("v1", "Pod", pod("other", {}, {}));
    const { items } = await plane.get<Pods>(["pods", "-n", "work"]);
    expect(Object.fromEntries(items.map((each) => [each.metadata.name, each.spec.schedulingGroup?.podGroupName]))).toEqual({
      own: "mine",
      other: undefined,
    });
    await plane.kubectl(["delete", "pods", "-n", "work", "own", "other", "--force", "--grace-period=0"]);
  }, 60_000);

  test("a gang of 3 within a leaf lands in the leaf of 3 and a gang of 2 beside it in the leaf of 2, one pod on each node", async () => {
    await make(gang("three", 3, "leaf"));
    expect(
      await poll(
        30,
        () => placed("three"),
        (nodes) => nodes.length === 3,
      ),
    ).toEqual(["n01", "n02", "n03"]);
    await make(gang("two", 2, "leaf"));
    expect(
      await poll(
        30,
        () => placed("two"),
        (nodes) => nodes.length === 2,
      ),
    ).toEqual(["n04", "n05"]);
    await remove("three");
    await remove("two");
  }, 120_000);

  test("pods that ask for little still get a node each", async () => {
    await make({ ...gang("small", 3, "leaf"), resources: { cpu: "100m" } });
    expect(
      await poll(
        30,
        () => placed("small"),
        (nodes) => nodes.length === 3,
      ),
    ).toEqual(["n01", "n02", "n03"]);
    await remove("small");
  }, 120_000);

  test("a gang of 4 within a leaf stays Pending whole; within a spine it is placed in the spine of 5", async () => {
    await make(gang("four", 4, "leaf"));
    await poll(
      20,
      () => plane.get<Pods>(["pods", "-n", "work"]),
      (pods) => pods.items.length === 4,
    );
    for (let sample = 0; sample < 12; sample++) {
      expect(await placed("four")).toEqual([]);
      await sleep(250);
    }
    expect((await plane.get<Pods>(["pods", "-n", "work"])).items.map((pod) => pod.spec.schedulingGroup?.podGroupName)).toEqual([
      "four",
      "four",
      "four",
      "four",
    ]);
    await make(gang("wide", 4, "spine"));
    const wide = await poll(
      30,
      () => placed("wide"),
      (nodes) => nodes.length === 4,
    );
    expect(wide).toHaveLength(4);
    expect(wide).not.toContain("n06");
    expect(await placed("four")).toEqual([]);
    await remove("wide");
    await remove("four");
  }, 120_000);

  test("two gangs of 4 that compete for 6 nodes never hold half each, and the second follows when the first is gone", async () => {
    const seen = new Set<string>();
    await Promise.all([make(gang("red", 4)), make(gang("blue", 4))]);
    const look = async () => [(await placed("red")).length, (await placed("blue")).length] as const;
    for (let sample = 0; sample < 24; sample++) {
      const [red, blue] = await look();
      // Binding is pod by pod, so a count between may be seen; what may not be is both at once.
      if (red > 0 && blue > 0) seen.add(`${red}+${blue}`);
      await sleep(100);
    }
    expect([...seen]).toEqual([]);
    const [red, blue] = await look();
    expect([red, blue].sort()).toEqual([0, 4]);
    const [winner, loser] = red === 4 ? ["red", "blue"] : ["blue", "red"];
    await remove(winner!);
    expect(
      await poll(
        40,
        () => placed(loser!),
        (nodes) => nodes.length === 4,
      ),
    ).toHaveLength(4);
    await remove(loser!);
  }, 180_000);

  test("a Job that is made anew under the same PodGroup is placed whole again", async () => {
    const spec = gang("again", 3, "leaf");
    await make(spec);
    await poll(
      30,
      () => placed("again"),
      (nodes) => nodes.length === 3,
    );
    await plane.kubectl(["delete", "job", "again", "-n", "work", "--cascade=foreground", "--wait=false"]);
    await poll(
      20,
      async () => {
        await plane.kubectl(["delete", "pods", "-n", "work", "-l", `${POD_GROUP_LABEL}=again`, "--force", "--grace-period=0"]);
        return plane.get<Pods>(["jobs", "-n", "work"]);
      },
      (jobs) => jobs.items.length === 0,
    );
    await plane.apply("batch/v1", "Job", gangJob(contract, spec, "work"));
    expect(
      await poll(
        30,
        () => placed("again"),
        (nodes) => nodes.length === 3,
      ),
    ).toEqual(["n01", "n02", "n03"]);
    await remove("again");
  }, 120_000);

  test("the label gate passes on the tree, and names the node that lost a label and the one with a wrong one", async () => {
    expect(await gateOn(plane.kubeconfig, { labels: true })).toEqual({
      code: 0,
      text: "pool compute: 6 of 6 nodes are Ready with exactly their topology labels",
    });
    await plane.kubectl(["label", "node", "n02", "fabric.topograph.run/tier-0-"]);
    await plane.kubectl(["label", "node", "n03", "--overwrite", "fabric.topograph.run/tier-1=s9"]);
    const gate = await gateOn(plane.kubeconfig, { labels: true, seconds: 2 });
    expect(gate.code).toBe(1);
    expect(gate.text.split("\n")).toEqual([
      "pool compute: 4 of 6 nodes are Ready with exactly their topology labels (after 2 s; at least 6 are wanted); not these:",
      "  n02: no label fabric.topograph.run/tier-0 (should be l1)",
      "  n03: fabric.topograph.run/tier-1=s9 (should be s1)",
    ]);
    expect((await gateOn(plane.kubeconfig, { labels: true, seconds: 2, minReady: 4 })).code).toBe(0);
    await plane.kubectl(["label", "node", "n02", "fabric.topograph.run/tier-0=l1"]);
    await plane.kubectl(["label", "node", "n03", "--overwrite", "fabric.topograph.run/tier-1=s1"]);
    expect((await gateOn(plane.kubeconfig, { labels: true })).code).toBe(0);
  }, 60_000);

  test("the scoped credentials make a gang in their namespace and nothing elsewhere", async () => {
    const metadata = { name: WORK_ACCOUNT, namespace: "work" };
    await plane.apply("v1", "ServiceAccount", { metadata });
    await plane.apply("rbac.authorization.k8s.io/v1", "Role", { metadata, rules: workRules() });
    await plane.apply("rbac.authorization.k8s.io/v1", "RoleBinding", roleBinding("work"));
    await plane.apply("v1", "Secret", tokenSecret("work", 0));
    const name = tokenSecret("work", 0).metadata.name;
    const secret = await poll(
      20,
      () => plane.get<{ data?: { token?: string } }>(["secret", name, "-n", "work"]),
      (each) => Boolean(each.data?.token),
    );
    const scoped = scopedKubeconfig(plane.kubeconfig, "work", Buffer.from(secret.data!.token!, "base64").toString());

    expect((await gateOn(scoped, { namespace: "work", podGroupLabel: POD_GROUP_LABEL })).code).toBe(0);
    expect(await gateOn(scoped, { labels: true })).toEqual({
      code: 2,
      text: "the API server does not let these credentials list nodes (403)",
    });
    expect((await gateOn(scoped, { namespace: "default", seconds: 1 })).code).toBe(2);
    await plane.kubectl(["delete", "secret", name, "-n", "work"]);
    const renewed = await poll(
      20,
      () => gateOn(scoped, { namespace: "work", seconds: 1 }),
      ({ code }) => code === 2,
    );
    expect(renewed.text).toContain("401");
  }, 60_000);
});

("missing" in found ? describe.skip : describe)("an API server without the gates", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    if ("missing" in found) return;
    plane = await ControlPlane.start(found.folder, false);
  }, 120_000);
  afterAll(async () => plane?.stop(), 30_000);

  test("the preflight finds that it drops a pod's group without a word", async () => {
    const gate = await gateOn(plane.kubeconfig, { seconds: 2 });
    expect(gate.code).toBe(1);
    expect(gate.text).toContain("the API server does not serve PodGroup in scheduling.k8s.io/v1alpha2 (404)");
    expect(gate.text).toContain("drops a pod's spec.schedulingGroup");
  }, 60_000);
});
