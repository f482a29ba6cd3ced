import { policies, type Policy, type PolicyResource, type PolicyValue } from "../../../policies";
import { imageVerdict } from "../../../policies/rules/images";
import { command, graph, PROVIDER, resource, secret, unknown } from "./graph";

const rule = (id: string): Policy => policies.find((each) => each.id === id)!;
const found = (id: string, resources: PolicyResource[], outputs: Record<string, PolicyValue> = {}) =>
  rule(id)
    .check(graph(resources, outputs))
    .map(({ urn, severity, message }) => [urn?.split("::").at(-1), severity, message]);

test("every rule has an id of its own, a reason and a source", () => {
  expect(new Set(policies.map(({ id }) => id)).size).toBe(policies.length);
  for (const { id, title, why, source } of policies) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    for (const text of [title, why, source]) expect(text.length).toBeGreaterThan(20);
  }
});

test("a command as the stacks make it breaks no rule", () => {
  expect(policies.flatMap((each) => each.check(graph([command("n01-host")])))).toEqual([]);
});

describe("host keys", () => {
  const connect = (connection: PolicyValue) => found("host-keys-pinned", [command("n01-host", { connection })]);

  test("a connection without one is found, also inside a secret", () => {
    expect(connect(secret({ host: "h" }))).toEqual([["n01-host", "error", "its connection pins no host key"]]);
    expect(connect({ host: "h", hostKey: "" })).toHaveLength(1);
    expect(connect({ host: "h", hostKey: "AAAA" })).toHaveLength(1);
  });

  test("a bastion needs its own", () => {
    expect(connect({ host: "h", hostKey: "ssh-rsa A", proxy: secret({ host: "b" }) })).toEqual([
      ["n01-host", "error", "its connection to the bastion pins no host key"],
    ]);
    expect(connect({ host: "h", hostKey: "ssh-rsa A", proxy: { host: "b", hostKey: "ssh-rsa B" } })).toEqual([]);
  });

  test("nothing is concluded from what is not known yet", () => {
    expect(connect(unknown)).toEqual([]);
    expect(connect({ host: "h", hostKey: unknown })).toEqual([]);
  });

  test("files are copied over connections, too", () => {
    expect(
      found("host-keys-pinned", [resource("command:remote:CopyToRemote", "n01-copy", { connection: { host: "h" } })]),
    ).toHaveLength(1);
  });
});

describe("plain secrets", () => {
  const plain = (inputs: Record<string, PolicyValue>) =>
    found("no-plain-secrets", [resource("command:local:Command", "set", inputs)]);

  test.each<[string, PolicyValue]>([
    ["a private key", "x\n-----BEGIN RSA PRIVATE KEY-----\ny"],
    ["a kubeconfig with credentials", "users: [{user: {client-key-data: QUJD}}]"],
    ["a bootstrap token", "kubeadm join --token abc123.0123456789abcdef 10.0.0.1:6443"],
    ["a JSON web token", "Bearer eyJhbGciOiJSUzI1NiIs.eyJpc3MiOiJrdWJlcm5l.c2lnbmF0dXJlLXBhcnQ"],
    ["a password in a URL", "https://user:hunter2@mirror.example.org"],
  ])("%s in any property is found, and nothing of it repeated", (what, value) => {
    expect(plain({ create: value })).toEqual([["set", "error", `\`create\` holds ${what} in plain text`]]);
    expect(plain({ create: secret(value) })).toEqual([]);
    expect(plain({ deep: { list: [value] } })).toHaveLength(1);
  });

  test("a property named like a secret is one", () => {
    expect(plain({ auth: { password: "x" } })).toEqual([
      ["set", "error", "`auth.password` holds what its name says (password) in plain text"],
    ]);
    expect(plain({ auth: { password: "" }, token: unknown, kubeconfig: secret("x"), secretName: "x", tokenPath: "/x" })).toEqual(
      [],
    );
  });

  test("plain words are no secrets", () => {
    expect(
      plain({ create: "node ../bin/turducken.js verdict; v1.36.3; sha256sum server.certificatesabc; n01.example.organisation0" }),
    ).toEqual([]);
  });

  test("data of a Kubernetes Secret must be secret, and so must outputs", () => {
    const data = resource("kubernetes:core/v1:Secret", "token", { stringData: { any: "x" } }, { provider: PROVIDER });
    expect(found("no-plain-secrets", [data])).toEqual([["token", "error", "`stringData.any` of a Secret is in plain text"]]);
    expect(found("no-plain-secrets", [], { kubeconfig: "apiVersion: v1" })).toHaveLength(1);
    expect(found("no-plain-secrets", [], { kubeconfig: secret("apiVersion: v1"), cluster: { name: "x" } })).toEqual([]);
  });
});

describe("images", () => {
  test.each([
    [`registry.example.org/ring@sha256:${"0".repeat(64)}`, undefined],
    ["registry.example.org:5000/ring", "error"],
    ["ring", "error"],
    ["ring:latest", "error"],
    ["ring:1.2.3", "warning"],
    ["registry.k8s.io/pause:3.10.2", undefined],
    ["registry.k8s.io/pause:3.10", "warning"],
    ["ring@sha256:abc", "error"],
  ])("%s is %s", (image, severity) => expect(imageVerdict(image)?.severity).toBe(severity));

  test("they are found wherever a manifest has them, and charts need a whole version", () => {
    const job = resource("kubernetes:batch/v1:Job", "ring-job", {
      spec: { template: { spec: { containers: [{ image: "ring" }] } } },
    });
    expect(found("no-mutable-images", [job])[0]![2]).toBe(
      "`spec.template.spec.containers[0].image` (ring): it has no tag, so it means `latest`",
    );
    const chart = (version?: PolicyValue) =>
      found("no-mutable-images", [resource("kubernetes:helm.sh/v3:Release", "c", version === undefined ? {} : { version })]);
    expect(chart()).toHaveLength(1);
    expect(chart("^1.2")).toHaveLength(1);
    expect(chart("v0.28.9")).toEqual([]);
  });
});

describe("names", () => {
  test("names that count from zero are found, names of the user's hosts are not", () => {
    const counted = ["worker-0", "worker-1"].map((name) => resource("command:local:Command", name));
    expect(found("stable-names", counted).map(([name]) => name)).toEqual(["worker-0", "worker-1"]);
    const hosts = ["node-0", "node-1"].flatMap((name) => [resource("turducken:hosts:Host", name), command(`${name}-host`)]);
    expect(found("stable-names", hosts)).toEqual([]);
    expect(found("stable-names", [resource("command:local:Command", "worker-1")])).toEqual([]);
  });

  test("children begin with the name of their component, their host or their object", () => {
    const parent = resource("turducken:kubernetes:KubeadmCluster", "kubernetes");
    const host = resource("turducken:hosts:Host", "n01");
    const child = (name: string, inputs = {}) => ({ ...command(name, inputs), parent: parent.urn });
    const patch = {
      ...resource("kubernetes:core/v1:NodePatch", "n02-labels", { metadata: { name: "n02" } }),
      parent: parent.urn,
    };
    expect(found("child-names", [parent, host, child("kubernetes-init"), child("n01-join"), patch])).toEqual([]);
    expect(found("child-names", [parent, host, child("init"), child("n011-join")]).map(([name]) => name)).toEqual([
      "init",
      "n011-join",
    ]);
  });

  test("component types have three parts", () => {
    expect(found("type-tokens", [resource("turducken:Host", "n01", {}, { custom: false })])).toHaveLength(1);
    expect(found("type-tokens", [resource("turducken:hosts:Host", "n01")])).toEqual([]);
  });
});

test("a Kubernetes resource without a provider of its own is found", () => {
  const namespace = (provider?: string) =>
    found("explicit-providers", [resource("kubernetes:core/v1:Namespace", "ns", {}, { provider })]);
  expect(namespace()).toHaveLength(1);
  expect(namespace("urn:pulumi:test::turducken::pulumi:providers:kubernetes::default_4_34_2::id")).toHaveLength(1);
  expect(namespace(PROVIDER)).toEqual([]);
});

describe("commands", () => {
  test("triggers are errors", () => {
    expect(found("no-triggers", [command("n01-host", { triggers: ["x"] })])).toEqual([["n01-host", "error", "it has triggers"]]);
    expect(found("no-triggers", [command("n01-host", { triggers: [] })])).toEqual([]);
  });

  test("a delete command is pointed out, and with triggers refused", () => {
    expect(found("armed-deletes", [command("n06-join", { delete: "reset" })])).toEqual([
      ["n06-join", "warning", "deleting it runs a command on the host"],
    ]);
    expect(found("armed-deletes", [command("n06-join", { delete: "reset", triggers: ["x"] })])[0]![1]).toBe("error");
  });

  test("commands that log or hand on their output are errors", () => {
    expect(
      found("quiet-commands", [command("a", { logging: "stdout" }), command("b", { addPreviousOutputInEnv: true })]).map(
        ([name]) => name,
      ),
    ).toEqual(["a", "b"]);
  });
});
