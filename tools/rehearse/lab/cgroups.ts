import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./execute";

/**
 * Control groups of a run: `<hierarchy>/td-<run>/<host>`.
 *
 * On cgroup v1 (`/sys/fs/cgroup` is a tmpfs) every controller is a hierarchy of its own and each host gets a folder in each. On
 * cgroup v2 there is one tree and each host one delegated subtree. Either way the host sees its folder as the root, by a cgroup
 * namespace. Whole clusters have been run on v1 only. On v2 hosts have been booted, entered, killed and removed, in a tree whose
 * controllers were all taken by v1; kubelets have not (Documentation/admin-guide/cgroup-v2.rst of the kernel).
 */
export type CgroupLayout = "v1" | "v2";

export const CGROUP_ROOT = "/sys/fs/cgroup";

/** `filesystem` as `stat -fc %T /sys/fs/cgroup` prints it. */
export function cgroupLayout(filesystem: string): CgroupLayout {
  if (filesystem === "tmpfs") return "v1";
  if (filesystem === "cgroup2fs") return "v2";
  throw new Error(`/sys/fs/cgroup is a ${filesystem}; the lab knows tmpfs (cgroup v1) and cgroup2fs (cgroup v2)`);
}

/** Names of the v1 hierarchies that hosts get; `unified` is the empty v2 tree of a hybrid machine. */
export function v1Hierarchies(root = CGROUP_ROOT): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "unified" && existsSync(join(root, entry.name, "cgroup.procs")))
    .map((entry) => entry.name)
    .sort();
}

/** Every folder that a run's groups live under. */
export function runGroups(layout: CgroupLayout, runId: string, root = CGROUP_ROOT): string[] {
  const parents = layout === "v1" ? v1Hierarchies(root).map((name) => join(root, name)) : [root];
  return parents.map((parent) => join(parent, `td-${runId}`));
}

export function hostGroups(layout: CgroupLayout, runId: string, host: string, root = CGROUP_ROOT): string[] {
  return runGroups(layout, runId, root).map((group) => join(group, host));
}

/** The groups that a host sees as the roots of its control groups. */
export function rootGroupFiles(layout: CgroupLayout, runId: string, host: string): string[] {
  return hostGroups(layout, runId, host).map((group) => join(group, "cgroup.procs"));
}

/**
 * Where processes go that enter a host from outside, or wait for it. On v2 a leaf beside those of the host's systemd: a group that
 * hands controllers on may hold no process itself.
 */
export function entryFiles(layout: CgroupLayout, runId: string, host: string): string[] {
  return hostGroups(layout, runId, host).map((group) => join(group, layout === "v2" ? "lab" : "", "cgroup.procs"));
}

export function makeHostGroups(layout: CgroupLayout, runId: string, host: string): void {
  for (const run of runGroups(layout, runId)) {
    makeGroup(layout, run);
    makeGroup(layout, join(run, host));
    if (layout === "v2") mkdirSync(join(run, host, "lab"), { recursive: true });
  }
}

function makeGroup(layout: CgroupLayout, folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder);
  const parent = join(folder, "..");
  if (layout === "v2") {
    // They stay handed on in the machine's root group after the run: others may have come to rely on it.
    const controllers = readFileSync(join(parent, "cgroup.controllers"), "utf8").trim().split(" ").filter(Boolean);
    for (const controller of controllers) tryWrite(join(parent, "cgroup.subtree_control"), `+${controller}`);
    return;
  }
  // A new cpuset has no CPUs and takes no process until it has some.
  for (const name of ["cpuset.cpus", "cpuset.mems"]) {
    if (existsSync(join(folder, name))) writeFileSync(join(folder, name), readFileSync(join(parent, name)));
  }
  tryWrite(join(folder, "cgroup.clone_children"), "1");
}

/**
 * Kills every process in the groups of a host, or of the whole run, and waits until they are gone.
 *
 * Those in our own pid namespace only wait for one inside the host. They get a moment to end by themselves: were they killed too,
 * nobody might collect what they wait for.
 */
export async function killGroups(groups: readonly string[], seconds = 15): Promise<void> {
  const own = pidNamespace("self");
  const patience = Date.now() + 2000;
  const emptied = await until(
    seconds,
    () => {
      const pids = [...new Set(groups.flatMap(processesUnder))];
      const inside = pids.filter((pid) => pidNamespace(pid) !== own);
      (inside.length > 0 || Date.now() < patience ? inside : pids).forEach(kill);
      return pids.length === 0;
    },
    10,
  );
  if (!emptied)
    throw new Error(`processes in ${groups.join(", ")} do not end: ${[...new Set(groups.flatMap(processesUnder))].join(", ")}`);
}

/** Removes the groups, leaves first. The kernel may need a moment after the last process. */
export async function removeGroups(groups: readonly string[], seconds = 10): Promise<void> {
  for (const group of groups) {
    if (!(await until(seconds, () => removeTree(group)))) throw new Error(`control group ${group} cannot be removed`);
  }
}

export function processesUnder(group: string): number[] {
  return foldersUnder(group).flatMap((folder) => {
    try {
      return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
}

/** Deepest first. */
function foldersUnder(group: string): string[] {
  let entries;
  try {
    entries = readdirSync(group, { withFileTypes: true });
  } catch {
    return [];
  }
  return [...entries.filter((entry) => entry.isDirectory()).flatMap((entry) => foldersUnder(join(group, entry.name))), group];
}

function removeTree(group: string): boolean {
  for (const folder of foldersUnder(group)) {
    try {
      rmdirSync(folder);
    } catch {
      return !existsSync(group);
    }
  }
  return true;
}

/** Undefined for a process that is just ending. */
function pidNamespace(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    // 0 stands for processes outside of our pid namespace, which are not ours to kill.
    if (pid > 1) process.kill(pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

function tryWrite(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // A kernel without this file or controller; what needs it fails later with its own message.
  }
}
