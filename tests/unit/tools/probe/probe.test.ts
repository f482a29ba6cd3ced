import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { findDistribution } from "../../../../components/hosts";
import { encryptSecret } from "../../../../tools/config/write-secret";
import { runProbe, type ProbeReport } from "../../../../tools/probe/run";
import { describeWithSshd, freePort, makeKey, startSshd, type Sshd } from "../ssh/sshd";

jest.setTimeout(60_000);

const PROJECT = join(__dirname, "../../../fixtures/probe-project");
const bind = Object.values(networkInterfaces())
  .flat()
  .find((each) => each && !each.internal && each.family === "IPv4")?.address;
const release = Object.fromEntries(
  readFileSync("/etc/os-release", "utf8")
    .split("\n")
    .map((line) => line.replaceAll('"', "").split("=") as [string, string]),
);
/** Why this machine cannot play a host that is right in every way. */
const unfit = [
  userInfo().uid === 0 ? undefined : "not root",
  bind ? undefined : "no address but loopback",
  findDistribution(release.ID ?? "", release.VERSION_ID ?? "") ? undefined : "a distribution that is not in the table",
].find(Boolean);
if (unfit) process.stderr.write(`skipped: probe of a host that is right: ${unfit}\n`);
const testWhenFit = unfit ? test.skip : test;

describeWithSshd("probe", () => {
  const key = makeKey();
  const name = hostname().split(".")[0]!.toLowerCase();
  let sshd: Sshd;
  let folder: string;
  let file: string;
  const said: string[] = [];
  const complained: string[] = [];
  const before = process.env.PULUMI_CONFIG_PASSPHRASE;

  beforeAll(async () => {
    process.env.PULUMI_CONFIG_PASSPHRASE = "probe";
    // bash reads .bashrc for sshd unless it believes itself inside another shell; what this machine's has in it is not tested here.
    sshd = await startSshd({ authorizedKeys: [key.publicKey], settings: ["SetEnv SHLVL=2"] });
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.PULUMI_CONFIG_PASSPHRASE;
    else process.env.PULUMI_CONFIG_PASSPHRASE = before;
    await sshd.stop();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "turducken-probe-"));
    file = join(folder, "Pulumi.probe.yaml");
    said.length = complained.length = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    rmSync(join(PROJECT, "program/.turducken"), { recursive: true, force: true });
  });

  const present = (steps: string[]) => steps.forEach((step) => writeFileSync(join(folder, `${name}-${step}`), ""));

  async function probe(hosts: Record<string, unknown>[] = [{}], options: { mark?: boolean } = {}) {
    const all = hosts.map((host) => ({
      name,
      port: sshd.port,
      hostKey: sshd.hostKey,
      bind: bind ?? "127.0.0.1",
      user: sshd.user,
      ...host,
    }));
    writeFileSync(
      file,
      stringify({ config: { "turducken:cluster": { folder, hosts: all } } }).replace("config:\n", "config:\n  # Kept.\n"),
    );
    await encryptSecret(file, "turducken:sshPrivateKey", key.privateKey, "probe");
    const json = join(folder, "report.json");
    const code = await runProbe(
      "probe",
      { ...options, configFile: file, json },
      { out: (line) => said.push(line), error: (line) => complained.push(line) },
      PROJECT,
    );
    return { code, report: JSON.parse(readFileSync(json, "utf8")) as ProbeReport };
  }

  testWhenFit("finds nothing to do on a host that is right", async () => {
    present(["first", "second"]);
    const { code, report } = await probe();
    expect(report.problems).toEqual([]);
    expect(report.hosts[0]!.steps.map(({ phase, step, state }) => `${phase} ${step} ${state}`)).toEqual([
      "prepare first ok",
      "prepare second ok",
    ]);
    expect(code).toBe(0);
    expect(said.at(-1)).toBe("nothing to do: all 1 hosts are as they should be");
  });

  testWhenFit("lists what `up` would change, changes nothing, and marks the host with one line in the stack file", async () => {
    present(["first"]);
    const { code, report } = await probe([{}], { mark: true });
    expect(code).toBe(1);
    expect(
      report.hosts[0]!.steps.filter(({ state }) => state !== "ok").map(({ phase, step, state }) => [phase, step, state]),
    ).toEqual([["prepare", "second", "would-change"]]);
    expect(said.join("\n")).toContain(
      `${name}  1 would change\n  prepare  second                       would change  The file of second is there`,
    );
    expect(readdirSync(folder)).not.toContain(`${name}-second`);
    expect(report.marked).toEqual({ [name]: 2 });
    expect(readFileSync(file, "utf8")).toContain(`    generations: { ${name}: 2 }\n`);
    expect(readFileSync(file, "utf8")).toContain("config:\n  # Kept.\n  turducken:cluster:\n");
  });

  testWhenFit("tells everything at once: hosts that cannot be reached, and what facts say of the others", async () => {
    present(["first", "second"]);
    const { code, report } = await probe([
      {},
      { name: "n02", port: await freePort() },
      { name: "n03", hostKey: makeKey().publicKey },
      { name: "n04", bind: "192.0.2.99" },
    ]);
    expect(code).toBe(1);
    expect(report.hosts.map(({ host, reached }) => [host, reached])).toEqual([
      [name, true],
      ["n02", false],
      ["n03", false],
      ["n04", true],
    ]);
    const paths = report.problems.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "n02: connection",
        "n03: connection",
        "n04: facts: host name",
        "n04: facts: bind address",
        `${name}, n04: facts: machine id`,
      ]),
    );
    expect(complained.join("\n")).toContain("connection refused");
  });

  test("that reaches no host at all could not check: exit 2", async () => {
    expect((await probe([{ name: "n02", port: await freePort() }])).code).toBe(2);
  });

  test("prints no key, neither to the terminal nor into the report", async () => {
    await probe([{}, { name: "n02", port: await freePort() }]);
    const secretLines = key.privateKey.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
    const text = [...said, ...complained, readFileSync(join(folder, "report.json"), "utf8")].join("\n");
    expect(secretLines.length).toBeGreaterThan(0);
    for (const line of secretLines) expect(text).not.toContain(line);
  });

  test("without the passphrase says so and contacts nobody: exit 2", async () => {
    writeFileSync(file, stringify({ config: { "turducken:cluster": { folder, hosts: [] } } }));
    await encryptSecret(file, "turducken:sshPrivateKey", key.privateKey, "probe");
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
    const logins = sshd.logins();
    try {
      expect(
        await runProbe("probe", { configFile: file }, { out: () => undefined, error: (line) => complained.push(line) }, PROJECT),
      ).toBe(2);
    } finally {
      process.env.PULUMI_CONFIG_PASSPHRASE = "probe";
    }
    expect(complained.join("\n")).toContain("turducken:sshPrivateKey cannot be read without the passphrase");
    expect(sshd.logins()).toBe(logins);
  });
});
