import { createHash } from "node:crypto";
import { chmodSync, createWriteStream, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { mustExecute } from "../lab/execute";
import { REHEARSED, type ProgramName } from "./versions";

/** Where the official files are. `sums` is a file with SHA-256 sums, either one bare sum or lines `sum  name`. */
export interface OfficialFile {
  readonly url: string;
  readonly sums: string;
  /** Path inside, when the file is a gzipped tar. */
  readonly member?: string;
}

export const OFFICIAL_SITES = { kubernetes: "https://dl.k8s.io/release", github: "https://github.com" } as const;

/** `arch` in Go's words: amd64 or arm64. */
export function officialFile(
  program: ProgramName,
  arch: string,
  sites: { kubernetes: string; github: string } = OFFICIAL_SITES,
): OfficialFile | undefined {
  if (program === "pause" || program === "turducken-work") return undefined;
  if (program === "etcd") {
    const release = `${sites.github}/etcd-io/etcd/releases/download/${REHEARSED.etcd}`;
    const name = `etcd-${REHEARSED.etcd}-linux-${arch}`;
    return { url: `${release}/${name}.tar.gz`, sums: `${release}/SHA256SUMS`, member: `${name}/etcd` };
  }
  if (program === "coredns") {
    const release = `${sites.github}/coredns/coredns/releases/download/${REHEARSED.coredns}`;
    const name = `coredns_${REHEARSED.coredns.slice(1)}_linux_${arch}.tgz`;
    return { url: `${release}/${name}`, sums: `${release}/${name}.sha256`, member: "coredns" };
  }
  const url = `${sites.kubernetes}/${REHEARSED.kubernetes}/bin/linux/${arch}/${program}`;
  return { url, sums: `${url}.sha256` };
}

const CONNECT_SECONDS = 5;
const STALL_SECONDS = 30;

/** Fetches, checks the sum, unpacks and only then puts the program at `target`. Errors name the address and what was wrong with it. */
export async function download(file: OfficialFile, target: string, connectSeconds = CONNECT_SECONDS): Promise<void> {
  const name = file.url.slice(file.url.lastIndexOf("/") + 1);
  const expected = findSum(await (await open(file.sums, connectSeconds)).text(), name);
  if (!expected) throw new Error(`${file.sums} has no SHA-256 sum of ${name}`);
  const work = `${target}.${process.pid}`;
  mkdirSync(dirname(target), { recursive: true });
  try {
    const actual = await save(await open(file.url, connectSeconds), work);
    if (actual !== expected) throw new Error(`${file.url} has the SHA-256 sum ${actual}, but ${file.sums} says ${expected}`);
    if (file.member) {
      const folder = `${work}.d`;
      mkdirSync(folder, { recursive: true });
      await mustExecute(`unpacking ${name}`, ["tar", "-xzf", work, "-C", folder, "--", file.member]);
      renameSync(join(folder, file.member), work);
      rmSync(folder, { recursive: true, force: true });
    }
    chmodSync(work, 0o755);
    renameSync(work, target);
  } finally {
    rmSync(work, { force: true });
    rmSync(`${work}.d`, { recursive: true, force: true });
  }
}

export function findSum(text: string, name: string): string | undefined {
  const bare = /^\s*([0-9a-f]{64})\s*$/.exec(text);
  if (bare) return bare[1];
  return text.split("\n").flatMap((line) => {
    const match = /^([0-9a-f]{64})\s+\*?(\S+)$/.exec(line.trim());
    return match && match[2]!.split("/").pop() === name ? [match[1]!] : [];
  })[0];
}

async function open(url: string, connectSeconds: number): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${connectSeconds} s`)), connectSeconds * 1000);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: "follow" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function save(response: Response, file: string): Promise<string> {
  const digest = createHash("sha256");
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), STALL_SECONDS * 1000);
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), STALL_SECONDS * 1000);
      digest.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), watch, createWriteStream(file), { signal: abort.signal });
  } catch (error) {
    throw abort.signal.aborted ? new Error(`${response.url}: nothing came for ${STALL_SECONDS} s`) : error;
  } finally {
    clearTimeout(timer);
  }
  return digest.digest("hex");
}
