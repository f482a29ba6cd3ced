/** Property values: from and to the wire, and the few questions everybody asks about them. Pure except for reading assets' content. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import * as path from "node:path";
import { ListValue, SIGNATURE, SIGNATURES, Struct, UNKNOWN, Value } from "./sdk";
import { Archive, Asset, type PropertyMap, type PropertyValue, Reference, Secret, Unknown } from "./types";

/**
 * Stands in for a value that a program must be given but that nobody knows in a plan: a secret without its passphrase, an output of a
 * stack that is only planned. (The SDK takes a StackReference with one unknown output as wholly unknown.) Every string that contains
 * it is an Unknown in the graph. Always the same for the same thing, so that two plans give the same bytes.
 */
export function placeholderFor(what: string): string {
  return `${PLACEHOLDER}${what}`;
}
const PLACEHOLDER = "turducken-not-known-in-a-plan:";

export function isPlaceholder(text: string): boolean {
  return text.includes(PLACEHOLDER);
}

export interface DecodeContext {
  /** Folder that asset paths start from, absolute. */
  readonly directory: string;
  /** Called with one sentence for what cannot be decoded; decoding goes on with an Unknown in its place. */
  readonly fault: (message: string) => void;
}

export function decodeStruct(struct: Struct | undefined, context: DecodeContext): PropertyMap {
  const result: PropertyMap = {};
  struct?.getFieldsMap().forEach((value, key) => {
    result[key] = decodeValue(value, context);
  });
  return result;
}

export function decodeValue(value: Value, context: DecodeContext): PropertyValue {
  switch (value.getKindCase()) {
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.STRING_VALUE: {
      const text = value.getStringValue();
      return text === UNKNOWN ? new Unknown() : text;
    }
    case Value.KindCase.LIST_VALUE:
      return value
        .getListValue()!
        .getValuesList()
        .map((item) => decodeValue(item, context));
    case Value.KindCase.STRUCT_VALUE:
      return unwrap(decodeStruct(value.getStructValue(), context), context);
    default:
      return null;
  }
}

/** A map with a signature is a wrapped value; one without is just a map. */
function unwrap(map: PropertyMap, context: DecodeContext): PropertyValue {
  switch (map[SIGNATURE]) {
    case undefined:
      return map;
    case SIGNATURES.secret:
      return new Secret(map.value ?? null);
    case SIGNATURES.output: {
      const value = map.value === undefined ? new Unknown() : map.value;
      return map.secret === true ? new Secret(value) : value;
    }
    case SIGNATURES.resource:
      return new Reference(String(map.urn), typeof map.id === "string" && map.id !== "" ? map.id : undefined);
    case SIGNATURES.asset:
      return attempt(() => readAsset(map, context), context);
    case SIGNATURES.archive:
      return attempt(() => readArchive(map, context), context);
    default:
      context.fault(`a value with the unknown signature ${String(map[SIGNATURE])}`);
      return new Unknown();
  }
}

function attempt(read: () => PropertyValue, context: DecodeContext): PropertyValue {
  try {
    return read();
  } catch (error) {
    context.fault((error as Error).message);
    return new Unknown();
  }
}

function readAsset(map: PropertyMap, context: DecodeContext): Asset {
  if (typeof map.text === "string") return new Asset(sha256(map.text), undefined, map.text);
  if (typeof map.path === "string") return new Asset(sha256(readFileSync(path.resolve(context.directory, map.path))), map.path);
  throw new Error(
    `an asset that is neither text nor file (${typeof map.uri === "string" ? "a URI" : "nothing given"}) is not supported`,
  );
}

function readArchive(map: PropertyMap, context: DecodeContext): Archive {
  if (typeof map.path === "string") return new Archive(hashTree(path.resolve(context.directory, map.path)), map.path);
  if (map.assets !== null && typeof map.assets === "object") {
    const assets = map.assets as Record<string, Asset | Archive>;
    const names = Object.keys(assets).sort();
    return new Archive(sha256(names.map((name) => `${name} ${assets[name]!.hash}`).join("\n")), undefined, assets);
  }
  throw new Error("an archive that is neither a path nor a set of assets is not supported");
}

function hashTree(root: string): string {
  if (!statSync(root).isDirectory()) return sha256(readFileSync(root));
  const names = (readdirSync(root, { recursive: true }) as string[]).sort();
  const files = names.filter((name) => statSync(path.join(root, name)).isFile());
  return sha256(files.map((name) => `${name} ${sha256(readFileSync(path.join(root, name)))}`).join("\n"));
}

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export function encodeStruct(map: PropertyMap): Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const [key, value] of Object.entries(map)) if (value !== undefined) fields.set(key, encodeValue(value));
  return struct;
}

export function encodeValue(value: PropertyValue): Value {
  const result = new Value();
  if (value === null || value === undefined) return (result.setNullValue(0), result);
  if (typeof value === "boolean") return (result.setBoolValue(value), result);
  if (typeof value === "number") return (result.setNumberValue(value), result);
  if (typeof value === "string") return (result.setStringValue(value), result);
  if (value instanceof Unknown) return (result.setStringValue(UNKNOWN), result);
  if (Array.isArray(value)) {
    const list = new ListValue();
    list.setValuesList(value.map(encodeValue));
    result.setListValue(list);
    return result;
  }
  result.setStructValue(encodeStruct(wrap(value)));
  return result;
}

/** The wire form (also the checkpoint's form) of everything that is not plain JSON. */
export function wrap(value: Exclude<PropertyValue, null | boolean | number | string | PropertyValue[] | Unknown>): PropertyMap {
  if (value instanceof Secret) return { [SIGNATURE]: SIGNATURES.secret, value: value.value };
  if (value instanceof Asset)
    return omitUndefined({ [SIGNATURE]: SIGNATURES.asset, hash: value.hash, path: value.path, text: value.text });
  if (value instanceof Archive)
    return omitUndefined({ [SIGNATURE]: SIGNATURES.archive, hash: value.hash, path: value.path, assets: value.assets });
  if (value instanceof Reference) return omitUndefined({ [SIGNATURE]: SIGNATURES.resource, urn: value.urn, id: value.id });
  return value as PropertyMap;
}

function omitUndefined(map: Record<string, unknown>): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined)) as PropertyMap;
}

/** Calls `visit` for every value inside, itself first; `secret` says whether a Secret is around it. `visit` returning true ends the walk. */
export function walk(
  value: PropertyValue,
  visit: (value: PropertyValue, path: string, secret: boolean) => boolean | void,
  at = "",
  secret = false,
): boolean {
  if (visit(value, at, secret)) return true;
  if (value instanceof Secret) return walk(value.value, visit, at, true);
  if (Array.isArray(value)) return value.some((item, index) => walk(item, visit, `${at}[${index}]`, secret));
  if (isMap(value))
    return Object.entries(value).some(([key, item]) => walk(item, visit, at === "" ? key : `${at}.${key}`, secret));
  return false;
}

export function isMap(value: PropertyValue): value is PropertyMap {
  return (
    value !== null &&
    typeof value === "object" &&
    !Array.isArray(value) &&
    !(
      value instanceof Unknown ||
      value instanceof Secret ||
      value instanceof Asset ||
      value instanceof Archive ||
      value instanceof Reference
    )
  );
}

export function hasUnknown(value: PropertyValue): boolean {
  return walk(value, (each) => each instanceof Unknown);
}

export function hasSecret(value: PropertyValue): boolean {
  return walk(value, (each) => each instanceof Secret);
}

/** Rebuilds a value from the inside out. */
export function transform(value: PropertyValue, change: (value: PropertyValue) => PropertyValue): PropertyValue {
  if (value instanceof Secret) return change(new Secret(transform(value.value, change)));
  if (Array.isArray(value)) return change(value.map((item) => transform(item, change)));
  if (isMap(value)) return change(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, transform(item, change)])));
  return change(value);
}

/** Plain JSON for providers: secrets unwrapped, assets as {hash, path?, text?}, references as their id or URN; an Unknown is undefined. */
export function toPlain(value: PropertyValue): unknown {
  if (value instanceof Unknown) return undefined;
  if (value instanceof Secret) return toPlain(value.value);
  if (value instanceof Asset) return omitUndefined({ hash: value.hash, path: value.path, text: value.text });
  if (value instanceof Archive) return omitUndefined({ hash: value.hash, path: value.path });
  if (value instanceof Reference) return value.id ?? value.urn;
  if (Array.isArray(value)) return value.map(toPlain);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
  return value;
}

export function toPlainMap(map: PropertyMap): Record<string, unknown> {
  return toPlain(map) as Record<string, unknown>;
}

/** For people and files: secrets are `[secret]`, unknowns `[unknown]`, assets their path and hash. */
export function toMasked(value: PropertyValue): unknown {
  if (value instanceof Unknown) return "[unknown]";
  if (value instanceof Secret) return "[secret]";
  if (value instanceof Asset) return omitUndefined({ asset: value.path ?? "text", sha256: value.hash });
  if (value instanceof Archive) return omitUndefined({ archive: value.path ?? "assets", sha256: value.hash });
  if (value instanceof Reference) return value.urn;
  if (Array.isArray(value)) return value.map(toMasked);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toMasked(item)]));
  return value;
}

/** Equality of plain JSON, key order aside; undefined members count as absent. */
export function samePlain(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => samePlain(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => samePlain(left[key], right[key]));
}

/** A value that a provider answered, as property value; what is already one of ours stays. */
export function fromPlain(value: unknown): PropertyValue {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return value as PropertyValue;
  if (
    value instanceof Unknown ||
    value instanceof Secret ||
    value instanceof Asset ||
    value instanceof Archive ||
    value instanceof Reference
  )
    return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, fromPlain(item)]),
  );
}
