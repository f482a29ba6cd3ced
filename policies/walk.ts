import type { PolicyResource, PolicyValue } from "./types";

type Bag = Readonly<Record<string, PolicyValue>>;

const WRAPPERS = ["secret", "unknown", "asset", "archive", "reference"];

/** A wrapper of the engine's. Manifests have a `kind` too, but those begin with a capital letter. */
function wrapperKind(value: PolicyValue): string | undefined {
  const kind = bagOf(value)?.kind;
  return typeof kind === "string" && WRAPPERS.includes(kind) ? kind : undefined;
}

/** Its properties, when it is an object. */
export function bagOf(value: PolicyValue | undefined): Bag | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Bag) : undefined;
}

/** The value inside a secret; rules may look, but never repeat it. */
export function reveal(value: PolicyValue | undefined): PolicyValue | undefined {
  return value !== undefined && wrapperKind(value) === "secret" ? reveal((value as { value: PolicyValue }).value) : value;
}

/** Not known before `up`; a rule must not conclude anything from it. */
export function isUnknown(value: PolicyValue | undefined): boolean {
  const shown = reveal(value);
  return shown !== undefined && wrapperKind(shown) === "unknown";
}

export interface Leaf {
  /** `spec.template.spec.containers[0].image` */
  readonly path: string;
  /** The last name in the path: `image`. */
  readonly key: string;
  readonly value: string | number | boolean;
  /** Inside a secret. */
  readonly secret: boolean;
}

/** Every plain value of a structure with its path; assets, references and unknown values have none. */
export function* leaves(value: PolicyValue | undefined, path = "", key = "", secret = false): Generator<Leaf> {
  if (value === undefined || value === null) return;
  if (typeof value !== "object") {
    yield { path, key, value, secret };
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* leaves(each as PolicyValue, `${path}[${index}]`, key, secret);
  } else {
    const kind = wrapperKind(value as PolicyValue);
    if (kind === "secret") yield* leaves((value as { value: PolicyValue }).value, path, key, true);
    else if (kind === undefined) {
      for (const [name, each] of Object.entries(value as Bag))
        yield* leaves(each, path === "" ? name : `${path}.${name}`, name, secret);
    }
  }
}

export const isRemote = ({ type }: PolicyResource): boolean => type.startsWith("command:remote:");
export const isCommand = ({ type }: PolicyResource): boolean => type.startsWith("command:");
export const isKubernetes = ({ type, custom }: PolicyResource): boolean => custom && type.startsWith("kubernetes:");
