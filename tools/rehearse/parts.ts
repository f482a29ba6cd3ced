import { createHash } from "node:crypto";
import { statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { expandHostlist } from "../../hardware";
import { ensureBinaries, relinkOlderPatch, type Binaries } from "./binaries";
import { layOutForHosts, cacheFolder } from "./binaries";
import { ensureImages, layOutImages, type Images } from "./images";
import { ensureClusterPackages, startLab, type RunningLab } from "./lab";
import { PATHS, type StackConfig } from "./overrides";
import type { Reporter } from "./report";
import type { LabHostSpec } from "./types";

/** Everything that is made or fetched once and then lies in the cache. */
export interface Parts {
  /** Kubernetes versions without `v`: where the rehearsal starts and where it ends; equal unless an upgrade is rehearsed. */
  readonly versions: { readonly first: string; readonly current: string };
  /** Debian packages laid over every host. */
  readonly overlay: string;
  /** Our own images, pinned by digest. */
  readonly images: Images["pinned"];
  /** Mounted into every host. */
  readonly mounts: readonly { readonly from: string; readonly to: string }[];
}

export interface PartsOptions {
  readonly binaries?: string;
  readonly download?: boolean;
  readonly upgrade?: boolean;
}

export async function prepareParts(options: PartsOptions, reporter: Reporter): Promise<Parts> {
  const say = (message: string) => reporter.line("parts", message);
  const overlay = await ensureClusterPackages(say);
  const current = await ensureBinaries({ folder: options.binaries, download: options.download, onProgress: say });
  const all: Binaries[] = [current];
  if (options.upgrade) all.unshift(await relinkOlderPatch(current, say));
  const images = [];
  for (const binaries of all) images.push(await ensureImages(binaries, { packages: overlay, onProgress: say }));
  const folders =
    all.length === 1
      ? { kubernetes: current.folder, images: images[0]!.folder }
      : {
          kubernetes: layOutForHosts(all, severalFolder("hosts", all.map(fingerprint))),
          images: layOutImages(images, severalFolder("images", all.map(fingerprint))),
        };
  say(`Kubernetes ${all.map((each) => each.version).join(", then ")} (${current.source})`);
  const bare = (version: string) => version.replace(/^v/, "");
  return {
    versions: { first: bare(all[0]!.version), current: bare(current.version) },
    overlay,
    images: images.at(-1)!.pinned,
    mounts: [
      { from: folders.kubernetes, to: PATHS.kubernetes },
      { from: folders.images, to: PATHS.images },
    ],
  };
}

/** Boots a lab host for every host that the cluster's inventory names. */
export async function startHosts(parts: Parts, config: StackConfig, reporter: Reporter): Promise<RunningLab> {
  const cluster = config.cluster as { hosts: { names: string; role?: string }[] };
  const hosts = cluster.hosts.flatMap(({ names, role }) =>
    expandHostlist(names).map((name): LabHostSpec => ({ name, role: role === "control-plane" ? "control-plane" : "worker" })),
  );
  reporter.heading(`${hosts.length} hosts`);
  return startLab({
    hosts,
    overlay: parts.overlay,
    mounts: parts.mounts,
    onProgress: (host, message) => reporter.line(host, message),
  });
}

/** One more host in the last leaf, and the group that belongs into the inventory. */
export async function addNewcomer(
  lab: RunningLab,
  config: StackConfig,
): Promise<{ name: string; group: Record<string, unknown> }> {
  const { hosts } = config.cluster as { hosts: { names: string; role?: string; leaf?: string }[] };
  const workers = hosts.filter((group) => group.role !== "control-plane");
  const last = workers.at(-1)!;
  const names = workers.flatMap((group) => expandHostlist(group.names));
  const [, stem, digits] = /^(.*?)(\d+)$/.exec(names.at(-1)!)!;
  const name = `${stem}${String(Number(digits) + 1).padStart(digits!.length, "0")}`;
  const host = await lab.addHost({ name, role: "worker" });
  return { name, group: { ...last, names: name, addresses: host.address, hostKeys: [host.hostKey] } };
}

/** The layout of this machine's control groups, as `stat -fc %T` names it: `tmpfs` for v1 hierarchies. */
export function cgroupFilesystem(): "tmpfs" | "cgroup2fs" {
  const CGROUP2_SUPER_MAGIC = 0x63677270;
  return statfsSync("/sys/fs/cgroup").type === CGROUP2_SUPER_MAGIC ? "cgroup2fs" : "tmpfs";
}

/** Named by what will lie in it, so that it is never emptied: another run may be using it. */
function severalFolder(kind: "hosts" | "images", contents: readonly string[]): string {
  const key = createHash("sha256").update(contents.join("\n")).digest("hex").slice(0, 16);
  return join(cacheFolder(), kind, `several-${key}`);
}

/** Changes when any program does: a folder that the user names may get others under the same names. */
function fingerprint({ version, programs }: Binaries): string {
  const files = Object.values(programs).map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs].join(" ");
  });
  return [version, ...files].join("\n");
}
