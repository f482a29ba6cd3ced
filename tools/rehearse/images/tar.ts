import { createReadStream, statSync } from "node:fs";

/** One entry of a tar archive. */
export type TarEntry =
  | { readonly path: string; readonly kind: "directory" }
  | { readonly path: string; readonly kind: "link"; readonly target: string }
  | { readonly path: string; readonly kind: "bytes"; readonly bytes: Buffer; readonly mode?: number }
  | { readonly path: string; readonly kind: "file"; readonly source: string; readonly mode?: number }
  /** Content that is made piece by piece, of a size known before. */
  | { readonly path: string; readonly kind: "pieces"; readonly size: number; readonly pieces: () => AsyncIterable<Buffer> };

const BLOCK = 512;

/**
 * A POSIX ustar archive, piece by piece: the same entries give the same bytes on any machine (owner 0, time 0), and a big file is
 * never whole in memory. Errors: a path of more than 100 bytes, a file that changes its size meanwhile.
 */
export async function* tar(entries: Iterable<TarEntry>): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    switch (entry.kind) {
      case "directory":
        yield header(`${entry.path}/`, { type: "5", mode: 0o755, size: 0 });
        break;
      case "link":
        yield header(entry.path, { type: "2", mode: 0o777, size: 0, target: entry.target });
        break;
      case "bytes":
        yield header(entry.path, { type: "0", mode: entry.mode ?? 0o644, size: entry.bytes.length });
        yield entry.bytes;
        yield padding(entry.bytes.length);
        break;
      case "file": {
        const pieces = createReadStream(entry.source, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
        yield* content(entry.path, statSync(entry.source).size, entry.mode ?? 0o755, pieces);
        break;
      }
      case "pieces":
        yield* content(entry.path, entry.size, 0o644, entry.pieces());
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Size in bytes of the archive that `tar` makes. */
export function tarSize(entries: Iterable<TarEntry>): number {
  let size = 2 * BLOCK;
  for (const entry of entries) {
    size += BLOCK + Math.ceil(contentSize(entry) / BLOCK) * BLOCK;
  }
  return size;
}

function contentSize(entry: TarEntry): number {
  if (entry.kind === "bytes") return entry.bytes.length;
  if (entry.kind === "file") return statSync(entry.source).size;
  return entry.kind === "pieces" ? entry.size : 0;
}

async function* content(path: string, size: number, mode: number, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield header(path, { type: "0", mode, size });
  let written = 0;
  for await (const piece of pieces) {
    written += piece.length;
    yield piece;
  }
  if (written !== size) throw new Error(`${path}: ${written} bytes instead of ${size}; its source changed while it was read`);
  yield padding(size);
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function header(path: string, fields: { type: string; mode: number; size: number; target?: string }): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`path too long for a tar header: ${path}`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write(path, 0);
  block.write(`${octal(fields.mode, 7)}\0`, 100);
  block.write(`${octal(0, 7)}\0`, 108);
  block.write(`${octal(0, 7)}\0`, 116);
  block.write(`${octal(fields.size, 11)}\0`, 124);
  block.write(`${octal(0, 11)}\0`, 136);
  block.write(fields.type, 156);
  block.write(fields.target ?? "", 157);
  block.write("ustar\0" + "00", 257);
  // The sum is taken with its own field as spaces.
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
