import { parse, stringify } from "yaml";
import { KEEP_OFF_NAME, keepOffPolicy, policyBinding, TOLERATE_NAME, toleratePolicy } from "../../components/fluence/admission";
import { fluenceConfig, type FluenceConfig } from "../../components/fluence/config";
import { FLUENCE_NODE_LABEL, fluenceNodes, hiddenNodes, HIDDEN_TAINT, nodeMarks } from "../../components/fluence/nodes";
import {
  configMap,
  deployment,
  extraRole,
  fluenceNamespace,
  restartHash,
  roleBindings,
  serviceAccount,
} from "../../components/fluence/objects";
import { fluencePod, fluencePodGroup, JOBID_ANNOTATION } from "../../components/fluence/workload";
import { admissionBinding, admissionPolicy } from "../../components/gang/admission";
import { gangJob, podGroup } from "../../components/gang/objects";
import { POD_GROUP_LABEL } from "../../components/gang/spec";
import type { GateOptions } from "../../tools/gate/command";
import { runGate } from "../../tools/gate/run";
import { exampleContract, pool } from "../fixtures/contract";
import { ControlPlane, findPrograms } from "./controlPlane";
import { startScheduler } from "./fluence/scheduler";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: Fluence's objects and nodes on a real API server: ${found.missing}`);
// Left out: Fluence itself. Its image is not here, and its module cannot be built without flux-sched's libraries. Its pods are
// accepted and stay Pending, as they do while Fluence is down. The kube-scheduler that it is built from runs in its place once, with
// its rights, gates and configuration, but without its plugin: that says nothing about where Fluence would place a pod.

const PROGRAMS = "missing" in found ? "" : found.folder;
const base = exampleContract();
/** n01 to n04 are Fluence's; n05 and n06 are for others. */
const contract = exampleContract({
  pools: [...base.pools, pool("service")],
  nodes: base.nodes.map((node) => (["n05", "n06"].includes(node.name) ? { ...node, pool: "service" } : node)),
});
const config: FluenceConfig = fluenceConfig.parse({
  pools: ["compute"],
  image: `registry.invalid/fluence@sha256:${"0".repeat(64)}`,
});
const OWN = fluenceNodes(contract, config.pools);

interface Pod {
  metadata: { name: string; uid: string };
  spec: {
    nodeName?: string;
    affinity?: { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: unknown[] } } };
    tolerations?: { key?: string; operator?: string; effect?: string }[];
  };
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

const TERMS = ["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
const ELSEWHERE = { key: FLUENCE_NODE_LABEL, operator: "NotIn", values: ["true"] };
const TOLERATION = { key: HIDDEN_TAINT.key, operator: "Exists", effect: "NoSchedule" };

function terms(pod: Pod): unknown {
  return TERMS.reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], pod);
}

("missing" in found ? describe.skip : describe)("Fluence's objects and nodes on a real API server and scheduler", () => {
  let plane: ControlPlane;
  const containers = [{ name: "work", image: "registry.invalid/work@sha256:0", resources: { requests: { cpu: "1" } } }];

  async function create(name: string, spec: object = {}, metadata: object = {}): Promise<void> {
    const namespace = "others";
    await plane.apply("v1", "Pod", { metadata: { name, namespace, ...metadata }, spec: { containers, ...spec } });
  }
  const pod = (name: string) => plane.get<Pod>(["pod", name, "-n", "others"]);
  const bound = (name: string, seconds = 20) =>
    poll(
      seconds,
      () => pod(name),
      (each) => each.spec.nodeName !== undefined,
    );
  const remove = (...names: string[]) =>
    plane.kubectl(["delete", "pods", "-n", "others", "--force", "--grace-period=0", ...names]);
  const canI = (verb: string, resource: string, namespace = "others", ...more: string[]) =>
    plane
      .kubectl([
        "auth",
        "can-i",
        verb,
        resource,
        ...more,
        "-n",
        namespace,
        `--as=system:serviceaccount:${config.namespace}:fluence`,
      ])
      .then(
        (text) => text.trim(),
        (error: { stdout?: string }) => (error.stdout ?? "").trim(),
      );

  async function gateOf(options: Partial<GateOptions>, request: object) {
    const lines: string[] = [];
    const input = JSON.stringify({ kubeconfig: plane.kubeconfig, ...request });
    const print = { out: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
    return { code: await runGate({ namespace: "default", ...options }, input, print), text: lines.join("\n") };
  }
  function gate(options: Partial<GateOptions>, timeoutSeconds = 2, own = OWN) {
    const restart = { namespace: config.namespace, name: "fluence", hash: restartHash(contract, config) };
    const question = options.fluence ? { own, restart } : { hide: hiddenNodes(contract, config.pools), show: OWN };
    return gateOf(options, { timeoutSeconds, ...question });
  }
  const taints = async (name: string) =>
    (await plane.get<{ spec: { taints?: object[] } }>(["node", name])).spec.taints?.map((each) => JSON.stringify(each)) ?? [];

  beforeAll(async () => {
    if ("missing" in found) return;
    plane = await ControlPlane.start(found.folder);
    for (const node of contract.nodes) await plane.node(node.name, node.labels);
    await plane.kubectl(["label", "node", "cp1", "node-role.kubernetes.io/control-plane=", "kubernetes.io/arch=amd64"]);
    await plane.kubectl(["taint", "node", "cp1", "node-role.kubernetes.io/control-plane=:NoSchedule"]);
    await plane.apply("v1", "Namespace", { metadata: { name: "others" } });
    await poll(
      20,
      () => plane.kubectl(["get", "serviceaccounts", "-n", "others", "-o", "name"]),
      (text) => text.includes("default"),
    );
  }, 120_000);

  afterAll(async () => plane?.stop(), 30_000);

  test("before the policies are there, the gate says so, and no node is hidden", async () => {
    const hide = await gate({ fluenceHide: true }, 1);
    expect(hide.code).toBe(1);
    expect(hide.text.split("\n")).toEqual([
      "the admission policy that keeps other pods off Fluence's nodes is missing or not in effect",
      "the admission policy that lets other pods run on hidden nodes is missing or not in effect",
    ]);
    expect(await taints("n05")).toEqual([]);
  }, 30_000);

  test("the API server accepts every object, and the account may do what Fluence does and no more", async () => {
    const space = config.namespace;
    const { scheduler, volumes, extra, authentication } = roleBindings(space);
    await plane.apply("v1", "Namespace", fluenceNamespace(space));
    await plane.apply("v1", "ServiceAccount", serviceAccount(space));
    await plane.apply("rbac.authorization.k8s.io/v1", "ClusterRole", extraRole());
    for (const each of [scheduler, volumes, extra]) await plane.apply("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", each);
    await plane.apply("rbac.authorization.k8s.io/v1", "RoleBinding", authentication);
    await plane.apply("v1", "ConfigMap", configMap(space));
    for (const [name, make] of [
      [KEEP_OFF_NAME, keepOffPolicy],
      [TOLERATE_NAME, toleratePolicy],
    ] as const) {
      await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", make());
      await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", policyBinding(name));
    }

    const may = ["list nodes", "watch pods", "create pods --subresource=binding", "patch pods --subresource=status", "patch pods", "list podgroups.scheduling.k8s.io",
      "watch podgroups.scheduling.k8s.io", "patch podgroups.scheduling.k8s.io", "patch podgroups.scheduling.k8s.io --subresource=status", "list persistentvolumes",
      "update persistentvolumeclaims", "list storageclasses.storage.k8s.io", "list poddisruptionbudgets.policy"]; // prettier-ignore
    const mayNot = ["create pods", "update pods", "list secrets", "delete podgroups.scheduling.k8s.io", "create podgroups.scheduling.k8s.io",
      "patch mutatingwebhookconfigurations.admissionregistration.k8s.io", "create serviceaccounts", "create configmaps", "get configmaps",
      "create roles.rbac.authorization.k8s.io", "create rolebindings.rbac.authorization.k8s.io", "patch nodes", "update leases.coordination.k8s.io"]; // prettier-ignore
    const answer = async (call: string) => {
      const [verb, resource, ...more] = call.split(" ");
      return `${call}: ${await canI(verb!, resource!, "others", ...more)}`;
    };
    expect(await Promise.all(may.map(answer))).toEqual(may.map((call) => `${call}: yes`));
    expect(await Promise.all(mayNot.map(answer))).toEqual(mayNot.map((call) => `${call}: no`));
    expect(await canI("get", "configmaps/extension-apiserver-authentication", "kube-system")).toBe("yes");
  }, 60_000);

  test("labels mark the nodes, and then all others are hidden; what hides a node already stays as it is", async () => {
    for (const { name, labels } of nodeMarks(contract, config.pools)) {
      await plane.kubectl(["label", "node", name, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)]);
    }
    await plane.kubectl(["taint", "node", "n06", "site.example/quiet=yes:PreferNoSchedule"]);
    expect(await gate({ fluenceHide: true }, 20)).toEqual({ code: 0, text: "all nodes that are not Fluence's are hidden" });
    const taint = JSON.stringify({ effect: "NoSchedule", key: "turducken.dev/not-fluence" });
    expect(await taints("n05")).toEqual([taint]);
    expect(await taints("n06")).toEqual([
      JSON.stringify({ effect: "PreferNoSchedule", key: "site.example/quiet", value: "yes" }),
      taint,
    ]);
    expect(await taints("cp1")).toEqual([JSON.stringify({ effect: "NoSchedule", key: "node-role.kubernetes.io/control-plane" })]);
    expect(await taints("n01")).toEqual([]);
    expect(await gate({ fluence: true })).toEqual({
      code: 0,
      text: "Fluence may read its 4 nodes; all others are hidden from it",
    });
  }, 60_000);

  test("a foreign pod lands on a hidden node, and one that can only be on Fluence's stays Pending", async () => {
    await create("plain");
    const plain = await bound("plain");
    expect(["n05", "n06"]).toContain(plain.spec.nodeName);
    expect(terms(plain)).toEqual([{ matchExpressions: [ELSEWHERE] }]);
    expect(plain.spec.tolerations).toEqual(expect.arrayContaining([TOLERATION]));

    await create("wants-n01", { nodeSelector: { "kubernetes.io/hostname": "n01" } });
    await sleep(3000);
    expect((await pod("wants-n01")).spec.nodeName).toBeUndefined();
    await remove("plain", "wants-n01");
  }, 60_000);

  test("every way to write a node affinity is kept and narrowed, and an empty term still matches nothing", async () => {
    const on = (...values: string[]) => ({ key: "kubernetes.io/hostname", operator: "In", values });
    const preferred = [{ weight: 1, preference: { matchExpressions: [on("n01")] } }];
    const required = (nodeSelectorTerms: object[]) => ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    });
    await create("apart", { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } } });
    await create("prefers", { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } });
    await create(
      "alternatives",
      required([{ matchExpressions: [on("n01", "n02")] }, {}, { matchExpressions: [on("n01", "n05")] }]),
    );
    await create("fields", required([{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n02"] }] }]));
    await create("already", required([{ matchExpressions: [on("n06"), ELSEWHERE] }]));

    expect(terms(await bound("apart"))).toEqual([{ matchExpressions: [ELSEWHERE] }]);
    const prefers = await bound("prefers");
    expect(["n05", "n06"]).toContain(prefers.spec.nodeName);
    expect(prefers.spec.affinity?.nodeAffinity).toMatchObject({ preferredDuringSchedulingIgnoredDuringExecution: preferred });
    const alternatives = await bound("alternatives");
    expect(alternatives.spec.nodeName).toBe("n05");
    expect(terms(alternatives)).toEqual([
      { matchExpressions: [on("n01", "n02"), ELSEWHERE] },
      {},
      { matchExpressions: [on("n01", "n05"), ELSEWHERE] },
    ]);
    expect(terms(await pod("fields"))).toEqual([
      { matchExpressions: [ELSEWHERE], matchFields: [{ key: "metadata.name", operator: "In", values: ["n02"] }] },
    ]);
    const already = await bound("already");
    expect(already.spec.nodeName).toBe("n06");
    expect(terms(already)).toEqual([{ matchExpressions: [on("n06"), ELSEWHERE] }]);
    expect((await pod("fields")).spec.nodeName).toBeUndefined();
    await remove("apart", "prefers", "alternatives", "fields", "already");
  }, 60_000);

  test("a daemon runs on every node, Fluence's too, and on hidden ones when its DaemonSet tolerates the taint", async () => {
    const labels = { app: "daemon" };
    const template = { metadata: { labels }, spec: { containers, tolerations: [{ operator: "Exists" }] } };
    await plane.apply("apps/v1", "DaemonSet", {
      metadata: { name: "daemon", namespace: "others" },
      spec: { selector: { matchLabels: labels }, template },
    });
    const where = await poll(
      30,
      async () =>
        (await plane.get<{ items: Pod[] }>(["pods", "-n", "others", "-l", "app=daemon"])).items.map((each) => each.spec.nodeName),
      (names) => names.filter(Boolean).length === contract.nodes.length,
    );
    expect(where.sort()).toEqual(contract.nodes.map((node) => node.name).sort());
    expect(await gate({ fluence: true })).toMatchObject({ code: 0 });
    await plane.kubectl(["delete", "daemonset", "daemon", "-n", "others", "--cascade=orphan"]);
    await remove("-l", "app=daemon");
  }, 60_000);

  test("static pods and the control plane's add-ons are where they were", async () => {
    const mirror = { annotations: { "kubernetes.io/config.mirror": "abc" } };
    await create("static-n01", { nodeName: "n01", tolerations: [{ operator: "Exists" }] }, mirror);
    const seen = await pod("static-n01");
    expect([terms(seen), seen.spec.nodeName]).toEqual([undefined, "n01"]);
    expect(await gate({ fluence: true })).toMatchObject({ code: 0 });

    await create("addon", {
      nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
      tolerations: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    });
    expect((await bound("addon")).spec.nodeName).toBe("cp1");
    await remove("static-n01", "addon");
  }, 60_000);

  test("Fluence's own pods are left alone and wait for it, while it is down and everybody else starts", async () => {
    await plane.apply("scheduling.k8s.io/v1alpha2", "PodGroup", fluencePodGroup(contract, { name: "ring", nodes: 1 }, "others"));
    const { labels, ...spec } = fluencePod("ring", { "fabric.topograph.run/tier-0": "l1" });
    await create("ring-0", { ...spec, schedulingGroup: { podGroupName: "ring" } }, { labels });
    await create("bystander");
    expect(["n05", "n06"]).toContain((await bound("bystander")).spec.nodeName);
    const ring = await pod("ring-0");
    expect([ring.spec.nodeName, terms(ring)]).toEqual([undefined, undefined]);
    expect(ring.spec.tolerations?.map((each) => each.key)).not.toContain(HIDDEN_TAINT.key);
    await remove("ring-0", "bystander");
    await plane.kubectl(["delete", "podgroups.scheduling.k8s.io", "ring", "-n", "others", "--timeout=20s"]);
  }, 60_000);

  test("a gang of the Kubernetes scheduler starts on hidden nodes, though nothing in it knows of Fluence", async () => {
    await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", admissionPolicy());
    await plane.apply("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", admissionBinding());
    const grouped = () => gateOf({ api: "scheduling.k8s.io/v1alpha2", podGroupLabel: POD_GROUP_LABEL }, { timeoutSeconds: 60 });
    expect((await grouped()).code).toBe(0);
    const resources = { cpu: "5", memory: "1Gi" };
    const gang = { name: "native", nodes: 2, pool: "service", image: "registry.invalid/work@sha256:0", resources };
    await plane.apply("scheduling.k8s.io/v1alpha2", "PodGroup", podGroup(contract, gang, "others"));
    await plane.apply("batch/v1", "Job", gangJob(contract, gang, "others"));
    const nodes = await poll(
      30,
      async () => (await plane.get<{ items: Pod[] }>(["pods", "-n", "others", "-l", `${POD_GROUP_LABEL}=native`])).items,
      (items) => items.length === 2 && items.every((each) => each.spec.nodeName !== undefined),
    );
    expect(nodes.map((each) => each.spec.nodeName).sort()).toEqual(["n05", "n06"]);
    await plane.kubectl(["delete", "job", "native", "-n", "others", "--cascade=orphan"]);
    await remove("-l", `${POD_GROUP_LABEL}=native`);
    await plane.kubectl(["delete", "podgroups.scheduling.k8s.io", "native", "-n", "others", "--timeout=20s"]);
  }, 120_000);

  test("a pod that names Fluence's node itself carries the affinity by which the kubelet refuses it, and the gate names it", async () => {
    await create("sneaky", { nodeName: "n02", schedulerName: "fluence" });
    expect(terms(await pod("sneaky"))).toEqual([{ matchExpressions: [ELSEWHERE] }]);
    await create("blunt", { nodeName: "n03" });
    const blocked = await gate({ fluence: true });
    expect(blocked.code).toBe(1);
    expect(blocked.text).toContain("would block it: others/blunt on n03; remove them");
    await remove("sneaky", "blunt");
  }, 60_000);

  test("the kube-scheduler that Fluence is built from runs with its account, gates and configuration, and answers its probe", async () => {
    const token = (await plane.kubectl(["create", "token", "fluence", "-n", config.namespace])).trim();
    const kubeconfig = parse(plane.kubeconfig) as { users: object[]; contexts: { context: { user: string } }[] };
    kubeconfig.users = [{ name: "fluence", user: { token } }];
    kubeconfig.contexts[0]!.context.user = "fluence";
    const scheduler = await startScheduler(PROGRAMS, plane.folder, stringify(kubeconfig), deployment(contract, config));
    try {
      await poll(20, scheduler.ready, (status) => status === 200);
      expect(await scheduler.ready()).toBe(200);
      await plane.apply(
        "scheduling.k8s.io/v1alpha2",
        "PodGroup",
        fluencePodGroup(contract, { name: "pair", nodes: 2 }, "others"),
      );
      const { labels, ...spec } = fluencePod("pair", { "kubernetes.io/hostname": "n04" });
      for (const name of ["pair-0", "pair-1"])
        await create(name, { ...spec, schedulingGroup: { podGroupName: "pair" } }, { labels });
      expect((await bound("pair-0")).spec.nodeName).toBe("n04");
      expect((await bound("pair-1")).spec.nodeName).toBe("n04");
      const group = await plane.get<{ status?: { conditions?: { type: string; status: string }[] } }>([
        "podgroup",
        "pair",
        "-n",
        "others",
      ]);
      expect(group.status?.conditions).toMatchObject([{ type: "PodGroupScheduled", status: "True" }]);
      expect(
        scheduler
          .log()
          .split("\n")
          .filter((line) => /forbidden|unknown field|unrecognized/i.test(line)),
      ).toEqual([]);
      expect(await gate({ fluence: true })).toMatchObject({
        code: 1,
        text: "Fluence would restart and forget that these run: others/pair-0 on n04, others/pair-1 on n04; drain its nodes first",
      });
    } finally {
      await scheduler.stop();
    }
    await remove("pair-0", "pair-1");
    await plane.kubectl(["delete", "podgroups.scheduling.k8s.io", "pair", "-n", "others", "--timeout=20s"]);
  }, 90_000);

  test("the scheduler's own pod is accepted and lands on the control plane", async () => {
    await plane.apply("apps/v1", "Deployment", deployment(contract, config));
    const pods = await poll(
      30,
      async () => (await plane.get<{ items: Pod[] }>(["pods", "-n", config.namespace])).items,
      (items) => items.some((each) => each.spec.nodeName !== undefined),
    );
    expect(pods.map((each) => each.spec.nodeName)).toEqual(["cp1"]);
  }, 60_000);

  test("the gate asks for drained nodes only when Fluence would be started anew", async () => {
    await plane.apply("scheduling.k8s.io/v1alpha2", "PodGroup", fluencePodGroup(contract, { name: "held", nodes: 1 }, "others"));
    await plane.kubectl(["annotate", "podgroups.scheduling.k8s.io", "held", "-n", "others", `${JOBID_ANNOTATION}=7`]);
    expect(await gate({ fluence: true })).toMatchObject({ code: 0 });
    const annotation = JSON.stringify({
      spec: { template: { metadata: { annotations: { "turducken.dev/fluence-restart": "other" } } } },
    });
    await plane.kubectl(["patch", "deployment", "fluence", "-n", config.namespace, "-p", annotation]);
    const anew = await gate({ fluence: true });
    expect(anew).toEqual({
      code: 1,
      text: "PodGroups hold allocations that a new Fluence would mistake for its own: others/held; delete them first",
    });
    await plane.kubectl(["delete", "podgroups.scheduling.k8s.io", "held", "-n", "others", "--timeout=20s"]);
    expect(await gate({ fluence: true })).toMatchObject({ code: 0 });
  }, 60_000);

  test("the gate names every node that Fluence would not see, or should not", async () => {
    await plane.kubectl(["cordon", "n01"]);
    await plane.kubectl(["taint", "node", "n02", "site.example/repair=yes:NoExecute"]);
    await plane.kubectl(["label", "node", "n03", "--overwrite", `${FLUENCE_NODE_LABEL}=false`]);
    await plane.kubectl(["taint", "node", "n05", "turducken.dev/not-fluence-", "node.kubernetes.io/not-ready=:NoSchedule"]);
    const text = (await gate({ fluence: true }, 1, [...OWN, "n99"])).text;
    const why = "Fluence would not see it, or not as its own";
    expect(text.split("\n")).toEqual([
      `n01: cordoned; ${why}`,
      `n02: tainted (site.example/repair:NoExecute); ${why}`,
      `n03: not labelled turducken.dev/fluence=true; ${why}`,
      "n99: there is no such node",
      "not Fluence's, but it would take them: n05; they need the taint turducken.dev/not-fluence:NoSchedule",
    ]);
    await plane.kubectl(["uncordon", "n01"]);
    await plane.kubectl(["taint", "node", "n02", "site.example/repair-"]);
    await plane.kubectl(["label", "node", "n03", "--overwrite", `${FLUENCE_NODE_LABEL}=true`]);
  }, 60_000);

  test("taken away, it shows every node again and leaves other taints", async () => {
    expect(await gate({ fluenceHide: true, off: true })).toEqual({ code: 0, text: "no node is hidden from Fluence any more" });
    expect(await taints("n06")).toEqual([
      JSON.stringify({ effect: "PreferNoSchedule", key: "site.example/quiet", value: "yes" }),
    ]);
    expect(await taints("n05")).toEqual([JSON.stringify({ effect: "NoSchedule", key: "node.kubernetes.io/not-ready" })]);
    expect(await taints("cp1")).toHaveLength(1);
  }, 60_000);
});
