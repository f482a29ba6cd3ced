import { pathText, valueAt } from "./path";
import type { Problem } from "./problems";

/** A secret where configuration is plain: what it is, and where. The value is never kept. */
export interface Misplaced {
  readonly at: readonly PropertyKey[];
  readonly problem: Problem;
}

/** PEM of any private key: OpenSSH's, PKCS#1, PKCS#8, encrypted or not. */
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;

export const looksSecret = (text: string): boolean => PRIVATE_KEY.test(text);

/**
 * Secrets inside the structure. `requireObject` hands a nested `secure:` out decrypted, in plain, so it must never get that
 * far: the structure names a top-level secret key instead.
 */
export function misplacedSecrets(raw: unknown, root: string, at: readonly PropertyKey[] = []): Misplaced[] {
  const fix = "Move it to a key of its own (`pulumi config set --secret <key>`) and write that key's name here.";
  const found = (message: string): Misplaced[] => [
    { at, problem: { path: pathText(root, at), message, allowed: "the name of a top-level secret key", fix } },
  ];
  if (typeof raw === "string") return looksSecret(raw) ? found("A private key stands here in plain text.") : [];
  if (typeof raw !== "object" || raw === null) return [];
  if (!Array.isArray(raw) && Object.keys(raw).length === 1 && Object.hasOwn(raw, "secure")) {
    return found("`secure:` inside the structure would reach the program, its state and its plans as plain text.");
  }
  return Object.entries(raw).flatMap(([key, value]) =>
    misplacedSecrets(value, root, [...at, Array.isArray(raw) ? Number(key) : key]),
  );
}

/** A copy without what stands at these places, for checks that come after: nothing they say can then repeat it. */
export function withoutMisplaced(raw: unknown, misplaced: readonly Misplaced[]): unknown {
  const holder: Record<PropertyKey, unknown> = { raw: structuredClone(raw) };
  for (const { at } of misplaced) {
    const path = ["raw", ...at];
    const parent = valueAt(holder, path.slice(0, -1)) as Record<PropertyKey, unknown>;
    // An empty text keeps the places of its neighbours in a list.
    if (Array.isArray(parent)) parent[Number(path.at(-1))] = "";
    else delete parent[path.at(-1)!];
  }
  return holder.raw;
}
