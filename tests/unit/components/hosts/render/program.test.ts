import { spawnSync } from "node:child_process";
import { readdirSync, existsSync, writeFileSync } from "node:fs";
import { renderHostProgram } from "../../../../../components/hosts";
import { FakeHost, fileStep, shellcheck, shellcheckMissing, states, step } from "../run-program";

let host: FakeHost;
beforeEach(() => (host = new FakeHost()));
afterEach(() => host.close());

const secretLine = (secrets: Record<string, string>) => `${JSON.stringify(secrets)}\n`;

describe("a host program", () => {
  test("applies what is not right, in order, and the second run changes nothing", async () => {
    const text = host.program({ steps: { prepare: [fileStep(host, "first"), fileStep(host, "second")] } });
    const first = await host.run(text, "prepare", "apply");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(states(first)).toEqual(["first changed", "second changed"]);
    expect(host.read("order")).toBe("first\nsecond\n");
    const second = await host.run(text, "prepare", "apply");
    expect(states(second)).toEqual(["first ok", "second ok"]);
    expect(host.read("order")).toBe("first\nsecond\n");
  });

  test("lists in check mode what would change and changes nothing, also when it comes through stdin", async () => {
    const text = host.program({ steps: { prepare: [fileStep(host, "first"), step("right", "true", "false")] } });
    for (const viaStdin of [false, true]) {
      const run = await host.run(text, "prepare", "check", { viaStdin });
      expect(run.code).toBe(0);
      expect(states(run)).toEqual(["first would-change", "right ok"]);
    }
    expect(existsSync(host.path("first"))).toBe(false);
    expect(existsSync(host.path("state"))).toBe(false);
  });

  test("stops at the first failure and names host, step, error and remedy", async () => {
    const broken = step("broken", "false", "echo 'cannot reach the mirror' >&2; exit 7", { remedy: "open the mirror" });
    const run = await host.run(
      host.program({ steps: { prepare: [fileStep(host, "first"), broken, fileStep(host, "third")] } }),
      "prepare",
      "apply",
    );
    expect(run.code).toBe(1);
    expect(states(run)).toEqual(["first changed", "broken failed"]);
    expect(run.reports[1]).toMatchObject({
      host: "n01",
      phase: "prepare",
      title: "Title of broken",
      stderr: ["cannot reach the mirror"],
      remedy: "open the mirror",
    });
    expect(run.stderr).toBe("n01: prepare: step broken failed\n  cannot reach the mirror\n  do: open the mirror\n");
    expect(existsSync(host.path("third"))).toBe(false);
  });

  test("ends a fragment at its first failing command, also inside a function and a pipeline", async () => {
    const marker = host.path("went-on");
    for (const [id, apply] of Object.entries({
      plain: `false\n: >${marker}`,
      function: `f() { false; : >${marker}; }\nf`,
      pipe: `false | true\n: >${marker}`,
      unset: `echo "$nothing_here"\n: >${marker}`,
    })) {
      const run = await host.run(host.program({ steps: { prepare: [step(id, "false", apply)] } }), "prepare", "apply");
      expect(states(run)).toEqual([`${id} failed`]);
    }
    expect(existsSync(marker)).toBe(false);
  });

  test("says so when a step was applied but is still not right", async () => {
    const run = await host.run(
      host.program({ steps: { prepare: [step("stubborn", "echo 'port 6443 is silent' >&2; false", ":")] } }),
      "prepare",
      "apply",
    );
    expect(run.code).toBe(1);
    expect(run.reports[0]).toMatchObject({ state: "failed", stderr: ["applied but still not right: port 6443 is silent"] });
  });

  test("shows the end of stdout when a failing program wrote nothing to stderr", async () => {
    const run = await host.run(
      host.program({ steps: { prepare: [step("quiet", "false", "echo the reason; false")] } }),
      "prepare",
      "apply",
    );
    expect(run.reports[0]!.stderr).toEqual(["the reason"]);
  });

  test("leaves progress out of the error unless there is nothing else", async () => {
    const talk = (rest: string) =>
      host.program({ steps: { prepare: [step("talk", "false", `say 'fetching 3 images'; ${rest} false`)] } });
    expect((await host.run(talk("echo 'no space left' >&2;"), "prepare", "apply")).reports[0]!.stderr).toEqual(["no space left"]);
    expect((await host.run(talk(""), "prepare", "apply")).reports[0]!.stderr).toEqual(["turducken: fetching 3 images"]);
  });

  test("is valid JSON whatever a program prints to stderr", async () => {
    const bytes = Buffer.concat([
      Buffer.from('a "quote", a \\ backslash,\ttab, \x01\x1b[31mred\x7f, é ☃ 😀 '),
      Buffer.from([0xff, 0xc0, 0x80, 0xe2, 0x82, 0x41, 0xed, 0xa0, 0x80, 0xf5]),
      Buffer.from("\nsecond\n"),
      Buffer.from([0xe2, 0x98]),
    ]);
    writeFileSync(host.path("nasty"), bytes);
    const run = await host.run(
      host.program({
        steps: { prepare: [step("nasty", "false", `cat ${host.path("nasty")} >&2; false`, { remedy: 'say "please" \\ ☃' })] },
      }),
      "prepare",
      "apply",
    );
    expect(run.stdout).toMatch(/^[\x20-\x7e]+\n$/);
    const [line, ...rest] = run.reports[0]!.stderr!;
    expect(line!.replace(/\ufffd+/g, "?")).toBe('a "quote", a \\ backslash,\ttab, \x01\x1b[31mred\x7f, é ☃ 😀 ?A?');
    expect(rest).toEqual(["second", "\ufffd"]);
    expect(run.reports[0]!.remedy).toBe('say "please" \\ ☃');
  });

  test("escapes every single byte so that JSON holds it", async () => {
    for (const from of [1, 64, 128, 192]) {
      const printable = Array.from({ length: 64 }, (_, index) => from + index).filter((byte) => byte !== 10 && byte < 256);
      writeFileSync(host.path("bytes"), Buffer.from(printable));
      const run = await host.run(
        host.program({ steps: { prepare: [step("bytes", "false", `cat ${host.path("bytes")} >&2; false`)] } }),
        "prepare",
        "apply",
      );
      const expected = printable.map((byte) => (byte < 128 ? String.fromCharCode(byte) : "\ufffd")).join("");
      expect(run.reports[0]!.stderr!.join("\n").replace(/\ufffd+/g, "\ufffd")).toBe(expected.replace(/\ufffd+/g, "\ufffd"));
    }
  });

  test("keeps titles and names with quotes, dollars and other alphabets as they are", async () => {
    const odd = { ...step("odd", "true", ":"), title: `It's $HOME "quoted" \`x\` ☃`, remedy: "don't $(touch x)" };
    const run = await host.run(host.program({ steps: { prepare: [odd] } }), "prepare", "apply");
    expect(run.reports[0]!.title).toBe(odd.title);
  });

  test("refuses unknown phases and modes with its usage", async () => {
    const run = await host.run(host.program({ steps: {} }), "destroy" as never, "apply");
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("usage:");
  });

  test("refuses step ids that are not kebab-case or not unique", () => {
    expect(() => host.program({ steps: { prepare: [step("Bad_Id", "", "")] } })).toThrow('step id "Bad_Id" is not kebab-case');
    expect(() => host.program({ steps: { prepare: [step("a", "", ""), step("a", "", "")] } })).toThrow("two steps have the id a");
  });

  test("is the same bytes for the same input and passes shellcheck", () => {
    const make = () =>
      host.program({
        steps: { prepare: [fileStep(host, "a")], cluster: [fileStep(host, "b")] },
        roll: { busy: "return 1", before: ":", after: ":" },
      });
    expect(make()).toBe(make());
    if (shellcheckMissing()) {
      console.log("skipped 1 check: shellcheck is not installed");
      return;
    }
    expect(shellcheck(make())).toBe("");
  });
});

describe("secrets", () => {
  const odd = {
    token: "abcdef.0123456789abcdef",
    json: '{"auths":{"r":{"auth":"x\\\\\\"y"}}}',
    lines: "-----BEGIN\nline two\ttab\n-----END\n",
    unicode: "é☃😀\u0001",
    empty: "",
  };

  test("reach a step byte for byte, through stdin, without jq", async () => {
    const steps = Object.keys(odd).map((name) =>
      step(name, `[ -e ${host.path(name)} ]`, `secret ${name} | write_file ${host.path(name)} 0600`),
    );
    const run = await host.run(host.program({ steps: { cluster: steps } }), "cluster", "apply", { stdin: secretLine(odd) });
    expect(run.code).toBe(0);
    for (const [name, value] of Object.entries(odd)) expect(host.read(name)).toBe(value);
  });

  test("are read from pretty much any JSON object: spaces, escapes, slashes, numbers", async () => {
    const steps = ["a", "b", "c", "d"].map((name) =>
      step(name, `[ -e ${host.path(name)} ]`, `secret ${name} | write_file ${host.path(name)} 0600`),
    );
    await host.run(host.program({ steps: { cluster: steps } }), "cluster", "apply", {
      stdin: ' { "a" : "x\\/y" , "b":12 , "c":"\\ud83d\\ude00\\u00e9\\u0041" ,"d":true } ',
    });
    expect(["a", "b", "c", "d"].map((name) => host.read(name))).toEqual(["x/y", "12", "😀éA", "true"]);
  });

  test("are in no environment, no argument list and no report, not even when a program prints them", async () => {
    const snoop = step(
      "snoop",
      "false",
      `{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' ' ' </proc/$$/cmdline; env; } >${host.path("seen")}; echo "refused: $(secret token)" >&2; false`,
    );
    const run = await host.run(host.program({ steps: { cluster: [snoop] } }), "cluster", "apply", { stdin: secretLine(odd) });
    expect(host.read("seen")).toContain("bash");
    for (const text of [host.read("seen"), run.stdout, run.stderr]) expect(text).not.toContain(odd.token);
    expect(run.reports[0]!.stderr).toEqual(["refused: [secret]"]);
    expect(spawnSync("grep", ["-rl", odd.token, host.folder]).status).toBe(1);
  });

  test("that were not handed over fail the step that wants them, and are absent in check mode", async () => {
    const want = step("want", "has_secret token", "secret token >/dev/null");
    const text = host.program({ steps: { cluster: [want] } });
    expect((await host.run(text, "cluster", "apply")).reports[0]).toMatchObject({
      state: "failed",
      stderr: ["the secret token was not handed to this run"],
    });
    expect(states(await host.run(text, "cluster", "check", { stdin: secretLine(odd) }))).toEqual(["want would-change"]);
  });

  test("that are not JSON stop the run before its first step without showing them", async () => {
    const run = await host.run(host.program({ steps: { cluster: [fileStep(host, "a")] } }), "cluster", "apply", {
      stdin: "hunter2 not json\n",
    });
    expect(run).toMatchObject({ code: 2, reports: [] });
    expect(run.stderr).not.toContain("hunter2");
  });
});

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

describe("renderHostProgram", () => {
  test("uses the paths of a real host unless told otherwise", () => {
    const text = renderHostProgram({
      cluster: "c",
      host: "n01",
      steps: { prepare: [], cluster: [], roll: [], leave: [] },
      maintenance: { policy: "defer", reboot: "never", waitSeconds: 0 },
    });
    expect(text).toContain("STATE=/etc/turducken\nRUN=/run/turducken\nOS_RELEASE=/etc/os-release\nLOCK_SECONDS=300\n");
  });
});
