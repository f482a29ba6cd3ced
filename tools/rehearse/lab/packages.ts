import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { execute, mustExecute } from "./execute";
import { findProgram } from "./requirements";

/** What every host needs and a minimal Debian may lack. */
export const LOGIN_PACKAGES = [
  "sudo",
  "openssh-server",
  "openssh-sftp-server",
  "iproute2",
  "procps",
  "kmod",
  "systemd",
  "dbus",
] as const;

/** What a Kubernetes host needs beside Kubernetes. */
export const CLUSTER_PACKAGES = [
  "containerd",
  "runc",
  "containernetworking-plugins",
  "iptables",
  "conntrack",
  "ethtool",
  "socat",
  "iputils-ping",
  "curl",
] as const;

export type PackageProgress = (message: string) => void;

/**
 * Unpacks Debian packages, with all they depend on, into a folder that is laid over a host's root; nothing is installed on this
 * machine. Packages that are installed here are visible to hosts anyway and are left out. Cached by names and versions.
 * Errors: no apt here, packages that apt does not know, no way to the archive and nothing in the cache.
 */
export async function ensurePackages(
  names: readonly string[],
  onProgress?: PackageProgress,
  cache = packageCache(),
): Promise<string> {
  const request = hash([...names].sort().join("\n"), stateOfMachine());
  const known = join(cache, "requests", request);
  if (existsSync(known)) {
    const folder = readFileSync(known, "utf8");
    if (existsSync(folder)) return folder;
  }
  const missing = await notInstalled(names);
  const wanted = missing.length === 0 ? [] : await withDependencies(missing, onProgress);
  const folder = join(cache, hash(...wanted));
  if (!existsSync(folder)) await unpack(wanted, folder, cache, onProgress);
  mkdirSync(join(cache, "requests"), { recursive: true });
  writeFileSync(known, folder);
  return folder;
}

export function ensureLoginPackages(onProgress?: PackageProgress): Promise<string> {
  return ensurePackages(LOGIN_PACKAGES, onProgress);
}

export function ensureClusterPackages(onProgress?: PackageProgress): Promise<string> {
  return ensurePackages([...LOGIN_PACKAGES, ...CLUSTER_PACKAGES], onProgress);
}

export function packageCache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "turducken", "packages");
}

/** `name=version` of what apt would download, from the output of `apt-get --print-uris install`. */
export function parseUris(output: string): string[] {
  return output
    .split("\n")
    .flatMap((line) => /^'[^']+' (\S+)_(\S+)_\S+\.deb \d+/.exec(line)?.slice(1, 3).join("=") ?? [])
    .map((entry) => entry.replace(/%3a/gi, ":"))
    .sort();
}

async function notInstalled(names: readonly string[]): Promise<string[]> {
  requireApt(names);
  const result = await execute(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", ...names]);
  const installed = new Set(result.stdout.split("\n").flatMap((line) => /^(\S+) .i/.exec(line)?.[1] ?? []));
  return names.filter((name) => !installed.has(name));
}

async function withDependencies(names: readonly string[], onProgress?: PackageProgress): Promise<string[]> {
  const ask = () =>
    execute(["apt-get", "-qq", "--print-uris", "--no-install-recommends", "install", ...names], { env: aptEnvironment() });
  let answer = await ask();
  if (answer.code !== 0 && process.getuid?.() === 0) {
    onProgress?.("reading the package lists");
    await execute(["apt-get", "-qq", "update"], { env: aptEnvironment(), timeoutSeconds: 180 });
    answer = await ask();
  }
  if (answer.code !== 0) {
    throw new Error(
      `apt does not offer what the hosts need (${names.join(", ")}):\n${answer.stderr.trim()}\nrun apt-get update, or install them`,
    );
  }
  return parseUris(answer.stdout);
}

async function unpack(wanted: readonly string[], folder: string, cache: string, onProgress?: PackageProgress): Promise<void> {
  const work = `${folder}.${process.pid}`;
  const archives = join(cache, "archives");
  mkdirSync(archives, { recursive: true });
  rmSync(work, { recursive: true, force: true });
  // Debian 12 is merged: /bin, /lib and /sbin are links into /usr. Older packages still carry files under the short names.
  for (const name of ["bin", "lib", "lib64", "sbin"]) {
    mkdirSync(join(work, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(work, name));
  }
  const absent = wanted.filter((entry) => !archiveOf(archives, entry));
  if (absent.length > 0) {
    onProgress?.(`downloading ${absent.length} Debian packages for the hosts`);
    // apt drops its rights to the user _apt, who cannot write here; as root it then warns and goes on.
    await mustExecute("apt-get download", ["apt-get", "-qq", "download", ...absent], {
      cwd: archives,
      env: aptEnvironment(),
      timeoutSeconds: 600,
    });
  }
  for (const entry of wanted) {
    const archive = archiveOf(archives, entry);
    if (!archive) throw new Error(`apt-get download did not bring ${entry}`);
    const script = 'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -x -p --numeric-owner --keep-directory-symlink -C "$2"';
    await mustExecute(`unpacking ${entry}`, ["bash", "-c", script, "unpack", archive, work]);
  }
  // The machine's own links stay in force.
  for (const name of ["bin", "lib", "lib64", "sbin"]) if (lstatSync(join(work, name)).isSymbolicLink()) rmSync(join(work, name));
  linkIptables(work);
  renameSync(work, folder);
}

/** What update-alternatives would do at installation. */
function linkIptables(root: string): void {
  const folder = join(root, "usr/sbin");
  if (!existsSync(join(folder, "xtables-nft-multi"))) return;
  for (const family of ["iptables", "ip6tables"]) {
    for (const suffix of ["", "-save", "-restore"]) {
      if (!existsSync(join(folder, family + suffix))) symlinkSync("xtables-nft-multi", join(folder, family + suffix));
    }
  }
}

function archiveOf(folder: string, entry: string): string | undefined {
  const [name, version = ""] = entry.split("=");
  const start = `${name}_${version.replace(/:/g, "%3a")}_`;
  const file = readdirSync(folder).find((candidate) => candidate.startsWith(start) && candidate.endsWith(".deb"));
  return file && join(folder, file);
}

function requireApt(names: readonly string[]): void {
  if (findProgram("apt-get") && findProgram("dpkg-deb")) return;
  throw new Error(`no apt here; the hosts need these Debian packages: ${names.join(", ")}`);
}

function aptEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
}

/** Changes whenever a package is installed or removed here. */
function stateOfMachine(): string {
  const status = "/var/lib/dpkg/status";
  if (!existsSync(status)) return "";
  const { mtimeMs, size } = statSync(status);
  return `${mtimeMs}/${size}`;
}

function hash(...parts: string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}
