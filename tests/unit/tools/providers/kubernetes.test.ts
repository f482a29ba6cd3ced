import { KubernetesProvider, defaultProviders } from "../../../../tools/engine/providers";
import { matchJsonPath, parseJsonPath } from "../../../../tools/engine/providers/kubernetes/jsonpath";
import { managerPatch } from "../../../../tools/engine/providers/kubernetes/managers";
import { outputsFrom, wantedObject } from "../../../../tools/engine/providers/kubernetes/objects";
import type { KubernetesObject } from "../../../../tools/engine/providers/kubernetes/objects";

const provider = new KubernetesProvider();
const diff = (
  type: string,
  olds: Record<string, unknown>,
  news: Record<string, unknown>,
  settings: Record<string, unknown> = {},
) => provider.diff(type, { id: "x", inputs: olds, outputs: {}, provider: settings }, news);
const named = (kind: string, apiVersion: string, more: Record<string, unknown> = {}) => ({
  apiVersion,
  kind,
  metadata: { name: "a" },
  ...more,
});

describe("jsonpath= conditions", () => {
  const object = {
    metadata: { uid: "u-1", labels: { "a.b/c": "d" } },
    status: {
      active: 3,
      conditions: [
        { type: "Ready", status: "False" },
        { type: "Other", status: "True" },
      ],
      empty: {},
    },
  };
  test.each([
    ["jsonpath={.metadata.uid}", true],
    ["jsonpath={.metadata.missing}", false],
    ["jsonpath={$.status.active}=3", true],
    ["jsonpath={.status.active}=4", false],
    ["jsonpath={ .metadata.labels['a.b/c'] }=d", true],
    ["jsonpath={.status.conditions[1].status}=True", true],
    ["jsonpath={.status.conditions[-1].type}=Other", true],
    ["jsonpath={.status.conditions[*].type}=Ready", true],
    ['jsonpath={.status.conditions[?(@.type=="Ready")].status}=False', true],
    ["jsonpath={.status.conditions[?(@.type=='Ready')].status}=True", false],
    ["jsonpath={.status.empty}", true],
    ["jsonpath={.status.conditions[7]}", false],
  ])("%s is %s", (text, matched) => {
    expect(matchJsonPath(parseJsonPath(text), object).matched).toBe(matched);
  });

  test.each(["jsonpath=.metadata.uid", "jsonpath={.a}=", "jsonpath={.a~b}", "condition=Ready"])("%s is refused", (text) => {
    expect(() => parseJsonPath(text)).toThrow();
  });

  test("a value that is not a plain one cannot be compared", () => {
    expect(() => matchJsonPath(parseJsonPath("jsonpath={.status}=x"), object)).toThrow("not a plain one");
  });
});

describe("what a change of a Kubernetes object means", () => {
  test("equal inputs change nothing, whatever the order of keys and absent fields", async () => {
    const job = named("Job", "batch/v1", { spec: { parallelism: 1, template: { spec: { a: 1 } } } });
    const same = {
      spec: { template: { spec: { a: 1 } }, parallelism: 1 },
      kind: "Job",
      metadata: { name: "a", labels: undefined },
      apiVersion: "batch/v1",
    };
    expect(await diff("kubernetes:batch/v1:Job", job, same)).toEqual({ kind: "none", properties: [] });
  });

  test.each([
    ["Job", "batch/v1", { spec: { completions: 1 } }, { spec: { completions: 2 } }, "replace", ["spec.completions"]],
    ["Job", "batch/v1", { spec: { backoffLimit: 1 } }, { spec: { backoffLimit: 2 } }, "update", ["spec.backoffLimit"]],
    ["Deployment", "apps/v1", { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, "update", ["spec.replicas"]],
    [
      "DaemonSet",
      "apps/v1",
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      "replace",
      ["spec.selector.matchLabels.a"],
    ],
    [
      "Pod",
      "v1",
      { spec: { containers: [{ image: "a" }] } },
      { spec: { containers: [{ image: "b" }] } },
      "replace",
      ["spec.containers[*].image"],
    ],
    ["Pod", "v1", { metadata: { name: "a", labels: { x: "1" } } }, { metadata: { name: "a" } }, "update", ["metadata.labels.x"]],
    ["ConfigMap", "v1", { data: { a: "1" } }, { data: { a: "1", b: "2" } }, "replace", ["data.b"]],
    [
      "ClusterRoleBinding",
      "rbac.authorization.k8s.io/v1",
      { roleRef: { name: "a" } },
      { roleRef: { name: "b" } },
      "replace",
      ["roleRef.name"],
    ],
    ["PodGroup", "scheduling.k8s.io/v1alpha2", { spec: { a: 1 } }, { spec: { a: 2 } }, "update", ["spec.a"]],
  ])("%s (%s)", async (kind, apiVersion, old, next, expected, properties) => {
    const result = await diff(`kubernetes:${apiVersion}:${kind}`, named(kind, apiVersion, old), named(kind, apiVersion, next));
    expect(result).toMatchObject({ kind: expected, properties });
  });

  test("another name is a replacement that need not delete first; the same name must", async () => {
    const old = named("Job", "batch/v1");
    expect(await diff("kubernetes:batch/v1:Job", old, { ...old, metadata: { name: "b" } })).toEqual({
      kind: "replace",
      properties: ["metadata.name"],
      deleteBeforeReplace: false,
    });
    const changed = { ...old, spec: { completions: 2 } };
    expect(await diff("kubernetes:batch/v1:Job", old, changed)).toMatchObject({ kind: "replace", deleteBeforeReplace: true });
  });

  test("config maps and patches are changed in place when the provider or the kind allows it", async () => {
    const [old, next] = [named("ConfigMap", "v1", { data: { a: "1" } }), named("ConfigMap", "v1", { data: { a: "2" } })];
    expect((await diff("kubernetes:core/v1:ConfigMap", old, next, { enableConfigMapMutable: "true" })).kind).toBe("update");
    expect((await diff("kubernetes:core/v1:ConfigMapPatch", old, next)).kind).toBe("update");
  });
});

describe("inputs and outputs of Kubernetes objects", () => {
  test("the type token tells kind and API version when the inputs do not", () => {
    expect(wantedObject("kubernetes:core/v1:NodePatch", { metadata: { name: "n01" } }, "x")).toEqual({
      object: { apiVersion: "v1", kind: "Node", metadata: { name: "n01" } },
      patch: true,
    });
    expect(
      wantedObject(
        "kubernetes:example.org/v1:CarPatch",
        { apiVersion: "example.org/v1", kind: "CarPatch", metadata: { name: "a" } },
        "x",
      ).patch,
    ).toBe(false);
  });

  test("x-kubernetes fields change their spelling on the way in and out", () => {
    const { object } = wantedObject(
      "kubernetes:a/v1:B",
      { metadata: { name: "a" }, spec: [{ x_kubernetes_int_or_string: true }] },
      "x",
    );
    expect(object["spec"]).toEqual([{ "x-kubernetes-int-or-string": true }]);
    expect(outputsFrom(object, "m")).toMatchObject({ spec: [{ x_kubernetes_int_or_string: true }], __fieldManager: "m" });
  });

  test("fields of a client-side create go to the applying manager, others' stay, and the version guards it", () => {
    const live = {
      ...named("Node", "v1"),
      metadata: {
        name: "a",
        resourceVersion: "7",
        managedFields: [
          {
            manager: "pulumi-kubernetes",
            operation: "Update",
            apiVersion: "v1",
            fieldsV1: { "f:metadata": { "f:labels": { "f:x": {} } } },
          },
          { manager: "kubelet", operation: "Update", fieldsV1: { "f:status": {} } },
          { manager: "kubectl", operation: "Update", subresource: "status", fieldsV1: {} },
          { manager: "mine", operation: "Apply", fieldsV1: { "f:metadata": { "f:labels": { "f:y": {} } } } },
        ],
      },
    } as unknown as KubernetesObject;
    const [fields, version] = managerPatch(live, "mine") as [{ value: { manager: string; fieldsV1: unknown }[] }, unknown];
    expect(fields.value.map((entry) => entry.manager)).toEqual(["kubelet", "kubectl", "mine"]);
    expect(fields.value[2]?.fieldsV1).toEqual({ "f:metadata": { "f:labels": { "f:x": {}, "f:y": {} } } });
    expect(version).toEqual({ op: "replace", path: "/metadata/resourceVersion", value: "7" });
    expect(managerPatch({ ...live, metadata: { name: "a", managedFields: [] } }, "mine")).toBeUndefined();
  });
});

test("every type the stacks use has exactly one provider", async () => {
  const providers = defaultProviders();
  for (const type of [
    "command:remote:Command",
    "command:remote:CopyToRemote",
    "command:local:Command",
    "random:index/randomBytes:RandomBytes",
    "tls:index/privateKey:PrivateKey",
    "kubernetes:batch/v1:Job",
  ]) {
    expect([type, providers.filter((each) => each.handles(type)).length]).toEqual([type, 1]);
  }
  expect(providers.some((each) => each.handles("aws:ec2/instance:Instance"))).toBe(false);
  await Promise.all(providers.map((each) => each.close()));
});
