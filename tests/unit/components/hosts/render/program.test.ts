import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
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

  test("can be applied through stdin, where it reads no secrets from its own text", async () => {
    const text = `${host.program({ steps: { prepare: [fileStep(host, "first")] } })}# generation 2\n`;
    const run = await host.run(text, "prepare", "apply", { viaStdin: true });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(states(run)).toEqual(["first changed"]);
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
    const run = await host.run(host.program({ steps: { prepare: [odd] } }), "prepare", "check");
    expect(run.reports[0]!.title).toBe(odd.title);
  });

  test("leaves the title out of what went well in an apply, and keeps it in what went wrong", async () => {
    const steps = [step("fine", "true", ":"), step("broken", "false", "false")];
    const { reports } = await host.run(host.program({ steps: { prepare: steps } }), "prepare", "apply");
    expect(reports.map(({ step: id, state, title }) => [id, state, title])).toEqual([
      ["fine", "ok", undefined],
      ["broken", "failed", steps[1]!.title],
    ]);
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
