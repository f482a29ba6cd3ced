import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../lab/execute";
import { KUBERNETES_PROGRAMS, OWN_PROGRAMS, REHEARSED, type ProgramName } from "./versions";

/** One `go build`: a Go module of this folder and the packages of it that become programs. */
export interface BuildGroup {
  readonly module: "kubernetes" | "etcd" | "coredns" | "programs" | "kwok";
  /** program → Go package */
  readonly programs: Readonly<Partial<Record<ProgramName | "kwok", string>>>;
  readonly ldflags: readonly string[];
}

export type Progress = (message: string) => void;

const STRIP = ["-s", "-w"];

/** The version is linked in: without it kubeadm and kubelet report v0.0.0 and refuse each other. */
export function kubernetesGroup(version: string): BuildGroup {
  const [major, minor] = version.replace(/^v/, "").split(".");
  const set = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return {
    module: "kubernetes",
    programs: Object.fromEntries(KUBERNETES_PROGRAMS.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
    ldflags: [...STRIP, set("gitVersion", version), set("gitMajor", major ?? ""), set("gitMinor", minor ?? "")],
  };
}

export function buildGroups(kubernetesVersion: string = REHEARSED.kubernetes): BuildGroup[] {
  return [
    { module: "programs", programs: Object.fromEntries(OWN_PROGRAMS.map((name) => [name, `./${name}`])), ldflags: STRIP },
    kubernetesGroup(kubernetesVersion),
    { module: "etcd", programs: { etcd: "go.etcd.io/etcd/server/v3" }, ldflags: STRIP },
    { module: "coredns", programs: { coredns: "github.com/coredns/coredns" }, ldflags: STRIP },
  ];
}

/** Changes with everything that changes the programs but the Go release. */
export function groupKey(group: BuildGroup, folder = __dirname): string {
  const sources = filesUnder(join(folder, group.module)).filter((path) => /\.go$|^go\.(mod|sum)$/.test(path.split("/").pop()!));
  const digest = createHash("sha256");
  digest.update(JSON.stringify([process.arch, group.ldflags, group.programs]));
  for (const path of sources.sort())
    digest
      .update(path)
      .update("\0")
      .update(readFileSync(join(folder, group.module, path)));
  return digest.digest("hex").slice(0, 16);
}

/** Whether Go is here, and what to do otherwise. */
export async function missingGo(): Promise<string | undefined> {
  const result = await execute(["go", "version"]).catch(() => undefined);
  if (result?.code === 0) return undefined;
  return "there is no Go (1.26 or newer) on this machine to build them; install it from https://go.dev/dl, or name a folder that has them in TURDUCKEN_BINARIES, or use --download where the internet can be reached";
}

/** Builds the group into `target` (a cache folder named by its key), unless it is there already. Errors: the compiler's own last lines. */
export async function buildGroup(group: BuildGroup, target: string, onProgress?: Progress): Promise<void> {
  if (existsSync(target)) return;
  const work = `${target}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const names = Object.keys(group.programs);
  const started = Date.now();
  let compiled = 0;
  const tell = () => onProgress?.(`building ${names.join(", ")}: ${compiled} packages compiled, ${elapsed(started)}`);
  tell();
  const timer = setInterval(tell, 5000);
  try {
    // One package may be written under any name; several go into a folder, each under its own.
    const out = names.length === 1 ? join(work, names[0]!) : `${work}/`;
    const flags = [
      "-v",
      "-mod=readonly",
      "-buildvcs=false",
      "-trimpath",
      "-tags=programs",
      `-ldflags=${group.ldflags.join(" ")}`,
    ];
    const result = await execute(["go", "build", ...flags, "-o", out, ...Object.values(group.programs)], {
      cwd: join(__dirname, group.module),
      env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
      onLine: () => compiled++,
    });
    if (result.code !== 0) {
      throw new Error(
        `go build of ${names.join(", ")} failed (exit ${result.code}):\n${result.stderr.trim().split("\n").slice(-12).join("\n")}`,
      );
    }
  } finally {
    clearInterval(timer);
  }
  renameSync(work, target);
  onProgress?.(`built ${names.join(", ")} in ${elapsed(started)}`);
}

export function elapsed(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function filesUnder(folder: string, prefix = ""): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    return entry.isDirectory() ? filesUnder(folder, path) : [path];
  });
}
