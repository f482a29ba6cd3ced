import { KubernetesProvider } from "../../../tools/engine/providers";
import { PartialFailure } from "../../../tools/engine/types";
import { contextOf } from "../../unit/tools/providers/context";
import { ControlPlane, findPrograms } from "../controlPlane";

const found = findPrograms();
if ("missing" in found) console.warn(`skipped: kubernetes resources on a real API server: ${found.missing}`);

jest.setTimeout(120_000);

type Inputs = Record<string, unknown>;
interface Live {
  metadata: {
    name: string;
    uid: string;
    labels?: Record<string, string>;
    managedFields: { manager: string; operation: string }[];
  };
  data?: Record<string, string>;
  spec: Record<string, unknown>;
}

const container = { name: "main", image: "registry.example.org/none@sha256:00" };
const unplaced = { restartPolicy: "Never", containers: [container], schedulerName: "nobody" };
const job = (name: string, annotations: Record<string, string> = {}, parallelism = 1): Inputs => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, namespace: "default", annotations },
  spec: { parallelism, completions: parallelism, template: { spec: unplaced } },
});

("missing" in found ? describe.skip : describe)("kubernetes resources on a real API server", () => {
  let plane: ControlPlane;
  let provider: KubernetesProvider;
  beforeAll(async () => {
    plane = await ControlPlane.start("folder" in found ? found.folder : "");
    provider = new KubernetesProvider();
  });
  afterAll(async () => {
    await provider?.close();
    await plane?.stop();
  });

  const context = (name: string, changes: Parameters<typeof contextOf>[1] = {}) =>
    contextOf(name, { provider: { kubeconfig: plane.kubeconfig, clusterIdentifier: "lab" }, timeoutSeconds: 20, ...changes });
  const create = (type: string, inputs: Inputs, changes: Parameters<typeof contextOf>[1] = {}) =>
    provider.create(type, "urn", inputs, context("it", changes));
  const state = (inputs: Inputs, outputs: Inputs) => ({ id: "x", inputs, outputs });
  const remove = (type: string, inputs: Inputs, outputs: Inputs) =>
    provider.delete(type, "urn", state(inputs, outputs), context("it"));
  const until = async (done: () => boolean | Promise<boolean>) => {
    for (let tries = 0; tries < 200; tries++) {
      if (await done()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("waited 10 s in vain");
  };
  const names = async (kind: string) => (await plane.kubectl(["get", kind, "-o", "name"])).trim().split("\n").filter(Boolean);

  test("a namespace is created, refused a second time, and its delete waits until it is gone", async () => {
    const type = "kubernetes:core/v1:Namespace";
    const inputs = { apiVersion: "v1", kind: "Namespace", metadata: { name: "work" } };
    const made = await create(type, inputs);
    expect(made.id).toBe("work");
    expect(made.outputs).toMatchObject({ kind: "Namespace", metadata: { name: "work", uid: expect.any(String) as string } });
    await expect(create(type, inputs)).rejects.toThrow(
      /^it: namespaces "work" already exists\n\nThe resource already exists in the cluster/,
    );
    await remove(type, inputs, made.outputs);
    expect(await names("namespaces")).not.toContain("namespace/work");
    await remove(type, inputs, made.outputs);
  });

  test("an object created before its namespace waits for it", async () => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "early", namespace: "later" }, data: { a: "1" } };
    const waiting = context("it");
    const early = provider.create("kubernetes:core/v1:ConfigMap", "urn", map, waiting);
    await until(() => waiting.lines.some((line) => line.includes('namespaces "later" not found')));
    await create("kubernetes:core/v1:Namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "later" } });
    expect((await early).id).toBe("later/early");
  });

  test("an update applies the new inputs and removes what they no longer hold, and leaves other owners' fields", async () => {
    const type = "kubernetes:core/v1:ServiceAccount";
    const olds = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "runner", labels: { old: "1", kept: "1" } } };
    const made = await create(type, olds);
    await plane.kubectl(["label", "serviceaccount", "runner", "theirs=1", "--field-manager=somebody"]);
    const news = { ...olds, metadata: { name: "runner", labels: { kept: "2", added: "1" } } };
    expect((await provider.diff(type, state(olds, made.outputs), news)).kind).toBe("update");
    const updated = await provider.update(type, "urn", state(olds, made.outputs), news, context("it"));
    const live = await plane.get<Live>(["serviceaccount", "runner"]);
    expect(live.metadata.labels).toEqual({ kept: "2", added: "1", theirs: "1" });
    expect(updated.outputs["__fieldManager"]).toBe(made.outputs["__fieldManager"]);
    const managers = (await plane.get<Live>(["serviceaccount", "runner", "--show-managed-fields"])).metadata.managedFields;
    expect(managers.map(({ manager, operation }) => `${manager} ${operation}`).sort()).toEqual(
      [`${String(made.outputs["__fieldManager"])} Apply`, "somebody Update"].sort(),
    );
  });

  test("a job is awaited until it completes, so one whose pods never run fails at the timeout and is kept as made", async () => {
    const failing = create("kubernetes:batch/v1:Job", job("stuck"), { timeoutSeconds: 1 });
    await expect(failing).rejects.toBeInstanceOf(PartialFailure);
    await expect(failing).rejects.toThrow(
      "it: Job default/stuck was created but did not become ready: timed out after 1 s: waiting for the job to complete (active 1, succeeded 0, failed 0)",
    );
    const kept = await failing.then(
      () => ({ id: "", outputs: {} }),
      (error: PartialFailure) => error.state,
    );
    expect(kept.id).toBe("default/stuck");
    await remove("kubernetes:batch/v1:Job", job("stuck"), kept.outputs);
    expect(await names("jobs")).toEqual([]);
  });

  test("waitFor replaces the job's own wait, its delete waits for the pods, and its template forces a replacement", async () => {
    const type = "kubernetes:batch/v1:Job";
    const inputs = job("gang", { "pulumi.com/waitFor": "jsonpath={.metadata.uid}" }, 3);
    const made = await create(type, inputs);
    await until(async () => (await names("pods")).length === 3);
    const changed = job("gang", { "pulumi.com/waitFor": "jsonpath={.metadata.uid}" }, 3);
    (changed["spec"] as { template: unknown }).template = { spec: { ...unplaced, schedulerName: "other" } };
    expect(await provider.diff(type, state(inputs, made.outputs), changed)).toEqual({
      kind: "replace",
      properties: ["spec.template.spec.schedulerName"],
      deleteBeforeReplace: true,
    });
    await remove(type, inputs, made.outputs);
    expect(await names("jobs")).toEqual([]);
    expect(await names("pods")).toEqual([]);
  });

  test("waitFor takes several conditions and compares values", async () => {
    const waits = (last: string) => ({ "pulumi.com/waitFor": JSON.stringify(["jsonpath={.metadata.uid}", last]) });
    const type = "kubernetes:batch/v1:Job";
    await create(type, job("two", waits("jsonpath={.status.active}=1")));
    await expect(create(type, job("three", waits("condition=Complete")), { timeoutSeconds: 1 })).rejects.toThrow(
      "waiting for condition Complete to be True",
    );
    await expect(create(type, job("four", { "pulumi.com/waitFor": "uid" }))).rejects.toThrow(
      'expected a "jsonpath=" or "condition=" prefix',
    );
    await plane.kubectl(["delete", "jobs", "--all", "--cascade=background"]);
  });

  test("a daemon set without nodes is ready, a deployment whose pods cannot run is not, and skipAwait waits for nothing", async () => {
    const spec = {
      selector: { matchLabels: { app: "a" } },
      template: { metadata: { labels: { app: "a" } }, spec: { containers: [container] } },
    };
    const daemons = { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "each" }, spec };
    expect((await create("kubernetes:apps/v1:DaemonSet", daemons)).outputs).toMatchObject({
      status: { desiredNumberScheduled: 0 },
    });
    const deployment = (name: string, annotations = {}) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, annotations },
      spec,
    });
    await expect(create("kubernetes:apps/v1:Deployment", deployment("never"), { timeoutSeconds: 1 })).rejects.toThrow(
      "waiting for 1 of 1 replicas",
    );
    const skipped = await create("kubernetes:apps/v1:Deployment", deployment("skipped", { "pulumi.com/skipAwait": "true" }), {
      timeoutSeconds: 1,
    });
    expect(skipped.id).toBe("default/skipped");
    const empty = { ...deployment("empty"), spec: { ...spec, replicas: 0 } };
    expect((await create("kubernetes:apps/v1:Deployment", empty)).id).toBe("default/empty");
  });

  test("a custom resource waits for its definition, and a PodGroup's frozen spec is refused with what helps", async () => {
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "rings.example.org" },
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { plural: "rings", singular: "ring", kind: "Ring" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", x_kubernetes_preserve_unknown_fields: true } },
          },
        ],
      },
    };
    const ring = { apiVersion: "example.org/v1", kind: "Ring", metadata: { name: "one" }, spec: { size: 3 } };
    const waiting = context("it");
    const early = provider.create("kubernetes:example.org/v1:Ring", "urn", ring, waiting);
    await until(() => waiting.lines.some((line) => line.includes('no matches for kind "Ring"')));
    const made = await create("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", crd);
    expect((await early).outputs).toMatchObject({ spec: { size: 3 } });
    const changed = { ...crd, metadata: { ...crd.metadata, labels: { a: "1" } } };
    await provider.update(
      "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
      "urn",
      state(crd, made.outputs),
      changed,
      context("it"),
    );
    await remove("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", crd, made.outputs);
    await remove("kubernetes:example.org/v1:Ring", ring, {});

    const type = "kubernetes:scheduling.k8s.io/v1alpha2:PodGroup";
    const group = (minCount: number) => ({
      apiVersion: "scheduling.k8s.io/v1alpha2",
      kind: "PodGroup",
      metadata: { name: "ring" },
      spec: { schedulingPolicy: { gang: { minCount } } },
    });
    const first = await create(type, group(2));
    expect((await provider.diff(type, state(group(2), first.outputs), group(3))).kind).toBe("update");
    await expect(provider.update(type, "urn", state(group(2), first.outputs), group(3), context("it"))).rejects.toThrow(
      'set replaceOnChanges: ["spec"]',
    );
    await remove(type, group(2), first.outputs);
  });

  describe("a patch of somebody else's node", () => {
    const type = "kubernetes:core/v1:NodePatch";
    const leaf = "fabric.topograph.run/tier-0";
    const patch = (value: string, annotations: Record<string, string> = {}): Inputs => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: "n01",
        labels: { [leaf]: value },
        annotations: { "pulumi.com/patchFieldManager": "turducken-topology", ...annotations },
      },
    });
    const labels = async () => (await plane.get<Live>(["node", "n01"])).metadata.labels ?? {};
    beforeEach(() => plane.node("n01", { theirs: "1" }));
    afterEach(() => plane.kubectl(["delete", "node", "n01"]));

    test("sets only its own fields and gives them back", async () => {
      const made = await create(type, patch("l1"));
      expect(await labels()).toMatchObject({ [leaf]: "l1", theirs: "1" });
      const updated = await provider.update(type, "urn", state(patch("l1"), made.outputs), patch("l2"), context("it"));
      expect((await labels())[leaf]).toBe("l2");
      await remove(type, patch("l2"), updated.outputs);
      expect(await labels()).not.toHaveProperty([leaf]);
      expect(await labels()).toMatchObject({ theirs: "1" });
    });

    test("conflicts with another owner of the field unless it is forced", async () => {
      await plane.kubectl(["label", "node", "n01", `${leaf}=kubelets`, "--field-manager=kubelet", "--overwrite"]);
      const refused = create(type, patch("l1"));
      await expect(refused).rejects.toThrow(
        'The resource managed by field manager "turducken-topology" had an apply conflict: Apply failed with 1 conflict: conflict with "kubelet"',
      );
      expect((await labels())[leaf]).toBe("kubelets");
      await create(type, patch("l1", { "pulumi.com/patchForce": "true" }));
      expect((await labels())[leaf]).toBe("l1");
    });

    test("is done when the node has gone, and makes no empty node", async () => {
      const made = await create(type, patch("l1"));
      await plane.kubectl(["delete", "node", "n01"]);
      const leaving = context("it");
      await provider.delete(type, "urn", state(patch("l1"), made.outputs), leaving);
      expect(await names("nodes")).toEqual([]);
      expect(leaving.lines).toEqual([expect.stringContaining("Node n01 is gone already")]);
      await plane.node("n01", {});
    });
  });

  test("secrets are secret outputs, and a service account's token is waited for", async () => {
    await create("kubernetes:core/v1:ServiceAccount", { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "tenant" } });
    const made = await create("kubernetes:core/v1:Secret", {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/service-account-token",
      metadata: { name: "tenant", annotations: { "kubernetes.io/service-account.name": "tenant" } },
    });
    expect(made.secretOutputs).toEqual(["data", "stringData"]);
    expect(Object.keys(made.outputs["data"] as object)).toContain("token");
  });

  test("what the server refuses, a missing name, a chart and a missing provider are errors in words", async () => {
    const type = "kubernetes:core/v1:ConfigMap";
    await expect(create(type, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "Bad_Name" } })).rejects.toThrow(
      /^it: ConfigMap "Bad_Name" is invalid: metadata\.name/,
    );
    await expect(create(type, { apiVersion: "v1", kind: "ConfigMap" })).rejects.toThrow("it: metadata.name is missing");
    await expect(create("kubernetes:helm.sh/v3:Release", {})).rejects.toThrow(
      "it: kubernetes:helm.sh/v3:Release is left out here",
    );
    const nobody = provider.create(type, "urn", { metadata: { name: "a" } }, contextOf("it"));
    await expect(nobody).rejects.toThrow("it: no explicit provider with a kubeconfig");
    await expect(create(type, { metadata: { name: "a" } }, { provider: { kubeconfig: "/root/.kube/config" } })).rejects.toThrow(
      "give the file's content, not its path",
    );
  });

  test("a cluster that does not answer is called unreachable, without its credentials", async () => {
    const gone = plane.kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1");
    const failing = create("kubernetes:core/v1:Namespace", { metadata: { name: "a" } }, { provider: { kubeconfig: gone } });
    await expect(failing).rejects.toThrow(
      "it: configured Kubernetes cluster is unreachable: https://127.0.0.1:1: connection refused",
    );
  });
});
