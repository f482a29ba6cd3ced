import type { HardwareProblem } from "../../problem";
import type { GcpMachineType } from "../../types";
import { CONSUMPTIONS, type Consumption } from "./facts";

/** A node pool as far as placement and the way it is bought can contradict each other. */
export interface PlacementRequest {
  /** Most nodes the pool can have. */
  readonly machines: number;
  /** One way to buy, or `["flex-start", "queued"]`. */
  readonly consumption: Consumption | readonly Consumption[];
  /** Compact placement policy. @default true when maxDistance is given */
  readonly compact?: boolean;
  /** 1: one subblock, 2: one block, 3: adjacent blocks. */
  readonly maxDistance?: 1 | 2 | 3;
  /** Zones of the pool. @default 1 */
  readonly zones?: number;
  /** @default "surge" */
  readonly upgrades?: "surge" | "blue-green";
  /** @default GKE's, which is on */
  readonly autoRepair?: boolean;
  /** Whether the autoscaler sizes the pool; otherwise it has a fixed number of nodes. */
  readonly autoscaled?: boolean;
  /** Fewest nodes of an autoscaled pool. @default 0 */
  readonly minMachines?: number;
}

/** A request with the defaults filled in. */
interface Pool extends PlacementRequest {
  readonly ways: readonly Consumption[];
  readonly compact: boolean;
}

type Rule = (type: GcpMachineType, pool: Pool) => (Omit<HardwareProblem, "path"> & { readonly at: string }) | undefined;

const isTpu = (type: GcpMachineType): boolean => type.fabric.kind === "ici";
const has = (pool: Pool, way: Consumption): boolean => pool.ways.includes(way);
const limitOf = ({ gcp }: GcpMachineType, distance: 1 | 2 | 3 | "any") =>
  gcp.compactPlacement.limits.find(({ maxDistance }) => maxDistance === distance)?.machines;

/**
 * What GKE, or the Compute API behind it, refuses: GoogleCloudPlatform/cluster-toolkit:modules/compute/gke-node-pool/main.tf
 * @104708037 (preconditions), and https://cloud.google.com/ai-hypercomputer/docs/placement-policy-and-workload-policy.
 */
const RULES: readonly Rule[] = [
  (type, { ways }) => {
    const refused = ways.find((way) => type.gcp.notSold?.includes(way));
    if (refused === undefined) return undefined;
    const allowed = type.gcp.consumption.join(", ");
    return {
      at: "consumption",
      value: refused,
      message: `${type.name} is not sold as ${refused}.`,
      allowed,
      fix: `Use ${type.gcp.consumption.join(" or ")}.`,
    };
  },
  (_, { ways }) => {
    const mixed = ways.filter((way) => !["flex-start", "queued"].includes(way));
    if (ways.length < 2 || mixed.length === 0) return undefined;
    const others = ways.filter((way) => way !== mixed[0]).join(" and ");
    const message = `A pool that is bought as ${mixed[0]} cannot be ${others} as well.`;
    return { at: "consumption", value: ways, message, allowed: "one way, or flex-start with queued", fix: `Remove ${others}.` };
  },
  (_, pool) => {
    if (!has(pool, "flex-start") || pool.autoRepair === false) return undefined;
    const message = "Flex-start needs automatic repair off.";
    return { at: "autoRepair", value: pool.autoRepair, message, allowed: "false", fix: "Set autoRepair to false." };
  },
  (_, pool) => {
    if (!has(pool, "flex-start") || pool.autoscaled) return undefined;
    const message = "Flex-start needs an autoscaled pool: nodes come when there is room for them.";
    return {
      at: "autoscaled",
      value: pool.autoscaled,
      message,
      allowed: "true",
      fix: "Set autoscaled to true, and machines as its most.",
    };
  },
  (_, pool) => {
    if (!has(pool, "queued") || (pool.minMachines ?? 0) === 0) return undefined;
    const message = "Queued provisioning needs a pool that may be empty.";
    return { at: "minMachines", value: pool.minMachines, message, allowed: "0", fix: "Set minMachines to 0." };
  },
  (type, { autoscaled }) => {
    if (!autoscaled || type.gcp.autoscaling !== false) return undefined;
    const message = `GKE's autoscaler cannot add nodes of ${type.name}.`;
    return { at: "autoscaled", value: true, message, allowed: "false", fix: "Give the pool a fixed number of machines." };
  },
  (type, { machines }) => {
    const { slice } = type.gcp;
    if (!slice || machines <= slice.machines) return undefined;
    const message = `A pool of ${type.name} is one NVLink rack (${slice.topology}), which has ${slice.machines} machines.`;
    const fix = `Make one pool for every ${slice.machines} machines.`;
    return { at: "machines", value: machines, message, allowed: `1 to ${slice.machines}`, fix };
  },
];

/** Rules for compact placement only. */
const COMPACT_RULES: readonly Rule[] = [
  (type) => {
    if (type.gcp.compactPlacement.supported !== false) return undefined;
    const message = `${type.name} does not take compact placement.`;
    const fix = type.gcp.slice ? `Use a workload policy with acceleratorTopology ${type.gcp.slice.topology}.` : "Remove it.";
    return { at: "compact", value: true, message, allowed: "false", fix };
  },
  (_, { zones = 1 }) => {
    if (zones === 1) return undefined;
    const message = "Compact placement needs a pool in exactly one zone.";
    return { at: "zones", value: zones, message, allowed: "1", fix: "Make one pool for each zone." };
  },
  (_, { upgrades }) => {
    if (upgrades !== "blue-green") return undefined;
    const message = "Compact placement cannot be combined with blue-green upgrades.";
    return { at: "upgrades", value: upgrades, message, allowed: "surge", fix: "Set upgrades to surge." };
  },
  (type, pool) => {
    if (!has(pool, "queued") || isTpu(type)) return undefined;
    const message = "Compact placement cannot be combined with queued provisioning.";
    return { at: "compact", value: true, message, allowed: "false", fix: "Remove compact placement, or buy in another way." };
  },
  (type, pool) => {
    if (!has(pool, "flex-start") || isTpu(type) || type.gcp.compactPlacement.withFlexStart) return undefined;
    const message = `Compact placement cannot be combined with flex-start on ${type.name}.`;
    const allowed = "flex-start with compact placement on a3-ultragpu, a4 and h4d";
    return { at: "compact", value: true, message, allowed, fix: "Remove compact placement, or buy in another way." };
  },
  (_, pool) => {
    if (pool.maxDistance !== 1 || !has(pool, "reservation")) return undefined;
    const message = "maxDistance 1 cannot be used with a reservation, whose machines have their places already.";
    return { at: "maxDistance", value: 1, message, allowed: "2, 3, or none", fix: "Set maxDistance to 2 or remove it." };
  },
  (type, { machines, maxDistance }) => {
    if (maxDistance === undefined) return tooMany(type, machines, limitOf(type, "any"), "");
    const limit = limitOf(type, maxDistance);
    if (limit !== 0) return tooMany(type, machines, limit, ` within maxDistance ${maxDistance}`);
    const message = `maxDistance ${maxDistance} cannot be used with ${type.name}.`;
    return {
      at: "maxDistance",
      value: maxDistance,
      message,
      allowed: "2, 3, or none",
      fix: "Set maxDistance to 2 or remove it.",
    };
  },
];

function tooMany(type: GcpMachineType, machines: number, limit: number | undefined, within: string) {
  if (limit === undefined || machines <= limit) return undefined;
  const message = `Compact placement takes at most ${limit} machines of ${type.name}${within}, not ${machines}.`;
  const fix = "Take fewer machines, several pools, or a greater distance.";
  return { at: "machines", value: machines, message, allowed: `1 to ${limit}`, fix };
}

/** Values that no pool can have, whatever its type; the rules assume that there are none. */
function malformed(request: PlacementRequest, ways: readonly Consumption[], path: string): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  const refuse = (at: string, value: unknown, message: string, allowed: string) =>
    problems.push({ path: `${path}.${at}`, value, message, allowed, fix: `Correct ${at}.` });
  const { machines, maxDistance, zones, minMachines } = request;
  if (!Number.isInteger(machines) || machines < 1)
    refuse("machines", machines, "A pool has a whole number of machines.", "a whole number from 1");
  if (maxDistance !== undefined && ![1, 2, 3].includes(maxDistance))
    refuse("maxDistance", maxDistance, "There is no such distance.", "1, 2, 3");
  if (maxDistance !== undefined && request.compact === false)
    refuse("compact", false, "A maxDistance is a distance of compact placement.", "true, or no maxDistance");
  if (zones !== undefined && (!Number.isInteger(zones) || zones < 1))
    refuse("zones", zones, "A pool has a whole number of zones.", "a whole number from 1");
  if (minMachines !== undefined && (!Number.isInteger(minMachines) || minMachines < 0))
    refuse("minMachines", minMachines, "A pool has a whole number of machines.", "a whole number from 0");
  const unknown = ways.filter((way) => !CONSUMPTIONS.includes(way));
  if (ways.length === 0 || unknown.length > 0)
    refuse("consumption", unknown[0], "There is no such way to buy machines.", CONSUMPTIONS.join(", "));
  return problems;
}

function completed(request: PlacementRequest): Pool {
  const { consumption, compact = request.maxDistance !== undefined } = request;
  return { ...request, ways: typeof consumption === "string" ? [consumption] : consumption, compact };
}

/**
 * Everything that Google would refuse about the placement of a pool and the way it is bought, all at once.
 *
 * @param path where the pool stands, for the problems
 */
export function placementProblems(type: GcpMachineType, request: PlacementRequest, path = "pool"): HardwareProblem[] {
  const pool = completed(request);
  const wrong = malformed(request, pool.ways, path);
  if (wrong.length > 0) return wrong;
  return [...RULES, ...(pool.compact ? COMPACT_RULES : [])].flatMap((rule) => {
    const found = rule(type, pool);
    if (!found) return [];
    const { at, ...problem } = found;
    return [{ path: `${path}.${at}`, ...problem }];
  });
}

/** What may go wrong with a pool though no source refuses it, as sentences; only for requests without problems. */
export function placementWarnings(type: GcpMachineType, request: PlacementRequest): string[] {
  const pool = completed(request);
  const { supported, autoscaled, distanceOnRequest } = type.gcp.compactPlacement;
  const { maxDistance, machines } = pool;
  const warnings = pool.ways
    .filter((way) => !type.gcp.consumption.includes(way) && !type.gcp.notSold?.includes(way))
    .map((way) => `No source says whether ${type.name} is sold as ${way}.`);
  if (isTpu(type) && has(pool, "flex-start") && has(pool, "queued"))
    warnings.push(
      "Sources disagree whether TPUs can be bought with flex-start and queued provisioning together: Google's toolkit has an example, AI-Hypercomputer/xpk pull request #900 was refused.",
    );
  if (!pool.compact) return warnings;
  if (supported === "unverified") warnings.push(`No source says whether ${type.name} takes compact placement.`);
  if (maxDistance !== undefined && distanceOnRequest)
    warnings.push(`A maxDistance for ${type.name} is off until Google's account manager turns it on for the project.`);
  if (limitOf(type, maxDistance ?? "any") === undefined)
    warnings.push(
      `No source gives the most machines of ${type.name} ${maxDistance === undefined ? "in one compact policy" : `within maxDistance ${maxDistance}`}.`,
    );
  if (autoscaled !== undefined && machines > autoscaled)
    warnings.push(
      `GKE's autoscaler plans for at most ${autoscaled} nodes of ${type.name} in a compact pool, unless Google set more for the project.`,
    );
  return warnings;
}
