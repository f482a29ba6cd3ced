import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { FakeHost, fileStep, states, step } from "../run-program";

let host: FakeHost;
beforeEach(() => (host = new FakeHost()));
afterEach(() => host.close());

describe("running work", () => {
  const restart = (id: string) => fileStep(host, id, { disruption: "restart" });
  const hooks = (busy: string) => ({
    busy,
    before: `echo before >>${host.path("order")}`,
    after: `echo after >>${host.path("order")}`,
  });

  test("is not there before a host is a member: prepare applies what restarts", async () => {
    const run = await host.run(host.program({ steps: { prepare: [restart("a")] } }), "prepare", "apply");
    expect(states(run)).toEqual(["a changed"]);
  });

  test("is left alone by prepare on a member; roll does it later on the idle host", async () => {
    const text = host.program({ steps: { prepare: [restart("a"), fileStep(host, "b")] }, roll: hooks("return 1") });
    host.member();
    const prepare = await host.run(text, "prepare", "apply");
    expect(prepare.code).toBe(0);
    expect(states(prepare)).toEqual(["a deferred", "b changed"]);
    expect(prepare.reports[0]!.stderr).toEqual(["would disturb running work (restart); left to the roll"]);
    expect(states(await host.run(text, "roll", "check"))).toEqual(["a would-change"]);
    expect(states(await host.run(text, "roll", "apply"))).toEqual(["a changed"]);
    expect(states(await host.run(text, "roll", "apply"))).toEqual(["a ok"]);
  });

  test("defers the roll of a busy host, exits 0 and says what runs there", async () => {
    const text = host.program({
      steps: { prepare: [restart("a")], roll: [fileStep(host, "b", { disruption: "drain" })] },
      roll: hooks("echo '3 pods of ring'"),
    });
    host.member();
    const run = await host.run(text, "roll", "apply");
    expect(run.code).toBe(0);
    expect(states(run)).toEqual(["a deferred", "b deferred"]);
    expect(run.reports[0]!.stderr).toEqual(["3 pods of ring"]);
    expect(existsSync(host.path("order"))).toBe(false);
  });

  test("counts a broken question as busy", async () => {
    const text = host.program({ steps: { roll: [restart("a")] }, roll: hooks("echo 'no such API' >&2; return 3") });
    host.member();
    expect((await host.run(text, "roll", "apply")).reports[0]).toMatchObject({
      state: "deferred",
      stderr: ["cannot tell whether work is running here (exit 3): no such API"],
    });
  });

  test("is waited for with policy wait, and not with force", async () => {
    const maintenance = { reboot: "never", waitSeconds: 20 } as const;
    host.member();
    const counted = `if [ -e ${host.path("asked")} ]; then return 1; fi; : >${host.path("asked")}; echo busy`;
    const waiting = host.program({
      steps: { roll: [restart("a")] },
      roll: hooks(counted),
      maintenance: { ...maintenance, policy: "wait" },
    });
    expect(states(await host.run(waiting, "roll", "apply"))).toEqual(["a changed"]);
    const forced = host.program({
      steps: { roll: [restart("b")] },
      roll: hooks("echo busy"),
      maintenance: { ...maintenance, policy: "force" },
    });
    expect(states(await host.run(forced, "roll", "apply"))).toEqual(["b changed"]);
  }, 20000);

  test("leaves the host before a step that drains, and comes back after it", async () => {
    const text = host.program({
      steps: { roll: [fileStep(host, "upgrade", { disruption: "drain" }), fileStep(host, "also", { disruption: "restart" })] },
      roll: hooks("return 1"),
    });
    host.member();
    expect(states(await host.run(text, "roll", "apply"))).toEqual([
      "take-out-of-use changed",
      "upgrade changed",
      "also changed",
      "back-in-use changed",
    ]);
    expect(host.read("order")).toBe("before\nupgrade\nalso\nafter\n");
    expect(states(await host.run(text, "roll", "apply"))).toEqual(["upgrade ok", "also ok"]);
    expect(host.read("order")).toBe("before\nupgrade\nalso\nafter\n");
  });

  test("stays away from a host whose roll failed, and comes back once it is repaired, without being asked again", async () => {
    const upgrade = step(
      "upgrade",
      `[ -e ${host.path("repaired")} ]`,
      `[ -e ${host.path("cause-gone")} ] && : >${host.path("repaired")}`,
      { disruption: "drain" },
    );
    const busyOnce = `if [ -e ${host.path("state/rolling")} ]; then echo 'asked again'; else return 1; fi`;
    const text = host.program({ steps: { roll: [upgrade] }, roll: hooks(busyOnce) });
    host.member();
    expect(states(await host.run(text, "roll", "apply"))).toEqual(["take-out-of-use changed", "upgrade failed"]);
    expect(host.read("order")).toBe("before\n");
    writeFileSync(host.path("cause-gone"), "");
    expect(states(await host.run(text, "roll", "apply"))).toEqual([
      "take-out-of-use changed",
      "upgrade changed",
      "back-in-use changed",
    ]);
    expect(existsSync(host.path("state/rolling"))).toBe(false);
  });

  test("comes back to a host whose roll was cut off after the last step", async () => {
    const text = host.program({
      steps: { roll: [step("upgrade", "true", "false", { disruption: "drain" })] },
      roll: hooks("return 1"),
    });
    host.member();
    writeFileSync(host.path("state/rolling"), "");
    expect(states(await host.run(text, "roll", "check"))).toEqual(["upgrade ok", "back-in-use would-change"]);
    expect(states(await host.run(text, "roll", "apply"))).toEqual(["upgrade ok", "back-in-use changed"]);
    expect(host.read("order")).toBe("after\n");
  });

  test("that cannot leave fails the roll with the host put back in use", async () => {
    const text = host.program({
      steps: { roll: [fileStep(host, "upgrade", { disruption: "drain" })] },
      roll: { ...hooks("return 1"), before: "echo 'budget ring allows none' >&2; false" },
    });
    host.member();
    const run = await host.run(text, "roll", "apply");
    expect(run.code).toBe(1);
    expect(run.reports[0]).toMatchObject({ step: "take-out-of-use", state: "failed", stderr: ["budget ring allows none"] });
    expect(host.read("order")).toBe("after\n");
    expect(existsSync(host.path("state/rolling"))).toBe(false);
  });

  test("is not cut by a reboot nobody allowed", async () => {
    const pages = step("huge-pages", `[ -e ${host.path("booted")} ]`, `: >${host.path("boot-entry")}`, { disruption: "reboot" });
    const text = host.program({ steps: { prepare: [pages] }, roll: hooks("return 1") });
    const fresh = await host.run(text, "prepare", "apply");
    expect(fresh.code).toBe(0);
    expect(fresh.reports[0]).toMatchObject({
      state: "deferred",
      stderr: ["takes effect at the next reboot; maintenance.reboot is never"],
    });
    host.member();
    expect((await host.run(text, "roll", "apply")).reports[0]).toMatchObject({
      step: "huge-pages",
      state: "deferred",
      stderr: ["needs a reboot; maintenance.reboot is never"],
    });
    expect(existsSync(host.path("order"))).toBe(false);
  });

  test("makes a host a member when its cluster phase is done, and only then", async () => {
    const text = host.program({
      steps: {
        cluster: [step("join", `[ -e ${host.path("joined")} ]`, `[ -e ${host.path("api")} ] && : >${host.path("joined")}`)],
      },
    });
    await host.run(text, "cluster", "apply");
    expect(existsSync(host.path("state/member"))).toBe(false);
    writeFileSync(host.path("api"), "");
    await host.run(text, "cluster", "check");
    expect(existsSync(host.path("state/member"))).toBe(false);
    await host.run(text, "cluster", "apply");
    expect(existsSync(host.path("state/member"))).toBe(true);
  });
});

describe("interruption", () => {
  test("by a signal lets the step finish, then stops with a failed report; a rerun goes on", async () => {
    const slow = step("slow", `[ -e ${host.path("slow")} ]`, `: >${host.path("started")}; sleep 0.6; : >${host.path("slow")}`);
    const text = host.program({ steps: { prepare: [slow, fileStep(host, "next")] } });
    const run = await host.run(text, "prepare", "apply", {
      started: (pid) => {
        const poll = setInterval(() => {
          if (!existsSync(host.path("started"))) return;
          clearInterval(poll);
          process.kill(pid, "SIGHUP");
        }, 20);
      },
    });
    expect(run.code).toBe(1);
    expect(states(run)).toEqual(["slow changed", "next failed"]);
    expect(run.reports[1]!.stderr).toEqual(["stopped by signal HUP before this step"]);
    expect(states(await host.run(text, "prepare", "apply"))).toEqual(["slow ok", "next changed"]);
  });

  test("by a cut connection ends the run after the step in progress; a rerun converges", async () => {
    const wait = step(
      "wait",
      `[ -e ${host.path("wait")} ]`,
      `until [ -e ${host.path("cut")} ]; do sleep 0.05; done; : >${host.path("wait")}`,
    );
    const text = host.program({ steps: { prepare: [fileStep(host, "first"), wait, fileStep(host, "third")] } });
    writeFileSync(host.path("program.sh"), text);
    const child = spawn("bash", [host.path("program.sh"), "prepare", "apply"], { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", () => child.stdout.destroy());
    child.stdout.once("close", () => writeFileSync(host.path("cut"), ""));
    const ended = await new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
    expect(ended).not.toBe(0);
    expect([existsSync(host.path("wait")), existsSync(host.path("third"))]).toEqual([true, false]);
    expect(states(await host.run(text, "prepare", "apply"))).toEqual(["first ok", "wait ok", "third changed"]);
  });

  test("leaves no scratch files behind, not even after SIGKILL and a rerun", async () => {
    const text = host.program({
      steps: {
        prepare: [step("slow", `[ -e ${host.path("slow")} ]`, `: >${host.path("started")}; sleep 0.3; : >${host.path("slow")}`)],
      },
    });
    const killed = await host.run(text, "prepare", "apply", {
      started: (pid) => {
        const poll = setInterval(() => {
          if (!existsSync(host.path("started"))) return;
          clearInterval(poll);
          process.kill(pid, "SIGKILL");
        }, 20);
      },
    });
    expect(killed.signal).toBe("SIGKILL");
    expect((await host.run(text, "prepare", "apply")).code).toBe(0);
    expect(readdirSync(host.path("run"))).toEqual(["lock"]);
  });

  test("a second run waits for the first and says so when it does not end", async () => {
    const slow = step("slow", `[ -e ${host.path("slow")} ]`, `: >${host.path("started")}; sleep 2.5; : >${host.path("slow")}`);
    const text = host.program({ steps: { prepare: [slow] } });
    const first = host.run(text, "prepare", "apply");
    while (!existsSync(host.path("started"))) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await host.run(text, "prepare", "apply");
    expect(second.code).toBe(1);
    expect(second.reports[0]).toMatchObject({ step: "lock", state: "failed", stderr: ["another run is at work on this host"] });
    expect(states(await first)).toEqual(["slow changed"]);
  }, 20000);

  test("a daemon that a step starts keeps neither the lock nor the connection", async () => {
    const text = host.program({
      steps: { prepare: [step("daemon", `[ -e ${host.path("daemon")} ]`, `sleep 3 & : >${host.path("daemon")}`)] },
    });
    expect((await host.run(text, "prepare", "apply")).code).toBe(0);
    expect((await host.run(text, "prepare", "apply")).code).toBe(0);
  }, 20000);
});
