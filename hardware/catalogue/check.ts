import type { HardwareProblem } from "../problem";
import { TIER_NAMES, type Fabric, type MachineType } from "../types";
import { gcpFindings, type Finding } from "./gcp/check";

/**
 * What is wrong with a catalogue: names used twice, and rows that contradict themselves. The rows of turducken have no
 * problem; it is for those who add some.
 */
export function catalogueProblems(types: readonly MachineType[]): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  const seen = new Map<string, MachineType>();
  for (const type of types) {
    const before = seen.get(type.name);
    if (before)
      problems.push(problem(type, ["name", `is used by ${before.provider} and by ${type.provider}`], "Rename one of them."));
    else seen.set(type.name, type);
    problems.push(...rowFindings(type).map((finding) => problem(type, finding, "Correct the row.")));
  }
  return problems;
}

function problem(type: MachineType, [field, why]: Finding, fix: string): HardwareProblem {
  return { path: `${type.name}.${field}`, message: `${type.name}: ${field}: ${why}.`, fix };
}

const isCount = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;

function rowFindings(type: MachineType): Finding[] {
  const found: Finding[] = [];
  const { cores, memoryGiB, accelerators, localDisks, hugePages2Mi, topologyTiers, source } = type;
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(type.name)) found.push(["name", "small letters, digits, `-` and `.` only"]);
  if (!isCount(cores, 1)) found.push(["cores", "a whole number from 1"]);
  if (![1, 2].includes(type.threadsPerCore)) found.push(["threadsPerCore", "1 or 2"]);
  if (!(Number.isFinite(memoryGiB) && memoryGiB > 0)) found.push(["memoryGiB", "a number above 0"]);
  if (accelerators && !isCount(accelerators.count, 1)) found.push(["accelerators.count", "a whole number from 1"]);
  if (accelerators && !/^[a-z0-9.-]+\/[A-Za-z0-9_.-]+$/.test(accelerators.resource))
    found.push(["accelerators.resource", "an extended resource such as nvidia.com/gpu"]);
  if (!isCount(localDisks, 0)) found.push(["localDisks", "a whole number from 0"]);
  if (!isCount(hugePages2Mi, 0)) found.push(["hugePages2Mi", "a whole number from 0"]);
  if (hugePages2Mi > 0 && hugePages2Mi * 2 >= memoryGiB * 1024) found.push(["hugePages2Mi", "more than its memory"]);
  if (topologyTiers.some((name, tier) => name !== (TIER_NAMES[tier] ?? `tier-${tier}`)))
    found.push(["topologyTiers", `begin as ${TIER_NAMES.join(", ")}`]);
  if (!/@|https:\/\/|^user\b/.test(source)) found.push(["source", "names no repository, page or user"]);
  // Numbers that nobody confirmed must at least be in a document that a reader can open.
  if (!type.verified && !source.includes("https://"))
    found.push(["verified", "an unverified row cites the page that it was taken from"]);
  return [...found, ...fabricFindings(type.fabric), ...(type.provider === "gcp" ? gcpFindings(type) : [])];
}

function fabricFindings(fabric: Fabric): Finding[] {
  const found: Finding[] = [];
  if (fabric.rateGbps !== undefined && !(fabric.rateGbps > 0 && fabric.rateGbps <= 1600))
    found.push(["fabric.rateGbps", "above 0 and at most 1600, the rate of one port"]);
  if ("interfaces" in fabric && fabric.interfaces !== undefined && !isCount(fabric.interfaces, 1))
    found.push(["fabric.interfaces", "a whole number from 1"]);
  if (fabric.kind === "efa" && fabric.networkCards < fabric.interfaces)
    found.push(["fabric.networkCards", "a card carries at most one EFA"]);
  if (!("hcas" in fabric)) return found;
  const devices = fabric.hcas.map(({ device }) => device);
  if (new Set(devices).size < devices.length) found.push(["fabric.hcas", "an adapter is listed twice"]);
  const counted = fabric.kind === "roce" && fabric.interfaces !== undefined;
  if (!counted && !fabric.hcas.some(({ use }) => use === "compute"))
    found.push(["fabric.hcas", "no adapter carries the compute fabric"]);
  return found;
}
