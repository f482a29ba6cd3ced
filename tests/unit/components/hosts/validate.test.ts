import { validateFacts, type HostFacts, type HostSpec } from "../../../../components/hosts";
import { hostFacts, hostSpec } from "./inventory";

const three = [hostSpec("n01", "10.0.0.11"), hostSpec("n02", "10.0.0.12"), hostSpec("n03", "10.0.0.13")];

function judge(
  changes: Record<string, Partial<HostFacts>>,
  more: { hosts?: HostSpec[]; asked?: Record<string, number>; names?: "verify" | "manage" } = {},
) {
  const hosts = more.hosts ?? three;
  return validateFacts({
    cluster: "example",
    hosts,
    facts: new Map(hosts.map((host) => [host.name, hostFacts(host, changes[host.name])])),
    asked: new Map(Object.entries(more.asked ?? {})),
    site: { names: more.names ?? "verify" },
  });
}

const told = ({ problems }: { problems: { path: string; value?: unknown }[] }) =>
  problems.map(({ path, value }) => [path, value]);

test("good facts give no problem and no warning", () => {
  expect(judge({ n01: { hostname: "n01.cluster.example.org" } })).toEqual({ problems: [], warnings: [] });
});

test("everything that is wrong is told at once, each with its host and remedy", () => {
  const { problems } = judge({
    n01: { hostname: "localhost", sudo: false, os: { id: "slackware", versionId: "15.0" } },
    n02: { arch: "arm64", diskFreeMiB: 100, foreign: ["slurmd"], cluster: "other" },
    n03: { addresses: ["192.168.1.3"] },
  });
  expect(told({ problems })).toEqual([
    ["n01: facts: host name", "localhost"],
    ["n01: facts: sudo", false],
    ["n01: facts: operating system", "slackware 15.0"],
    ["n02: facts: architecture", "arm64"],
    ["n02: facts: disk", "100 MiB free"],
    ["n02: facts: slurmd", undefined],
    ["n02: facts: cluster", "other"],
    ["n03: facts: bind address", "10.0.0.13"],
  ]);
  for (const { fix, message } of problems) expect([fix.length > 10, message.length > 10]).toEqual([true, true]);
});

test("a host name is not judged where the names are ours to set", () => {
  expect(judge({ n01: { hostname: "localhost" } }, { names: "manage" }).problems).toEqual([]);
});

test("hosts that share a machine id, a name or an address of the inventory are named together", () => {
  const { problems } = judge({
    n01: { machineId: "same", addresses: ["10.0.0.11", "172.17.0.1"] },
    n02: { machineId: "same", hostname: "n03", addresses: ["10.0.0.12", "172.17.0.1", "10.0.0.13"] },
  });
  expect(told({ problems })).toEqual([
    ["n02: facts: host name", "n03"],
    ["n01, n02: facts: machine id", "same"],
    ["n02, n03: facts: host name", "n03"],
    ["n02, n03: facts: address", "10.0.0.13"],
  ]);
});

test("a declared advertise address must be on the host; the address we reach it by need not", () => {
  const host = hostSpec("n01", "10.0.0.11", { addresses: { reach: "203.0.113.7", bind: "10.0.0.11", advertise: "10.1.0.11" } });
  expect(told(judge({ n01: { addresses: ["10.0.0.11"] } }, { hosts: [host] }))).toEqual([
    ["n01: facts: advertise address", "10.1.0.11"],
  ]);
  expect(judge({ n01: { addresses: ["10.0.0.11", "10.1.0.11"] } }, { hosts: [host] }).problems).toEqual([]);
});

test("our own marker is no reason to refuse", () => {
  expect(judge({ n01: { cluster: "example" } }).problems).toEqual([]);
});

describe("clocks", () => {
  const asked = { n01: 1_800_000_000, n02: 1_800_000_000, n03: 1_800_000_000 };
  const at = (seconds: number) => ({ clock: 1_800_000_000 + seconds });

  test("within 30 s of each other are fine", () => {
    expect(judge({ n01: at(29), n02: at(-1) }, { asked }).problems).toEqual([]);
  });

  test("an hour off is a problem of that host alone", () => {
    expect(told(judge({ n02: at(3600) }, { asked }))).toEqual([["n02: facts: clock", "+3600 s"]]);
    expect(told(judge({ n02: at(-3600), n03: at(3) }, { asked }))).toEqual([["n02: facts: clock", "-3600 s"]]);
  });

  test("one host that differs from this machine is that host's problem", () => {
    expect(told(judge({ n01: at(3600) }, { hosts: [three[0]!], asked }))).toEqual([["n01: facts: clock", "+3600 s"]]);
  });

  test("of hosts that agree with each other, this machine is the one that is off: a warning", () => {
    const verdict = judge({ n01: at(500), n02: at(501), n03: at(502) }, { asked });
    expect(verdict.problems).toEqual([]);
    expect(verdict.warnings.map(({ path, value }) => [path, value])).toEqual([["this machine: clock", "-500 s"]]);
  });

  test("of facts taken long ago are not compared", () => {
    expect(judge({ n01: at(-31_536_000) }).problems).toEqual([]);
  });
});

test("what does not stop a run is a warning", () => {
  const { problems, warnings } = judge({
    n01: {
      cgroup: "v1",
      swapMiB: 2048,
      memoryMiB: 64 * 1024,
      cpus: 16,
      diskFreeMiB: 5000,
      selinux: "enforcing",
      certificateDays: 9,
      os: { id: "rocky", versionId: "9.4" },
    },
  });
  expect(problems).toEqual([]);
  expect(warnings.map(({ path }) => path.replace("n01: facts: ", ""))).toEqual([
    "operating system",
    "cgroup",
    "swap",
    "memory",
    "processors",
    "disk",
    "SELinux",
    "certificates",
  ]);
});

test("a host without facts is left to the caller, and the others are judged", () => {
  const verdict = validateFacts({
    cluster: "example",
    hosts: three,
    facts: new Map([["n01", hostFacts(three[0]!, { sudo: false })]]),
  });
  expect(told(verdict)).toEqual([["n01: facts: sudo", false]]);
});
