import { existsSync, readFileSync, rmSync } from "node:fs";
import { cgroupLayout, CGROUP_ROOT, killGroups, removeGroups, runGroups, type CgroupLayout } from "./cgroups";
import { execute, mustExecute } from "./execute";
import { uplinkName } from "./network";
import type { Registry, RunRecord } from "./registry";
import { restoreSysctls } from "./sysctls";

/**
 * Takes away all that a run has made, and nothing else: everything carries its id or lies in its folder. Each step does nothing
 * when its work is done already, so a second call, or a call after a half-finished one, is fine.
 */
export async function removeRun(record: RunRecord, registry: Registry): Promise<void> {
  const groups = runGroups(await machineLayout(), record.runId).filter((group) => existsSync(group));
  await killGroups(groups);
  await removeGroups(groups);
  await unmountUnder(record.folder);
  // Went with the bridge's namespace, unless the run was ended before it was plugged in.
  const uplink = uplinkName(record.runId);
  if (existsSync(`/sys/class/net/${uplink}`)) await execute(["ip", "link", "del", uplink]);
  restoreSysctls(record.sysctls);
  removeFolder(record.folder);
  registry.remove(record.runId);
}

/** Cleans up after runs whose process is gone; returns their ids. */
export async function removeLeftovers(registry: Registry, onProgress?: (message: string) => void): Promise<string[]> {
  const leftovers = registry.leftovers();
  for (const record of leftovers) {
    onProgress?.(`cleaning up after run ${record.runId}, whose process ${record.owner.pid} has ended`);
    await removeRun(record, registry);
  }
  return leftovers.map((record) => record.runId);
}

export async function machineLayout(): Promise<CgroupLayout> {
  return cgroupLayout((await mustExecute("stat", ["stat", "-fc", "%T", CGROUP_ROOT])).trim());
}

/** Mount points below a folder, in the order in which they can be unmounted. */
export function mountsUnder(folder: string, mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
}

async function unmountUnder(folder: string): Promise<void> {
  const points = mountsUnder(folder, readFileSync("/proc/self/mountinfo", "utf8"));
  if (points.length > 0) await mustExecute("unmounting the lab", ["umount", "-l", "--", ...points]);
}

function removeFolder(folder: string): void {
  const left = mountsUnder(folder, readFileSync("/proc/self/mountinfo", "utf8"));
  // Deleting through a mount would delete what is mounted.
  if (left.length > 0) throw new Error(`still mounted, so not deleted: ${left.join(", ")}`);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
