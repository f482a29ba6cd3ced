/**
 * The operator's own program, with the rights that we give it, on what we accept and what we refuse. It is not part of a
 * rehearsal's programs; whoever has it built sees this run:
 * `CGO_ENABLED=0 go install github.com/flux-framework/flux-operator@<commit of the versions table>`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse, stringify } from "yaml";
import { miniClusterCrd, OPERATOR_ACCOUNT, OPERATOR_NAMESPACE, operatorNamespace } from "../../../components/flux-operator";
import { operatorAccount } from "../../../components/flux-operator/objects";
import { managerBinding, managerRole } from "../../../components/flux-operator/rbac";
import { INVALID, mini, VALID } from "../../unit/components/flux-operator/cases";
import { ControlPlane, findPrograms } from "../controlPlane";
import { apiOf, until, type Api } from "./api";

const found = findPrograms();
const folders = "missing" in found ? [] : found.folder.split(delimiter);
const program = [process.env.TURDUCKEN_FLUX_OPERATOR ?? "", ...folders.map((folder) => join(folder, "flux-operator"))].find(
  (file) => file !== "" && existsSync(file),
);
if (program === undefined) console.warn("skipped: the Flux Operator's own program; set TURDUCKEN_FLUX_OPERATOR to where it is");

interface Seen {
  readonly jobs: number;
  readonly pods: number;
  readonly services: readonly string[];
}
interface Listed {
  metadata: { name: string };
  spec: { parallelism?: number };
}

("missing" in found || program === undefined ? describe.skip : describe)("the Flux Operator with our rights", () => {
  let plane: ControlPlane;
  let api: Api;
  let folder: string;
  let operator: ChildProcess;

  const logText = () => readFileSync(join(folder, "log"), "utf8");

  async function start(): Promise<void> {
    const token = await plane.kubectl(["create", "token", OPERATOR_ACCOUNT, "-n", OPERATOR_NAMESPACE]);
    const config = parse(plane.kubeconfig) as { users: { user: { token: string } }[] };
    config.users[0]!.user.token = token.trim();
    writeFileSync(join(folder, "kubeconfig"), stringify(config), { mode: 0o600 });
    const log = openSync(join(folder, "log"), "a");
    const words = [`--kubeconfig=${join(folder, "kubeconfig")}`, "--metrics-bind-address=0", "--health-probe-bind-address=0"];
    operator = spawn(program!, words, { stdio: ["ignore", log, log] });
  }

  /** Each in a namespace of its own: the operator labels every pod of a MiniCluster's namespace. */
  async function make(namespace: string, object: object): Promise<void> {
    const metadata = { ...(object as { metadata: object }).metadata, namespace };
    await plane.apply("v1", "Namespace", { metadata: { name: namespace } });
    const path = `/apis/flux-framework.org/v1alpha2/namespaces/${namespace}/miniclusters`;
    // The pod of one names its account.
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "worker" } };
    await api("POST", `/api/v1/namespaces/${namespace}/serviceaccounts`, { body: account });
    expect((await api("POST", path, { body: { ...object, metadata } })).status).toBe(201);
  }

  async function seen(namespace: string): Promise<Seen> {
    const list = async (path: string) => ((await api("GET", path)).body.items as Listed[] | undefined) ?? [];
    const [jobs, pods, services] = [
      await list(`/apis/batch/v1/namespaces/${namespace}/jobs`),
      await list(`/api/v1/namespaces/${namespace}/pods`),
      await list(`/api/v1/namespaces/${namespace}/services`),
    ];
    return { jobs: jobs.length, pods: pods.length, services: services.map(({ metadata }) => metadata.name) };
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "flux-operator-"));
    plane = await ControlPlane.start((found as { folder: string }).folder, false);
    api = apiOf(plane.kubeconfig);
    await plane.apply("apiextensions.k8s.io/v1", "CustomResourceDefinition", miniClusterCrd());
    await plane.apply("v1", "Namespace", operatorNamespace());
    await plane.apply("v1", "ServiceAccount", operatorAccount());
    await plane.apply("rbac.authorization.k8s.io/v1", "ClusterRole", managerRole());
    await plane.apply("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", managerBinding());
    await start();
  }, 180_000);

  afterAll(async () => {
    operator?.kill();
    await plane?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  test("brings up the pods and the headless Service of every MiniCluster that we accept", async () => {
    const cases = Object.entries(VALID);
    for (const [index, [, object]] of cases.entries()) await make(`valid-${index}`, object);
    const all = () => Promise.all(cases.map((_, index) => seen(`valid-${index}`)));
    const missing = (states: Seen[]) =>
      cases.filter(([, { spec, metadata }], index) => {
        const { jobs, pods, services } = states[index]!;
        const wanted = (spec.size ?? 1) + (spec.services ? 1 : 0);
        return jobs !== 1 || pods !== wanted || !services.includes(spec.network?.headlessName ?? metadata.name);
      });
    expect(missing(await until(60, all, (states) => missing(states).length === 0)).map(([name]) => name)).toEqual([]);
  }, 120_000);

  test("sets a size back that it was not made for, and follows one that it was", async () => {
    await make("plain", mini({ size: 2 }));
    await make("room", mini({ size: 2, maxSize: 4 }));
    for (const namespace of ["plain", "room"]) {
      await until(
        20,
        () => seen(namespace),
        ({ pods }) => pods === 2,
      );
      await plane.kubectl(["scale", "minicluster", "lammps", "-n", namespace, "--replicas=3"]);
    }
    const size = async (namespace: string) =>
      (await api("GET", `/apis/flux-framework.org/v1alpha2/namespaces/${namespace}/miniclusters/lammps`)).body.spec as object;
    expect(
      await until(
        20,
        () => seen("room"),
        ({ pods }) => pods === 3,
      ),
    ).toMatchObject({ pods: 3 });
    expect(
      await until(
        20,
        () => size("plain"),
        (spec) => (spec as { size: number }).size === 2,
      ),
    ).toMatchObject({ size: 2 });
  }, 60_000);

  test("was never refused a call", () => {
    expect(logText()).not.toContain("forbidden");
  });

  test("of those that we refuse, brings no pod up for what we say is dead, and ends on the one that we say ends it", async () => {
    const cases = Object.entries(INVALID).filter(([, { dead }]) => dead);
    const killer = "a size limit that ends the operator";
    const others = cases.filter(([name]) => name !== killer);
    for (const [index, [, { object }]] of others.entries()) await make(`dead-${index}`, object as object);
    // A good one behind them: once it is up, they have had their turn.
    await make("after", mini());
    const after = await until(
      60,
      () => seen("after"),
      ({ pods }) => pods === 1,
    );
    expect(after.pods).toBe(1);
    const states = await Promise.all(others.map(async ([name], index) => ({ name, pods: (await seen(`dead-${index}`)).pods })));
    expect(states.length).toBeGreaterThanOrEqual(40);
    expect(states.filter(({ pods }) => pods > 0)).toEqual([]);

    expect(operator.exitCode).toBeNull();
    await make("killer", INVALID[killer]!.object as object);
    expect(
      await until(
        20,
        () => Promise.resolve(operator.exitCode),
        (code) => code !== null,
      ),
    ).toBe(2);
  }, 180_000);
});
