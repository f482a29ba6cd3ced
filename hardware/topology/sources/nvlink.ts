import type { HardwareProblem } from "../../problem";
import { showNames } from "../../hostlist";
import { nearestNames } from "../../nearest";
import type { FabricTree } from "../../types";
import type { SourceTree } from "./result";

/** Which NVLink domain each host is in, and all that is wrong or doubtful. Hosts without NVLink to others have none. */
export interface NvlinkDomains {
  readonly domains: ReadonlyMap<string, string>;
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}

/** The query whose output is read here. */
export const NVLINK_QUERY = "nvidia-smi --query-gpu=fabric.clusterUuid,fabric.cliqueId --format=csv,noheader";

const NONE = /^\[?(?:N\/A|Not Supported)\]?$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ZERO = /^[0-]+$/;

/**
 * NVLink domains from what {@link NVLINK_QUERY} prints on each host, one line for each GPU. A domain is
 * `<clusterUuid>.<cliqueId>`, as in the label `nvidia.com/gpu.clique`; an all-zero cluster or N/A means that the host's
 * GPUs are joined with no other host's. GPUs of one host that disagree are a problem. Never throws.
 *
 * @param outputs host → output
 * @param path what the outputs are called in problems: `<path>.<host> line 2`. @default `nvlink`
 */
export function acceleratorsFromNvidiaSmi(outputs: ReadonlyMap<string, string>, path = "nvlink"): NvlinkDomains {
  const domains = new Map<string, string>();
  const problems: HardwareProblem[] = [];
  const warnings: HardwareProblem[] = [];
  for (const [host, output] of outputs) {
    const found = new Map<string | undefined, number>();
    let readable = true;
    for (const [index, raw] of output.split("\n").entries()) {
      const line = raw.trim();
      if (line === "" || line === "No devices were found" || /^fabric\.clusterUuid\s*,/i.test(line)) continue;
      const domain = domainIn(line);
      if (domain === "unreadable") {
        readable = false;
        problems.push(unreadable(`${path}.${host} line ${index + 1}`, line));
      } else if (!found.has(domain)) {
        found.set(domain, index + 1);
      }
    }
    if (found.size > 1) problems.push(disagreement(`${path}.${host}`, host, found));
    const [only] = found.keys();
    if (readable && found.size === 1 && only !== undefined) domains.set(host, only);
    if (readable && found.size === 0) {
      warnings.push({
        path: `${path}.${host} line 1`,
        value: host,
        message: `Host ${host} shows no GPU, and so has no NVLink domain.`,
        fix: "Leave it if the host has no GPUs; else check its driver.",
      });
    }
  }
  return { domains, problems, warnings };
}

/** The domain of one GPU's line, undefined for none. */
function domainIn(line: string): string | undefined | "unreadable" {
  const [cluster = "", clique = "", ...rest] = line.split(",").map((field) => field.trim());
  const id = cluster.toLowerCase();
  if (rest.length > 0) return "unreadable";
  if (NONE.test(cluster) || (UUID.test(id) && ZERO.test(id))) return undefined;
  return UUID.test(id) && /^\d{1,10}$/.test(clique) ? `${id}.${Number(clique)}` : "unreadable";
}

function unreadable(path: string, line: string): HardwareProblem {
  return {
    path,
    value: line.slice(0, 100),
    message: `This line is no GPU's fabric: ${JSON.stringify(line.slice(0, 100))}.`,
    allowed: "`<clusterUuid>, <cliqueId>`, or N/A",
    fix: `Run \`${NVLINK_QUERY}\` there; drivers that do not know these fields have no NVLink domains.`,
  };
}

function disagreement(path: string, host: string, found: ReadonlyMap<string | undefined, number>): HardwareProblem {
  const said = [...found].map(([domain, line]) => `${domain ?? "none"} (line ${line})`);
  return {
    path: `${path} line ${[...found.values()][1]!}`,
    value: said.join(", "),
    message: `The GPUs of host ${host} are in different NVLink domains: ${said.join(", ")}.`,
    allowed: "one domain for all GPUs of a host",
    fix: "Check the fabric manager and the NVLink state of each GPU (`nvidia-smi -q`).",
  };
}

/**
 * The same tree with accelerator domains. Nodes that the map does not name keep what they have; names that are not in the
 * tree are a warning.
 */
export function withAccelerators(tree: FabricTree, domains: ReadonlyMap<string, string>): SourceTree {
  const names = new Set(tree.nodes.map(({ name }) => name));
  const strangers = [...domains.keys()].filter((name) => !names.has(name));
  const warnings: HardwareProblem[] = [];
  if (strangers.length > 0) {
    const near = nearestNames(strangers[0]!, names);
    warnings.push({
      path: "nvlink",
      value: showNames(strangers, Number.MAX_SAFE_INTEGER),
      message: `${strangers.length === 1 ? "A host has" : `${strangers.length} hosts have`} an NVLink domain and no place in the tree.`,
      ...(near.length > 0 ? { allowed: `nearest of ${strangers[0]!}: ${near.join(", ")}` } : {}),
      fix: "Correct the name, or leave it if the host is not part of the cluster.",
    });
  }
  const nodes = tree.nodes.map((node) => {
    const accelerator = domains.get(node.name) ?? node.accelerator;
    return accelerator === undefined ? node : { ...node, accelerator };
  });
  return { tree: { tiers: tree.tiers, nodes }, problems: [], warnings };
}
