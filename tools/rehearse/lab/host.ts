import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { ExecResult, LabHost, LabHostSpec } from "../types";
import { bootScript, enterScript, startScript } from "./boot.sh";
import { entryFiles, hostGroups, killGroups, makeHostGroups, removeGroups, rootGroupFiles, type CgroupLayout } from "./cgroups";
import { execute, until } from "./execute";
import { plugHost, unplugHost, type RunNetwork } from "./network";
import { childrenOf } from "./processes";

export type HostMode = "systemd" | "plain";

export interface HostOptions {
  readonly spec: LabHostSpec;
  readonly mode: HostMode;
  /** Last number of the address. */
  readonly number: number;
  readonly hostKey: string;
  readonly runFolder: string;
  readonly network: RunNetwork;
  readonly layout: CgroupLayout;
  /** Overlay lower folders, upmost first, `/` last. */
  readonly layers: readonly string[];
  readonly mounts: readonly { readonly from: string; readonly to: string }[];
}

const BOOT_SECONDS = 60;

/** One host. The folder, the upper layer and the keys belong to the lab; a host only boots, runs and dies. */
export class Host implements LabHost {
  readonly port = 22 as const;
  #pid = 0;

  constructor(private readonly options: HostOptions) {}

  get name(): string {
    return this.options.spec.name;
  }

  get address(): string {
    return `${this.options.network.prefix}.${this.options.number}`;
  }

  get hostKey(): string {
    return this.options.hostKey;
  }

  get pid(): number {
    return this.#pid;
  }

  async boot(): Promise<void> {
    const { layout, network, layers, mode, mounts, number, runFolder } = this.options;
    const folder = this.folder();
    for (const disk of ["containerd", "kubelet", "etcd", "log"]) mkdirSync(join(folder, "disk", disk), { recursive: true });
    mkdirSync(join(folder, "root"), { recursive: true });
    writeFileSync(join(folder, "mounts"), mounts.map(({ from, to }) => `${from}\t${to}\n`).join(""));
    const script = join(folder, "boot.sh");
    writeFileSync(script, bootScript, { mode: 0o755 });
    makeHostGroups(layout, network.runId, this.name);
    await plugHost(network, this.networkFile(), number);
    const starter = this.start([
      script,
      network.runId,
      this.name,
      runFolder,
      layers.join(":"),
      mode,
      layout,
      this.rootGroupFiles(),
    ]);
    await this.waitForBoot(starter);
  }

  async exec(argv: readonly string[], options: { stdin?: string; timeoutSeconds?: number } = {}): Promise<ExecResult> {
    if (this.#pid === 0) throw new Error(`host ${this.name} is down`);
    return execute(["bash", "-c", enterScript, "enter", this.groupFiles(), String(this.#pid), ...argv], options);
  }

  async kill(): Promise<void> {
    this.#pid = 0;
    const groups = hostGroups(this.options.layout, this.options.network.runId, this.name);
    await killGroups(groups);
    await unplugHost(this.networkFile());
    await removeGroups(groups);
  }

  private folder(): string {
    return join(this.options.runFolder, "hosts", this.name);
  }

  private networkFile(): string {
    return join(this.folder(), "network");
  }

  private groupFiles(): string {
    return entryFiles(this.options.layout, this.options.network.runId, this.name).join(":");
  }

  private rootGroupFiles(): string {
    return rootGroupFiles(this.options.layout, this.options.network.runId, this.name).join(":");
  }

  private start(boot: readonly string[]): { pid: number; ended: () => boolean } {
    const log = openSync(this.logFile(), "w");
    const child = spawn("bash", ["-c", startScript, "start", this.networkFile(), this.groupFiles(), ...boot], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: "/",
    });
    closeSync(log);
    let ended = false;
    child.once("exit", () => (ended = true));
    child.once("error", () => (ended = true));
    child.unref();
    if (child.pid === undefined) throw new Error(`host ${this.name}: bash cannot be started`);
    return { pid: child.pid, ended: () => ended };
  }

  /** A host is up when its own sshd says hello. */
  private async waitForBoot(starter: { pid: number; ended: () => boolean }): Promise<void> {
    const up = await until(BOOT_SECONDS, async () => {
      if (starter.ended()) return true;
      this.#pid = childrenOf(starter.pid)[0] ?? 0;
      return this.#pid !== 0 && (await saysHello(this.address, this.port));
    });
    if (up && !starter.ended()) return;
    const log = readFileSync(this.logFile(), "utf8").trim().split("\n").slice(-20).join("\n");
    const journal = await this.lastJournalLines();
    await this.kill();
    throw new Error(
      `host ${this.name} ${up ? "stopped while it booted" : `did not boot within ${BOOT_SECONDS} s`}:\n${log}\n${journal}`,
    );
  }

  private async lastJournalLines(): Promise<string> {
    if (this.options.mode !== "systemd" || this.#pid === 0) return "";
    const result = await this.exec(["journalctl", "--no-pager", "-n", "20"], { timeoutSeconds: 10 }).catch(() => undefined);
    return result?.stdout ?? "";
  }

  private logFile(): string {
    return join(this.folder(), "boot.log");
  }
}

function saysHello(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 500 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => end(data.toString("latin1").startsWith("SSH-")));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
    socket.once("close", () => end(false));
  });
}
