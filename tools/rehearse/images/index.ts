import { createHash } from "node:crypto";
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder, type Binaries, type ProgramName } from "../binaries";
import { inParallel, mustExecute } from "../lab/execute";
import { iptablesFiles } from "./iptables";
import { digestReferenceIn, writeImage, type ImageFile, type ImageSpec } from "./oci";

/** The name under which locally made images are imported. Nothing serves it. */
export const IMAGE_REPOSITORY = "registry.local";

/** Our small programs: `/turducken-work serve | hold | probe | lookup`. */
export const WORK_IMAGE = `${IMAGE_REPOSITORY}/turducken-work:v1`;

/** Takes the place of the Flux Operator, whose image is out of reach: makes the same objects, without Flux in them. */
export const OPERATOR_IMAGE = `${IMAGE_REPOSITORY}/flux-operator:v1`;

/** Raised when the way images are written changes. */
const FORMAT = 2;

export interface Images {
  readonly version: string;
  /** Image reference → archive (OCI layout, uncompressed). */
  readonly archives: ReadonlyMap<string, string>;
  /** Folder with all archives of this version and nothing else. */
  readonly folder: string;
  /** Our own images by their digests, as stacks name them that pin. */
  readonly pinned: { readonly work: string; readonly operator: string };
  /** How many had to be made now. */
  readonly made: number;
}

export interface ImagesOptions {
  /** Folder of unpacked Debian packages in which iptables may be. */
  readonly packages?: string;
  readonly onProgress?: (message: string) => void;
}

/** Makes an archive for each image that this version's kubeadm asks for, and one of our own programs. Cached by content. */
export async function ensureImages(binaries: Binaries, options: ImagesOptions = {}): Promise<Images> {
  const references = await kubeadmImages(binaries);
  const specs = await imageSpecs(references, binaries.programs, [...(options.packages ? [options.packages] : []), "/"]);
  const cache = join(cacheFolder(), "images");
  const archives = new Map<string, string>();
  let made = 0;
  await inParallel(2, specs, async (spec) => {
    const file = join(cache, "archives", `${fileName(spec.reference)}-${specKey(spec)}.tar`);
    if (!existsSync(file)) {
      options.onProgress?.(`making image ${spec.reference}`);
      await writeImage(spec, file, process.arch === "x64" ? "amd64" : process.arch);
      made++;
    }
    archives.set(spec.reference, file);
  });
  const ordered = new Map(specs.map((spec) => [spec.reference, archives.get(spec.reference)!]));
  const key = createHash("sha256")
    .update([...ordered.values()].join("\n"))
    .digest("hex")
    .slice(0, 8);
  const folder = join(cache, `${binaries.version}-${key}`);
  layOutImages([{ archives: ordered }], folder);
  const pin = (reference: string) => digestReferenceIn(ordered.get(reference)!, reference);
  return {
    version: binaries.version,
    archives: ordered,
    folder,
    pinned: { work: pin(WORK_IMAGE), operator: pin(OPERATOR_IMAGE) },
    made,
  };
}

/** Adds the archives of one or more versions to a folder, by hard links where the disk allows; images they share appear once. */
export function layOutImages(images: readonly Pick<Images, "archives">[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const { archives } of images) {
    for (const [reference, file] of archives) {
      const target = join(folder, `${fileName(reference)}.tar`);
      if (existsSync(target)) continue;
      // Under its own name only when it is whole: another run may be looking.
      const work = `${target}.${process.pid}`;
      rmSync(work, { force: true });
      try {
        linkSync(file, work);
      } catch {
        copyFileSync(file, work);
      }
      renameSync(work, target);
    }
  }
  return folder;
}

/** As kubeadm itself names them: repository, names and tags are its own business. */
export async function kubeadmImages(binaries: Pick<Binaries, "version" | "programs">): Promise<string[]> {
  const argv = [
    binaries.programs.kubeadm,
    "config",
    "images",
    "list",
    "--kubernetes-version",
    binaries.version,
    "--image-repository",
    IMAGE_REPOSITORY,
  ];
  const output = await mustExecute("kubeadm config images list", argv);
  return output.split("\n").filter(Boolean);
}

async function imageSpecs(
  references: readonly string[],
  programs: Readonly<Record<ProgramName, string>>,
  roots: readonly string[],
): Promise<ImageSpec[]> {
  const proxyExtras = await iptablesFiles(roots);
  return [...references, WORK_IMAGE, OPERATOR_IMAGE].map((reference) => imageSpec(reference, programs, proxyExtras));
}

/** What is in an image follows from its name. Errors: kubeadm asks for one that we know no program for. */
export function imageSpec(
  reference: string,
  programs: Readonly<Record<ProgramName, string>>,
  proxyExtras: readonly ImageFile[],
): ImageSpec {
  const name = basename(reference).split(":")[0]!;
  if (reference === OPERATOR_IMAGE) {
    const files = [{ path: "/manager", source: programs["stand-in-operator"], mode: 0o755 }];
    return { reference, entrypoint: ["/manager"], files, byDigest: true };
  }
  const program = name as ProgramName;
  const source = programs[program];
  if (!source) throw new Error(`kubeadm wants the image ${reference}, and the rehearsal has no program ${name}`);
  // Manifests of kubeadm call these by name, from PATH; the others' manifests leave the entrypoint to the image.
  const path = /^kube-|^etcd$/.test(name) ? `/usr/local/bin/${name}` : `/${name}`;
  const files = [{ path, source, mode: 0o755 }, ...(name === "kube-proxy" ? proxyExtras : [])];
  return { reference, entrypoint: [path], files, ...(reference === WORK_IMAGE ? { byDigest: true } : {}) };
}

/** Content, as far as a name, size and time of change tell it. */
function specKey(spec: ImageSpec): string {
  const files = spec.files.map((file) => {
    if ("link" in file) return [file.path, file.link];
    const { size, mtimeMs } = statSync(file.source);
    return [file.path, file.source, file.mode ?? 0, size, mtimeMs];
  });
  return createHash("sha256")
    .update(JSON.stringify([FORMAT, spec.reference, spec.entrypoint, files]))
    .digest("hex")
    .slice(0, 12);
}

function fileName(reference: string): string {
  return basename(reference).replace(":", "-");
}
