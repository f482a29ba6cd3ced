import { createHash } from "node:crypto";
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { execute } from "../lab/execute";
import { buildGroup, buildGroups, groupKey, kubernetesGroup, missingGo, type BuildGroup, type Progress } from "./build";
import { download, officialFile } from "./download";
import { HOST_PROGRAMS, KUBERNETES_PROGRAMS, OTHER_PROGRAMS, REHEARSED, type ProgramName } from "./versions";

export { HOST_PROGRAMS, KUBERNETES_PROGRAMS, REHEARSED, type ProgramName } from "./versions";

export interface BinariesOptions {
  /** Folder that the user names (TURDUCKEN_BINARIES): must have every program but our own two. */
  readonly folder?: string;
  /** Try the official files before building. */
  readonly download?: boolean;
  readonly onProgress?: Progress;
}

export interface Binaries {
  /** Kubernetes version with `v`, as the programs report it. */
  readonly version: string;
  /** `built` if at least one program was built now, `download` if at least one was fetched now and none built. */
  readonly source: "folder" | "download" | "built" | "cache";
  /** Every program's file. */
  readonly programs: Readonly<Record<ProgramName, string>>;
  /** Folder with `v<version>/{kubeadm,kubelet,kubectl}`, to be mounted into hosts. */
  readonly folder: string;
}

export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "turducken");
}

/** Everything is tried in the order of cost: the user's folder, the cache, the official files if asked for, Go. Errors say what to do. */
export async function ensureBinaries(options: BinariesOptions = {}): Promise<Binaries> {
  const own = await ensureOwnPrograms(options.onProgress);
  const given = options.folder ?? process.env.TURDUCKEN_BINARIES;
  if (given) return fromFolder(resolve(given), own);
  const cache = join(cacheFolder(), "binaries");
  const others = buildGroups().filter((group) => group.module !== "programs");
  const builtFolder = (group: BuildGroup) => join(cache, `${group.module}-${groupKey(group)}`);
  const programs: Partial<Record<ProgramName, string>> = { ...own };
  let source: Binaries["source"] = "cache";
  for (const group of others) {
    const folder = builtFolder(group);
    const names = Object.keys(group.programs) as ProgramName[];
    if (!existsSync(folder) && options.download && (await fetchAll(names, cache, programs, options.onProgress))) {
      if (source === "cache") source = "download";
      continue;
    }
    if (!existsSync(folder)) {
      await requireGo(names);
      await buildGroup(group, folder, options.onProgress);
      source = "built";
    }
    for (const name of names) programs[name] ??= join(folder, name);
  }
  return complete(REHEARSED.kubernetes, source, programs as Record<ProgramName, string>);
}

/**
 * The same source with an older patch release written into it, for the rehearsal of an upgrade. Only linked anew, which takes
 * seconds once the current version has been built here; it is not what was released under that number.
 */
export async function relinkOlderPatch(
  current: Binaries,
  onProgress?: Progress,
  version: string = REHEARSED.olderKubernetes,
): Promise<Binaries> {
  const group = kubernetesGroup(version);
  const folder = join(cacheFolder(), "binaries", `${group.module}-${groupKey(group)}`);
  const cached = existsSync(folder);
  if (!cached) {
    await requireGo(KUBERNETES_PROGRAMS);
    await buildGroup(group, folder, onProgress);
  }
  const relinked = Object.fromEntries(KUBERNETES_PROGRAMS.map((name) => [name, join(folder, name)]));
  return complete(version, cached ? "cache" : "built", { ...current.programs, ...relinked });
}

/** Puts the host programs of several versions under one folder, `<target>/v<version>/…`, by hard links where the disk allows. */
export function layOutForHosts(binaries: readonly Pick<Binaries, "version" | "programs">[], target: string): string {
  for (const { version, programs } of binaries) {
    const folder = join(target, version);
    if (existsSync(folder)) continue;
    const work = `${folder}.${process.pid}`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    for (const name of HOST_PROGRAMS) linkOrCopy(programs[name], join(work, name));
    try {
      renameSync(work, folder);
    } catch (error) {
      // Another run was first, with the same programs.
      rmSync(work, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
  }
  return target;
}

/** Our own small programs; Go builds them in a second. */
export async function ensureOwnPrograms(onProgress?: Progress): Promise<Partial<Record<ProgramName, string>>> {
  const group = buildGroups().find((each) => each.module === "programs")!;
  const folder = join(cacheFolder(), "binaries", `${group.module}-${groupKey(group)}`);
  if (!existsSync(folder)) {
    await requireGo(Object.keys(group.programs));
    await buildGroup(group, folder, onProgress);
  }
  return Object.fromEntries(Object.keys(group.programs).map((name) => [name, join(folder, name)]));
}

async function fromFolder(folder: string, own: Partial<Record<ProgramName, string>>): Promise<Binaries> {
  const names = [...KUBERNETES_PROGRAMS, ...OTHER_PROGRAMS];
  const missing = names.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    throw new Error(`the folder ${folder} lacks ${missing.join(", ")}; put them there, or leave TURDUCKEN_BINARIES away`);
  const programs = { ...own, ...Object.fromEntries(names.map((name) => [name, join(folder, name)])) } as Record<
    ProgramName,
    string
  >;
  const result = await execute([programs.kubeadm, "version", "-o", "short"]).catch((error: Error) => ({
    code: 1,
    stdout: "",
    stderr: error.message,
  }));
  const version = result.stdout.trim();
  if (result.code !== 0 || !/^v\d+\.\d+\.\d+/.test(version)) {
    throw new Error(
      `${programs.kubeadm} does not tell its version (${result.stderr.trim() || version}); it must run on this machine (linux/${goArch()})`,
    );
  }
  return complete(version, "folder", programs);
}

/** Fetches what is not cached from an earlier download; false if one could not be had, which is then built with its group. */
async function fetchAll(
  names: readonly ProgramName[],
  cache: string,
  programs: Partial<Record<ProgramName, string>>,
  onProgress?: Progress,
): Promise<boolean> {
  let all = true;
  for (const name of names) {
    const file = officialFile(name, goArch());
    if (!file) return false;
    const target = join(cache, "official", createHash("sha256").update(file.url).digest("hex").slice(0, 16), name);
    try {
      if (!existsSync(target)) {
        onProgress?.(`downloading ${file.url}`);
        await download(file, target);
      }
      programs[name] = target;
    } catch (error) {
      onProgress?.(`${error instanceof Error ? error.message : String(error)}; ${name} will be built`);
      all = false;
    }
  }
  return all;
}

function complete(version: string, source: Binaries["source"], programs: Record<ProgramName, string>): Binaries {
  // One folder per origin of the host programs: the same version may come from a download and from a build.
  const key = createHash("sha256")
    .update(HOST_PROGRAMS.map((name) => programs[name]).join("\n"))
    .digest("hex")
    .slice(0, 8);
  const folder = layOutForHosts([{ version, programs }], join(cacheFolder(), "hosts", `kubernetes-${version}-${key}`));
  return { version, source, programs, folder };
}

async function requireGo(names: readonly string[]): Promise<void> {
  const missing = await missingGo();
  if (missing) throw new Error(`${names.join(", ")} are needed and ${missing}`);
}

function goArch(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
