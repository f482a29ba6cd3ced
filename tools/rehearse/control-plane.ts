import { execFile, spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { featureGates } from "../../components/kubernetes/gates";
import { cacheFolder, REHEARSED } from "./binaries";
import { buildGroups, groupKey } from "./binaries/build";

const run = promisify(execFile);
const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"] as const;
/** The version of the programs that are built or fetched. */
const VERSION = REHEARSED.kubernetes.replace(/^v/, "");

/** Folders with the real programs, separated like PATH, or the reason why there are none. Nothing is built for it. */
export function findPrograms(): { folder: string } | { missing: string } {
  const cache = join(cacheFolder(), "binaries");
  const built = buildGroups().map((group) => join(cache, `${group.module}-${groupKey(group)}`));
  const folders = [process.env.TURDUCKEN_BINARIES, ...built, cache].filter((each) => each !== undefined);
  const missing = PROGRAMS.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length === 0) return { folder: folders.join(delimiter) };
  return {
    missing: `${missing.join(", ")} are in none of ${folders.join(", ")}; set TURDUCKEN_BINARIES, or run a rehearsal once`,
  };
}

/** A program of the control plane, and flags that it gets besides ours. */
export type MoreFlags = Readonly<Partial<Record<Exclude<(typeof PROGRAMS)[number], "kubectl">, readonly string[]>>>;

interface Running {
  readonly program: string;
  readonly argv: readonly string[];
  readonly child: ChildProcess;
}

/** A real control plane on loopback, without kubelets: its nodes are plain objects. */
export class ControlPlane {
  private readonly running: Running[] = [];
  private constructor(
    readonly folder: string,
    private readonly programs: string,
    private readonly token: string,
    private readonly more: MoreFlags,
    private port = 0,
  ) {}

  /**
   * @param programs what findPrograms found
   * @param gangs false leaves the gates off, as on a cluster that nobody prepared
   * @param more flags after ours, which they override
   */
  static async start(programs: string, gangs = true, more: MoreFlags = {}): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), "turducken-api-"));
    const plane = new ControlPlane(folder, programs, randomBytes(16).toString("hex"), more);
    try {
      await plane.boot(gangs);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  get kubeconfig(): string {
    const cluster = {
      server: `https://127.0.0.1:${this.port}`,
      "certificate-authority-data": readFileSync(join(this.folder, "certs", "apiserver.crt")).toString("base64"),
    };
    return stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "lab", cluster }],
      users: [{ name: "admin", user: { token: this.token } }],
      contexts: [{ name: "lab", context: { cluster: "lab", user: "admin" } }],
      "current-context": "lab",
    });
  }

  /** kubectl with the administrator's rights; standard input as given. */
  async kubectl(argv: readonly string[], input?: string): Promise<string> {
    const child = run(this.program("kubectl"), ["--kubeconfig", this.path("kubeconfig"), ...argv], { maxBuffer: 2 ** 26 });
    child.child.stdin!.end(input ?? "");
    return (await child).stdout;
  }

  async apply(apiVersion: string, kind: string, object: object): Promise<void> {
    await this.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion, kind, ...object }));
  }

  async get<T>(argv: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl(["get", ...argv, "-o", "json"])) as T;
  }

  /** A node that is Ready and has room, as a kubelet would report it. */
  async node(name: string, labels: Record<string, string>, ready = true): Promise<void> {
    const own = { "kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" };
    await this.apply("v1", "Node", { metadata: { name, labels: { ...own, ...labels } } });
    // The API server taints every new node; a node lifecycle controller, which does not run here, would take that away.
    await this.kubectl(["patch", "node", name, "--type=merge", "-p", JSON.stringify({ spec: { taints: null } })]);
    const room = { cpu: "8", memory: "32Gi", pods: "110" };
    const status = {
      capacity: room,
      allocatable: room,
      conditions: [{ type: "Ready", status: ready ? "True" : "False", reason: "Lab", message: "lab" }],
    };
    await this.kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
  }

  async stop(): Promise<void> {
    for (const { child } of [...this.running].reverse()) await kill(child);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Process id of one of its programs, or of one that was launched beside them. */
  pid(program: string): number {
    const found = this.running.find((each) => each.program === program);
    if (found?.child.pid === undefined) throw new Error(`${program} does not run`);
    return found.child.pid;
  }

  /** Ends a program and starts it again, with further flags after those it had. */
  async restart(program: string, more: readonly string[] = []): Promise<void> {
    const at = this.running.findIndex((each) => each.program === program);
    const [before] = this.running.splice(at, at < 0 ? 0 : 1);
    if (!before) throw new Error(`${program} does not run`);
    await kill(before.child);
    this.launch(program, [...before.argv, ...more]);
  }

  /** Starts a program that ends with the control plane; its output is in `<folder>/<program>.log`. */
  launch(program: string, argv: readonly string[], file = this.program(program)): void {
    const log = openSync(this.path(`${program}.log`), "a");
    const child = spawn(file, argv, { stdio: ["ignore", log, log], cwd: this.folder });
    closeSync(log);
    this.running.push({ program, argv, child });
  }

  private async boot(gangs: boolean): Promise<void> {
    const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
    this.port = secure;
    const etcd = `http://127.0.0.1:${client}`;
    const peers = `http://127.0.0.1:${peer}`;
    this.begin("etcd", [
      `--data-dir=${this.path("etcd")}`, `--listen-client-urls=${etcd}`, `--advertise-client-urls=${etcd}`, "--unsafe-no-fsync",
      `--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`, `--initial-cluster=default=${peers}`,
    ]); // prettier-ignore
    this.writeKeys();
    const gates = featureGates(VERSION, gangs);
    this.begin("kube-apiserver", [
      `--etcd-servers=${etcd}`, "--bind-address=127.0.0.1", `--secure-port=${secure}`, `--cert-dir=${this.path("certs")}`, `--token-auth-file=${this.path("tokens.csv")}`,
      "--service-account-issuer=https://kubernetes.default.svc", `--service-account-key-file=${this.path("sa.pub")}`, `--service-account-signing-key-file=${this.path("sa.key")}`,
      "--authorization-mode=RBAC,Node", "--service-cluster-ip-range=10.96.0.0/16", ...flags("--runtime-config", gates.runtimeConfig), ...flags("--feature-gates", gates.apiServer),
    ]); // prettier-ignore
    await this.until(60, "kube-apiserver", async () => {
      writeFileSync(this.path("kubeconfig"), this.kubeconfig, { mode: 0o600 });
      await this.kubectl(["get", "--raw", "/readyz"]);
    });
    const config = this.path("kubeconfig");
    this.begin("kube-controller-manager", [
      `--kubeconfig=${config}`, "--leader-elect=false", "--secure-port=0", `--service-account-private-key-file=${this.path("sa.key")}`, `--root-ca-file=${this.path("certs/apiserver.crt")}`,
      "--use-service-account-credentials=false", "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller", ...flags("--feature-gates", gates.controllerManager),
    ]); // prettier-ignore
    this.begin("kube-scheduler", [
      `--kubeconfig=${config}`,
      "--leader-elect=false",
      "--secure-port=0",
      ...flags("--feature-gates", gates.scheduler),
    ]);
    await this.until(60, "kube-controller-manager", () => this.kubectl(["get", "serviceaccount", "default"]));
  }

  private writeKeys(): void {
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    writeFileSync(this.path("sa.key"), keys.privateKey, { mode: 0o600 });
    writeFileSync(this.path("sa.pub"), keys.publicKey);
    writeFileSync(this.path("tokens.csv"), `${this.token},admin,1,system:masters\n`, { mode: 0o600 });
  }

  private begin(program: keyof MoreFlags, argv: readonly string[]): void {
    this.launch(program, [...argv, ...(this.more[program] ?? [])]);
  }

  /** @throws Error with the program's last log lines */
  private async until(seconds: number, program: string, ask: () => Promise<unknown>): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      try {
        await ask();
        return;
      } catch (error) {
        const log = readFileSync(this.path(`${program}.log`), "utf8")
          .split("\n")
          .slice(-8)
          .join("\n");
        if (Date.now() > end) throw new Error(`${program} did not come up in ${seconds} s: ${String(error)}\n${log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  private program(name: string): string {
    return (
      this.programs
        .split(delimiter)
        .map((folder) => join(folder, name))
        .find((file) => existsSync(file)) ?? name
    );
  }

  /** A file in its folder. */
  path(name: string): string {
    return join(this.folder, name);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

function flags(name: string, values: Readonly<Record<string, boolean>>): string[] {
  const text = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  return text.length > 0 ? [`${name}=${text.join(",")}`] : [];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
