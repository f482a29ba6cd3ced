import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { compressHostlist, expandHostlist, HostlistError, HOSTLIST_LIMIT } from "../../../hardware/hostlist";

describe("expanding a hostlist", () => {
  test.each<[string, string[]]>([
    ["cp1", ["cp1"]],
    ["n[01-03]", ["n01", "n02", "n03"]],
    ["n[1-3,7]", ["n1", "n2", "n3", "n7"]],
    ["n[08-11]", ["n08", "n09", "n10", "n11"]],
    ["n[9-11]", ["n9", "n10", "n11"]],
    ["10.0.0.[11-13]", ["10.0.0.11", "10.0.0.12", "10.0.0.13"]],
    ["r[1-2]n[01-02]", ["r1n01", "r1n02", "r2n01", "r2n02"]],
    ["n[1-2]-ib", ["n1-ib", "n2-ib"]],
    ["a,b[1-2] , c", ["a", "b1", "b2", "c"]],
    ["a,b,a", ["a", "b", "a"]],
    ["[1-2]", ["1", "2"]],
  ])("reads %s", (text, names) => {
    expect(expandHostlist(text)).toEqual(names);
  });

  test.each<[string, number, RegExp]>([
    ["", 0, /is empty/],
    ["  ", 0, /is empty/],
    ["a,,b", 2, /between commas is empty/],
    ["a,", 1, /between commas is empty/],
    ["n[1-2", 1, /not closed/],
    ["n1]", 2, /`\]` without `\[`/],
    ["n[1[2]]", 3, /inside brackets/],
    ["n[]", 2, /empty range/],
    ["n[1-]", 2, /`1-` is not a range/],
    ["n[1,a-b]", 4, /`a-b` is not a range/],
    ["n[3-1]", 2, /runs backwards/],
    ["n[1-03]", 2, /pads only its last number/],
    ["n[001-10]", 2, /shorter last number/],
    ["n 1", 1, /blank inside a name/],
    ["n[1234567890123456-1234567890123457]", 2, /more than 15 digits/],
  ])("refuses %j and names the place", (text, position, reason) => {
    const failure = failureOf(() => expandHostlist(text));
    expect(failure.position).toBe(position);
    expect(failure.reason).toMatch(reason);
    expect(failure.message).toContain(JSON.stringify(text));
    expect(failure.message).toContain(`character ${position + 1}`);
    expect(failure.message).toContain("allowed: ");
  });

  test("counts before it expands, so that absurd sizes cost nothing", () => {
    expect(expandHostlist("n[1-100000]")).toHaveLength(HOSTLIST_LIMIT);
    expect(failureOf(() => expandHostlist("n[0-100000]")).reason).toBe("stands for more than 100000 names");
    expect(failureOf(() => expandHostlist("a[1-999999]b[1-999999]c[1-999999]")).allowed).toBe("at most 100000 names");
    expect(failureOf(() => expandHostlist("n[1-99999],m[1-2]")).position).toBe(11);
  });
});

describe("compressing names", () => {
  test.each<[string[], string]>([
    [[], ""],
    [["cp1"], "cp1"],
    [["n01", "n02", "n03"], "n[01-03]"],
    [["n1", "n2", "n3", "n7"], "n[1-3,7]"],
    [["n09", "n10"], "n[09-10]"],
    [["n3", "n1", "n2"], "n[3,1-2]"],
    [["n01", "n2", "n03"], "n[01,2,03]"],
    [["n1", "n1"], "n[1,1]"],
    [["n1", "m1", "n2"], "n1,m1,n2"],
    [["a-1-1", "a-1-2", "a-2-1"], "a-1-[1-2],a-2-1"],
    [["login", "login"], "login,login"],
    [["10.0.0.11", "10.0.0.12"], "10.0.0.[11-12]"],
  ])("%j becomes %s", (names, text) => {
    expect(compressHostlist(names)).toBe(text);
  });

  test.each(["", "a b", "a,b", "n[1]"])("refuses the name %j, which no hostlist can express", (name) => {
    expect(() => compressHostlist(["n1", name])).toThrow(HostlistError);
  });
});

describe("Flux's form (RFC 29)", () => {
  // The test vectors of flux-framework/rfc:spec_29.rst@4b15e2a16bfe22f0cae2b4b718f95e7a18bc2c16, and its example of zeros.
  test.each<[string, string]>([
    ["", ""],
    ["foox,fooy,fooz", "foox,fooy,fooz"],
    ["[1-3,5-6]", "1,2,3,5,6"],
    ["foo[1-5]", "foo1,foo2,foo3,foo4,foo5"],
    ["foo[0-4]-eth2", "foo0-eth2,foo1-eth2,foo2-eth2,foo3-eth2,foo4-eth2"],
    ["foo1,foo1,foo1", "foo1,foo1,foo1"],
    ["[00-02]", "00,01,02"],
    ["[00-2]", "00,01,02"],
    ["foo[1,1,2,1]", "foo1,foo1,foo2,foo1"],
    ["n[005,4,11-13]", "n005,n004,n011,n012,n013"],
  ])("reads %j", (text, names) => {
    expect(expandHostlist(text, "rfc29").join(",")).toBe(names);
  });

  test.each<[string[], string]>([
    [["n01", "n2", "n03"], "n01,n2,n03"],
    [["n9", "n10", "n09"], "n[9-10],n09"],
    [["n08", "n09", "n10", "n100"], "n[08-10,100]"],
    [["n10", "n09"], "n10,n09"],
    [["n10", "n9"], "n10,n9"],
  ])("writes %j so that Slurm and Flux read the same", (names, text) => {
    expect(compressHostlist(names, "rfc29")).toBe(text);
  });
});

/** Names as sites make them: letters, dashes and dots, with or without numbers, padded or not. */
const hostName = fc
  .tuple(
    fc.constantFrom("n", "node-", "r1n", "gpu", "10.0.0.", "cp", "a-1-"),
    fc.nat(130),
    fc.constantFrom(0, 2, 3),
    fc.constantFrom("", "", "", "-ib"),
  )
  .map(([prefix, number, width, suffix]) => prefix + String(number).padStart(width, "0") + suffix);

describe("for any names", () => {
  test("expanding what was compressed gives the same names in the same order", () => {
    fc.assert(
      fc.property(fc.array(hostName, { minLength: 1, maxLength: 60 }), (names) => {
        expect(expandHostlist(compressHostlist(names))).toEqual(names);
      }),
    );
  });

  test("what is written in Flux's form is read the same in both forms", () => {
    fc.assert(
      fc.property(fc.array(hostName, { minLength: 1, maxLength: 60 }), (names) => {
        const text = compressHostlist(names, "rfc29");
        expect(expandHostlist(text, "rfc29")).toEqual(names);
        expect(expandHostlist(text)).toEqual(names);
      }),
    );
  });

  test("the same holds for names of any characters that are allowed in names", () => {
    const anyName = fc.stringMatching(/^[^\s,[\]]{1,24}$/);
    fc.assert(
      fc.property(fc.array(anyName, { minLength: 1, maxLength: 30 }), (names) => {
        expect(expandHostlist(compressHostlist(names))).toEqual(names);
      }),
    );
  });

  test("compressing an expanded range gives the range back", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 6 }), (first, extra, width) => {
        const low = String(first).padStart(width, "0");
        const high = String(first + extra).padStart(low.length, "0");
        expect(compressHostlist(expandHostlist(`n[${low}-${high}]`))).toBe(`n[${low}-${high}]`);
      }),
    );
  });
});

// Slurm's own verdict. Debian 12: apt install slurm-client.
// (Without a configuration even --version fails, so only its absence counts.)
const hasScontrol = spawnSync("scontrol", ["--version"]).error === undefined;
if (!hasScontrol)
  console.warn("skipped: 3 comparisons with Slurm, because the program scontrol is not installed (Debian: slurm-client)");

(hasScontrol ? describe : describe.skip)("as Slurm's scontrol reads and writes it", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hostlist-"));
    // `show hostnames` needs no daemon, but scontrol refuses to start without a configuration.
    writeFileSync(join(folder, "slurm.conf"), "ClusterName=none\nSlurmctldHost=localhost\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const scontrol = (what: "hostnames" | "hostlist", text: string): string[] =>
    execFileSync("scontrol", ["show", what, text], {
      env: { ...process.env, SLURM_CONF: join(folder, "slurm.conf") },
      encoding: "utf8",
    })
      .trim()
      .split("\n");

  /** Slurm 22.05 reads no text after the last bracket, and at most two brackets. */
  const range = fc
    .tuple(fc.nat(120), fc.nat(12), fc.integer({ min: 1, max: 3 }))
    .map(([first, extra, width]) => [String(first).padStart(width, "0"), extra] as const)
    .map(([low, extra]) => (extra === 0 ? low : `${low}-${String(Number(low) + extra).padStart(low.length, "0")}`));
  const brackets = fc.array(range, { minLength: 1, maxLength: 4 }).map((ranges) => `[${ranges.join(",")}]`);
  const element = fc.oneof(
    fc.constantFrom("cp1", "login", "10.0.0.1"),
    fc.tuple(fc.constantFrom("n", "10.0.0.", "gpu-"), brackets).map((parts) => parts.join("")),
    fc.tuple(fc.constantFrom("r", "rack-"), brackets, fc.constantFrom("n", "-"), brackets).map((parts) => parts.join("")),
  );
  const hostlist = fc.array(element, { minLength: 1, maxLength: 3 }).map((elements) => elements.join(","));

  test("every hostlist expands to the names that scontrol show hostnames prints", () => {
    fc.assert(
      fc.property(hostlist, (text) => {
        expect(expandHostlist(text)).toEqual(scontrol("hostnames", text));
      }),
      { numRuns: 60 },
    );
  });

  test("scontrol compresses names to the text that we write", () => {
    fc.assert(
      fc.property(fc.array(hostName, { minLength: 1, maxLength: 40 }), (names) => {
        expect(compressHostlist(names)).toBe(scontrol("hostlist", names.join(","))[0]);
      }),
      { numRuns: 60 },
    );
  });

  test("scontrol expands what we compressed to the same names", () => {
    fc.assert(
      fc.property(fc.array(hostName, { minLength: 1, maxLength: 40 }), (names) => {
        expect(scontrol("hostnames", compressHostlist(names))).toEqual(names);
      }),
      { numRuns: 60 },
    );
  });
});

function failureOf(act: () => unknown): HostlistError {
  try {
    act();
  } catch (error) {
    if (error instanceof HostlistError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
