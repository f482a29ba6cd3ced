import { existsSync, mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { expandHostlist } from "../../hardware";
import { ensureBinaries, relinkOlderPatch, type Binaries } from "./binaries";
import { layOutForHosts, cacheFolder } from "./binaries";
import { ensureImages, layOutImages } from "./images";
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
  const key = all.map((each) => each.version).join("-");
  const folders =
    all.length === 1
      ? { kubernetes: current.folder, images: images[0]!.folder }
      : {
          kubernetes: layOutForHosts(all, fresh(join(cacheFolder(), "hosts", `several-${key}`))),
          images: layOutImages(images, fresh(join(cacheFolder(), "images", `several-${key}`))),
        };
  say(`Kubernetes ${all.map((each) => each.version).join(", then ")} (${current.source})`);
  const bare = (version: string) => version.replace(/^v/, "");
  return {
    versions: { first: bare(all[0]!.version), current: bare(current.version) },
    overlay,
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

function fresh(folder: string): string {
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
