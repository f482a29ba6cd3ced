import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policies } from "../../../policies";
import { bareMetal, hostPrograms } from "../../../stacks/bare-metal";
import { parseCluster } from "../../../stacks/config";
import { graphOf, plainText, revealed, type GraphRun } from "../../fixtures/graph";
import { exampleRaw, OPTIONS, spoilt, type Raw } from "./config/example";

const KEY = "THE-LOGIN-KEY-OF-THE-TEST";
const started = process.cwd();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "turducken-stack-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(started);
  rmSync(folder, { recursive: true });
});

const run = (raw: Raw = exampleRaw(), secrets: Record<string, string> = {}): Promise<GraphRun> => {
  const config = Object.fromEntries(
    Object.entries({ sshPrivateKey: KEY, ...secrets }).map(([key, value]) => [`turducken:${key}`, value]),
  );
  const options = { keys: { secret: ["sshPrivateKey", ...Object.keys(secrets)], plain: [] } };
  const live = (type: string) => (type === "command:remote:Command" ? { stdout: "{}" } : {});
  return graphOf(() => bareMetal(parseCluster(raw, options)), { config, secretKeys: Object.keys(config), live });
};
const names = (graph: GraphRun, type: RegExp) =>
  graph.resources
    .filter((each) => type.test(each.type))
    .map(({ name }) => name)
    .sort();

test("the example is at most seven resources a host, one verdict, and two components of its own", async () => {
  const graph = await run();
  expect(names(graph, /^turducken:(hosts:HostSet|kubernetes)/)).toEqual(["hosts", "kubernetes"]);
  expect(names(graph, /^turducken:hosts:Host$/)).toEqual(["cp1", "n01", "n02", "n03", "n04", "n05", "n06"]);
  expect(names(graph, /^command:local:/)).toEqual(["set"]);
  for (const host of ["cp1", "n01", "n06"])
    expect(names(graph, /^command:remote:/).filter((name) => name.startsWith(`${host}-`)).length).toBeLessThanOrEqual(6);
  expect(names(graph, /^command:remote:/).filter((name) => name.startsWith("n03-"))).toEqual([
    "n03-copy",
    "n03-facts",
    "n03-host",
    "n03-join",
    "n03-roll",
    "n03-token",
  ]);
});

test("the outputs are a plain contract and a secret kubeconfig; the login key is nowhere in plain", async () => {
  const graph = await run();
  expect(graph.outputs.cluster).toMatchObject({ name: "example", kubernetes: { version: "1.36.3" } });
  expect(Object.keys(graph.outputs)).toEqual(["cluster", "kubeconfig"]);
  expect(plainText(graph.resources)).not.toContain(KEY);
  expect(
    readdirSync(join(folder, ".turducken", "test"))
      .map((name) => readFileSync(join(folder, ".turducken", "test", name), "utf8"))
      .join(""),
  ).not.toContain(KEY);
});

test("every connection pins the key of its own host", async () => {
  const parsed = parseCluster(exampleRaw(), OPTIONS);
  const graph = await run();
  for (const { name, hostKey, addresses } of parsed.hosts) {
    const facts = graph.find("command:remote:Command", `${name}-facts`);
    expect(revealed(facts.inputs.connection)).toMatchObject({ host: addresses.reach, hostKey });
  }
});

test("two runs register the same graph and write the same programs", async () => {
  const sorted = (graph: GraphRun) =>
    JSON.stringify([...graph.resources].sort((a, b) => (a.type + a.name < b.type + b.name ? -1 : 1)));
  const files = () =>
    readdirSync(join(folder, ".turducken", "test")).map((name) => [
      name,
      readFileSync(join(folder, ".turducken", "test", name), "utf8"),
    ]);
  const first = await run();
  const before = files();
  const second = await run();
  expect(sorted(second)).toBe(sorted(first));
  expect(files()).toEqual(before);
});

test("a new host, a lost one or a raised generation changes no other host's program", () => {
  const before = hostPrograms(parseCluster(exampleRaw(), OPTIONS));
  const after = hostPrograms(
    parseCluster(
      spoilt((raw) => {
        raw.hosts.push({ ...raw.hosts[3], names: "n07", addresses: "10.0.0.17", hostKeys: [exampleRaw().hosts[0].hostKeys[0]] });
        raw.states = { n05: "lost" };
        raw.generations = { n03: 2 };
      }),
      OPTIONS,
    ),
  );
  for (const name of ["cp1", "n01", "n02", "n04"]) expect(after.get(name)).toBe(before.get(name));
  expect(after.has("n07")).toBe(true);
});

test("only hosts that leave have commands that act when they are deleted", async () => {
  const armed = (graph: GraphRun) =>
    graph.resources
      .filter(({ inputs }) => inputs.delete !== undefined)
      .map(({ name }) => name)
      .sort();
  expect(armed(await run())).toEqual([]);
  expect(armed(await run(spoilt((raw) => (raw.states = { n06: "leaving" }))))).toEqual(["n06-join", "n06-token"]);
});

test("a configuration without Kubernetes makes hosts right and gives no outputs", async () => {
  const graph = await run(spoilt((raw) => delete raw.kubernetes));
  expect(graph.outputs).toEqual({});
  expect(names(graph, /^turducken:kubernetes/)).toEqual([]);
  expect(names(graph, /^command:remote:Command$/).filter((name) => name.startsWith("n01-"))).toEqual(["n01-facts", "n01-host"]);
});

test("munge is managed with the site's key, which goes to hosts on stdin and stays a secret", async () => {
  const graph = await run(
    spoilt((raw) => (raw.site = { munge: "manage" })),
    { mungeKey: "TXVuZ2VLZXlPZlRoZVRlc3Q=" },
  );
  expect(revealed(graph.find("command:remote:Command", "n01-host").inputs.stdin)).toContain("TXVuZ2VLZXlPZlRoZVRlc3Q=");
  expect(plainText(graph.resources)).not.toContain("TXVuZ2VLZXlPZlRoZVRlc3Q=");
});

test("the stack breaks none of the rules", async () => {
  const { resources } = await run();
  const secretKey = "4dabf18193072939515e22adb298388d";
  const unwrap = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (secretKey in value && (value as Record<string, unknown>)[secretKey] === "1b47061264138c4ac30d75fd1eb44270")
      return { kind: "secret", value: unwrap((value as unknown as { value: unknown }).value) };
    if (Array.isArray(value)) return value.map(unwrap);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unwrap(each)]));
  };
  const graph = {
    project: "turducken",
    stack: "test",
    outputs: {},
    resources: resources.map((each) => ({
      urn: each.name,
      type: each.type,
      name: each.name,
      custom: !/^(turducken|pulumi:pulumi):/.test(each.type),
      parent: each.parent,
      dependsOn: each.dependsOn,
      provider: each.provider,
      inputs: unwrap(each.inputs) as never,
      options: { protect: false, deleteBeforeReplace: false, retainOnDelete: false, additionalSecretOutputs: [] },
    })),
  };
  expect(graph.resources.length).toBeGreaterThan(40);
  expect(policies.flatMap((rule) => rule.check(graph))).toEqual([]);
});
