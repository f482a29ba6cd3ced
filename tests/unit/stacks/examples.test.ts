import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { parse } from "yaml";
import { parseCluster, parseLayers, parseWorkload } from "../../../stacks/config";
import { pickProgram } from "../../../stacks/config/program";
import { openCrypter } from "../../../tools/config/passphrase";
import { utils } from "ssh2";

const ROOT = join(__dirname, "../../..");
const FILES = ["stacks", "examples"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => /^Pulumi\..+\.yaml$/.test(name))
    .map((name) => join(folder, name)),
);

interface StackFile {
  readonly encryptionsalt?: string;
  readonly config: Readonly<Record<string, { readonly secure?: string } & Record<string, unknown>>>;
}

function read(file: string): { text: string; yaml: StackFile; program: "cluster" | "layers" | "workload"; secrets: string[] } {
  const text = readFileSync(join(ROOT, file), "utf8");
  const yaml = parse(text) as StackFile;
  const keys = Object.keys(yaml.config).map((key) => key.replace("turducken:", ""));
  return {
    text,
    yaml,
    program: pickProgram(keys),
    secrets: keys.filter((key) => yaml.config[`turducken:${key}`]!.secure !== undefined),
  };
}

test("there is an example of every program", () => {
  expect(new Set(FILES.map((file) => read(file).program))).toEqual(new Set(["cluster", "layers", "workload"]));
  expect(FILES).toContain("examples/Pulumi.dgx-h100.yaml");
  expect(FILES).toContain("examples/Pulumi.bastion.yaml");
});

test.each(FILES)("%s is taken by its program without a warning, and by its JSON Schema", (file) => {
  const { yaml, program, secrets } = read(file);
  const options = { keys: { secret: secrets, plain: [] } };
  const raw = yaml.config[`turducken:${program}`];
  if (program === "cluster") expect(parseCluster(raw, options).warnings).toEqual([]);
  else if (program === "layers") parseLayers(raw, options);
  else parseWorkload(raw, options);
  const validate = new Ajv({ strict: false }).compile(
    JSON.parse(readFileSync(join(ROOT, `stacks/${program}.schema.json`), "utf8")) as object,
  );
  expect([validate(yaml), validate.errors]).toEqual([true, null]);
});

test.each(FILES)("%s names its JSON Schema in its first line, for editors", (file) => {
  const { text, program } = read(file);
  const folder = file.startsWith("stacks") ? "" : "../stacks/";
  expect(text.split("\n")[0]).toBe(`# yaml-language-server: $schema=${folder}${program}.schema.json`);
});

test("secrets of the examples open with the passphrase of the README, and are private keys", async () => {
  for (const file of FILES) {
    const { yaml, secrets } = read(file);
    if (secrets.length === 0) continue;
    const crypter = await openCrypter("turducken", yaml.encryptionsalt!);
    for (const key of secrets)
      expect(utils.parseKey(crypter.decrypt(yaml.config[`turducken:${key}`]!.secure!))).toMatchObject({ type: "ssh-ed25519" });
  }
});

test("the layers and the work of the example lie on the example's cluster", () => {
  const layers = read("stacks/Pulumi.bare-metal-layers.yaml").yaml.config["turducken:layers"];
  const work = read("stacks/Pulumi.bare-metal-gang.yaml").yaml.config["turducken:workload"];
  expect([layers!.cluster, work!.cluster, work!.layers]).toEqual(["bare-metal", "bare-metal", "bare-metal-layers"]);
});

test("the bare-metal example has leaves of 3, 2 and 1 under spines of 5 and 1", () => {
  const { yaml, secrets } = read("stacks/Pulumi.bare-metal.yaml");
  const { hosts, tree } = parseCluster(yaml.config["turducken:cluster"], { keys: { secret: secrets, plain: [] } });
  expect(hosts).toHaveLength(7);
  expect(new Set(hosts.map(({ hostKey }) => hostKey)).size).toBe(7);
  const sizes = (tier: number) => {
    const counts: Record<string, number> = {};
    for (const node of tree.nodes.filter(({ padded }) => padded.length === 0))
      counts[node.chain[tier]!] = (counts[node.chain[tier]!] ?? 0) + 1;
    return counts;
  };
  expect(sizes(0)).toEqual({ l1: 3, l2: 2, l3: 1 });
  expect(sizes(1)).toEqual({ s1: 5, s2: 1 });
});
