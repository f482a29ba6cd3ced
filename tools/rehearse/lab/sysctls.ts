import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Settings of the whole machine that programs in the hosts change, although they think they are alone: kubelet
 * (`protectKernelDefaults: false` writes the first seven), kube-proxy (conntrack) and systemd as PID 1 (fs.*).
 */
export const MACHINE_WIDE = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
  "kernel/pid_max",
  "net/netfilter/nf_conntrack_max",
  "fs/file-max",
  "fs/nr_open",
  "fs/inotify/max_user_instances",
  "fs/inotify/max_user_watches",
] as const;

export type SavedSysctls = Readonly<Record<string, string>>;

export function saveSysctls(root = "/proc/sys"): SavedSysctls {
  const present = MACHINE_WIDE.filter((name) => existsSync(join(root, name)));
  return Object.fromEntries(present.map((name) => [name, readFileSync(join(root, name), "utf8").trim()]));
}

/** Writes back only what differs; returns the names it changed. */
export function restoreSysctls(saved: SavedSysctls, root = "/proc/sys"): string[] {
  return Object.entries(saved)
    .filter(([name, value]) => readFileSync(join(root, name), "utf8").trim() !== value)
    .map(([name, value]) => {
      writeFileSync(join(root, name), value);
      return name;
    });
}
