import type { Problem } from "../config/problems";
import { quantity } from "../gang/fit";
import type { ContractPool } from "../gang/spec";
import { cpusOf, oneForEachNode, podSize } from "./resources";
import { tasksOf, type MiniClusterLayers, type MiniClusterSpec } from "./spec";

/** Devices that only machines of some types have; others (a site's own) are known to the scheduler alone. */
const CATALOGUED =
  /^(vpc\.amazonaws\.com\/efa|rdma\/|nvidia\.com\/|amd\.com\/gpu|habana\.ai\/|aws\.amazon\.com\/neuron|google\.com\/tpu|networking\.gke\.io\.networks\/)/;

/** A pod against one machine of the pool: what it cannot have, and whether it really has the machine to itself. */
export function podProblems(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  const amounts = Object.entries(spec.resources ?? {}).flatMap(([name, text]) =>
    amountProblems(pool, name, text, `${path}.resources.${name}`),
  );
  // Sums of amounts that are none would only say the same again.
  if (amounts.length > 0) return [...amounts, ...offeredProblems(pool, layers, spec, path)];
  return [
    ...offeredProblems(pool, layers, spec, path),
    ...hugePagesProblems(pool, spec, path),
    ...exclusiveProblems(pool, layers, spec, path),
    ...alikeProblems(pool, layers, spec, path),
    ...taskProblems(pool, layers, spec, path),
  ];
}

function amountProblems(pool: ContractPool, name: string, text: string, path: string): Problem[] {
  const wanted = quantity(text);
  if (wanted === undefined) {
    const fix = "Write a number with an optional unit.";
    return [{ path, value: text, message: "It is not a Kubernetes quantity.", allowed: "500m, 8, 4Gi", fix }];
  }
  const most = mostOf(pool, name);
  if (most === undefined || wanted <= most) return [];
  if (most === 0)
    return [
      {
        path,
        value: text,
        message: `Machines of pool ${pool.name} (${pool.machineType}) have no ${name}; no pod would ever start.`,
        allowed: Object.keys(pool.extendedResources).join(", ") || "no devices",
        fix: "Leave it out, or use a pool that has it.",
      },
    ];
  return [
    {
      path,
      value: text,
      message: `No machine of pool ${pool.name} (${pool.machineType}) has so much.`,
      allowed: `at most ${name === "memory" ? `${pool.memoryGiB}Gi` : most}`,
      fix: "Ask for less on each node, or use another pool.",
    },
  ];
}

/** What one machine has; undefined where nobody knows. */
function mostOf(pool: ContractPool, name: string): number | undefined {
  if (name === "cpu") return cpusOf(pool);
  if (name === "memory") return pool.memoryGiB * 2 ** 30;
  return pool.extendedResources[name] ?? (CATALOGUED.test(name) ? 0 : undefined);
}

/** Asked for by the user or needed by the fabric, and offered by nobody: the device plugin is missing. */
function offeredProblems(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  if (layers.devices === undefined) return [];
  const wanted = { ...pool.extendedResources, ...spec.resources };
  return Object.entries(wanted).flatMap(([name, amount]): Problem[] => {
    if (!(name in pool.extendedResources) || quantity(String(amount)) === 0 || layers.devices!.includes(name)) return [];
    const own = spec.resources?.[name] !== undefined;
    return [
      {
        path: `${path}.resources.${name}`,
        ...(own ? { value: amount } : {}),
        message: `Machines of pool ${pool.name} (${pool.machineType}) have it, but no device plugin of the layers offers it.`,
        allowed: layers.devices!.join(", ") || "no devices",
        fix: `Switch its device plugin on in the layers stack, or run without: \`resources: {${name}: "0"}\`.`,
      },
    ];
  });
}

/** Huge pages come from the pool's nodes; a pod cannot have more than they set aside. */
function hugePagesProblems(pool: ContractPool, spec: MiniClusterSpec, path: string): Problem[] {
  const text = spec.resources?.["hugepages-2Mi"];
  const wanted = quantity(text ?? "0") ?? 0;
  if (wanted === 0 || pool.hugePagesMiB > 0) return [];
  return [
    {
      path: `${path}.resources.hugepages-2Mi`,
      value: text,
      message: `Nothing says that nodes of pool ${pool.name} (${pool.machineType}) set huge pages aside; no pod would ever start.`,
      fix: "Leave it out, or use a pool whose machine type sets pages aside.",
    },
  ];
}

function exclusiveProblems(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  if (spec.cpu !== "exclusive") return [];
  const { cpuMillicores, requests } = podSize(pool, spec, layers);
  const core = pool.threadsPerCore * 1000;
  if (cpuMillicores > 0 && cpuMillicores % core === 0) return [];
  const cpus = pool.threadsPerCore === 1 ? "1 CPU" : `${pool.threadsPerCore} CPUs`;
  return [
    {
      path: `${path}.resources.cpu`,
      value: requests.cpu,
      message: `With \`cpu: exclusive\` a pod has whole cores, and a core of ${pool.machineType} is ${cpus}.`,
      allowed: `a multiple of ${pool.threadsPerCore}`,
      fix: "Ask for whole cores, or leave `cpu: exclusive` out.",
    },
  ];
}

/** The operator only prefers one pod on each node; Flux would count the cores and GPUs of a shared node twice. */
function alikeProblems(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  const size = podSize(pool, spec, layers);
  if (spec.nodes < 2 || oneForEachNode(pool, size) !== undefined) return [];
  const cpus = cpusOf(pool) * 1000;
  const devices = Object.entries(pool.extendedResources)
    .filter(([name]) => !name.startsWith("rdma/"))
    .map(([name, amount]) => `, or more than ${Math.floor(amount / 2)} ${name}`);
  return [
    {
      path: `${path}.resources.cpu`,
      value: size.requests.cpu,
      message: `Two of its pods would fit on one node of pool ${pool.name} (${pool.machineType}): each asks for ${size.cpuMillicores}m of ${cpus}m CPU. Flux would then count the node's cores twice.`,
      allowed: `more than ${cpus / 2}m${devices.join("")}`,
      fix: "Leave `resources` out, or ask for more than half of the node.",
    },
  ];
}

function taskProblems(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  const size = podSize(pool, spec, layers);
  const tasks = tasksOf(spec, size);
  const most = spec.nodes * size.cores;
  if (spec.interactive || tasks <= most) return [];
  return [
    {
      path: `${path}.tasks`,
      value: tasks,
      message: `Flux finds ${size.cores} cores in each of ${spec.nodes} pods and gives every task one: it would refuse the job as unsatisfiable.`,
      allowed: `at most ${most}`,
      fix: "Ask for fewer tasks or more nodes.",
    },
  ];
}
