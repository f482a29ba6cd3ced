import { accessSync, constants, existsSync } from "node:fs";

/** program → Debian package */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  flock: "util-linux",
  mount: "mount",
  sshd: "openssh-server",
  "ssh-keygen": "openssh-client",
  ssh: "openssh-client",
  bash: "bash",
  dpkg: "dpkg",
};

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Why the lab cannot run on this machine, one line each with what to do; empty when it can. */
export function missingForLab(): string[] {
  const reasons: string[] = [];
  if (process.platform !== "linux") reasons.push(`this is ${process.platform}; hosts are Linux namespaces: run it on Linux`);
  if (process.getuid?.() !== 0) reasons.push("not root: namespaces, mounts and control groups need it; run it as root");
  const missing = Object.entries(PROGRAMS).filter(([program]) => !findProgram(program));
  const packages = [...new Set(missing.map(([, name]) => name))].sort();
  if (packages.length > 0) {
    reasons.push(
      `programs missing: ${missing.map(([program]) => program).join(", ")}; as root: apt-get install --no-install-recommends ${packages.join(" ")}`,
    );
  }
  return reasons;
}

export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path) && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
