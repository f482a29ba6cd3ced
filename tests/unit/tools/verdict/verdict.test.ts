import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostFacts, HostSpec, Inventory } from "../../../../components/hosts";
import { sha256 } from "../../../../components/hosts/render/commands";
import { hostFacts, hostSpec } from "../../components/hosts/inventory";
import { describeWithSshd, freePort, makeKey, startSshd, type Sshd } from "../ssh/sshd";

jest.setTimeout(60_000);

const BIN = join(__dirname, "../../../../bin/turducken.js");

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "turducken-verdict-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** The command as the resource `set` runs it. */
function verdict(stdin: unknown, argv: string[] = []): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn("node", [BIN, "verdict", ...argv]);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(typeof stdin === "string" ? stdin : JSON.stringify(stdin));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr })));
}

const hosts = [hostSpec("n01", "10.0.0.11"), hostSpec("n02", "10.0.0.12")];
const facts = (changes: Record<string, Partial<HostFacts>> = {}, of: HostSpec[] = hosts) =>
  Object.fromEntries(of.map((host) => [host.name, `motd\n${JSON.stringify(hostFacts(host, changes[host.name]))}\n`]));

describe("turducken verdict", () => {
  test("is content with good facts: exit 0 and no word", async () => {
    expect(await verdict({ cluster: "example", hosts, facts: facts() })).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("prints warnings to stdout and the whole list of problems to stderr: exit 1", async () => {
    const result = await verdict({
      cluster: "example",
      hosts,
      facts: { ...facts({ n01: { sudo: false, cgroup: "v1" } }), n02: "This account is not available.\n" },
    });
    expect(result.code).toBe(1);
    expect(result.stdout).toBe(
      'warning: n01: facts: cgroup = "v1": Kubernetes 1.36 refuses cgroup v1 unless failCgroupV1 is false; do: boot with systemd.unified_cgroup_hierarchy=1\n',
    );
    expect(result.stderr).toMatch(
      /^hosts of example: 2 problems\n  n02: facts\n    the host answered without facts: "This account is not available."\n[^]*\n  n01: facts: sudo = false\n[^]*    do: /,
    );
  });

  test("reads the hosts from an inventory file and refuses one with another content: exit 2", async () => {
    const file = join(folder, "set.json");
    const text = JSON.stringify({ schema: 1, cluster: "example", hosts } as Inventory);
    writeFileSync(file, text);
    expect((await verdict({ facts: facts() }, ["--inventory", file, "--sha256", sha256(text)])).code).toBe(0);
    const refused = await verdict({ facts: facts() }, ["--inventory", file, "--sha256", sha256("other")]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("is not the inventory of this run");
  });

  test("compares clocks with `now` when the facts are from now", async () => {
    const result = await verdict({
      cluster: "example",
      hosts,
      now: 1_800_000_000,
      facts: facts({ n02: { clock: 1_800_003_600 } }),
    });
    expect(result.stderr).toContain('n02: facts: clock = "+3600 s"');
  });

  test("does not quote its input when it is no JSON, for it holds keys", async () => {
    const result = await verdict('{"keys": {"sshPrivateKey": "planted"');
    expect(result).toEqual({ code: 2, stdout: "", stderr: "standard input is not JSON\n" });
  });
});

describeWithSshd("turducken verdict with keys", () => {
  const key = makeKey();
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ authorizedKeys: [key.publicKey], settings: ["SetEnv SHLVL=2"] });
  });
  afterAll(() => sshd.stop());

  /** Two names for this machine; both advertise loopback, where ports are ours to open and close. */
  const here = (name: string, port = sshd.port): HostSpec =>
    hostSpec(name, "127.0.0.1", { hostKey: sshd.hostKey, ssh: { user: sshd.user, port, privateKeySecret: "key" } });
  const input = async (of: HostSpec[], port: number) => ({
    cluster: "example",
    hosts: of,
    // Taken long ago: only a clock that is asked now may count.
    facts: facts({ n01: { addresses: ["127.0.0.1"], clock: 1 }, n02: { addresses: ["127.0.0.1", "x"], clock: 2 } }, of),
    keys: { key: key.privateKey },
    reachability: [{ port, from: "any", to: "any", purpose: "the test" }],
  });

  test("asks clocks and paths over SSH, and takes a refused connection for an open path", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    for (const port of [(server.address() as AddressInfo).port, await freePort()]) {
      const { stdout, stderr } = await verdict(await input([here("n01"), here("n02")], port));
      expect(stderr).not.toMatch(/clock|closed/);
      expect(stdout).not.toContain("did not answer");
    }
    server.close();
  });

  test("asks nobody whose clock just now was this machine's, when there is no path to test", async () => {
    // Nothing listens at this port: asking would be a warning.
    const port = await freePort();
    const addresses = ["127.0.0.2", "127.0.0.3"];
    const of = addresses.map((address, index) => ({
      ...here(`n0${index + 1}`, port),
      addresses: { reach: address, bind: address, advertise: address },
    }));
    const { reachability: _, ...rest } = await input(of, 0);
    const clock = Math.round(Date.now() / 1000);
    const fresh = facts({ n01: { addresses: ["127.0.0.2"], clock }, n02: { addresses: ["127.0.0.3"], clock } }, of);
    expect(await verdict({ ...rest, facts: fresh })).toEqual({ code: 0, stdout: "", stderr: "" });
    const old = { ...fresh, n02: fresh.n02!.replace(String(clock), String(clock - 60)) };
    expect((await verdict({ ...rest, facts: old })).stdout).toMatch(/^warning: n02: connection: did not answer just now: .*\n$/);
  });

  test("asks hosts anew whose facts in the state are bad, and goes by what they say now", async () => {
    const rest = await input([here("n01"), here("n02")], await freePort());
    const bad = facts({ n01: { foreign: ["slurmd"] }, n02: { sudo: false, os: { id: "plan9", versionId: "4" } } }, rest.hosts);
    const said = await verdict({ ...rest, facts: bad });
    expect(said.stderr).not.toMatch(/slurmd|plan9/);
    // Both names are this machine, which only fresh facts show.
    expect(said.stderr).toContain("n01, n02: facts: machine id");
  });

  test("finds the path that is closed, and says what the site would run", async () => {
    // TCP to a multicast address fails in the kernel without a packet, and not as a refusal.
    const nowhere = { ...here("n02"), addresses: { reach: "127.0.0.1", bind: "127.0.0.1", advertise: "224.0.0.1" } };
    const { code, stderr } = await verdict(await input([here("n01"), nowhere], 6443));
    expect(code).toBe(1);
    expect(stderr).toContain('n02: facts: port 6443/tcp = "224.0.0.1"\n    closed for n01; the test needs it');
    expect(stderr).toContain("nft add rule inet filter input tcp dport 6443 accept");
  });

  test("warns of a host that gave facts but does not answer now, and prints no key", async () => {
    const { stdout, stderr } = await verdict(await input([here("n01"), here("n02", await freePort())], await freePort()));
    expect(stdout).toContain("warning: n02: connection: did not answer just now: connection refused");
    const lines = key.privateKey.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
    for (const line of lines) expect(stdout + stderr).not.toContain(line);
  });
});
