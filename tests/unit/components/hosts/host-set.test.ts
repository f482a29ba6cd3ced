import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { HostSet, packedFactsScript, type HostSpec, type RunArgs } from "../../../../components/hosts";
import { graphOf, plainText, revealed, type GraphRun } from "../../../fixtures/graph";
import { hostSpec } from "./inventory";

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nplantedKeyMaterial\n-----END OPENSSH PRIVATE KEY-----\n";
const PULL = "plantedPullSecret";
const site = { accounts: "verify", munge: "verify", time: "verify", names: "verify", storage: "verify" } as const;
const COMMAND = "command:remote:Command";
const COPY = "command:remote:CopyToRemote";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "turducken-set-"))));
afterEach(() => rmSync(folder, { recursive: true }));

interface Options {
  readonly hosts?: HostSpec[];
  readonly program?: (host: string) => string;
  readonly preview?: boolean;
  readonly more?: (set: HostSet) => void;
}

function graph({
  hosts = [hostSpec("cp1", "10.0.0.10", { role: "control-plane" }), hostSpec("n01", "10.0.0.11")],
  program = (host) => `echo ${host}\n`,
  preview,
  more,
}: Options = {}): Promise<GraphRun> {
  return graphOf(
    async () => {
      const set = new HostSet("hosts", {
        cluster: "example",
        hosts,
        programs: new Map(hosts.map(({ name }) => [name, program(name)])),
        secrets: (name) => new pulumi.Config("turducken").requireSecret(name),
        prepareSecrets: { pullSecret: new pulumi.Config("turducken").requireSecret("pullSecret") },
        verdict: {
          command: ["node", "../bin/turducken.js", "verdict"],
          site,
          reachability: [{ port: 6443, from: "any", to: "control-plane", purpose: "kube-apiserver" }],
        },
        programFolder: folder,
      });
      more?.(set);
      return {};
    },
    {
      preview,
      config: { "turducken:sshPrivateKey": KEY, "turducken:pullSecret": PULL },
      secretKeys: ["turducken:sshPrivateKey", "turducken:pullSecret"],
    },
  );
}

const join1 =
  (args: Partial<RunArgs> = {}) =>
  (set: HostSet) =>
    void set.run("n01-join", "n01", "cluster", {
      stdin: pulumi.secret('{"token":"abc"}'),
      delete: "leave",
      parent: set.host("n01"),
      ...args,
    });

describe("HostSet", () => {
  test("gathers all facts, then gives one verdict, and only then changes hosts", async () => {
    const run = await graph();
    expect(run.find(COMMAND, "n01-facts")).toMatchObject({ parent: "n01", dependsOn: [] });
    expect(run.find("command:local:Command", "set").dependsOn).toEqual(["cp1-facts", "n01-facts"]);
    expect(run.find(COPY, "n01-copy")).toMatchObject({ parent: "n01", dependsOn: ["set"] });
    expect(run.find(COMMAND, "n01-host")).toMatchObject({ parent: "n01", dependsOn: ["n01-copy", "set"] });
    expect(run.find("turducken:hosts:Host", "n01").parent).toBe("hosts");
  });

  test("makes three resources a host, so that four more stay within seven", async () => {
    const run = await graph({
      more: (set) => {
        const parent = set.host("n01");
        set.runText("n01-token", "n01", "kubeadm token create", { on: "cp1", secretOutput: true, parent });
        join1()(set);
        set.run("n01-roll", "n01", "roll", { parent });
      },
    });
    const own = run.resources.filter(({ name, type }) => name.startsWith("n01-") && !type.startsWith("turducken:"));
    expect(own.map(({ name }) => name).sort()).toEqual([
      "n01-copy",
      "n01-facts",
      "n01-host",
      "n01-join",
      "n01-roll",
      "n01-token",
    ]);
  });

  test("holds no secret outside secret wrappers, and none in a file", async () => {
    const run = await graph({ more: join1() });
    for (const { inputs, name } of run.resources) {
      for (const secret of ["plantedKeyMaterial", PULL])
        expect([name, plainText(inputs).includes(secret)]).toEqual([name, false]);
    }
    expect(revealed(run.find(COMMAND, "n01-facts").inputs.connection)).toMatchObject({ privateKey: KEY });
    expect(revealed(run.find(COMMAND, "n01-host").inputs.stdin)).toBe(`{"pullSecret":"${PULL}"}\n`);
    expect(JSON.parse(revealed(run.find("command:local:Command", "set").inputs.stdin) as string)).toMatchObject({
      keys: { sshPrivateKey: KEY },
    });
    for (const file of ["set.json", "n01.sh"])
      expect(readFileSync(join(folder, ".turducken/test", file), "utf8")).not.toMatch(/planted/);
  });

  test("pins the host key, sets bounds for dialling, and passes nothing the provider does not know", async () => {
    const bastion = {
      host: "192.0.2.1",
      port: 2222,
      user: "jump",
      hostKey: "ssh-ed25519 AAAAgate",
      privateKeySecret: "sshPrivateKey",
    };
    const run = await graph({
      hosts: [hostSpec("n01", "10.0.0.11", { ssh: { user: "admin", port: 22, privateKeySecret: "sshPrivateKey", bastion } })],
    });
    expect(revealed(run.find(COMMAND, "n01-facts").inputs.connection)).toEqual({
      host: "10.0.0.11",
      port: 22,
      user: "admin",
      privateKey: KEY,
      hostKey: "ssh-ed25519 AAAAkeyOfn01",
      dialErrorLimit: 12,
      perDialTimeout: 10,
      proxy: {
        host: "192.0.2.1",
        port: 2222,
        user: "jump",
        privateKey: KEY,
        hostKey: "ssh-ed25519 AAAAgate",
        dialErrorLimit: 12,
        perDialTimeout: 10,
      },
    });
  });

  test("logs nothing, hands no earlier output back, and has neither triggers nor deletes", async () => {
    const run = await graph({ more: join1() });
    const commands = run.resources.filter(({ type }) => type === COMMAND);
    expect(commands).toHaveLength(5);
    for (const { inputs, ignoreChanges, replaceOnChanges } of commands) {
      expect(inputs).toMatchObject({ logging: "none", addPreviousOutputInEnv: false });
      expect(inputs).not.toHaveProperty("triggers");
      expect(inputs).not.toHaveProperty("delete");
      expect(inputs).not.toHaveProperty("environment");
      // The SDK itself names `triggers`, which nobody sets.
      expect([ignoreChanges, replaceOnChanges]).toEqual([[], ["triggers[*]"]]);
    }
  });

  test("puts only the program's hash into the command, and refuses another file", async () => {
    const run = await graph();
    const text = readFileSync(join(folder, ".turducken/test/n01.sh"), "utf8");
    expect(text).toBe("echo n01\n# generation 1\n");
    const create = run.find(COMMAND, "n01-host").inputs.create as string;
    expect(create).toContain(createHash("sha256").update(text).digest("hex"));
    expect(create).toContain("prepare apply");
    expect(create).not.toContain("\n");
    expect(run.find(COPY, "n01-copy").inputs.remotePath).toBe(".turducken-example-n01.sh");
    expect(run.find(COMMAND, "n01-facts").inputs).toMatchObject({
      create: "base64 -d | gzip -d | bash -s -- n01 # generation 1",
      stdin: packedFactsScript(),
    });
  });

  test("a raised generation changes that host's inputs and nobody else's", async () => {
    const inputs = async (generation: number) => {
      const hosts = [hostSpec("cp1", "10.0.0.10"), hostSpec("n01", "10.0.0.11", { generation })];
      const run = await graph({
        hosts,
        more: (set) => {
          join1()(set);
          set.runText("n01-token", "n01", "kubeadm token create", { on: "cp1", parent: set.host("n01") });
        },
      });
      return Object.fromEntries(
        run.resources
          .filter(({ type }) => !type.startsWith("turducken:"))
          .map(({ name, inputs }) => [name, JSON.stringify(inputs)]),
      );
    };
    const [before, after] = [await inputs(1), await inputs(2)];
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    // The copy's asset is compared by its content, which the mocks do not hash.
    expect(changed.sort()).toEqual(["n01-facts", "n01-host", "n01-join", "n01-token"]);
  });

  test("a new host changes the verdict's inputs and no other host's", async () => {
    const inputs = async (names: string[]) => {
      const run = await graph({ hosts: names.map((name, index) => hostSpec(name, `10.0.0.${index + 1}`)) });
      return Object.fromEntries(
        run.resources
          .filter(({ type }) => !type.startsWith("turducken:"))
          .map(({ name, inputs }) => [name, JSON.stringify(inputs)]),
      );
    };
    const [before, after] = [await inputs(["n01", "n02"]), await inputs(["n01", "n02", "n03"])];
    expect(
      Object.keys(after)
        .filter((name) => after[name] !== before[name])
        .sort(),
    ).toEqual(["n03-copy", "n03-facts", "n03-host", "set"]);
  });

  test("the same stack gives the same files, and a file that is right is not touched", async () => {
    await graph();
    const file = join(folder, ".turducken/test/n01.sh");
    utimesSync(file, 1, 1);
    await graph();
    expect(statSync(file).mtimeMs).toBe(1000);
    await graph({ program: () => "echo changed\n" });
    expect(readFileSync(file, "utf8")).toBe("echo changed\n# generation 1\n");
  });
});

describe("the state of a host", () => {
  const with1 = (state: HostSpec["state"]) => [hostSpec("cp1", "10.0.0.10"), hostSpec("n01", "10.0.0.11", { state })];

  test("leaving arms the delete, and neither an update nor a first run does anything else on the host", async () => {
    const { inputs } = (await graph({ hosts: with1("leaving"), more: join1() })).find(COMMAND, "n01-join");
    expect(inputs.delete).toContain("leave apply");
    // An update runs `create` where there is no `update`.
    expect(inputs.update).toBeUndefined();
    expect(inputs.create).toBe("true");
  });

  test("leaving arms the delete of a script of its own, too", async () => {
    const more = (set: HostSet) =>
      void set.runText("n01-token", "n01", "drain", { on: "cp1", delete: "kubectl delete node n01", parent: set.host("n01") });
    expect((await graph({ hosts: with1("leaving"), more })).find(COMMAND, "n01-token").inputs.delete).toContain(
      "kubectl delete node n01",
    );
    expect((await graph({ hosts: with1("active"), more })).find(COMMAND, "n01-token").inputs).not.toHaveProperty("delete");
  });

  test("lost freezes every input and keeps everything on removal, and the verdict does without the host", async () => {
    const run = await graph({ hosts: with1("lost"), more: join1() });
    for (const name of ["n01-facts", "n01-host", "n01-join"]) {
      const { ignoreChanges, inputs, retainOnDelete } = run.find(COMMAND, name);
      expect(retainOnDelete).toBe(true);
      expect(Object.keys(inputs).filter((key) => !ignoreChanges.includes(key))).toEqual([]);
    }
    const copy = run.find(COPY, "n01-copy");
    expect(Object.keys(copy.inputs).filter((key) => !copy.ignoreChanges.includes(key))).toEqual([]);
    expect(run.find("command:local:Command", "set").dependsOn).toEqual(["cp1-facts"]);
    expect(
      JSON.parse(readFileSync(join(folder, ".turducken/test/set.json"), "utf8")).hosts.map(({ name }: { name: string }) => name),
    ).toEqual(["cp1"]);
  });

  test("down registers nothing for the host, and asking for it is an error that names it", async () => {
    let asked: unknown;
    const run = await graph({
      hosts: with1("down"),
      more: (set) => {
        expect(set.has("n01")).toBe(false);
        try {
          join1()(set);
        } catch (error) {
          asked = error;
        }
      },
    });
    expect(run.resources.filter(({ name }) => name.startsWith("n01"))).toEqual([]);
    expect((asked as Error).message).toBe("host n01 is not in this set, or its state is down");
  });
});

describe("a command on another host", () => {
  test("goes to that host, waits for it, and keeps its secret output secret", async () => {
    const run = await graph({
      more: (set) =>
        void set.runText("n01-token", "n01", "kubeadm token create --ttl 15m", {
          on: "cp1",
          secretOutput: true,
          parent: set.host("n01"),
        }),
    });
    const token = run.find(COMMAND, "n01-token");
    expect(revealed(token.inputs.connection)).toMatchObject({ host: "10.0.0.10" });
    expect(token.dependsOn).toEqual(["cp1-host", "set"]);
    expect(token.additionalSecretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr"]));
    expect(token.inputs.create).toContain("set -euo pipefail\nkubeadm token create --ttl 15m");
    expect(token.inputs.create).toMatch(/# generation 1$/);
  });
});
