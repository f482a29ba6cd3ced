import { readFileSync, readdirSync, writeFileSync, mkdirSync, existsSync } from "node:fs";
import {
  baseSteps,
  distributions,
  findDistribution,
  leaveSteps,
  siteSteps,
  type SiteMode,
  type SitePolicy,
  type Step,
} from "../../../../../components/hosts";
import { hostSpec } from "../inventory";
import { FakeHost, shellcheck, shellcheckMissing, states, step } from "../run-program";

const policy = (mode: SiteMode): SitePolicy => ({ accounts: mode, munge: mode, time: mode, names: mode, storage: mode });
const spec = hostSpec("n01", "10.0.0.11", { leaf: "l1" });

let host: FakeHost;
beforeEach(() => (host = new FakeHost()));
afterEach(() => host.close());

/** A stand-in program that comes before the real one in PATH. */
const stub = (name: string, script: string) => {
  mkdirSync(host.path("bin"), { recursive: true });
  writeFileSync(host.path(`bin/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
};
const run = (steps: Step[], mode: "apply" | "check" = "apply") =>
  host.run(host.program({ steps: { prepare: steps } }), "prepare", mode, {
    env: { PATH: `${host.path("bin")}:${process.env.PATH}` },
  });
const site = (id: string, mode: SiteMode) => siteSteps(spec, policy(mode)).filter((each) => each.id === id);

describe("base steps", () => {
  const steps = () => baseSteps(spec, "example", host.path("etc"));

  test("mark the host as part of its cluster and describe it, twice the same", async () => {
    expect(states(await run(steps()))).toEqual(["cluster-marker changed", "host-description changed", "security-modules ok"]);
    expect(host.read("etc/cluster")).toBe("example\n");
    expect(JSON.parse(host.read("etc/host.json"))).toEqual({
      schema: 1,
      cluster: "example",
      host: "n01",
      pool: "compute",
      role: "worker",
      machineType: "cpu-generic",
      leaf: "l1",
    });
    expect(states(await run(steps()))).toEqual(["cluster-marker ok", "host-description ok", "security-modules ok"]);
  });

  test("are undone by leaving, which keeps what the site put there", async () => {
    await run(steps());
    writeFileSync(host.path("etc/adopted"), "slurmd\n");
    expect(states(await run(leaveSteps(host.path("etc"))))).toEqual(["forget changed"]);
    expect(existsSync(host.path("etc/cluster"))).toBe(false);
    expect(host.read("etc/adopted")).toBe("slurmd\n");
    expect(states(await run(leaveSteps(host.path("etc"))))).toEqual(["forget ok"]);
  });
});

describe("site steps", () => {
  test("verify: a wrong host name fails with what it is and what to do, and nothing is changed", async () => {
    stub("uname", "echo localhost");
    const result = await run(site("host-name", "verify"));
    expect(result.reports[0]).toMatchObject({
      state: "failed",
      stderr: ["the machine calls itself localhost"],
      remedy: "run on the host: hostnamectl set-hostname n01; or set site.names to manage",
    });
  });

  test("verify: a full domain name is the same name", async () => {
    stub("uname", "echo n01.cluster.example.org");
    expect(states(await run(site("host-name", "verify")))).toEqual(["host-name ok"]);
  });

  test("verify: munge that nobody uses is nothing to complain about", async () => {
    stub("munge", "exit 1");
    stub("systemctl", "exit 1");
    expect(states(await run(site("munge", "verify")))).toEqual(["munge ok"]);
  });

  test("verify: munge that is in use and does not work, or whose key others could read, is named", async () => {
    stub("munge", "exit 1");
    stub("systemctl", '[ "$1 $3" = "is-enabled munge" ]');
    stub("stat", "echo 400:munge");
    expect((await run(site("munge", "verify"))).reports[0]).toMatchObject({
      state: "failed",
      stderr: ["munge -n | unmunge fails; is munged running?"],
    });
    stub("stat", "echo 644:root");
    expect((await run(site("munge", "verify"))).reports[0]!.stderr).toEqual([
      "/etc/munge/munge.key must belong to munge with mode 0400 or 0600",
    ]);
  });

  test("verify: no time service on a machine of its own is named; a container's clock is the machine's", async () => {
    stub("readlink", "echo 'pid:[4026531836]'");
    stub("systemctl", "exit 3");
    stub("timedatectl", "echo no");
    expect((await run(site("time-sync", "verify"))).reports[0]).toMatchObject({
      state: "failed",
      stderr: ["no time service runs, and the kernel says that nobody steers the clock"],
    });
    stub("timedatectl", "echo yes");
    expect(states(await run(site("time-sync", "verify")))).toEqual(["time-sync ok"]);
    stub("timedatectl", "echo no");
    stub("systemctl", '[ "$3" = chrony ]');
    expect(states(await run(site("time-sync", "verify")))).toEqual(["time-sync ok"]);
    stub("systemctl", "exit 3");
    stub("readlink", "echo 'pid:[4026532999]'");
    expect(states(await run(site("time-sync", "verify")))).toEqual(["time-sync ok"]);
  });

  test("manage: the distribution's time service is installed and enabled", async () => {
    stub("readlink", "echo 'pid:[4026531836]'");
    stub("timedatectl", "echo no");
    stub("apt-get", `echo "$@" >>${host.path("log")}`);
    stub(
      "systemctl",
      `case $1 in enable) echo "$@" >>${host.path("log")}; : >${host.path("on")} ;; is-active) [ -e ${host.path("on")} ] && [ "$3" = chrony ] ;; esac`,
    );
    writeFileSync(host.path("os-release"), 'ID=debian\nVERSION_ID="12"\n');
    const text = host.program({ steps: { prepare: site("time-sync", "manage") } }, { osRelease: host.path("os-release") });
    const result = await host.run(text, "prepare", "apply", { env: { PATH: `${host.path("bin")}:${process.env.PATH}` } });
    expect(states(result)).toEqual(["time-sync changed"]);
    expect(host.read("log")).toMatch(
      /install --no-install-recommends --allow-change-held-packages chrony\nenable --now chrony\n$/,
    );
  });

  test("verify: an enabled name service that does not run is named", async () => {
    stub("systemctl", '[ "$1 $3" = "is-enabled sssd" ]');
    expect((await run(site("accounts", "verify"))).reports[0]!.stderr).toEqual(["sssd is enabled but not running"]);
  });

  test("verify: network file systems of fstab that are not mounted are all named", async () => {
    writeFileSync(
      host.path("fstab"),
      [
        "# comment",
        "srv:/home /home nfs4 defaults 0 0",
        "srv:/later /later nfs noauto 0 0",
        "/dev/sda1 / ext4 defaults 0 0",
        "mgs:/scratch /scratch lustre _netdev 0 0",
        "proc /proc fuse.sshfs defaults 0 0",
      ].join("\n"),
    );
    const steps = site("storage", "verify").map((each) => ({
      ...each,
      check: each.check.replaceAll("/etc/fstab ", `${host.path("fstab")} `).replaceAll(/\/etc\/fstab$/gm, host.path("fstab")),
      apply: each.apply.replaceAll(/\/etc\/fstab$/gm, host.path("fstab")),
    }));
    expect((await run(steps)).reports[0]).toMatchObject({
      state: "failed",
      stderr: ["in /etc/fstab but not mounted: /home, /scratch"],
    });
  });

  test("verify: nothing is left to do after a second look", async () => {
    const again = await run(site("storage", "verify"), "check");
    expect(states(again)).toEqual(["storage ok"]);
  });

  test("pass shellcheck in both modes", () => {
    if (shellcheckMissing()) {
      console.log("skipped 2 checks: shellcheck is not installed");
      return;
    }
    for (const mode of ["verify", "manage"] as const) {
      expect(
        shellcheck(
          host.program({
            steps: { prepare: [...baseSteps(spec, "example"), ...siteSteps(spec, policy(mode))], leave: leaveSteps() },
          }),
        ),
      ).toBe("");
    }
  });
});

describe("the library", () => {
  const once = (apply: string) => run([step("once", `[ -e ${host.path("done")} ]`, `${apply}\n: >${host.path("done")}`)]);

  test("write_file writes whole files with their mode, leaves equal ones alone, and no temporary behind", async () => {
    const file = host.path("deep/folder/file");
    const write = `printf 'a\\0b\\n' | write_file ${file} 0640`;
    const result = await once(
      `${write}\nfirst=$(stat -c %i ${file})\n${write}\n[ "$(stat -c %i ${file})" = "$first" ]\nprintf 'a\\0b\\n' | file_is ${file} 0640\nif printf x | file_is ${file} 0640; then false; fi\nif printf 'a\\0b\\n' | file_is ${file} 644; then false; fi\n[ "$(ls -A ${host.path("deep/folder")})" = file ]`,
    );
    expect(states(result)).toEqual(["once changed"]);
    expect(readFileSync(file).equals(Buffer.from("a\0b\n"))).toBe(true);
  });

  test("write_file on a full disk fails with how much is free, and keeps the old file", async () => {
    const file = host.path("config");
    writeFileSync(file, "old\n");
    stub("cat", "echo 'cat: write error: No space left on device' >&2; exit 1");
    const result = await once(`printf new | write_file ${file} 0644`);
    expect(result.reports[0]).toMatchObject({
      state: "failed",
      stderr: ["cat: write error: No space left on device", expect.stringMatching(/^cannot write .*config: \d+ MiB free in \//)],
    });
    expect(host.read("config")).toBe("old\n");
    expect(readdirSync(host.folder).filter((name) => name.startsWith(".turducken"))).toEqual([]);
  });

  test("wait_for polls until it holds, and tells the last complaint when time is up", async () => {
    const good = await once(`f() { [ -e ${host.path("n")} ] || { : >${host.path("n")}; return 1; }; }\nwait_for 5 f`);
    expect(states(good)).toEqual(["once changed"]);
    const bad = await run([step("bad", "false", "f() { echo 'connection refused'; return 1; }\nwait_for 1 f")]);
    expect(bad.reports[0]!.stderr).toEqual(["after 1 s still not: f", "connection refused"]);
  });

  test("package_installed asks dpkg and takes a version as prefix, held packages too", async () => {
    writeFileSync(host.path("os-release"), "ID=debian\nVERSION_ID=12\n");
    stub("dpkg-query", `case "$*" in *kubelet*) printf 'installed 1.36.3-1.1' ;; *) exit 1 ;; esac`);
    const ask = (check: string) => step(check.replaceAll(/[^a-z0-9]+/g, "-"), check, "false");
    const text = host.program(
      {
        steps: {
          prepare: [
            ask("package_installed kubelet 1.36.3"),
            ask("package_installed kubelet"),
            ask("package_installed kubelet 1.36.4"),
            ask("package_installed containerd"),
          ],
        },
      },
      { osRelease: host.path("os-release") },
    );
    const result = await host.run(text, "prepare", "check", { env: { PATH: `${host.path("bin")}:${process.env.PATH}` } });
    expect(result.reports.map(({ state }) => state)).toEqual(["ok", "ok", "would-change", "would-change"]);
  });
});

describe("the table of distributions", () => {
  test("holds Debian and Ubuntu as tested and Rocky as not", () => {
    expect(findDistribution("debian", "12")?.tested).toBe(true);
    expect(findDistribution("ubuntu", "24.04")?.tested).toBe(true);
    expect(findDistribution("rocky", "9.4")?.tested).toBe(false);
    expect(findDistribution("debian", "9")).toBeUndefined();
  });

  test("answers in bash what it says here, for every row", async () => {
    for (const { id, versions, values } of distributions) {
      for (const version of versions) {
        writeFileSync(host.path("os-release"), `PRETTY_NAME="X"\nID="${id}"\nVERSION_ID="${version}.1"\n`);
        const asks = Object.keys(values).map((key) => `printf '%s\\n' "$(distro ${key})" >>${host.path("out")}`);
        writeFileSync(host.path("out"), "");
        await host.run(
          host.program({ steps: { prepare: [step("ask", "false", asks.join("\n"))] } }, { osRelease: host.path("os-release") }),
          "prepare",
          "apply",
        );
        expect(host.read("out").split("\n").slice(0, -1)).toEqual(Object.values(values));
      }
    }
  });
});
