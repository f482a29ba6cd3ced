import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layOutForHosts, type ProgramName } from "../../../../../tools/rehearse/binaries";
import { buildGroups, groupKey, kubernetesGroup } from "../../../../../tools/rehearse/binaries/build";
import { download, findSum, officialFile } from "../../../../../tools/rehearse/binaries/download";
import { KUBERNETES_PROGRAMS, REHEARSED } from "../../../../../tools/rehearse/binaries/versions";
import { mustExecute } from "../../../../../tools/rehearse/lab/execute";

const modules = join(__dirname, "../../../../../tools/rehearse/binaries");
const sha256 = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "binaries-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("what is built", () => {
  it("has the versions that the Go modules pin", () => {
    const pinned = (module: string) => readFileSync(join(modules, module, "go.mod"), "utf8");
    expect(pinned("kubernetes")).toContain(`k8s.io/kubernetes ${REHEARSED.kubernetes}\n`);
    expect(pinned("etcd")).toContain(`go.etcd.io/etcd/server/v3 ${REHEARSED.etcd}\n`);
    expect(pinned("coredns")).toContain(`github.com/coredns/coredns ${REHEARSED.coredns}\n`);
  });

  it("covers every program once", () => {
    const names = buildGroups().flatMap((group) => Object.keys(group.programs));
    expect(names.sort()).toEqual(
      [...KUBERNETES_PROGRAMS, "etcd", "coredns", "pause", "turducken-work", "stand-in-operator"].sort(),
    );
  });

  it("tells Kubernetes its version", () => {
    expect(kubernetesGroup("v1.36.2").ldflags).toEqual([
      "-s",
      "-w",
      "-X k8s.io/component-base/version.gitVersion=v1.36.2",
      "-X k8s.io/component-base/version.gitMajor=1",
      "-X k8s.io/component-base/version.gitMinor=36",
    ]);
  });

  it("is built anew when the version, a source or a pinned sum changes, and only then", () => {
    mkdirSync(join(folder, "programs/pause"), { recursive: true });
    for (const file of ["go.mod", "pause/main.go"]) copyFileSync(join(modules, "programs", file), join(folder, "programs", file));
    const group = buildGroups().find((each) => each.module === "programs")!;
    const key = groupKey(group, folder);
    writeFileSync(join(folder, "programs/README"), "no source");
    expect(groupKey(group, folder)).toBe(key);
    writeFileSync(join(folder, "programs/pause/main.go"), "package main");
    expect(groupKey(group, folder)).not.toBe(key);
    expect(groupKey(kubernetesGroup("v1.36.2"))).not.toBe(groupKey(kubernetesGroup("v1.36.3")));
  });
});

describe("official files", () => {
  it("are where their projects publish them", () => {
    expect(officialFile("kubelet", "arm64")).toEqual({
      url: "https://dl.k8s.io/release/v1.36.3/bin/linux/arm64/kubelet",
      sums: "https://dl.k8s.io/release/v1.36.3/bin/linux/arm64/kubelet.sha256",
    });
    expect(officialFile("etcd", "amd64")).toMatchObject({
      url: "https://github.com/etcd-io/etcd/releases/download/v3.6.8/etcd-v3.6.8-linux-amd64.tar.gz",
      member: "etcd-v3.6.8-linux-amd64/etcd",
    });
    expect(officialFile("coredns", "amd64")!.url).toBe(
      "https://github.com/coredns/coredns/releases/download/v1.14.2/coredns_1.14.2_linux_amd64.tgz",
    );
    expect(officialFile("turducken-work", "amd64")).toBeUndefined();
  });

  it("have a sum alone in its file or on a line with the name", () => {
    const [a, b] = ["a".repeat(64), "b".repeat(64)];
    expect(findSum(`${a}\n`, "kubelet")).toBe(a);
    expect(findSum(`${a}  other.tar.gz\n${b} *etcd.tar.gz\n`, "etcd.tar.gz")).toBe(b);
    expect(findSum(`${a}  other.tar.gz\n`, "etcd.tar.gz")).toBeUndefined();
  });
});

describe("downloading", () => {
  const served = new Map<string, Buffer | "silence">();
  let server: Server;
  let site: string;

  beforeEach(async () => {
    served.clear();
    server = createServer((request, response) => {
      const body = served.get(request.url!);
      if (body === "silence") return;
      response.statusCode = body ? 200 : 404;
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("puts a program in place only when its sum is right", async () => {
    const file = { url: `${site}/kubelet`, sums: `${site}/kubelet.sha256` };
    served.set("/kubelet", Buffer.from("program"));
    served.set("/kubelet.sha256", Buffer.from(sha256("another")));
    const target = join(folder, "bin/kubelet");
    await expect(download(file, target)).rejects.toThrow(`${site}/kubelet has the SHA-256 sum ${sha256("program")}`);
    expect(readdirSync(join(folder, "bin"))).toEqual([]);
    served.set("/kubelet.sha256", Buffer.from(sha256("program")));
    await download(file, target);
    expect([readFileSync(target, "utf8"), statSync(target).mode & 0o777]).toEqual(["program", 0o755]);
  });

  it("takes a program out of the archive that its project publishes", async () => {
    mkdirSync(join(folder, "etcd-v1"));
    writeFileSync(join(folder, "etcd-v1/etcd"), "the program");
    await mustExecute("tar", ["tar", "-czf", join(folder, "etcd.tar.gz"), "-C", folder, "etcd-v1"]);
    const archive = readFileSync(join(folder, "etcd.tar.gz"));
    served.set("/etcd.tar.gz", archive);
    served.set("/SHA256SUMS", Buffer.from(`${sha256(archive)}  etcd.tar.gz\n`));
    const target = join(folder, "bin/etcd");
    await download({ url: `${site}/etcd.tar.gz`, sums: `${site}/SHA256SUMS`, member: "etcd-v1/etcd" }, target);
    expect(readFileSync(target, "utf8")).toBe("the program");
    expect(readdirSync(join(folder, "bin"))).toEqual(["etcd"]);
  });

  it("gives up on a site that does not answer, and names it", async () => {
    served.set("/kubelet.sha256", "silence");
    const file = { url: `${site}/kubelet`, sums: `${site}/kubelet.sha256` };
    await expect(download(file, join(folder, "kubelet"), 0.1)).rejects.toThrow(`${site}/kubelet.sha256: no answer within 0.1 s`);
    await expect(download({ ...file, sums: `${site}/nothing` }, join(folder, "kubelet"))).rejects.toThrow(
      `${site}/nothing: status 404`,
    );
    expect(existsSync(join(folder, "kubelet"))).toBe(false);
  });
});

describe("laying programs out for hosts", () => {
  it("keeps several versions side by side", () => {
    const programsOf = (version: string) => {
      mkdirSync(join(folder, version));
      const entries = ["kubeadm", "kubelet", "kubectl"].map((name) => {
        const file = join(folder, version, name);
        writeFileSync(file, `${name} ${version}`, { mode: 0o755 });
        return [name, file] as const;
      });
      return { version, programs: Object.fromEntries(entries) as Record<ProgramName, string> };
    };
    const target = layOutForHosts([programsOf("v1.36.2"), programsOf("v1.36.3")], join(folder, "hosts"));
    expect(readFileSync(join(target, "v1.36.2/kubelet"), "utf8")).toBe("kubelet v1.36.2");
    expect(readFileSync(join(target, "v1.36.3/kubeadm"), "utf8")).toBe("kubeadm v1.36.3");
  });
});
