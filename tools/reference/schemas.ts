/** JSON Schemas of whole stack files, for editors: what zod says about our structures, in the frame that Pulumi gives them. */
import { z } from "zod";
import { clusterConfig, layersConfig, workloadConfig } from "../../stacks/config";

export type JsonSchema = { [key: string]: unknown };

export interface ProgramSchema {
  readonly program: "cluster" | "layers" | "workload";
  readonly title: string;
  readonly schema: z.ZodType;
}

export const programSchemas: readonly ProgramSchema[] = [
  { program: "cluster", title: "a cluster: machines and the Kubernetes on them", schema: clusterConfig },
  { program: "layers", title: "what lies between a cluster and the work on it", schema: layersConfig },
  { program: "workload", title: "work on a cluster", schema: workloadConfig },
];

/** The structure alone, as a user writes it: fields with a default are optional. Draft 7 is what editors' YAML servers know best. */
export function structureSchema(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  delete (json as JsonSchema).$schema;
  return json as JsonSchema;
}

/** A whole `Pulumi.<stack>.yaml`. */
export function stackFileSchema({ program, title, schema }: ProgramSchema): JsonSchema {
  const key = `turducken:${program}`;
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Stack file of ${title}`,
    $comment: "Generated from stacks/config by `turducken reference --write`; a test fails when it is stale.",
    type: "object",
    required: ["config"],
    properties: {
      encryptionsalt: { type: "string", description: "Made by Pulumi with the first secret; without it no secret can be read." },
      secretsprovider: { type: "string" },
      encryptedkey: { type: "string" },
      config: {
        type: "object",
        required: [key],
        description: "One structure, and beside it the secrets that it names.",
        properties: { [key]: structureSchema(schema) },
        additionalProperties: {
          anyOf: [
            { type: ["string", "number", "boolean"] },
            {
              type: "object",
              description: "A secret; set it with `pulumi config set --secret`.",
              required: ["secure"],
              properties: { secure: { type: "string" } },
              additionalProperties: false,
            },
          ],
        },
      },
    },
  };
}
