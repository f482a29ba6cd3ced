import { randomBytes } from "crypto";
import { isDeepStrictEqual } from "util";
import type { PlainInputs, PlainState } from "../types";

export type DiffResult = { kind: "none" | "update" | "replace"; properties: string[] };

/** Names of inputs that differ; a missing one equals undefined and null. */
export function changedProperties(olds: PlainInputs, news: PlainInputs): string[] {
  const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort();
  return names.filter((name) => !isDeepStrictEqual(comparable(olds[name]), comparable(news[name])));
}

/** An update for any change, a replace when one of `replaceOn` is among the changes. */
export function diffInputs(olds: PlainState, news: PlainInputs, replaceOn: readonly string[]): DiffResult {
  const properties = changedProperties(olds.inputs, news);
  if (properties.length === 0) return { kind: "none", properties };
  const forcing = properties.filter((name) => replaceOn.includes(name));
  return forcing.length > 0 ? { kind: "replace", properties: forcing } : { kind: "update", properties };
}

/** Assets are compared by content only: their path may move with the checkout. */
function comparable(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value as Record<string, unknown>);
  if (isAsset(value as Record<string, unknown>)) return { hash: (value as { hash: string }).hash };
  return Object.fromEntries(
    entries.filter(([, inner]) => inner !== undefined && inner !== null).map(([key, inner]) => [key, comparable(inner)]),
  );
}

function isAsset(value: Record<string, unknown>): boolean {
  return (
    typeof value["hash"] === "string" &&
    ("path" in value || "text" in value) &&
    Object.keys(value).every((key) => ["hash", "path", "text", "kind"].includes(key))
  );
}

/** `<name><8 hex digits>`, the shape of resource.NewUniqueHex(name, 8, 0). */
export function uniqueId(name: string): string {
  return `${name}${randomBytes(4).toString("hex")}`;
}

export function optionalString(inputs: PlainInputs, name: string): string | undefined {
  const value = inputs[name];
  return typeof value === "string" ? value : undefined;
}

/** One line feed less at the end, as Go's strings.TrimSuffix(text, "\n"). */
export function trimNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** The end of a text: at most `lines` lines and 4,000 characters. */
export function tail(text: string, lines = 20): string {
  const last = text.trimEnd().split("\n").slice(-lines).join("\n");
  return last.length > 4000 ? `…${last.slice(-4000)}` : last;
}
