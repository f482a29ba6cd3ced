import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProgramName } from "../../../../../tools/rehearse/binaries";
import { imageSpec, layOutImages, OPERATOR_IMAGE, WORK_IMAGE } from "../../../../../tools/rehearse/images";
import { libraryFiles } from "../../../../../tools/rehearse/images/iptables";
import { digestReferenceIn, writeImage, type ImageSpec } from "../../../../../tools/rehearse/images/oci";
import { tar, tarSize, type TarEntry } from "../../../../../tools/rehearse/images/tar";
import { execute } from "../../../../../tools/rehearse/lab/execute";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "image-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function example(): ImageSpec {
  writeFileSync(join(folder, "program"), "#!/bin/sh\necho it runs\n");
  return {
    reference: "registry.local/tools/program:v1.2",
    entrypoint: ["/usr/local/bin/program"],
    files: [
      { path: "/usr/local/bin/program", source: join(folder, "program"), mode: 0o755 },
      { path: "/bin/alias", link: "../usr/local/bin/program" },
    ],
  };
}

async function unpack(archive: string, name: string): Promise<string> {
  const target = join(folder, name);
  mkdirSync(target);
  expect(await execute(["tar", "-xf", archive, "-C", target])).toMatchObject({ code: 0, stderr: "" });
  return target;
}

describe("a tar archive", () => {
  it("is read by tar with paths, modes, links and contents, and is as long as foretold", async () => {
    writeFileSync(join(folder, "source"), "x".repeat(1000));
    const entries: TarEntry[] = [
      { path: "etc", kind: "directory" },
      { path: "etc/text", kind: "bytes", bytes: Buffer.from("text\n"), mode: 0o600 },
      { path: "etc/link", kind: "link", target: "text" },
      { path: "etc/file", kind: "file", source: join(folder, "source"), mode: 0o755 },
    ];
    const pieces: Buffer[] = [];
    for await (const piece of tar(entries)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    expect(bytes.length).toBe(tarSize(entries));
    writeFileSync(join(folder, "a.tar"), bytes);
    const target = await unpack(join(folder, "a.tar"), "a");
    expect(readFileSync(join(target, "etc/link"), "utf8")).toBe("text\n");
    expect(readFileSync(join(target, "etc/file"), "utf8")).toBe("x".repeat(1000));
    expect([statSync(join(target, "etc/text")).mode & 0o777, statSync(join(target, "etc/file")).mode & 0o777]).toEqual([
      0o600, 0o755,
    ]);
  });

  it("refuses a path that its header cannot hold", async () => {
    const write = async () => {
      for await (const _ of tar([{ path: "x".repeat(101), kind: "directory" }]));
    };
    await expect(write()).rejects.toThrow("path too long");
  });
});

describe("an image archive", () => {
  it("holds what its index names, each blob under its own digest", async () => {
    const spec = example();
    await writeImage(spec, join(folder, "image.tar"), "amd64");
    const target = await unpack(join(folder, "image.tar"), "image");
    const blobs = readdirSync(join(target, "blobs/sha256"));
    expect(blobs).toHaveLength(3);
    for (const blob of blobs) expect(sha256(readFileSync(join(target, "blobs/sha256", blob)))).toBe(`sha256:${blob}`);
    const read = (digest: string) => JSON.parse(readFileSync(join(target, "blobs/sha256", digest.slice(7)), "utf8"));
    const index = JSON.parse(readFileSync(join(target, "index.json"), "utf8"));
    expect(index.manifests[0].annotations).toEqual({
      "io.containerd.image.name": spec.reference,
      "org.opencontainers.image.ref.name": "v1.2",
    });
    const manifest = read(index.manifests[0].digest);
    const config = read(manifest.config.digest);
    expect(config).toMatchObject({ architecture: "amd64", os: "linux", config: { Entrypoint: ["/usr/local/bin/program"] } });
    expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
    expect(manifest.layers[0].size).toBe(statSync(join(target, "blobs/sha256", manifest.layers[0].digest.slice(7))).size);
    const layer = await unpack(join(target, "blobs/sha256", manifest.layers[0].digest.slice(7)), "layer");
    expect((await execute([join(layer, "bin/alias")])).stdout).toBe("it runs\n");
  });

  it("is named by its digest too where asked, and says that name without being unpacked", async () => {
    const spec = { ...example(), byDigest: true };
    await writeImage(spec, join(folder, "pinned.tar"), "amd64");
    const target = await unpack(join(folder, "pinned.tar"), "pinned");
    const { manifests } = JSON.parse(readFileSync(join(target, "index.json"), "utf8"));
    const pinned = `${spec.reference.replace(/:v1\.2$/, "")}@${manifests[0].digest}`;
    expect(manifests.map((each: { annotations: object }) => Object.values(each.annotations)[0])).toEqual([
      spec.reference,
      pinned,
    ]);
    expect(digestReferenceIn(join(folder, "pinned.tar"), spec.reference)).toBe(pinned);
  });

  it("has the same bytes whenever and wherever its files were written", async () => {
    const spec = example();
    await writeImage(spec, join(folder, "one.tar"), "amd64");
    utimesSync(join(folder, "program"), 1, 1);
    await writeImage({ ...spec, files: [...spec.files].reverse() }, join(folder, "two.tar"), "amd64");
    expect(sha256(readFileSync(join(folder, "one.tar")))).toBe(sha256(readFileSync(join(folder, "two.tar"))));
  });
});

describe("what is in an image", () => {
  const programs = new Proxy({}, { get: (_, name: string) => (name === "flannel" ? undefined : `/cache/${name}`) }) as Record<
    ProgramName,
    string
  >;

  it("is the program that kubeadm's manifests call, where they look for it", () => {
    expect(imageSpec("registry.local/kube-apiserver:v1.36.3", programs, []).files).toEqual([
      { path: "/usr/local/bin/kube-apiserver", source: "/cache/kube-apiserver", mode: 0o755 },
    ]);
    expect(imageSpec("registry.local/coredns:v1.14.2", programs, []).entrypoint).toEqual(["/coredns"]);
    expect(imageSpec(WORK_IMAGE, programs, []).entrypoint).toEqual(["/turducken-work"]);
    expect(imageSpec(OPERATOR_IMAGE, programs, [])).toMatchObject({
      files: [{ path: "/manager", source: "/cache/stand-in-operator" }],
      byDigest: true,
    });
  });

  it("is iptables too for kube-proxy and for nothing else", () => {
    const extras = [{ path: "/usr/sbin/iptables", link: "xtables-nft-multi" }];
    expect(imageSpec("registry.local/kube-proxy:v1.36.3", programs, extras).files).toContainEqual(extras[0]);
    expect(imageSpec("registry.local/etcd:3.6.8-0", programs, extras).files).not.toContainEqual(extras[0]);
  });

  it("must be known", () => {
    expect(() => imageSpec("registry.local/flannel:v1", programs, [])).toThrow(
      "kubeadm wants the image registry.local/flannel:v1",
    );
  });

  it("puts libraries where the loader of the image looks and names one that is missing", () => {
    const output = `/usr/sbin/xtables-nft-multi:
\tlinux-vdso.so.1 (0x00007ffc)
\tlibmnl.so.0 => /cache/usr/lib/x86_64-linux-gnu/libmnl.so.0 (0x00007f)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f)
`;
    expect(libraryFiles(output, "x86_64-linux-gnu", (path) => path)).toEqual([
      { path: "/usr/lib/x86_64-linux-gnu/libmnl.so.0", source: "/cache/usr/lib/x86_64-linux-gnu/libmnl.so.0", mode: 0o755 },
      { path: "/usr/lib/x86_64-linux-gnu/libc.so.6", source: "/lib/x86_64-linux-gnu/libc.so.6", mode: 0o755 },
      { path: "/lib64/ld-linux-x86-64.so.2", source: "/lib64/ld-linux-x86-64.so.2", mode: 0o755 },
    ]);
    expect(() => libraryFiles("\tlibmnl.so.0 => not found\n", "x", (path) => path)).toThrow("libmnl.so.0 => not found");
  });

  it("lies once in a folder of several versions that share it", () => {
    for (const name of ["a", "b", "pause"]) writeFileSync(join(folder, name), name);
    const one = {
      archives: new Map([
        ["registry.local/kube-proxy:v1.36.2", join(folder, "a")],
        ["registry.local/pause:3.10.2", join(folder, "pause")],
      ]),
    };
    const two = {
      archives: new Map([
        ["registry.local/kube-proxy:v1.36.3", join(folder, "b")],
        ["registry.local/pause:3.10.2", join(folder, "pause")],
      ]),
    };
    const target = layOutImages([one, two], join(folder, "all"));
    expect(readdirSync(target).sort()).toEqual(["kube-proxy-v1.36.2.tar", "kube-proxy-v1.36.3.tar", "pause-3.10.2.tar"]);
    expect(readFileSync(join(target, "kube-proxy-v1.36.3.tar"), "utf8")).toBe("b");
  });
});
