import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { mustExecute } from "../lab/execute";
import type { ImageFile } from "./oci";

const PROGRAM = "usr/sbin/xtables-nft-multi";
const NAMES = ["iptables", "ip6tables"].flatMap((family) => ["", "-save", "-restore"].map((suffix) => family + suffix));

/**
 * What kube-proxy calls: iptables on nftables with every extension and every library they need, taken from Debian's package.
 * `roots` are searched in order: the folder of unpacked packages, then this machine.
 */
export async function iptablesFiles(roots: readonly string[]): Promise<ImageFile[]> {
  const root = roots.find((folder) => existsSync(join(folder, PROGRAM)));
  if (!root) throw new Error(`iptables (Debian package iptables) is in none of ${roots.join(", ")}`);
  const libraries = readdirSync(join(root, "usr/lib")).filter((name) => existsSync(join(root, "usr/lib", name, "xtables")))[0];
  if (!libraries) throw new Error(`iptables in ${root} has no extensions`);
  const modules = join(root, "usr/lib", libraries, "xtables");
  const extensions = readdirSync(modules).filter((name) => name.endsWith(".so"));
  const search = roots.map((folder) => join(folder, "usr/lib", libraries)).join(":");
  const output = await mustExecute("ldd", ["ldd", join(root, PROGRAM), ...extensions.map((name) => join(modules, name))], {
    env: { ...process.env, LD_LIBRARY_PATH: search, LC_ALL: "C" },
  });
  return [
    { path: `/${PROGRAM}`, source: join(root, PROGRAM) },
    ...NAMES.map((name) => ({ path: `/usr/sbin/${name}`, link: "xtables-nft-multi" })),
    ...extensions.map((name) => ({
      path: `/usr/lib/${libraries}/xtables/${name}`,
      source: realpathSync(join(modules, name)),
      mode: 0o644,
    })),
    ...libraryFiles(output, libraries),
  ];
}

/** The libraries in ldd's output, each at the place where the dynamic loader of an image looks for it. */
export function libraryFiles(output: string, libraries: string, resolve: (path: string) => string = realpathSync): ImageFile[] {
  const found = new Map<string, string>();
  for (const line of output.split("\n")) {
    const named = /^\s+(\S+) => (\/\S+) \(/.exec(line);
    const loader = /^\s+(\/\S*\/ld-\S+) \(/.exec(line);
    if (named) found.set(`/usr/lib/${libraries}/${named[1]!}`, named[2]!);
    // Its path stands in every program.
    else if (loader) found.set(loader[1]!, loader[1]!);
    else if (/not found/.test(line)) throw new Error(`a library of iptables is missing: ${line.trim()}`);
  }
  return [...found].map(([path, source]) => ({ path, source: resolve(source), mode: 0o755 }));
}
