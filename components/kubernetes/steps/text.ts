import { quote } from "../../hosts/render/quote";

/** Pieces that several steps are made of. All return bash that runs with the helpers of the host program's library. */

/** A file with exactly this content and mode: the two halves of a step. */
export function fileIs(path: string, mode: string, content: string): string {
  return `printf '%s' ${quote(content)} | file_is ${quote(path)} ${mode}`;
}

export function writeFile(path: string, mode: string, content: string): string {
  return `printf '%s' ${quote(content)} | write_file ${quote(path)} ${mode}`;
}

export function lines(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part): part is string => typeof part === "string" && part !== "").join("\n");
}

/**
 * Conditions that must all hold. Joined by `&&`: errexit is off wherever bash evaluates a command as a condition, so a check
 * must not depend on it.
 */
export function all(...conditions: readonly (string | false | undefined)[]): string {
  return conditions.filter((each): each is string => typeof each === "string" && each !== "").join(" &&\n");
}

/** Exports the proxy for what a step fetches itself; nothing without a proxy. */
export function proxyEnvironment(
  proxy: { readonly http?: string; readonly https?: string } | undefined,
  noProxy: string,
): string {
  if (!proxy) return "";
  return lines(
    proxy.http && `export http_proxy=${quote(proxy.http)}`,
    (proxy.https ?? proxy.http) && `export https_proxy=${quote(proxy.https ?? proxy.http!)}`,
    `export no_proxy=${quote(noProxy)}`,
  );
}
