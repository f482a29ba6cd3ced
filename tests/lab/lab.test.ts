import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureOwnPrograms, type ProgramName } from "../../tools/rehearse/binaries";
import { imageSpec, WORK_IMAGE } from "../../tools/rehearse/images";
import { writeImage } from "../../tools/rehearse/images/oci";
import {
  ensureClusterPackages,
  execute,
  Registry,
  removeLeftovers,
  saveSysctls,
  startLab,
  until,
  type RunningLab,
} from "../../tools/rehearse/lab";
import { identify, isAlive } from "../../tools/rehearse/lab/processes";
import { labDescribe } from "./support";

const repository = join(__dirname, "..", "..");

/** What a run could leave on the machine: links, mounts, control groups, control group hierarchies, network namespaces, records, folders. */
function traces(): string[] {
  const list = (folder: string) => (existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : []);
  const hierarchies = readdirSync("/sys/fs/cgroup").flatMap((name) => list(`/sys/fs/cgroup/${name}`));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => `mount ${line.split(" ")[4]}`);
  const used = readFileSync("/proc/cgroups", "utf8")
    .split("\n")
    .filter((line) => /^\S+\s+[1-9]/.test(line))
    .map((line) => `hierarchy ${line.split(/\s+/)[0]}`);
  return [
    ...list("/sys/class/net"),
    ...list("/run/netns"),
    ...list("/run/turducken"),
    ...list("/var/lib/turducken"),
    ...hierarchies,
    ...mounts,
    ...used,
  ];
}

/** What is there now and was not before, but for the traces of other runs that are going on. */
function left(before: readonly string[], ownRun: string): string[] {
  const others = new Registry().all().flatMap((record) => (record.runId === ownRun ? [] : [record.runId]));
  return traces().filter(
    (trace) => !before.includes(trace) && !/lab\.lock/.test(trace) && !others.some((id) => trace.includes(id)),
  );
}

/** The OpenSSH client, trusting only the keys in `knownHosts`. */
function ssh(lab: RunningLab, name: string, command: string, options: { user?: string; knownHosts?: string } = {}) {
  const settings = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${options.knownHosts ?? lab.knownHostsFile()}`,
    "IdentitiesOnly=yes",
    "ConnectTimeout=5",
  ];
  const target = `${options.user ?? "admin"}@${lab.hosts.get(name)!.address}`;
  return execute(
    [
      "ssh",
      "-F",
      "/dev/null",
      "-i",
      join(lab.folder, "login"),
      ...settings.flatMap((setting) => ["-o", setting]),
      target,
      command,
    ],
    { timeoutSeconds: 30 },
  );
}

labDescribe("a lab of three hosts with systemd", ["flock", "apt-get"], () => {
  let lab: RunningLab;
  let before: string[];
  let settingsBefore: Readonly<Record<string, string>>;

  beforeAll(async () => {
    await removeLeftovers(new Registry());
    before = traces();
    const hosts = ["cp1", "n01", "n02"].map((name) => ({ name, role: "worker" as const }));
    lab = await startLab({ hosts, overlay: await ensureClusterPackages(), mounts: [{ from: repository, to: "/opt/given" }] });
    settingsBefore = new Registry().all().find((record) => record.runId === lab.runId)!.sysctls;
  }, 600_000);

  afterAll(() => lab?.close(), 120_000);

  it("gives each host its own name, address, machine id and host key", async () => {
    const hosts = [...lab.hosts.values()];
    expect(hosts.map((host) => host.name)).toEqual(["cp1", "n01", "n02"]);
    expect(hosts.map((host) => host.address)).toEqual([1, 2, 3].map((number) => `${lab.subnetPrefix}.${number}`));
    expect(lab.subnetPrefix).toMatch(/^10\.(6[4-9]|[78]\d|9[0-5])\.\d+$/);
    expect(new Set(hosts.map((host) => host.hostKey)).size).toBe(3);
    const answers = await Promise.all(
      hosts.map((host) => host.exec(["sh", "-c", "hostname; cat /etc/hostname; cat /etc/machine-id"])),
    );
    const lines = answers.map((answer) => answer.stdout.trim().split("\n"));
    expect(lines.map(([name, file]) => [name, file])).toEqual(hosts.map((host) => [host.name, host.name]));
    expect(new Set(lines.map((line) => line[2])).size).toBe(3);
  });

  it("lets the OpenSSH client in as admin with the pinned host key, with sudo and without a password", async () => {
    const answers = await Promise.all([...lab.hosts.keys()].map((name) => ssh(lab, name, "id -un; sudo -n id -un; hostname")));
    expect(answers.map((answer) => answer.stdout.trim().split("\n"))).toEqual(
      [...lab.hosts.keys()].map((name) => ["admin", "root", name]),
    );
    expect((await ssh(lab, "n01", "id -un", { user: "root" })).stdout).toBe("root\n");
  });

  it("is refused by the OpenSSH client when another host's key is pinned", async () => {
    const file = join(lab.folder, "wrong_hosts");
    writeFileSync(file, `${lab.hosts.get("n01")!.address} ${lab.hosts.get("n02")!.hostKey}\n`);
    const answer = await ssh(lab, "n01", "true", { knownHosts: file });
    expect([answer.code, /Host key verification failed/.test(answer.stderr)]).toEqual([255, true]);
  });

  it("runs systemd as the first program and starts nothing but what a host needs", async () => {
    const host = lab.hosts.get("n01")!;
    expect(await until(20, async () => (await host.exec(["systemctl", "is-system-running"])).stdout === "running\n")).toBe(true);
    const units = await host.exec(["systemctl", "list-units", "--type=service", "--state=running", "--no-legend", "--plain"]);
    const running = units.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(running.filter((unit) => !["dbus.service", "ssh.service", "systemd-journald.service"].includes(unit!))).toEqual([]);
    expect((await host.exec(["cat", "/proc/1/comm"])).stdout).toBe("systemd\n");
  });

  it("lets hosts reach each other by name and tells them at once that there is nothing beyond", async () => {
    const host = lab.hosts.get("cp1")!;
    const answer = await host.exec([
      "bash",
      "-c",
      'for name in n01 n02; do timeout 5 bash -c "exec 3<>/dev/tcp/$name/22; head -c 4 <&3"; echo; done',
    ]);
    expect(answer.stdout).toBe("SSH-\nSSH-\n");
    const beyond = await host.exec(["bash", "-c", "exec 3<>/dev/tcp/192.0.2.77/80"], { timeoutSeconds: 20 });
    expect([beyond.code, /unreachable|No route to host/i.test(beyond.stderr)]).toEqual([1, true]);
  });

  it("keeps what a host writes from the machine and from other hosts, and given folders read-only", async () => {
    const host = lab.hosts.get("n01")!;
    await host.exec(["sh", "-c", "echo n01 >/etc/only-here; echo n01 >/root/only-here"]);
    expect([existsSync("/etc/only-here"), existsSync("/root/only-here")]).toEqual([false, false]);
    expect((await lab.hosts.get("n02")!.exec(["cat", "/etc/only-here"])).code).toBe(1);
    const given = await host.exec(["sh", "-c", "test -f /opt/given/package.json && ! touch /opt/given/x"]);
    expect([given.code, /Read-only/.test(given.stderr)]).toEqual([0, true]);
  });

  it("runs containers from images that were written here", async () => {
    const own = (await ensureOwnPrograms()) as Record<ProgramName, string>;
    const archive = join(lab.folder, "hosts", "n02", "disk", "log", "work.tar");
    await writeImage(imageSpec(WORK_IMAGE, own, []), archive, process.arch === "x64" ? "amd64" : process.arch);
    const host = lab.hosts.get("n02")!;
    expect((await host.exec(["systemctl", "start", "containerd"])).code).toBe(0);
    expect(await host.exec(["ctr", "-n", "k8s.io", "images", "import", "/var/log/work.tar"])).toMatchObject({ code: 0 });
    const answer = await host.exec(
      ["ctr", "-n", "k8s.io", "run", "--rm", "--net-host", WORK_IMAGE, "one", "/turducken-work", "hold", "0"],
      { timeoutSeconds: 60 },
    );
    expect(answer).toMatchObject({ code: 0, stdout: "n02 holds on \n" });
  }, 120_000);

  it("takes a killed host off the network and boots it again with its files, key and enabled units, but without its run state", async () => {
    const host = lab.hosts.get("n01")!;
    const unit =
      "[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n";
    await host.exec([
      "sh",
      "-c",
      `printf '${unit}' >/etc/systemd/system/mine.service; systemctl enable mine; touch /run/gone; echo kept >/etc/kept`,
    ]);
    const key = host.hostKey;
    await host.kill();
    await expect(host.exec(["true"])).rejects.toThrow("host n01 is down");
    expect(
      (await lab.hosts.get("n02")!.exec(["timeout", "2", "bash", "-c", `exec 3<>/dev/tcp/${host.address}/22`])).code,
    ).not.toBe(0);
    await lab.boot("n01");
    expect((await ssh(lab, "n01", "cat /etc/kept; test ! -e /run/gone && echo cleared; systemctl is-active mine")).stdout).toBe(
      "kept\ncleared\nactive\n",
    );
    expect(host.hostKey).toBe(key);
  }, 60_000);

  it("adds a host later without touching the others", async () => {
    const check = async () =>
      (await lab.hosts.get("n02")!.exec(["sh", "-c", "find /etc -type f | sort | xargs md5sum | md5sum"])).stdout;
    const earlier = await check();
    const host = await lab.addHost({ name: "n03", role: "worker" });
    expect(host.address).toBe(`${lab.subnetPrefix}.4`);
    expect((await ssh(lab, "n03", "hostname")).stdout).toBe("n03\n");
    expect(await check()).toBe(earlier);
    await expect(lab.addHost({ name: "n03", role: "worker" })).rejects.toThrow("host n03 is in this lab already");
  }, 60_000);

  it("has nothing secret where another user can read it", async () => {
    const answer = await execute(["find", lab.folder, "-maxdepth", "0", "-printf", "%m"]);
    expect(answer.stdout).toBe("700");
  });

  it("leaves nothing when closed, twice, and gives the machine its settings back", async () => {
    const other = settingsBefore["vm/overcommit_memory"] === "1" ? "0" : "1";
    await lab.hosts.get("cp1")!.exec(["sysctl", "-w", `vm.overcommit_memory=${other}`]);
    expect(saveSysctls()["vm/overcommit_memory"]).toBe(other);
    const processes = [...lab.hosts.values()].map((host) => identify(host.pid)!);
    await Promise.all([lab.close(), lab.close()]);
    await lab.close();
    expect(left(before, lab.runId)).toEqual([]);
    expect(processes.filter((process) => isAlive(process))).toEqual([]);
    expect(saveSysctls()).toEqual(settingsBefore);
  }, 60_000);
});

labDescribe("a lab whose process is ended", ["flock", "apt-get"], () => {
  const children: ChildProcess[] = [];
  afterAll(() => children.forEach((child) => child.kill("SIGTERM")));

  /** Starts a lab in a process of its own; resolves with its run id once its host is up. */
  function startElsewhere(): Promise<{ child: ChildProcess; runId: string }> {
    const child = spawn(process.execPath, ["-r", "tsx/cjs", join(__dirname, "fixtures", "start-lab.ts")], {
      cwd: repository,
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
      child.stdout!.on("data", (data: Buffer) => {
        const runId = /run ([0-9a-f]{8})/.exec(data.toString())?.[1];
        if (runId) resolve({ child, runId });
      });
    });
  }

  const exitOf = (child: ChildProcess) =>
    new Promise<number | string>((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal!)));

  it("is cleaned up when that process gets SIGTERM", async () => {
    const { child, runId } = await startElsewhere();
    expect(traces().some((trace) => trace.includes(runId))).toBe(true);
    const ended = exitOf(child);
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect(traces().filter((trace) => trace.includes(runId))).toEqual([]);
  }, 60_000);

  it("is cleaned up at the next start after SIGKILL, and a lab that still runs is left alone", async () => {
    const alive = await startElsewhere();
    const dead = await startElsewhere();
    const ended = exitOf(dead.child);
    dead.child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    expect(traces().some((trace) => trace.includes(dead.runId))).toBe(true);
    const next = await startLab({ hosts: [], systemd: false });
    try {
      expect(traces().filter((trace) => trace.includes(dead.runId))).toEqual([]);
      expect(traces().some((trace) => trace.includes(alive.runId))).toBe(true);
      expect(alive.child.exitCode).toBeNull();
    } finally {
      await next.close();
    }
    const closed = exitOf(alive.child);
    alive.child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(traces().filter((trace) => trace.includes(alive.runId))).toEqual([]);
  }, 120_000);
});

labDescribe("a lab of 32 hosts with sshd alone", ["flock", "apt-get"], () => {
  it("lets a client in on every host and leaves nothing", async () => {
    const before = traces();
    const names = Array.from({ length: 32 }, (_, index) => `h${String(index + 1).padStart(2, "0")}`);
    const folder = mkdtempSync(join(tmpdir(), "turducken-lab-"));
    const lab = await startLab({ hosts: names.map((name) => ({ name, role: "plain" })), systemd: false, folder });
    try {
      const answers = await Promise.all(names.map((name) => ssh(lab, name, "hostname; sudo -n id -un; cat /proc/1/comm")));
      expect(answers.map((answer) => answer.stdout.trim().split("\n"))).toEqual(names.map((name) => [name, "root", "sshd"]));
    } finally {
      await lab.close();
    }
    expect(left(before, lab.runId)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  }, 120_000);
});
