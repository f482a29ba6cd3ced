import { showNames } from "../../hostlist";
import { nearestNames } from "../../nearest";
import type { HardwareProblem } from "../../problem";
import type { FabricGraph, GraphHost } from "./model";
import { inNaturalOrder } from "./names";

/** More unexpected hosts than this are reported together: beside so many, the nearest name of each helps nobody. */
const NAMED_ONE_BY_ONE = 20;

/**
 * Which hosts take part: those with a compute adapter, and where the caller gave names, only these. All others stay in the
 * graph as end nodes without a place in the tree, and every one of them is named in a warning.
 */
export function chooseHosts(
  graph: FabricGraph,
  expected: readonly string[] | undefined,
  path: string,
  warnings: HardwareProblem[],
): { nodes: readonly string[]; graph: FabricGraph } {
  const sorted = inNaturalOrder(graph.hosts, ({ name }) => name);
  const computing = sorted.filter(({ adapters }) => adapters.some(({ use }) => use === "compute"));
  const idle = sorted.filter(({ adapters }) => adapters.every(({ use }) => use === "storage"));
  if (idle.length > 0) warnings.push(withoutCompute(idle, path));
  const wanted = expected === undefined ? undefined : [...new Set(expected)];
  const hosts = wanted === undefined ? computing : expectedOnly(wanted, computing, path, warnings);
  const chosen = new Set(hosts);
  const rest = graph.hosts.filter((host) => !chosen.has(host)).flatMap(({ adapters }) => adapters.map(({ guid }) => guid));
  return {
    nodes: wanted ?? hosts.map(({ name }) => name),
    graph: { ...graph, hosts, others: [...(graph.others ?? []), ...rest] },
  };
}

function withoutCompute(hosts: readonly GraphHost[], path: string): HardwareProblem {
  return {
    path: hosts[0]!.path ?? path,
    value: allNames(hosts),
    message: `${hosts.length === 1 ? "A host has" : `${hosts.length} hosts have`} no compute adapter, and so no place in the tree.`,
    fix: "Leave it if these are storage servers; else correct which adapters are for compute.",
  };
}

function expectedOnly(
  wanted: readonly string[],
  hosts: readonly GraphHost[],
  path: string,
  warnings: HardwareProblem[],
): GraphHost[] {
  const known = new Set(wanted);
  const found = new Set(hosts.map(({ name }) => name));
  const missing = wanted.filter((name) => !found.has(name));
  const strangers = hosts.filter(({ name }) => !known.has(name));
  const hint = "an adapter keeps the name that its host had at boot";
  for (const { name, path: at } of strangers.slice(0, NAMED_ONE_BY_ONE)) {
    const near = nearestNames(name, missing);
    warnings.push({
      path: at ?? path,
      value: name,
      message: `Host ${name} of the fabric is not expected, and is left out (${hint}).`,
      ...(near.length > 0 ? { allowed: `nearest of the hosts that were not found: ${near.join(", ")}` } : {}),
      fix: near.length > 0 ? `Is it ${near[0]!}? Then say so among the renamed hosts.` : "Add it to the hosts, or leave it.",
    });
  }
  const more = strangers.slice(NAMED_ONE_BY_ONE);
  if (more.length > 0) {
    warnings.push({
      path: more[0]!.path ?? path,
      value: allNames(more),
      message: `${more.length} more hosts of the fabric are not expected, and are left out (${hint}).`,
      fix: "Add them to the hosts, say among the renamed hosts who they are, or leave them.",
    });
  }
  if (missing.length > 0) {
    warnings.push({
      path,
      value: showNames(missing, Number.MAX_SAFE_INTEGER),
      message: `${missing.length === 1 ? "A host was" : `${missing.length} hosts were`} not found in the fabric, and so has no domain in any tier.`,
      fix: "Check that the host is up and its adapter bears its name (the file node_desc under /sys/class/infiniband).",
    });
  }
  const byName = new Map(hosts.map((host) => [host.name, host]));
  return wanted.map((name) => byName.get(name)).filter((host) => host !== undefined);
}

function allNames(hosts: readonly GraphHost[]): string {
  return showNames(
    hosts.map(({ name }) => name),
    Number.MAX_SAFE_INTEGER,
  );
}
