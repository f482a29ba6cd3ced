import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { loadManifest, parseManifest } from "../../../../components/flux-operator";
import { ConfigError } from "../../../../components/config/problems";

const CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "miniclusters.flux-framework.org" },
  spec: {},
};
const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "flux" } };
const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "manager", namespace: "flux" } };
const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "manager", namespace: "flux" }, spec: {} };

const yaml = (...objects: unknown[]) => objects.map((each) => stringify(each)).join("---\n");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const parsed = (text: string) => parseManifest(text, sha256(text), "m");

test("objects come in the order in which they are made, CRDs first", () => {
  const { objects, problems } = parsed(`---\n${yaml(deployment, account, namespace, CRD)}---\n`);
  expect(problems).toEqual([]);
  expect(objects.map(({ kind }) => kind)).toEqual(["CustomResourceDefinition", "Namespace", "ServiceAccount", "Deployment"]);
  expect(objects[3]).toEqual(deployment);
});

test("one changed letter is another file, and nothing of it is read", () => {
  const text = yaml(CRD);
  const { objects, problems } = parseManifest(`${text} `, sha256(text), "layers.fluxOperator.manifest");
  expect(objects).toEqual([]);
  expect(problems).toEqual([
    {
      path: "layers.fluxOperator.manifest.sha256",
      value: sha256(text),
      message: `The manifest has another checksum: ${sha256(`${text} `)}.`,
      fix: "Read what has changed; if it is right, write this checksum.",
    },
  ]);
});

test("a checksum in capitals is the same, and bytes are as good as text", () => {
  const text = yaml(CRD);
  expect(parseManifest(Buffer.from(text), sha256(text).toUpperCase()).problems).toEqual([]);
});

test("everything wrong is told at once", () => {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "flux" } };
  const lost = { ...account, metadata: { name: "manager" } };
  const unbound = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata: { name: "b" } };
  const { objects, problems } = parsed(yaml(secret, lost, namespace, namespace, unbound));
  expect(objects).toEqual([]);
  expect(problems.map(({ value, message }) => [value, message])).toEqual([
    ["v1/Secret flux/s", "An operator needs no object of this kind."],
    ["v1/ServiceAccount manager", "It says no namespace, and would land in another one for each user."],
    ["v1/Namespace flux", "It stands there twice."],
    ["rbac.authorization.k8s.io/v1/ClusterRoleBinding b", "It has no `roleRef`."],
    [undefined, "It has no CustomResourceDefinition miniclusters.flux-framework.org."],
  ]);
});

test.each([
  ["a: [", "It is not YAML:"],
  ["just text", "Document 1 is no Kubernetes object"],
  ["- a\n- b", "Document 1 is no Kubernetes object"],
  ["", "It has no CustomResourceDefinition"],
])("%j is no manifest", (text, message) => {
  const { objects, problems } = parsed(text);
  expect(objects).toEqual([]);
  expect(problems[0]!.message).toContain(message);
});

describe("a manifest is read", () => {
  const text = yaml(namespace, CRD);
  const folder = mkdtempSync(join(tmpdir(), "manifest-"));
  let server: Server;
  let url: string;

  beforeAll(async () => {
    writeFileSync(join(folder, "operator.yaml"), text);
    server = createServer((request, response) => {
      if (request.url === "/slow") return;
      response.statusCode = request.url === "/gone" ? 404 : 200;
      response.end(request.url === "/big" ? Buffer.alloc(5 * 2 ** 20) : text);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  });

  const failure = async (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof ConfigError ? error.problems : error),
    );

  test("from a file beside the stack file", async () => {
    const objects = await loadManifest({ path: "operator.yaml", sha256: sha256(text) }, { folder });
    expect(objects.map(({ kind }) => kind)).toEqual(["CustomResourceDefinition", "Namespace"]);
  });

  test("from a server", async () => {
    expect(await loadManifest({ url: `${url}/operator.yaml`, sha256: sha256(text) })).toHaveLength(2);
  });

  test("and refused with another checksum", async () => {
    const wrong = "0".repeat(64);
    expect(await failure(loadManifest({ path: "operator.yaml", sha256: wrong }, { folder, at: "m" }))).toEqual([
      expect.objectContaining({ path: "m.sha256", value: wrong }),
    ]);
  });

  test.each([
    ["/gone", "The server answers 404."],
    ["/slow", "It cannot be downloaded in 0.2 s: The operation was aborted due to timeout."],
    ["/big", "It has more than 4 MiB, which no manifest of the operator has."],
  ])("from %s it is not: %s", async (path, message) => {
    const problems = await failure(
      loadManifest({ url: url + path, sha256: sha256(text) }, { timeoutSeconds: path === "/slow" ? 0.2 : 10, at: "m" }),
    );
    expect(problems).toEqual([expect.objectContaining({ path: "m.url", value: url + path, message })]);
  });

  test("a missing file is told", async () => {
    expect(await failure(loadManifest({ path: "none.yaml", sha256: sha256(text) }, { folder, at: "m" }))).toEqual([
      expect.objectContaining({ path: "m.path", value: "none.yaml", message: expect.stringContaining("ENOENT") as string }),
    ]);
  });
});
