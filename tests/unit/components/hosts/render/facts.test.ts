import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { factsCommand, packedFactsScript, parseFacts, renderFactsScript } from "../../../../../components/hosts";
import { shellcheck, shellcheckMissing } from "../run-program";

const run = (environment: Record<string, string> = {}) =>
  spawnSync("bash", ["-s", "--", "n01"], {
    input: renderFactsScript(),
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...environment },
  });

describe("the facts script", () => {
  test("says on this machine what other programs say of it", () => {
    const result = run();
    expect(result.stderr).toBe("");
    const facts = parseFacts(result.stdout);
    expect(facts.host).toBe("n01");
    expect(facts.hostname).toBe(hostname());
    expect(facts.machineId).toBe(readFileSync("/etc/machine-id", "utf8").trim());
    expect(facts.kernel).toBe(execFileSync("uname", ["-r"], { encoding: "utf8" }).trim());
    expect(facts.cpus).toBe(Number(execFileSync("nproc", { encoding: "utf8" })));
    expect(facts.memoryMiB).toBe(Math.floor(Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))![1]) / 1024));
    expect(Math.abs(facts.clock - Date.now() / 1000)).toBeLessThan(60);
    expect(facts.cgroup).toBe(
      execFileSync("stat", ["-fc", "%T", "/sys/fs/cgroup"], { encoding: "utf8" }).trim() === "cgroup2fs" ? "v2" : "v1",
    );
  });

  test("takes the clock from `date`, and works where ip, openssl and sudo are missing", () => {
    const folder = mkdtempSync(join(tmpdir(), "turducken-facts-"));
    try {
      for (const name of ["date", "ip", "openssl", "sudo"])
        writeFileSync(join(folder, name), name === "date" ? "#!/bin/sh\necho 1000000000\n" : "#!/bin/sh\nexit 127\n", {
          mode: 0o755,
        });
      const facts = parseFacts(run({ PATH: `${folder}:${process.env.PATH}` }).stdout);
      expect(facts.clock).toBe(1_000_000_000);
      expect(facts.certificateDays).toBeUndefined();
      expect(facts.sudo).toBe(process.getuid!() === 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("names somebody else's slurmd, but not one inside a container, which is not the host's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "turducken-facts-"));
    copyFileSync("/bin/sleep", join(folder, "slurmd"));
    const daemons: ChildProcess[] = [];
    try {
      if (spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0) {
        daemons.push(spawn("unshare", ["--pid", "--fork", "--kill-child", join(folder, "slurmd"), "60"], { stdio: "ignore" }));
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(parseFacts(run().stdout).foreign).not.toContain("slurmd");
      } else console.log("skipped 1 check: not allowed to make a PID namespace");
      daemons.push(spawn(join(folder, "slurmd"), ["60"], { stdio: "ignore" }));
      expect(parseFacts(run().stdout).foreign).toContain("slurmd");
    } finally {
      for (const daemon of daemons) daemon.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });

  test("stays under 5 KB and passes shellcheck", () => {
    expect(renderFactsScript().length).toBeLessThan(5 * 1024);
    if (shellcheckMissing()) console.log("skipped 1 check: shellcheck is not installed");
    else expect(shellcheck(renderFactsScript())).toBe("");
  });

  test("travels packed, in 60 % of the bytes, and the host's own programs unpack it", () => {
    const packed = packedFactsScript();
    expect(packed.length).toBeLessThan(renderFactsScript().length * 0.6);
    expect(execFileSync("bash", ["-c", "base64 -d | gzip -d"], { input: packed, encoding: "utf8" })).toBe(renderFactsScript());
    const said = execFileSync("sh", ["-c", factsCommand({ name: "n01", generation: 3 })], { input: packed, encoding: "utf8" });
    expect(parseFacts(said).host).toBe("n01");
  });
});

describe("parseFacts", () => {
  test("skips what a login shell prints first", () => {
    const { stdout } = run();
    expect(parseFacts(`Welcome to the cluster!\n{"not": "facts"}\n${stdout}`)).toEqual(parseFacts(stdout));
  });

  test("says in one sentence what is wrong with an answer that holds no facts", () => {
    expect(() => parseFacts("This account is currently not available.\n")).toThrow(
      'the host answered without facts: "This account is currently not available."',
    );
    expect(() => parseFacts('{"host":"n01","hostn')).toThrow("the host's facts are cut off or damaged");
    expect(() => parseFacts('{"host":"n01"}')).toThrow(/^the host's facts lack what is needed: hostname: /);
  });
});
