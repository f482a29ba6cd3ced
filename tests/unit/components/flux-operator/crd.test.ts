import { miniClusterCrd, miniClusterReference, referenceRows } from "../../../../components/flux-operator";

type Schema = {
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
  required?: string[];
  [keyword: string]: unknown;
};

const [version] = miniClusterCrd().spec.versions;
const root = version!.schema.openAPIV3Schema as Schema;

/** `spec.containers[].volumes{}.path` → schema; the way the fields of a CRD are told apart. */
function flat(schema: Schema, path = ""): Record<string, Schema> {
  return {
    [path]: schema,
    ...Object.assign(
      {},
      ...Object.entries(schema.properties ?? {}).map(([name, each]) => flat(each, path ? `${path}.${name}` : name)),
    ),
    ...(schema.items ? flat(schema.items, `${path}[]`) : {}),
    ...(schema.additionalProperties ? flat(schema.additionalProperties, `${path}{}`) : {}),
  };
}
const fields = flat(root);
const keywords = (path: string) => {
  const { description: _words, properties: _below, items: _element, additionalProperties: _value, ...rest } = fields[path] ?? {};
  return rest;
};

test("the group, names, version and subresources are the operator's", () => {
  expect(miniClusterCrd()).toMatchObject({
    metadata: { name: "miniclusters.flux-framework.org" },
    spec: {
      group: "flux-framework.org",
      scope: "Namespaced",
      names: { kind: "MiniCluster", listKind: "MiniClusterList", plural: "miniclusters", singular: "minicluster" },
      versions: [
        {
          name: "v1alpha2",
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: ".spec.size",
              statusReplicasPath: ".status.size",
              labelSelectorPath: ".status.selector",
            },
          },
        },
      ],
    },
  });
});

test("every field is there, and no other", () => {
  // Places in the operator's own CRD at 0d75cef8, counted by walking both: they differ in descriptions only.
  expect(Object.keys(fields)).toHaveLength(326);
  expect(Object.keys(fields.spec!.properties!).sort()).toEqual([
    "archive", "backoffLimit", "cleanup", "containers", "deadlineSeconds", "flux", "interactive", "jobLabels", "logging", "maxSize", "minSize",
    "network", "pod", "services", "shareProcessNamespace", "size", "tasks",
  ]); // prettier-ignore
  expect(Object.keys(fields["spec.containers[].volumes{}"]!.properties!).sort()).toEqual([
    "claimName", "configMapName", "csiDriver", "csiDriverAttributes", "emptyDir", "emptyDirMedium", "emptyDirSizeLimit", "hostPath", "items",
    "path", "readOnly", "secretName",
  ]); // prettier-ignore
});

test.each([
  ["spec", { type: "object", required: ["containers"] }],
  ["spec.containers", { type: "array", "x-kubernetes-list-type": "atomic" }],
  ["spec.containers[].image", { type: "string", default: "ghcr.io/rse-ops/accounting:app-latest" }],
  ["spec.containers[].ports[]", { type: "integer", format: "int32" }],
  ["spec.containers[].secrets{}", { type: "object", required: ["name", "key"] }],
  ["spec.containers[].securityContext.seccompProfile", { type: "object", required: ["type"] }],
  ["spec.containers[].securityContext.capabilities.add", { type: "array" }],
  ["spec.size", { type: "integer", format: "int32", default: 1 }],
  ["spec.maxSize", { type: "integer", format: "int32" }],
  ["spec.deadlineSeconds", { type: "integer", format: "int64", default: 31500000 }],
  ["spec.flux.container.mountPath", { type: "string", default: "/mnt/flux" }],
  ["spec.flux.bursting.leadBroker", { type: "object", required: ["address", "name", "size"] }],
  ["spec.pod.nodeAffinity{}", { type: "array" }],
  ["status", { type: "object", required: ["size", "selector", "jobid", "maximumSize"] }],
  ["status.conditions[].lastTransitionTime", { type: "string", format: "date-time" }],
  ["status.conditions[].observedGeneration", { type: "integer", format: "int64", minimum: 0 }],
  ["status.conditions[].status", { type: "string", enum: ["True", "False", "Unknown"] }],
])("%s has the operator's keywords", (path, expected) => {
  expect(keywords(path)).toEqual(expected);
});

test("amounts are whole numbers or quantities, wherever they stand", () => {
  const amounts = Object.keys(fields).filter((path) => /resources(\.limits|\.requests)?\{\}$/.test(path));
  expect(amounts).toHaveLength(7);
  for (const path of amounts) {
    expect(keywords(path)).toEqual({
      anyOf: [{ type: "integer" }, { type: "string" }],
      "x-kubernetes-int-or-string": true,
      pattern:
        "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
    });
  }
});

test("nothing stands in it that a structural schema may not have", () => {
  const text = JSON.stringify(root);
  for (const keyword of ["propertyNames", "$ref", "$schema", "allOf", "9007199254740991"]) expect(text).not.toContain(keyword);
  expect(text).not.toContain('"additionalProperties":false');
  expect(
    Object.entries(fields)
      // What a list or a map of texts holds needs no words.
      .filter(([path, schema]) => typeof schema.description !== "string" && !/(\[\]|\{\})$/.test(path))
      .map(([path]) => path),
  ).toEqual(["metadata"]);
});

test("the table has a row for every field of the CRD, those of services and repeated contexts told once", () => {
  const rows = referenceRows();
  const told = rows.map(({ field }) => field.replaceAll(".<name>", "{}"));
  expect(new Set(told).size).toBe(told.length);
  const objects = Object.keys(fields).filter((path) => /^(spec|status)\./.test(path) && !/(\[\]|\{\})$/.test(path));
  const missing = objects.filter((path) => !told.includes(path));
  expect(told.filter((path) => !objects.includes(path))).toEqual([]);
  expect(
    missing.filter((path) => !/^spec\.services\[\]|\.(resources|securityContext|seLinuxOptions|windowsOptions)\./.test(path)),
  ).toEqual([]);
  expect(rows.find(({ field }) => field === "spec.size")).toEqual({
    field: "spec.size",
    type: "int32",
    default: "`1`",
    required: false,
    meaning: "Pods, and so brokers.",
  });
  expect(rows.find(({ field }) => field === "spec.backoffLimit")?.default).toBe("100 (operator)");
  expect(rows.find(({ field }) => field === "spec.containers")?.required).toBe(true);
});

test("the table is Markdown with four cells in each line", () => {
  const lines = miniClusterReference().trimEnd().split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "| field | type | default | meaning |",
    "| --- | --- | --- | --- |",
    "| `spec.containers` * | list of object |  | Containers of each pod; exactly one runs Flux. |",
  ]);
  expect(lines.filter((line) => line.split(/(?<!\\)\|/).length !== 6)).toEqual([]);
});
