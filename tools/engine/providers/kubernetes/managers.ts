import type { KubernetesObject, ManagedFields } from "./objects";

/** Managers whose fields pulumi-kubernetes takes over on its first server-side apply (provider/pkg/await/await.go:fixCSAFieldManagers). */
const takenOver: readonly (readonly [manager: string, operation: ManagedFields["operation"]])[] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  ["pulumi-kubernetes", "Update"],
  ["pulumi-kubernetes.exe", "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

/**
 * JSON patch that hands the fields of those managers to `fieldManager`, so that an apply without a field removes it; undefined
 * when there is nothing to hand over. It carries the resource version: a change in between makes the server refuse it.
 */
export function managerPatch(live: KubernetesObject, fieldManager: string): unknown[] | undefined {
  const entries = live.metadata.managedFields ?? [];
  const isTaken = (entry: ManagedFields) =>
    !entry.subresource && takenOver.some(([manager, operation]) => entry.manager === manager && entry.operation === operation);
  const taken = entries.filter(isTaken);
  if (taken.length === 0) return undefined;
  const isOurs = (entry: ManagedFields) => entry.manager === fieldManager && entry.operation === "Apply" && !entry.subresource;
  const merged = [...entries.filter(isOurs), ...taken].reduce<Record<string, unknown>>(
    (fields, entry) => mergeFields(fields, entry.fieldsV1 ?? {}),
    {},
  );
  const ours: ManagedFields = {
    manager: fieldManager,
    operation: "Apply",
    apiVersion: taken[0]?.apiVersion ?? live.apiVersion,
    ...(taken[0]?.time ? { time: taken[0].time } : {}),
    fieldsType: "FieldsV1",
    fieldsV1: merged,
  };
  return [
    {
      op: "replace",
      path: "/metadata/managedFields",
      value: [...entries.filter((entry) => !isTaken(entry) && !isOurs(entry)), ours],
    },
    { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion },
  ];
}

/** FieldsV1 is a trie of field names: the union of two sets of fields is the deep union of their keys. */
function mergeFields(left: Record<string, unknown>, right: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    merged[key] = mergeFields((merged[key] ?? {}) as Record<string, unknown>, value as Record<string, unknown>);
  }
  return merged;
}
