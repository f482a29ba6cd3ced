import { createHash } from "node:crypto";
import { parseAllDocuments } from "yaml";
import type { Problem } from "../config/problems";
import { CRD_NAME } from "./crd";

/** One object of a manifest. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Kinds an operator is made of, in the order in which they are made. No Secrets: what is secret does not belong in a file that is passed around. */
export const MANIFEST_KINDS = [
  "apiextensions.k8s.io/v1/CustomResourceDefinition",
  "v1/Namespace",
  "v1/ServiceAccount",
  "rbac.authorization.k8s.io/v1/ClusterRole",
  "rbac.authorization.k8s.io/v1/Role",
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
  "rbac.authorization.k8s.io/v1/RoleBinding",
  "v1/ConfigMap",
  "v1/Service",
  "apps/v1/Deployment",
] as const;
export type ManifestKind = (typeof MANIFEST_KINDS)[number];

/** What an object of the kind cannot be without. */
const NEEDED: Partial<Record<ManifestKind, string>> = {
  "apiextensions.k8s.io/v1/CustomResourceDefinition": "spec",
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": "roleRef",
  "rbac.authorization.k8s.io/v1/RoleBinding": "roleRef",
  "apps/v1/Deployment": "spec",
};

const CLUSTER_WIDE = /CustomResourceDefinition|Namespace|ClusterRole/;

export const kindOf = ({ apiVersion, kind }: Pick<ManifestObject, "apiVersion" | "kind">) =>
  `${apiVersion}/${kind}` as ManifestKind;

/**
 * A user's manifest of the operator, if it is what they said it is.
 *
 * @param bytes as they lie in the file
 * @param sha256 64 hexadecimal digits
 * @param path where the manifest is named, in the user's words
 * @returns objects in the order to make them; none with any problem
 */
export function parseManifest(
  bytes: Uint8Array | string,
  sha256: string,
  path = "manifest",
): { objects: ManifestObject[]; problems: Problem[] } {
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== sha256.toLowerCase()) {
    const message = `The manifest has another checksum: ${actual}.`;
    const fix = "Read what has changed; if it is right, write this checksum.";
    return { objects: [], problems: [{ path: `${path}.sha256`, value: sha256, message, fix }] };
  }
  const read = readDocuments(typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8"), path);
  const problems = [...read.problems, ...(read.problems.length === 0 ? objectProblems(read.objects, path) : [])];
  return { objects: problems.length > 0 ? [] : inOrder(read.objects), problems };
}

function readDocuments(text: string, path: string): { objects: ManifestObject[]; problems: Problem[] } {
  const documents = parseAllDocuments(text);
  const problems: Problem[] = [];
  const found: unknown[] = [];
  // Empty input gives a list with a marker property instead of documents.
  for (const document of Array.isArray(documents) ? documents : []) {
    for (const { message } of document.errors) {
      problems.push({
        path,
        message: `It is not YAML: ${message.split("\n")[0]!.replace(/:$/, "")}.`,
        fix: "Correct the file and its checksum.",
      });
    }
    if (document.errors.length === 0) found.push(document.toJS());
  }
  const objects = found.filter((each) => each !== null && each !== undefined);
  objects.forEach((object, index) => {
    if (isObject(object)) return;
    const message = `Document ${index + 1} is no Kubernetes object with apiVersion, kind and metadata.name.`;
    problems.push({ path, message, fix: "Take it out, and correct the checksum." });
  });
  return { objects: objects as ManifestObject[], problems };
}

function objectProblems(objects: readonly ManifestObject[], path: string): Problem[] {
  const problems: Problem[] = [];
  const names = objects.map(identity);
  objects.forEach((object, index) => {
    const known = MANIFEST_KINDS.includes(kindOf(object));
    const at = { path, value: names[index] };
    if (!known) {
      const fix = "Make it by other means, and take it out of the manifest.";
      problems.push({ ...at, message: "An operator needs no object of this kind.", allowed: MANIFEST_KINDS.join(", "), fix });
    }
    if (known && !CLUSTER_WIDE.test(object.kind) && object.metadata.namespace === undefined) {
      problems.push({
        ...at,
        message: "It says no namespace, and would land in another one for each user.",
        fix: "Add `metadata.namespace`.",
      });
    }
    const needed = NEEDED[kindOf(object)];
    if (needed !== undefined && typeof object[needed] !== "object") {
      problems.push({ ...at, message: `It has no \`${needed}\`.`, fix: "Correct the file and its checksum." });
    }
    if (names.indexOf(names[index]!) < index) {
      problems.push({ ...at, message: "It stands there twice.", fix: "Take one out." });
    }
  });
  if (!objects.some((object) => object.kind === "CustomResourceDefinition" && object.metadata.name === CRD_NAME)) {
    const fix = "Name the operator's whole manifest.";
    problems.push({ path, message: `It has no CustomResourceDefinition ${CRD_NAME}.`, fix });
  }
  return problems;
}

function inOrder(objects: readonly ManifestObject[]): ManifestObject[] {
  const rank = (object: ManifestObject) => MANIFEST_KINDS.indexOf(kindOf(object));
  return [...objects].sort((a, b) => rank(a) - rank(b));
}

const identity = ({ apiVersion, kind, metadata }: ManifestObject) =>
  `${apiVersion}/${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;

function isObject(value: unknown): value is ManifestObject {
  const { apiVersion, kind, metadata } = (typeof value === "object" ? value : {}) as Partial<ManifestObject>;
  return typeof apiVersion === "string" && typeof kind === "string" && typeof metadata?.name === "string";
}
