import type { PlainInputs } from "../../types";

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    generation?: number;
    resourceVersion?: string;
    annotations?: Record<string, string>;
    managedFields?: ManagedFields[];
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

export interface ManagedFields {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** The object a resource's inputs describe, and whether the resource only patches it. */
export interface Wanted {
  readonly object: KubernetesObject;
  readonly patch: boolean;
}

/**
 * Reads inputs: names the API version and kind (from the inputs, else from the type token), and `-` for `_` in
 * `x_kubernetes_*`. A type `<kind>Patch` of a core kind is a patch (pulumi-kubernetes provider/pkg/kinds/util.go).
 * @throws Error when `metadata.name` is missing: automatic names are left out
 */
export function wantedObject(type: string, inputs: PlainInputs, name: string): Wanted {
  const [, version = "", last = ""] = type.split(":");
  const body = rename(inputs, (key) => (key.startsWith("x_kubernetes_") ? key.replace(/_/g, "-") : key)) as Record<
    string,
    unknown
  >;
  for (const key of Object.keys(body))
    if (key.startsWith("__") || body[key] === null || body[key] === undefined) delete body[key];
  const kind = typeof body["kind"] === "string" ? body["kind"] : last.replace(/Patch$/, "");
  const apiVersion = typeof body["apiVersion"] === "string" ? body["apiVersion"] : version.replace(/^core\//, "");
  const metadata = (body["metadata"] ?? {}) as KubernetesObject["metadata"];
  if (!metadata.name)
    throw new Error(`${name}: metadata.name is missing; automatic names are left out here, give the ${kind} a name`);
  return { object: { ...body, apiVersion, kind, metadata: { ...metadata } }, patch: `${kind}Patch` === last };
}

/** The live object as outputs: `_` for `-` in `x-kubernetes-*`, and the field manager for later updates. */
export function outputsFrom(live: KubernetesObject, fieldManager: string): Record<string, unknown> {
  const outputs = rename(live, (key) => (key.startsWith("x-kubernetes-") ? key.replace(/-/g, "_") : key)) as Record<
    string,
    unknown
  >;
  return { ...outputs, __fieldManager: fieldManager };
}

/** `data` of a Secret is secret whatever the program said. */
export function secretOutputsOf(kind: string): string[] {
  return kind === "Secret" ? ["data", "stringData"] : [];
}

/** `namespace/name`, or `name` without one: the resource's id (fqObjName). */
export function idOf(object: KubernetesObject): string {
  return object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name;
}

export function annotation(object: KubernetesObject, name: string): string | undefined {
  return object.metadata.annotations?.[`pulumi.com/${name}`];
}

/** Value at a path of keys, or undefined. */
export function at(object: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    object,
  );
}

export function numberAt(object: unknown, ...path: string[]): number {
  return Number(at(object, ...path) ?? 0);
}

/** A condition of `status.conditions` by its type. */
export function conditionOf(object: unknown, type: string): { status?: string; reason?: string; message?: string } | undefined {
  const all = at(object, "status", "conditions");
  return Array.isArray(all)
    ? (all as { type: string; status?: string; reason?: string; message?: string }[]).find((one) => one.type === type)
    : undefined;
}

function rename(value: unknown, name: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => rename(one, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [name(key), rename(inner, name)]));
}
