import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError, type Problem } from "../config/problems";
import { parseManifest, type ManifestObject } from "./manifest";

/** Where a manifest is, and what it must be. */
export interface ManifestSource {
  /** This or `url`. */
  readonly path?: string;
  readonly url?: string;
  readonly sha256: string;
}

export interface LoadOptions {
  /** Where relative paths start. @default the working directory, which is the stack file's folder */
  readonly folder?: string;
  /** Of a download as a whole. @default 30 */
  readonly timeoutSeconds?: number;
  /** The source's place in the user's words. @default "fluxOperator.manifest" */
  readonly at?: string;
}

/** Upstream's own has 100 KB. */
const MOST_BYTES = 4 * 2 ** 20;

/**
 * The objects of a user's manifest, read before any resource is made, so that a preview shows each of them.
 *
 * @throws ConfigError when it cannot be read in time, or is not what its checksum says
 */
export async function loadManifest(source: ManifestSource, options: LoadOptions = {}): Promise<ManifestObject[]> {
  const at = options.at ?? "fluxOperator.manifest";
  const bytes = await (source.path === undefined ? fromUrl(source.url ?? "", at, options) : fromFile(source.path, at, options));
  const { objects, problems } = parseManifest(bytes, source.sha256, at);
  if (problems.length > 0) throw new ConfigError("manifest of the Flux Operator", problems);
  return objects;
}

async function fromFile(path: string, at: string, { folder = process.cwd() }: LoadOptions): Promise<Uint8Array> {
  try {
    return await readFile(resolve(folder, path));
  } catch (error) {
    throw unreadable(
      `${at}.path`,
      path,
      `The file cannot be read: ${reason(error)}.`,
      "Correct the path; it starts at the stack file's folder.",
    );
  }
}

async function fromUrl(url: string, at: string, { timeoutSeconds = 30 }: LoadOptions): Promise<Uint8Array> {
  const fail = (what: string) => unreadable(`${at}.url`, url, what, "Correct the URL, or download the file and name its `path`.");
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1000) });
    if (!response.ok) throw fail(`The server answers ${response.status}.`);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > MOST_BYTES) throw fail(`It has more than ${MOST_BYTES / 2 ** 20} MiB, which no manifest of the operator has.`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw fail(`It cannot be downloaded in ${timeoutSeconds} s: ${reason(error)}.`);
  }
}

function unreadable(path: string, value: string, message: string, fix: string): ConfigError {
  const problem: Problem = { path, value, message, fix };
  return new ConfigError("manifest of the Flux Operator", [problem]);
}

function reason(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}
