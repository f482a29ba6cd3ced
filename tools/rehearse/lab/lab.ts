import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab, LabHostSpec, LabOptions } from "../types";
import type { CgroupLayout } from "./cgroups";
import { machineLayout, removeLeftovers, removeRun } from "./cleanup";
import { inParallel, mustExecute } from "./execute";
import { Host, type HostMode } from "./host";
import { makeKeyPair, type KeyPair } from "./keys";
import { takeMachineLock, type MachineLock } from "./lock";
import { chooseSubnet, gatewayOf, makeSwitch, takenRanges, type RunNetwork } from "./network";
import { identify } from "./processes";
import { Registry, type RunRecord } from "./registry";
import { missingForLab } from "./requirements";
import { accountFiles, maskedUnits, readMachineFile, rootFiles, writeRoot, type RootFile } from "./rootfs";
import { ensureLoginPackages } from "./packages";
import { saveSysctls } from "./sysctls";

export interface LabSettings {
  /** Where runs are written down; only tests use another. */
  readonly registry?: Registry;
  /** How long to wait for another lab with Kubernetes to end. */
  readonly lockWaitSeconds?: number;
}

const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LAST_HOST_NUMBER = 252;

/**
 * Boots the hosts and returns when each answers on its SSH port. Everything made carries the run id; a failure on the way takes it
 * all away again. First cleans up after runs whose process was killed.
 */
export async function startLab(options: LabOptions, settings: LabSettings = {}): Promise<RunningLab> {
  const missing = missingForLab();
  if (missing.length > 0) throw new Error(`the lab cannot run here:\n${missing.map((line) => `  ${line}`).join("\n")}`);
  const registry = settings.registry ?? new Registry();
  const runId = randomBytes(4).toString("hex");
  const systemd = options.systemd ?? true;
  const say = (message: string) => options.onProgress?.("lab", message);
  // Only hosts with Kubernetes on them change machine-wide settings.
  const exclusive = systemd && options.overlay !== undefined;
  const lock = exclusive
    ? await takeMachineLock({ folder: registry.folder, runId, waitSeconds: settings.lockWaitSeconds ?? 1800, onWait: say })
    : undefined;
  try {
    await removeLeftovers(registry, say);
    const lab = await RunningLab.prepare({ ...options, systemd }, runId, registry, lock);
    try {
      await inParallel(8, options.hosts, (spec) => lab.addHost(spec));
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

export class RunningLab implements Lab {
  readonly #hosts = new Map<string, Host>();
  readonly #numbers = new Map<string, number>();
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly options: LabOptions,
    private record: RunRecord,
    private readonly registry: Registry,
    private readonly lock: MachineLock | undefined,
    private readonly layout: CgroupLayout,
    private readonly network: RunNetwork,
    private readonly loginKey: KeyPair,
    private readonly layers: readonly string[],
    private readonly sharedFiles: readonly RootFile[],
  ) {
    // Numbers are given in the order of the list, not of booting, so that names and addresses of a run go together.
    options.hosts.forEach((spec) => this.numberOf(spec.name));
  }

  static async prepare(
    options: LabOptions,
    runId: string,
    registry: Registry,
    lock: MachineLock | undefined,
  ): Promise<RunningLab> {
    const layout = await machineLayout();
    const login = await ensureLoginPackages((message) => options.onProgress?.("lab", message));
    const prefix = chooseSubnet(await takenRanges(registry.all().map((other) => other.subnetPrefix)));
    const folder = join(options.folder ?? "/var/lib/turducken", `lab-${runId}`);
    const record: RunRecord = {
      runId,
      owner: identify(process.pid)!,
      folder,
      subnetPrefix: prefix,
      sysctls: lock ? saveSysctls() : {},
      kept: false,
    };
    registry.write(record);
    try {
      mkdirSync(join(folder, "hosts"), { recursive: true });
      mkdirSync(join(folder, "memory"));
      chmodSync(folder, 0o700);
      await mustExecute("mounting memory for the hosts", [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "mode=755,size=60%",
        "tmpfs",
        join(folder, "memory"),
      ]);
      await mountPackages(
        [options.overlay, login].filter((layer) => layer !== undefined),
        folder,
      );
      const loginKey = await makeKeyPair(join(folder, "login"));
      const network: RunNetwork = { runId, prefix, switchFile: join(folder, "switch") };
      await makeSwitch(network);
      const layers = [join(folder, "packages"), "/"];
      const shared = [...accountFiles(readMachineFile), ...maskedUnits(layers)];
      return new RunningLab(options, record, registry, lock, layout, network, loginKey, layers, shared);
    } catch (error) {
      await removeRun(record, registry);
      throw error;
    }
  }

  /** In the order in which they were asked for, not in which they came up. */
  get hosts(): ReadonlyMap<string, Host> {
    return new Map([...this.#hosts].sort(([a], [b]) => this.numberOf(a) - this.numberOf(b)));
  }

  get runId(): string {
    return this.record.runId;
  }

  get subnetPrefix(): string {
    return this.record.subnetPrefix;
  }

  get privateKey(): string {
    return this.loginKey.privateKey;
  }

  /** Folder of this run. */
  get folder(): string {
    return this.record.folder;
  }

  async addHost(spec: LabHostSpec): Promise<Host> {
    if (!HOST_NAME.test(spec.name))
      throw new Error(`host name ${JSON.stringify(spec.name)}: lower-case letters, digits and hyphens, at most 63`);
    if (this.#hosts.has(spec.name)) throw new Error(`host ${spec.name} is in this lab already`);
    const started = Date.now();
    const number = this.numberOf(spec.name);
    const folder = join(this.folder, "hosts", spec.name);
    mkdirSync(folder, { recursive: true });
    const hostKey = await makeKeyPair(join(folder, "host-key"));
    const host = new Host({
      spec,
      number,
      mode: this.modeOf(spec),
      hostKey: hostKey.publicKey,
      runFolder: this.folder,
      network: this.network,
      layout: this.layout,
      layers: this.layers,
      mounts: this.options.mounts ?? [],
    });
    this.#hosts.set(spec.name, host);
    const memory = join(this.folder, "memory", spec.name);
    mkdirSync(join(memory, "work"), { recursive: true });
    writeRoot(join(memory, "upper"), [...this.sharedFiles, ...this.ownFiles(spec.name, number, hostKey)]);
    await host.boot();
    this.options.onProgress?.(spec.name, `booted in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return host;
  }

  async boot(name: string): Promise<Host> {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`no host ${name} in this lab`);
    if (host.pid === 0) await host.boot();
    return host;
  }

  /** Leaves the lab up when this process ends; returns the lines that tell how to get in and how to end it. */
  keep(): string[] {
    this.record = { ...this.record, kept: true };
    this.registry.write(this.record);
    const key = join(this.folder, "login");
    return [...this.hosts.values()].map(
      (host) => `ssh -i ${key} -o UserKnownHostsFile=${this.knownHostsFile()} admin@${host.address}   # ${host.name}`,
    );
  }

  /** `known_hosts` with every host's own key. Renamed into place: somebody may be reading the one before. */
  knownHostsFile(): string {
    const file = join(this.folder, "known_hosts");
    const next = `${file}.${randomBytes(4).toString("hex")}`;
    writeFileSync(next, [...this.hosts.values()].map((host) => `${host.address} ${host.hostKey}\n`).join(""));
    renameSync(next, file);
    return file;
  }

  close(): Promise<void> {
    this.#closing ??= removeRun(this.record, this.registry).finally(() => this.lock?.release());
    return this.#closing;
  }

  private modeOf(spec: LabHostSpec): HostMode {
    return this.options.systemd === false || spec.role === "plain" || spec.role === "bastion" ? "plain" : "systemd";
  }

  private numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    if (number > LAST_HOST_NUMBER) throw new Error(`a lab has at most ${LAST_HOST_NUMBER} hosts`);
    this.#numbers.set(name, number);
    return number;
  }

  private ownFiles(name: string, number: number, hostKey: KeyPair): RootFile[] {
    return rootFiles({
      runId: this.runId,
      name,
      address: `${this.subnetPrefix}.${number}`,
      gateway: gatewayOf(this.subnetPrefix),
      machineId: randomBytes(16).toString("hex"),
      hostPrivateKey: hostKey.privateKey,
      hostKey: hostKey.publicKey,
      authorizedKey: this.loginKey.publicKey,
      neighbours: [...this.#numbers].map(([other, n]) => ({ name: other, address: `${this.subnetPrefix}.${n}` })),
    });
  }
}

/**
 * Overlayfs refuses layers that lie inside each other, and the package folders lie inside `/`. An overlay of their own, mounted
 * read-only, is a filesystem of its own and may be a layer; it costs no memory and no copying.
 */
async function mountPackages(folders: readonly string[], runFolder: string): Promise<void> {
  const target = join(runFolder, "packages");
  const empty = join(runFolder, "empty");
  mkdirSync(target);
  mkdirSync(empty);
  // Without an upper layer there must be two lower ones.
  const lower = [...folders, empty].join(":");
  await mustExecute("mounting packages for the hosts", [
    "mount",
    "-t",
    "overlay",
    "-o",
    `ro,lowerdir=${lower}`,
    "overlay",
    target,
  ]);
}
