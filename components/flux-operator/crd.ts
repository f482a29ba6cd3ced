import { z } from "zod";
import { GROUP, KIND, specSchema, statusSchema, VERSION } from "./model/spec";

export const CRD_NAME = `miniclusters.${GROUP}`;

type Schema = Record<string, unknown>;

/**
 * The CustomResourceDefinition of MiniCluster v1alpha2, which accepts what the operator's own does: same fields, types,
 * formats, required fields, defaults, atomic lists and subresources; the descriptions are ours
 * (flux-framework/flux-operator:config/crd/bases/flux-framework.org_miniclusters.yaml@0d75cef8).
 */
export function miniClusterCrd() {
  const text = (description: string) => ({ type: "string", description });
  return {
    metadata: { name: CRD_NAME },
    spec: {
      group: GROUP,
      names: { kind: KIND, listKind: `${KIND}List`, plural: "miniclusters", singular: "minicluster" },
      scope: "Namespaced",
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: "A Flux cluster in pods.",
              properties: {
                apiVersion: text(`${GROUP}/${VERSION}`),
                kind: text(KIND),
                metadata: { type: "object" },
                spec: openApi(specSchema),
                status: openApi(statusSchema),
              },
            },
          },
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
  };
}

/** A structural schema (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/). */
export function openApi(schema: z.ZodType): Schema {
  const json = z.toJSONSchema(schema, {
    io: "input",
    target: "openapi-3.0",
    override: ({ jsonSchema }) => structural(jsonSchema as Schema),
  });
  // Text and back: without zod's marker property, and safe to change.
  return JSON.parse(JSON.stringify(json)) as Schema;
}

/** What JSON Schema may say and a structural schema may not, or says in another way. */
function structural(schema: Schema): void {
  // Unknown fields are pruned, or refused by a strict client; forbidding them beside `properties` is not allowed.
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  delete schema.propertyNames;
  // `format` says the bounds of a whole number.
  if (typeof schema.format === "string" && schema.format.startsWith("int")) {
    delete schema.maximum;
    if (schema.minimum !== 0) delete schema.minimum;
  }
  if (schema["x-kubernetes-int-or-string"] === true) schema.anyOf = [{ type: "integer" }, { type: "string" }];
  // JavaScript escapes the slash, others need not.
  if (typeof schema.pattern === "string") schema.pattern = schema.pattern.replaceAll("\\/", "/");
  // zod says what its date check means as a pattern; the API server knows the format.
  if (schema.format === "date-time") delete schema.pattern;
}
