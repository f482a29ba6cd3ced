import { z } from "zod";

/**
 * One field of a schema with what a reader needs: the description goes into the editor's JSON Schema and the README's table,
 * the examples into both and into error messages ("e.g. …").
 */
export function field<T extends z.ZodType>(schema: T, description: string, ...examples: unknown[]): T {
  return schema.meta({ description, ...(examples.length > 0 ? { examples } : {}) }) as T;
}

/** Schemas whose values no error message may show. */
export const hiddenValues = z.registry<{ hidden: true }>();

/** RFC 1123 label: host, pool, cluster and namespace names become Kubernetes names and DNS labels. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
export const DNS_LABEL_ALLOWED = "small letters, digits and `-`, a letter or digit first and last, at most 63 characters";
export const dnsLabel = () => z.string().regex(DNS_LABEL, { error: `It is not an RFC 1123 label: ${DNS_LABEL_ALLOWED}.` });

/** A stack of this project, as in `Pulumi.<stack>.yaml`. */
export const stackName = () =>
  z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, {
    error: "It is not the name of a stack alone, as in Pulumi.<stack>.yaml; organization and project are added.",
  });

/**
 * Name of a top-level secret key of this stack, e.g. `sshPrivateKey` for `turducken:sshPrivateKey: {secure: …}`. What stands
 * here may be a secret in the wrong place, so problems never show the value.
 */
export const secretName = () =>
  z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, { error: "It is not the name of a secret key of this stack file." })
    .register(hiddenValues, { hidden: true });

export const wholeNumber = (least: number, most?: number) =>
  most === undefined ? z.int().min(least) : z.int().min(least).max(most);

/** A Kubernetes quantity. YAML reads `cpu: 8` as a number; Kubernetes wants text. @param number which numbers may stand there */
export const quantity = (number: z.ZodNumber) => z.union([z.string().min(1), number]).transform(String);

export const tierWord = () =>
  z.string().regex(/^(accelerator|leaf|spine|core|tier-\d+)$/, {
    error: "it must be accelerator, leaf, spine, core or tier-N, N from 0",
  });
