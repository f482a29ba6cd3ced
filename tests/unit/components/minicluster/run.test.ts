import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { commandFields, POST, preLines } from "../../../../components/minicluster/launch";
import { podSize } from "../../../../components/minicluster/resources";
import { contractOf, lammps } from "./fixtures";

const SOURCE = join(__dirname, "../../../../components/minicluster/run.py");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "minicluster-"));
  copyFileSync(SOURCE, join(folder, "run.py"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in for Flux: each subcommand does what the test says and notes its arguments. */
function fakeFlux(cases: Readonly<Record<string, string>>): void {
  const lines = Object.entries(cases).map(([name, line]) => `${name}) ${line};;`);
  const text = ["#!/bin/bash", `echo "$@" >> ${folder}/calls`, "sub=$1; shift", "case $sub in", ...lines, "esac", ""];
  writeFileSync(join(folder, "flux"), text.join("\n"));
  chmodSync(join(folder, "flux"), 0o755);
}

function run(job: object, args: readonly string[] = ["-N", "2", "--quiet", "lmp"]) {
  const whole = {
    nodes: 2, tasks: 4, options: ["-o", "pmi=simple"], pmi: "simple", world: "auto", seconds: 5,
    program: "lmp", system: false, output: null, ...job,
  }; // prettier-ignore
  writeFileSync(join(folder, "job.json"), JSON.stringify(whole));
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder };
  const { status, stdout, stderr } = spawnSync("python3", [join(folder, "run.py"), ...args], { env, encoding: "utf8" });
  const calls = existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").trim().split("\n") : [];
  return { status, stdout, stderr, calls };
}

const answers = (sizes: readonly number[], by = "/lib/libmpi.so.12") =>
  sizes.map((size, rank) => `echo 'TURDUCKEN rank=${size === 1 ? 0 : rank} size=${size} by=${by}'`).join("; ");

describe("the world", () => {
  test("of all tasks lets the application run with its own arguments", () => {
    fakeFlux({ run: answers([4, 4, 4, 4]), submit: "echo result" });
    const { status, stdout, stderr, calls } = run({});
    expect({ status, stdout }).toEqual({ status: 0, stdout: "result\n" });
    expect(stderr).toBe("turducken: one world of 4 ranks, says /lib/libmpi.so.12 in every task\n");
    expect(calls).toEqual([`run -N 2 -n 4 -t 5s -o pmi=simple flux python ${folder}/run.py --rank`, "submit -N 2 --quiet lmp"]);
  });

  test.each([
    ["four worlds of one rank", answers([1, 1, 1, 1]), "4 tasks answered from worlds of size 1, not from one of 4"],
    ["two worlds of two", answers([2, 2, 2, 2]), "4 tasks answered from worlds of size 2, not from one of 4"],
    ["worlds of different sizes", answers([3, 3, 3, 1]), "4 tasks answered from worlds of size 1, 3, not from one of 4"],
    ["a task that does not answer", answers([4, 4, 4]), "3 answers do not have the ranks 0 to 3, once each"],
    ["no answer", "true", "0 tasks answered from worlds of size none, not from one of 4"],
    ["a library that fails", "exit 7", "the tasks that asked for the world's size ended with 7"],
  ])("as %s ends everything before the application starts", (_, line, message) => {
    fakeFlux({ run: line, submit: "echo result", exec: "true" });
    const { status, stdout, stderr, calls } = run({});
    expect({ status, stdout }).toEqual({ status: 90, stdout: "" });
    expect(stderr).toContain(message);
    expect(calls.at(-1)).toBe(`exec -n -r all sh -c echo 90 > ${folder}/failed`);
  });

  test("without a library is what PMI says", () => {
    fakeFlux({ run: `case "$*" in *pmi*exchange) exit 1;; *) ${answers([0, 0], "none")};; esac`, exec: "true" });
    const { status, stderr, calls } = run({});
    expect(status).toBe(90);
    expect(stderr).toContain("PMI does not serve all tasks: flux pmi exchange ended with 1");
    expect(calls[1]).toBe("run -N 2 -n 4 -t 5s -o pmi=simple flux pmi --method=simple exchange");
  });

  test("without a library is refused where the user asked for the library", () => {
    fakeFlux({ run: answers([0, 0], "none"), exec: "true" });
    expect(run({ world: "mpi" })).toMatchObject({ status: 90, stderr: expect.stringContaining("no MPI library in the image") });
  });

  test("without a library and with PMIx is not known, and said so", () => {
    fakeFlux({ run: answers([0, 0], "none"), submit: "true" });
    expect(run({ pmi: "pmix" })).toMatchObject({
      status: 0,
      stderr: "turducken: no MPI library found, and no client for pmi=pmix: nothing is known of the world\n",
    });
  });

  test("is not asked where the probe is off", () => {
    fakeFlux({ submit: "true" });
    expect(run({ world: "off" }).calls).toEqual(["submit -N 2 --quiet lmp"]);
  });

  test("is asked of the library that the program is linked to, in every task", () => {
    fakeFlux({});
    writeFileSync(join(folder, "ldd"), "#!/bin/sh\necho '  libmpi.so.12 => /nowhere/libmpi.so.12 (0x0)'\n");
    chmodSync(join(folder, "ldd"), 0o755);
    writeFileSync(join(folder, "lmp"), "");
    chmodSync(join(folder, "lmp"), 0o755);
    const { status, stderr } = run({}, ["--rank"]);
    expect(status).not.toBe(0);
    expect(stderr).toContain("/nowhere/libmpi.so.12");
  });

  test("of a program without MPI is not that of any library of the system", () => {
    fakeFlux({});
    expect(run({ program: "cat" }, ["--rank"])).toMatchObject({ status: 0, stdout: "TURDUCKEN rank=0 size=0 by=none\n" });
  });
});

describe("the application", () => {
  const output = String.raw`(\d+) by (\d+) by (\d+) MPI processor grid`;

  test.each([
    ["1 by 2 by 2 MPI processor grid", 0, ""],
    ["1 by 1 by 1 MPI processor grid", 90, "the application says that it has 1 ranks, not 4"],
    ["nothing", 90, "no line of the application's output matches"],
  ])("that prints %p ends with %d", (line, status, message) => {
    fakeFlux({ submit: `echo before; echo '${line}'; echo after`, exec: "true" });
    const done = run({ world: "off", output });
    expect(done).toMatchObject({ status, stdout: `before\n${line}\nafter\n` });
    expect(done.stderr).toContain(message);
  });

  test.each([[null], [output]])("that fails makes all pods fail with its own code", (pattern) => {
    fakeFlux({ submit: "exit 3", exec: "true" });
    const { status, stderr, calls } = run({ world: "off", output: pattern });
    expect(status).toBe(3);
    expect(stderr).toBe("turducken: the application ended with 3\n");
    expect(calls.at(-1)).toBe(`exec -n -r all sh -c echo 3 > ${folder}/failed`);
  });
});

describe("the shell lines around it", () => {
  test.each([
    ["the lead's failure", "false", "", 1],
    ["a failure that the lead told", "true", "90", 90],
    ["success", "true", "", 0],
  ])("%s is the pod's end", (_, last, mark, status) => {
    writeFileSync(join(folder, "failed"), mark);
    // As in the operator's script: the commands are the last of an `if`, and the script ends with a touch.
    const lines = ["if true; then", last, "fi", "", POST.replaceAll("/tmp/turducken", folder), "", `touch ${folder}/complete`];
    expect(spawnSync("bash", ["-c", lines.join("\n")]).status).toBe(status);
  });

  test("write the files and R even when the operator hides the last line's output", () => {
    fakeFlux({ R: 'echo "R of $*"' });
    const size = podSize(contractOf("p5.48xlarge").pools[1]!, lammps);
    const pre = preLines(lammps, size, "simple").replaceAll("/tmp/turducken", `${folder}/launch`);
    const config = join(folder, "config/etc/flux/system");
    const script = `mkdir -p ${config}\nconfigroot=${folder}/config hosts='lammps-[0-1]'\n${pre} > /dev/null 2>&1\n`;
    execFileSync("bash", ["-c", script], { env: { PATH: `${folder}:${process.env.PATH}` } });
    expect(readFileSync(join(folder, "launch/run.py"), "utf8")).toBe(readFileSync(SOURCE, "utf8"));
    expect(JSON.parse(readFileSync(join(folder, "launch/job.json"), "utf8"))).toMatchObject({ tasks: 16, program: "lmp" });
    expect(readFileSync(join(config, "R"), "utf8")).toBe("R of encode --hosts=lammps-[0-1] --cores=0-95 --gpus=0-7\n");
  });

  test("give any command its words back, by way of the operator's here-document", () => {
    const word = fc.stringMatching(/^[ -~äß]{1,8}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const fields = commandFields(["printf", "<%s>", ...words]) as { script: string };
        const script = `cat <<EOF > ${folder}/entry.sh\n${fields.script}\nEOF\nbash ${folder}/entry.sh`;
        expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe(words.map((each) => `<${each}>`).join(""));
      }),
      { numRuns: 40 },
    );
  });

  test("leave plain words as they are", () => {
    expect(commandFields(["lmp", "-v", "x=2", "a/b.txt"])).toEqual({ command: "lmp -v x=2 a/b.txt" });
  });
});
