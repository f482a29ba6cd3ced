import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupLayout, runGroups, v1Hierarchies } from "../../../../../tools/rehearse/lab/cgroups";
import { mountsUnder } from "../../../../../tools/rehearse/lab/cleanup";
import { bootScript, enterScript, startScript } from "../../../../../tools/rehearse/lab/boot.sh";
import { execute, inParallel } from "../../../../../tools/rehearse/lab/execute";
import { takeMachineLock } from "../../../../../tools/rehearse/lab/lock";
import { parseUris } from "../../../../../tools/rehearse/lab/packages";
import { identify, isAlive } from "../../../../../tools/rehearse/lab/processes";
import { Registry, type RunRecord } from "../../../../../tools/rehearse/lab/registry";
import { findProgram } from "../../../../../tools/rehearse/lab/requirements";
import { restoreSysctls, saveSysctls } from "../../../../../tools/rehearse/lab/sysctls";

const onLinux = process.platform === "linux" ? describe : describe.skip;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "lab-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

onLinux("the record of runs", () => {
  const record = (runId: string, owner: RunRecord["owner"], kept = false): RunRecord => ({
    runId,
    owner,
    folder: "/nowhere",
    subnetPrefix: "10.70.1",
    sysctls: {},
    kept,
  });

  it("counts a run as left over when its process has ended, and not while it lives or is kept on purpose", async () => {
    const registry = new Registry(join(folder, "runs"));
    const child = spawn("sleep", ["60"]);
    const ended = identify(child.pid!)!;
    registry.write(record("00000001", identify(process.pid)!));
    registry.write(record("00000002", ended));
    registry.write(record("00000003", ended, true));
    expect(registry.leftovers()).toEqual([]);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    expect(registry.leftovers().map((each) => each.runId)).toEqual(["00000002"]);
    registry.remove("00000002");
    expect(
      registry
        .all()
        .map((each) => each.runId)
        .sort(),
    ).toEqual(["00000001", "00000003"]);
  });

  it("can be read by its owner only", () => {
    const registry = new Registry(join(folder, "runs"));
    registry.write(record("00000001", identify(process.pid)!));
    expect([statSync(registry.folder).mode & 0o777, statSync(join(registry.folder, "00000001.json")).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
  });

  it("does not take a later process with the same number for the owner", () => {
    const me = identify(process.pid)!;
    expect(isAlive(me)).toBe(true);
    expect(isAlive({ ...me, startTime: "1" })).toBe(false);
    expect(isAlive({ ...me, bootId: "another boot" })).toBe(false);
  });
});

(findProgram("flock") ? describe : describe.skip)("the machine-wide lock", () => {
  it("is held by one run, names its holder to the next, and is free again after release", async () => {
    const first = await takeMachineLock({ folder, runId: "00000001", waitSeconds: 0 });
    const waited: string[] = [];
    const second = takeMachineLock({ folder, runId: "00000002", waitSeconds: 1, onWait: (message) => waited.push(message) });
    await expect(second).rejects.toThrow(`another lab runs on this machine (run 00000001, process ${process.pid})`);
    expect(waited).toHaveLength(1);
    await first.release();
    await first.release();
    await (await takeMachineLock({ folder, runId: "00000003", waitSeconds: 0 })).release();
  });

  it("is given to the run that waits as soon as the other lets go", async () => {
    const first = await takeMachineLock({ folder, runId: "00000001", waitSeconds: 0 });
    const second = takeMachineLock({ folder, runId: "00000002", waitSeconds: 30, onWait: () => void first.release() });
    await (await second).release();
  });
});

describe("machine-wide settings", () => {
  it("are written back only where they differ", () => {
    mkdirSync(join(folder, "vm"));
    mkdirSync(join(folder, "kernel"));
    writeFileSync(join(folder, "vm/overcommit_memory"), "0\n");
    writeFileSync(join(folder, "kernel/panic"), "0\n");
    const saved = saveSysctls(folder);
    expect(saved).toEqual({ "vm/overcommit_memory": "0", "kernel/panic": "0" });
    writeFileSync(join(folder, "kernel/panic"), "10\n");
    expect(restoreSysctls(saved, folder)).toEqual(["kernel/panic"]);
    expect(readFileSync(join(folder, "kernel/panic"), "utf8")).toBe("0");
  });
});

describe("control groups", () => {
  it("follow the filesystem of /sys/fs/cgroup", () => {
    expect([cgroupLayout("tmpfs"), cgroupLayout("cgroup2fs")]).toEqual(["v1", "v2"]);
    expect(() => cgroupLayout("ext4")).toThrow("/sys/fs/cgroup is a ext4");
  });

  it("lie in every v1 hierarchy, but not in the empty v2 tree of a hybrid machine", () => {
    for (const name of ["memory", "systemd", "unified"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "cgroup.procs"), "");
    }
    expect(v1Hierarchies(folder)).toEqual(["memory", "systemd"]);
    expect(runGroups("v1", "0123abcd", folder)).toEqual([
      join(folder, "memory/td-0123abcd"),
      join(folder, "systemd/td-0123abcd"),
    ]);
    expect(runGroups("v2", "0123abcd", folder)).toEqual([join(folder, "td-0123abcd")]);
  });
});

describe("mounts of a run", () => {
  it("are those below its folder and no others, the last one first", () => {
    const line = (point: string) => `1 2 0:1 / ${point} rw - tmpfs tmpfs rw`;
    const text = ["/", "/var/lib/turducken/lab-1", "/var/lib/turducken/lab-1/a\\040b", "/var/lib/turducken/lab-10/memory"]
      .map(line)
      .join("\n");
    expect(mountsUnder("/var/lib/turducken/lab-1", text)).toEqual(["/var/lib/turducken/lab-1/a b", "/var/lib/turducken/lab-1"]);
  });
});

describe("what apt would fetch", () => {
  it("is read as name and version, epochs included", () => {
    const text = `'http://deb.debian.org/debian/pool/main/s/sudo/sudo_1.9.13p3-1%2bdeb12u4_amd64.deb' sudo_1.9.13p3-1+deb12u4_amd64.deb 1890344 MD5Sum:0
'http://deb.debian.org/debian/pool/main/e/ethtool/ethtool_6.1-1_amd64.deb' ethtool_1%3a6.1-1_amd64.deb 196612 SHA256:0
`;
    expect(parseUris(text)).toEqual(["ethtool=1:6.1-1", "sudo=1.9.13p3-1+deb12u4"]);
  });
});

describe("running programs", () => {
  it("gives both streams and the exit code, and 124 for one that takes too long", async () => {
    expect(await execute(["sh", "-c", "cat; echo oops >&2; exit 3"], { stdin: "in" })).toEqual({
      code: 3,
      stdout: "in",
      stderr: "oops\n",
    });
    expect((await execute(["sleep", "60"], { timeoutSeconds: 0.05 })).code).toBe(124);
    await expect(execute(["no-such-program"])).rejects.toThrow("ENOENT");
  });

  it("finishes the other jobs before it reports the first failure", async () => {
    const done: number[] = [];
    const jobs = inParallel(2, [1, 2, 3, 4], async (job) => {
      if (job === 1) throw new Error("job 1");
      done.push(job);
    });
    await expect(jobs).rejects.toThrow("job 1");
    expect(done).toEqual([2, 3, 4]);
  });
});

(findProgram("shellcheck") ? describe : describe.skip)("the lab's shell programs", () => {
  it.each([
    ["boot", bootScript],
    ["start", `#!/bin/bash\n${startScript}`],
    ["enter", `#!/bin/bash\n${enterScript}`],
  ])("%s passes shellcheck", async (_name, text) => {
    expect(await execute(["shellcheck", "-"], { stdin: text })).toMatchObject({ code: 0, stdout: "" });
  });
});
