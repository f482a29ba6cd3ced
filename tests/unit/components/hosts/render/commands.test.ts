import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { phaseCommand, programFile, quote, remoteProgram, textCommand } from "../../../../../components/hosts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "turducken-home-"));
  // Stands in for sudo, so that the same line is run as root and as a user.
  writeFileSync(join(home, "sudo"), '#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\nexec "$@"\n', { mode: 0o755 });
});
afterEach(() => rmSync(home, { recursive: true }));

const shell = (line: string, stdin = "", interpreter = "sh") =>
  spawnSync(interpreter, ["-c", line], {
    input: stdin,
    encoding: "utf8",
    env: { PATH: `${home}:${process.env.PATH}`, HOME: home },
  });

describe("quote", () => {
  test("makes one word of any text, in sh and in bash", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary-ascii" }).filter((text) => !text.includes("\0")),
        (text) => {
          for (const interpreter of ["sh", "bash"]) expect(shell(`printf %s ${quote(text)}`, "", interpreter).stdout).toBe(text);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("leaves plain words readable and refuses NUL", () => {
    expect(quote("/etc/turducken/host.json")).toBe("/etc/turducken/host.json");
    expect(quote("")).toBe("''");
    expect(quote("it's")).toBe("'it'\\''s'");
    expect(() => quote("a\0b")).toThrow("NUL");
  });
});

describe("a phase's command line", () => {
  const { text, sha256 } = programFile('echo "$1 $2"; cat\n', 3);
  const line = phaseCommand("example", "n01", sha256, "prepare");

  test("runs the copied program with phase, mode and secrets on stdin", () => {
    writeFileSync(join(home, remoteProgram("example", "n01")), text);
    expect(shell(line, '{"token":"x"}\n')).toMatchObject({ status: 0, stdout: 'prepare apply\n{"token":"x"}\n', stderr: "" });
  });

  test("refuses a file that is not the one that was copied, and a missing one, naming host, phase and remedy", () => {
    for (const prepare of [
      () => undefined,
      () => writeFileSync(join(home, remoteProgram("example", "n01")), `${text}rm -rf /\n`),
    ]) {
      prepare();
      const result = shell(line);
      expect(result.status).toBe(1);
      expect(result.stdout).toBe("");
      expect(result.stderr).toContain("n01: prepare: not the program that was copied. do: raise the generation of n01");
    }
  });

  test("changes with program and generation", () => {
    expect(programFile("a\n", 1).sha256).not.toBe(programFile("a\n", 2).sha256);
    expect(programFile("a\n", 1).sha256).not.toBe(programFile("b\n", 1).sha256);
    expect(programFile("a\n", 1)).toEqual(programFile("a\n", 1));
  });
});

describe("a script of its own", () => {
  const host = { name: "n01", generation: 2 };

  test("runs with quotes and lines as they are, stdin free, and stops at its first failure", () => {
    expect(shell(textCommand(`echo "it's $((1 + 1))"\ncat`, host), "secret")).toMatchObject({
      status: 0,
      stdout: "it's 2\nsecret",
    });
    expect(shell(textCommand("false\necho went on", host))).toMatchObject({ status: 1, stdout: "" });
  });
});
