/** What the checkpoint remembers of a resource, and how one state follows from another. Pure. */
import { fromPlain, hasSecret, samePlain, toPlain, toPlainMap } from "./properties";
import type { SecretScanner } from "./secrets";
import { type GraphResource, type PlainInputs, type PlainState, type PropertyMap, type PropertyValue, Secret } from "./types";
import { splitProvider } from "./urn";

export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** Empty for components. */
  readonly id: string;
  readonly parent?: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `urn::id` of an explicit provider. */
  readonly provider?: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deletedWith?: string;
  readonly customTimeouts?: GraphResource["options"]["customTimeouts"];
  /** It exists but never became right; the next run updates it even when nothing changed. */
  readonly initErrors?: readonly string[];
  /** Replaced by a newer one and still to be deleted. */
  readonly pendingDelete?: boolean;
}

export function stateOf(
  resource: GraphResource,
  id: string,
  inputs: PropertyMap,
  outputs: PropertyMap,
  initErrors?: readonly string[],
): ResourceState {
  const { options } = resource;
  return {
    urn: resource.urn,
    type: resource.type,
    name: resource.name,
    custom: resource.custom,
    id,
    parent: resource.parent,
    dependencies: [...resource.dependsOn].sort(),
    propertyDependencies: resource.propertyDependencies,
    provider: resource.provider,
    inputs,
    outputs,
    protect: options.protect,
    retainOnDelete: options.retainOnDelete,
    deletedWith: options.deletedWith,
    customTimeouts: options.customTimeouts,
    initErrors,
  };
}

/** Everything that must exist as long as this does. */
export function dependenciesOf(
  state: Pick<ResourceState, "dependencies" | "propertyDependencies" | "parent" | "provider" | "deletedWith">,
): Set<string> {
  const urns = [...state.dependencies, ...Object.values(state.propertyDependencies).flat()];
  if (state.parent !== undefined) urns.push(state.parent);
  if (state.provider !== undefined) urns.push(splitProvider(state.provider).urn);
  if (state.deletedWith !== undefined) urns.push(state.deletedWith);
  return new Set(urns);
}

export function plainState(state: ResourceState, provider?: PlainInputs): PlainState {
  return { id: state.id, inputs: toPlainMap(state.inputs), outputs: toPlainMap(state.outputs), provider };
}

/**
 * A provider's answer as property values. What is unchanged from the inputs keeps its wrapping (secret, asset); secret are further what the
 * program or the provider says, what was secret as an input, and anything that contains a secret known to the run.
 */
export function assembleOutputs(
  inputs: PropertyMap,
  made: Record<string, unknown>,
  secretNames: readonly string[],
  scanner: SecretScanner,
): PropertyMap {
  const secret = new Set(secretNames);
  const wrap = (key: string, value: unknown): PropertyValue => {
    const input = inputs[key];
    const converted = input !== undefined && samePlain(toPlain(input), value) ? input : fromPlain(value);
    if (converted instanceof Secret) return converted;
    const mustHide =
      secret.has(key) || (input !== undefined && hasSecret(input) && converted !== input) || scanner.shows(converted);
    return mustHide ? new Secret(converted) : converted;
  };
  return Object.fromEntries(
    Object.entries(made).flatMap(([key, value]) => (value === undefined ? [] : [[key, wrap(key, value)]])),
  );
}

/** Inputs as if what the program ignores had not changed (`ignoreChanges`; `*` is everything). */
export function ignoringChanges(news: PropertyMap, olds: PropertyMap, paths: readonly string[]): PropertyMap {
  return paths.reduce<PropertyMap>((result, path) => setPath(result, olds, splitPath(path)) as PropertyMap, news);
}

/** Which of the paths (`replaceOnChanges`; `*` is everything) differ. */
export function changedPaths(news: PlainInputs, olds: PlainInputs, paths: readonly string[]): string[] {
  return paths.filter((path) =>
    path === "*" ? !samePlain(news, olds) : !samePlain(getPath(news, splitPath(path)), getPath(olds, splitPath(path))),
  );
}

/** Top-level properties that differ, sorted. */
export function changedKeys(news: PlainInputs, olds: PlainInputs): string[] {
  return [...new Set([...Object.keys(news), ...Object.keys(olds)])].filter((key) => !samePlain(news[key], olds[key])).sort();
}

/** `a.b[0]["c.d"]` → a, b, 0, c.d (pulumi/pulumi:sdk/go/common/resource/property_path.go); from a wildcard on, everything is meant. */
export function splitPath(path: string): string[] {
  const parts = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3]!,
  );
  const wildcard = parts.indexOf("*");
  return wildcard < 0 ? parts : parts.slice(0, wildcard);
}

function getPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function setPath(
  value: PropertyValue | undefined,
  from: PropertyValue | undefined,
  path: readonly string[],
): PropertyValue | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return from;
  if (value instanceof Secret) return new Secret(setPath(value.value, from instanceof Secret ? from.value : from, path) ?? null);
  const source = from instanceof Secret ? from.value : from;
  const old = typeof source === "object" && source !== null ? (source as Record<string, PropertyValue>)[key] : undefined;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? (setPath(item, old, rest) ?? null) : item));
  if (typeof value !== "object" || value === null) return value;
  const changed = setPath((value as PropertyMap)[key], old, rest);
  const { [key]: _gone, ...others } = value as PropertyMap;
  return changed === undefined ? others : { ...(value as PropertyMap), [key]: changed };
}
