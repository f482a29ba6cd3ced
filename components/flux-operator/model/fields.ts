/**
 * The words in which MiniCluster v1alpha2 is described once. They are zod schemas, because from one of those come the
 * TypeScript type (inference), the shape check with the house's messages (components/config/parse.ts) and JSON Schema, hence the
 * CRD and the reference table; a description language of our own would have to bring all four itself.
 *
 * Nothing here fills in a value: defaults are told, and filled in by the API server or the operator.
 */
import { z } from "zod";

export interface Told {
  /** Filled in by the API server; stands in the CRD. */
  readonly default?: string | number | boolean;
  /** Filled in by the operator when it reads the object; the CRD does not know it. */
  readonly operatorDefault?: string;
}

/** Defaults that only the operator's program knows. */
export const operatorDefaults = z.registry<{ readonly value: string }>();

/** kubernetes/apimachinery:pkg/api/resource/quantity.go; the pattern that controller-gen writes for a quantity. */
const QUANTITY =
  /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;

export const isQuantity = (amount: string) => QUANTITY.test(amount);

const INT32 = 2 ** 31;

export const text = (meaning: string, told?: Told) => describe(z.string(), meaning, told);
export const flag = (meaning: string, told?: Told) => describe(z.boolean(), meaning, told);
export const int32 = (meaning: string, told?: Told) =>
  describe(
    z
      .int()
      .min(-INT32)
      .max(INT32 - 1),
    meaning,
    told,
    { format: "int32" },
  );
/** Beyond 2^53 a number of JSON is no longer exact in most programs; no field needs it. */
export const int64 = (meaning: string, told?: Told) => describe(z.int(), meaning, told, { format: "int64" });
export const time = (meaning: string) => describe(z.iso.datetime({ offset: true }), meaning, undefined, { format: "date-time" });

/** `500m`, `8`, 8, `4Gi`. */
export const quantity = (meaning: string) =>
  describe(z.union([z.string().regex(QUANTITY, { error: "It is not a Kubernetes quantity." }), z.int()]), meaning, undefined, {
    pattern: QUANTITY.source,
    "x-kubernetes-int-or-string": true,
  });

export const map = <T extends z.ZodType>(value: T, meaning: string) => describe(z.record(z.string(), value), meaning);
export const textMap = (meaning: string) => map(z.string(), meaning);
export const list = <T extends z.ZodType>(element: T, meaning: string) => describe(z.array(element), meaning);
/** A list that server-side apply replaces as a whole. */
export const atomicList = <T extends z.ZodType>(element: T, meaning: string) =>
  describe(z.array(element), meaning, undefined, { "x-kubernetes-list-type": "atomic" });

type Fields = Readonly<Record<string, z.ZodType>>;
type Shape<F extends Fields, R extends keyof F> = { [K in keyof F]: K extends R ? F[K] : z.ZodOptional<F[K]> };

/** An object with these fields and no others; those not named in `required` may be left out. */
export function group<F extends Fields, R extends keyof F = never>(fields: F, meaning: string, required: readonly R[] = []) {
  const shape = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, required.includes(name as R) ? schema : schema.optional()]),
  ) as unknown as Shape<F, R>;
  return z.strictObject(shape).meta({ description: meaning });
}

function describe<T extends z.ZodType>(schema: T, meaning: string, told: Told = {}, keywords: object = {}): T {
  const filled = told.default === undefined ? {} : { default: told.default };
  const described = schema.meta({ description: meaning, ...keywords, ...filled }) as T;
  if (told.operatorDefault !== undefined) operatorDefaults.add(described as z.ZodType, { value: told.operatorDefault });
  return described;
}
