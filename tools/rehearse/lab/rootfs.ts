import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The files in which a host's root differs from the machine's; written into the upper layer before it is mounted. */
export interface RootFile {
  readonly path: string;
  readonly mode?: number;
  readonly text?: string;
  /** Target of a symbolic link; `/dev/null` masks a unit. */
  readonly link?: string;
}

export interface RootOptions {
  readonly runId: string;
  readonly name: string;
  readonly address: string;
  readonly gateway: string;
  /** 32 hex digits. */
  readonly machineId: string;
  readonly hostPrivateKey: string;
  readonly hostKey: string;
  readonly authorizedKey: string;
  /** Names and addresses that this host can resolve, as a site's name service would. */
  readonly neighbours: readonly { readonly name: string; readonly address: string }[];
}

/** Units of the distribution that a host starts; every other one that a target wants is masked. */
const ALLOWED_UNITS = new Set([
  "dbus.service",
  "dbus.socket",
  "systemd-journald.service",
  "systemd-journald.socket",
  "systemd-journald-dev-log.socket",
  "systemd-tmpfiles-setup.service",
  "systemd-user-sessions.service",
]);

/** Accounts that daemons need and that a package's installation would have made. */
const SYSTEM_USERS = [
  ["sshd", "/run/sshd"],
  ["messagebus", "/nonexistent"],
] as const;

export function rootFiles(options: RootOptions): RootFile[] {
  const names = options.neighbours.map((host) => `${host.address} ${host.name}\n`).join("");
  const key = `${options.authorizedKey.trim()}\n`;
  return [
    { path: "/etc/turducken-lab", text: `${options.runId} ${options.name}\n` },
    { path: "/etc/turducken-lab.key", text: key, mode: 0o600 },
    { path: "/etc/hostname", text: `${options.name}\n` },
    { path: "/etc/hosts", text: `127.0.0.1 localhost\n::1 localhost\n${names}` },
    { path: "/etc/resolv.conf", text: `nameserver ${options.gateway}\noptions timeout:1 attempts:1\n` },
    { path: "/etc/machine-id", text: `${options.machineId}\n`, mode: 0o444 },
    { path: "/var/lib/dbus/machine-id", text: `${options.machineId}\n`, mode: 0o444 },
    { path: "/etc/fstab", text: "" },
    { path: "/etc/ssh/sshd_config", text: SSHD_CONFIG },
    { path: "/etc/ssh/ssh_host_ed25519_key", text: options.hostPrivateKey, mode: 0o600 },
    { path: "/etc/ssh/ssh_host_ed25519_key.pub", text: `${options.hostKey}\n` },
    { path: "/etc/systemd/system/ssh.service", text: SSH_UNIT },
    { path: "/etc/systemd/journald.conf.d/lab.conf", text: "[Journal]\nReadKMsg=no\nAudit=no\n" },
  ];
}

/** `read` gives the machine's own text of a file, or an empty one. */
export function accountFiles(read: (path: string) => string): RootFile[] {
  const lines = (path: string) => read(path).split("\n").filter(Boolean);
  const passwd = lines("/etc/passwd").filter((line) => !line.startsWith("admin:"));
  const group = lines("/etc/group").filter((line) => !line.startsWith("admin:"));
  const shadow = lines("/etc/shadow").filter((line) => !line.startsWith("admin:"));
  const uids = new Set(passwd.map((line) => Number(line.split(":")[2])));
  const gids = new Set(group.map((line) => Number(line.split(":")[2])));
  const free = (from: number) => {
    while (uids.has(from) || gids.has(from)) from++;
    uids.add(from);
    return from;
  };
  const add = (name: string, id: number, home: string, shell: string) => {
    passwd.push(`${name}:x:${id}:${id}::${home}:${shell}`);
    group.push(`${name}:x:${id}:`);
    // `*` is no password and, unlike `!`, not a locked account: keys still work.
    shadow.push(`${name}:*:19000:0:99999:7:::`);
  };
  for (const [name, home] of SYSTEM_USERS) {
    if (!passwd.some((line) => line.startsWith(`${name}:`))) add(name, free(150), home, "/usr/sbin/nologin");
  }
  add("admin", free(1000), "/home/admin", "/bin/bash");
  return [
    { path: "/etc/passwd", text: `${passwd.join("\n")}\n` },
    { path: "/etc/group", text: `${group.join("\n")}\n` },
    { path: "/etc/shadow", text: `${shadow.join("\n")}\n`, mode: 0o640 },
  ];
}

/** Masks what the distribution's targets want and every generator, so that a host starts only what it is meant to. `roots` are the layers. */
export function maskedUnits(roots: readonly string[]): RootFile[] {
  const units = new Set<string>();
  const generators = new Set<string>();
  for (const root of roots) {
    const units_ = join(root, "lib/systemd/system");
    for (const folder of list(units_).filter((name) => name.endsWith(".wants"))) {
      list(join(units_, folder)).forEach((unit) => units.add(unit));
    }
    for (const parent of ["lib/systemd", "usr/lib/systemd", "etc/systemd"]) {
      list(join(root, parent, "system-generators")).forEach((name) => generators.add(name));
    }
  }
  // Not wanted by a target but started by sockets, buses or the sysinit scripts' replacements.
  for (const unit of ["systemd-udevd.service", "systemd-logind.service", "tmp.mount", "systemd-networkd.socket"]) units.add(unit);
  return [
    ...[...units]
      .filter((unit) => !ALLOWED_UNITS.has(unit))
      .map((unit) => ({ path: `/etc/systemd/system/${unit}`, link: "/dev/null" })),
    ...[...generators].map((name) => ({ path: `/etc/systemd/system-generators/${name}`, link: "/dev/null" })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function writeRoot(upper: string, files: readonly RootFile[]): void {
  for (const file of files) {
    const path = join(upper, file.path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    if (file.link === undefined) writeFileSync(path, file.text ?? "", { mode: file.mode ?? 0o644 });
    else if (!existsSync(path)) symlinkSync(file.link, path);
  }
}

export function readMachineFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const SSHD_CONFIG = `Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 256:30:512
MaxSessions 256
Subsystem sftp /usr/lib/openssh/sftp-server
`;

const SSH_UNIT = `[Unit]
Description=OpenSSH server of this lab host
After=network.target

[Service]
ExecStartPre=/bin/mkdir -p /run/sshd
ExecStart=/usr/sbin/sshd -D
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
