import { createHash } from "node:crypto";
import { closeSync, createWriteStream, mkdirSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { tar, tarSize, type TarEntry } from "./tar";

/** A file of an image; its folders are made by themselves. */
export type ImageFile =
  { readonly path: string; readonly source: string; readonly mode?: number } | { readonly path: string; readonly link: string };

export interface ImageSpec {
  /** `registry.local/name:tag` */
  readonly reference: string;
  readonly entrypoint: readonly string[];
  readonly files: readonly ImageFile[];
  /** Give it a second name with its digest, for those who pin: `registry.local/name@sha256:…`. @default false */
  readonly byDigest?: boolean;
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Writes an image of one uncompressed layer as an OCI layout archive that `ctr images import` takes. The same files give the same
 * bytes. Format: opencontainers/image-spec, image-layout.md, manifest.md and config.md.
 */
export async function writeImage(spec: ImageSpec, target: string, architecture: string): Promise<void> {
  const layer = layerEntries(spec.files);
  // First only the digest: the archive names its layer before it holds it.
  const digest = createHash("sha256");
  for await (const chunk of tar(layer)) digest.update(chunk);
  const layerDigest = digest.digest("hex");
  const layerSize = tarSize(layer);
  const config = json({
    architecture,
    os: "linux",
    config: { Entrypoint: spec.entrypoint, Env: [PATH] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created_by: "turducken" }],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", sha256(config), config.length),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layerDigest, layerSize)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: namesOf(spec, sha256(manifest)).map((name) => ({
      ...descriptor("application/vnd.oci.image.manifest.v1+json", sha256(manifest), manifest.length),
      platform: { architecture, os: "linux" },
      annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.split(":").pop()! },
    })),
  });
  await write(target, archive({ index, config, manifest, layerDigest, layerSize, layer }));
}

function namesOf({ reference, byDigest }: ImageSpec, digest: string): string[] {
  return [reference, ...(byDigest ? [digestReference(reference, digest)] : [])];
}

function digestReference(reference: string, digest: string): string {
  return `${reference.replace(/:[^:/]+$/, "")}@sha256:${digest}`;
}

/** The name with the digest of an archive that `writeImage` wrote with `byDigest`. */
export function digestReferenceIn(archive: string, reference: string): string {
  // index.json is the second entry; all before the layer is small.
  const head = Buffer.alloc(16 * 1024);
  const file = openSync(archive, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  const digest = /"digest":"sha256:([0-9a-f]{64})"/.exec(head.toString("latin1"))?.[1];
  if (!digest) throw new Error(`${archive} is no image archive`);
  return digestReference(reference, digest);
}

interface Parts {
  readonly index: Buffer;
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly layerDigest: string;
  readonly layerSize: number;
  readonly layer: readonly TarEntry[];
}

async function* archive(parts: Parts): AsyncGenerator<Buffer> {
  const blob = (digest: string) => `blobs/sha256/${digest}`;
  const small: TarEntry[] = [
    { path: "oci-layout", kind: "bytes", bytes: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", kind: "bytes", bytes: parts.index },
    { path: blob(sha256(parts.config)), kind: "bytes", bytes: parts.config },
    { path: blob(sha256(parts.manifest)), kind: "bytes", bytes: parts.manifest },
  ];
  yield* tar([
    ...small,
    { path: blob(parts.layerDigest), kind: "pieces", size: parts.layerSize, pieces: () => tar(parts.layer) },
  ]);
}

async function write(target: string, pieces: AsyncGenerator<Buffer>): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const work = `${target}.${process.pid}`;
  try {
    await pipeline(Readable.from(pieces, { objectMode: true }), createWriteStream(work));
    renameSync(work, target);
  } finally {
    rmSync(work, { force: true });
  }
}

function layerEntries(files: readonly ImageFile[]): TarEntry[] {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const folders = new Set(sorted.flatMap((file) => parents(file.path)));
  return [
    ...[...folders].sort().map((path) => ({ path, kind: "directory" as const })),
    ...sorted.map((file): TarEntry => {
      const path = file.path.replace(/^\//, "");
      return "link" in file
        ? { path, kind: "link", target: file.link }
        : { path, kind: "file", source: file.source, mode: file.mode };
    }),
  ];
}

function parents(path: string): string[] {
  const parts = path.split("/").filter(Boolean).slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function descriptor(mediaType: string, digest: string, size: number) {
  return { mediaType, digest: `sha256:${digest}`, size };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
