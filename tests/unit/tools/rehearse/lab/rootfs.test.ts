import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountFiles, maskedUnits, rootFiles, writeRoot } from "../../../../../tools/rehearse/lab/rootfs";

const options = {
  runId: "0123abcd",
  name: "n01",
  address: "10.70.1.2",
  gateway: "10.70.1.253",
  machineId: "0123456789abcdef0123456789abcdef",
  hostPrivateKey: "host key\n",
  hostKey: "ssh-ed25519 AAAA",
  authorizedKey: "ssh-ed25519 BBBB\n",
  neighbours: [
    { name: "cp1", address: "10.70.1.1" },
    { name: "n01", address: "10.70.1.2" },
  ],
};

const textOf = (files: readonly { path: string; text?: string }[], path: string) =>
  files.find((file) => file.path === path)?.text;

describe("the files of a host's root", () => {
  it("name the host, its machine id and its neighbours", () => {
    const files = rootFiles(options);
    expect(textOf(files, "/etc/hostname")).toBe("n01\n");
    expect(textOf(files, "/etc/machine-id")).toBe(`${options.machineId}\n`);
    expect(textOf(files, "/etc/hosts")).toBe("127.0.0.1 localhost\n::1 localhost\n10.70.1.1 cp1\n10.70.1.2 n01\n");
  });

  it("let nobody in by password", () => {
    const config = textOf(rootFiles(options), "/etc/ssh/sshd_config");
    expect(config).toContain("PasswordAuthentication no\n");
    expect(config).toContain("PermitRootLogin prohibit-password\n");
  });
});

describe("the accounts of a host", () => {
  const machine: Record<string, string> = {
    "/etc/passwd":
      "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\nother:x:1000:1000::/home/other:/bin/sh\nadmin:x:1:1::/x:/y\n",
    "/etc/group": "root:x:0:\nother:x:1000:\n",
    "/etc/shadow": "root:*:1::::::\n",
  };

  it("add admin with a free number and no password, in place of an admin of the machine", () => {
    const files = accountFiles((path) => machine[path] ?? "");
    expect(
      textOf(files, "/etc/passwd")!
        .split("\n")
        .filter((line) => line.startsWith("admin:")),
    ).toEqual(["admin:x:1001:1001::/home/admin:/bin/bash"]);
    expect(textOf(files, "/etc/shadow")).toContain("\nadmin:*:");
    expect(files.find((file) => file.path === "/etc/shadow")!.mode).toBe(0o640);
  });

  it("add accounts of daemons only where the machine lacks them", () => {
    const passwd = textOf(
      accountFiles((path) => machine[path] ?? ""),
      "/etc/passwd",
    )!;
    expect(passwd.match(/^sshd:/gm)).toHaveLength(1);
    expect(passwd.match(/^messagebus:/gm)).toHaveLength(1);
  });
});

describe("masking units", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "root-"))));
  afterEach(() => rmSync(root, { recursive: true }));

  it("masks what targets want and every generator, but for what a host needs", () => {
    const wants = join(root, "lib/systemd/system/multi-user.target.wants");
    mkdirSync(wants, { recursive: true });
    mkdirSync(join(root, "lib/systemd/system-generators"), { recursive: true });
    for (const unit of ["getty.target", "dbus.service", "postgresql.service"]) writeFileSync(join(wants, unit), "");
    writeFileSync(join(root, "lib/systemd/system-generators/postgresql-generator"), "");
    const masked = maskedUnits([root]).map((file) => file.path);
    expect(masked).toContain("/etc/systemd/system/getty.target");
    expect(masked).toContain("/etc/systemd/system/postgresql.service");
    expect(masked).toContain("/etc/systemd/system/systemd-udevd.service");
    expect(masked).toContain("/etc/systemd/system-generators/postgresql-generator");
    expect(masked).not.toContain("/etc/systemd/system/dbus.service");
  });

  it("writes files with their modes and links, twice with the same result", () => {
    const files = [
      { path: "/etc/a", text: "a\n", mode: 0o600 },
      { path: "/etc/systemd/system/b.service", link: "/dev/null" },
    ];
    writeRoot(root, files);
    writeRoot(root, files);
    expect([readFileSync(join(root, "etc/a"), "utf8"), statSync(join(root, "etc/a")).mode & 0o777]).toEqual(["a\n", 0o600]);
    expect(lstatSync(join(root, "etc/systemd/system/b.service")).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(root, "etc/systemd/system/b.service"))).toBe("/dev/null");
  });
});
