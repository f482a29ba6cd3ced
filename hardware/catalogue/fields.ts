/** How the objects that a user writes are checked field by field, with every mistake at once. */
import { nearestNames } from "../nearest";
import type { Raw } from "../plain";
import type { HardwareProblem } from "../problem";

export { isObject, type Raw } from "../plain";

/** A value that can stand in a field, or the reason why not. */
export interface Field {
  readonly required?: boolean;
  readonly allowed: string;
  readonly ok: (value: unknown) => boolean;
}

export const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== "";
export const isCount = (least: number) => (value: unknown) => Number.isInteger(value) && (value as number) >= least;
export const isPositive = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value > 0;
export const oneOf = (...choices: unknown[]) => ({
  allowed: choices.map((choice) => JSON.stringify(choice)).join(", "),
  ok: (value: unknown) => choices.includes(value),
});

/** What every machine type has. */
export const MACHINE_FIELDS: Readonly<Record<string, Field>> = {
  arch: oneOf("amd64", "arm64"),
  cores: { required: true, allowed: "a whole number from 1: physical cores of the machine", ok: isCount(1) },
  threadsPerCore: oneOf(1, 2),
  memoryGiB: { required: true, allowed: "a number above 0, in GiB", ok: isPositive },
};

export const ACCELERATOR_FIELDS: Readonly<Record<string, Field>> = {
  vendor: { required: true, ...oneOf("nvidia", "amd") },
  product: { required: true, allowed: "the vendor's product name", ok: isText },
  count: { required: true, allowed: "a whole number from 1", ok: isCount(1) },
  resource: {
    required: true,
    allowed: "a Kubernetes extended resource, e.g. nvidia.com/gpu",
    ok: (value) =>
      typeof value === "string" && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(value),
  },
};

/** Missing, malformed and unknown fields of one object. */
export function checkFields(value: Raw, fields: Readonly<Record<string, Field>>, path: string): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  for (const [key, field] of Object.entries(fields)) {
    if (value[key] === undefined) {
      if (field.required) problems.push(problem(`${path}.${key}`, undefined, "is missing.", field.allowed, `Add ${key}.`));
    } else if (!field.ok(value[key])) {
      problems.push(problem(`${path}.${key}`, value[key], "is not what it can be.", field.allowed, `Correct ${key}.`));
    }
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(fields, key)) continue;
    const [nearest] = nearestNames(key, Object.keys(fields), 1);
    const fix = nearest ? `Did you mean ${nearest}?` : "Remove it.";
    problems.push(problem(`${path}.${key}`, value[key], "There is no such field.", Object.keys(fields).join(", "), fix));
  }
  return problems;
}

export function problem(
  path: string,
  value: unknown,
  message: string,
  allowed: string | undefined,
  fix: string,
): HardwareProblem {
  return { path, value, message, allowed, fix };
}
