import type { HardwareProblem } from "../../problem";
import { showNames } from "../../hostlist";
import { theNodes, TIER_LIMIT, tierName, treeFromPlaces, type Place } from "./chains";
import { readJson, shortValue } from "./json";
import type { SourceTree } from "./result";
import { isObject } from "../../plain";

export interface AwsTopologyOptions {
  /** Instance id → node name. Instances that it does not have keep their id as name, with a warning. @default ids are names */
  readonly names?: ReadonlyMap<string, string> | Readonly<Record<string, string>>;
}

/** What is read of one instance; layers are top first, as the API gives them. */
interface Instance {
  readonly name: string;
  readonly type: string;
  readonly layers: readonly (string | undefined)[];
  readonly capacityBlock?: string;
  readonly path: string;
}

const ALLOWED = "the output of `aws ec2 describe-instance-topology`, or an array of its pages";

/**
 * The tree that `aws ec2 describe-instance-topology` tells of (`Instances[]` with `NetworkNodes`; text, value, or an array of
 * pages). `NetworkNodes` counts from the top, so its last entry, nearest the instance, is tier 0; three or four layers are
 * data (docs.aws.amazon.com, EC2 User Guide, "How Amazon EC2 instance topology works").
 *
 * Types with fewer layers than others in the same answer are padded at the top, with a warning: nearness is right, and what
 * is not known is not claimed. `CapacityBlockId` is the accelerator domain: the API gives it for UltraServers only, where
 * it "identifies instances within the UltraServer domain" (docs.aws.amazon.com, EC2 API Reference, InstanceTopology).
 *
 * Never throws; paths are `Instances[3].NetworkNodes[1]`, or `line 17` for a text that is not JSON.
 */
export function treeFromAwsTopology(input: unknown, options: AwsTopologyOptions = {}): SourceTree {
  const { value, problems } = readJson(input);
  const warnings: HardwareProblem[] = [];
  if (value === undefined) {
    if (problems.length === 0) problems.push(notAnAnswer("Instances", value));
    return treeFromPlaces([], { problems, warnings });
  }
  const read = instancesOf(value, problems, warnings);
  const instances = renamed(read, options, problems, warnings);
  const depths = layersByType(instances, problems);
  warnings.push(...withoutLayers(instances), ...differentDepths(instances, depths));
  const tiers = most(depths.values());
  return treeFromPlaces(
    instances.map((instance) => placeOf(instance, depths.get(instance.type) ?? 0)),
    { problems, warnings },
    tiers,
  );
}

function notAnAnswer(path: string, value: unknown): HardwareProblem {
  return {
    path,
    value: shortValue(value),
    message: "This is not an answer of DescribeInstanceTopology.",
    allowed: ALLOWED,
    fix: "Give the command's JSON output unchanged.",
  };
}

function instancesOf(value: unknown, problems: HardwareProblem[], warnings: HardwareProblem[]): Instance[] {
  const pages = Array.isArray(value) ? (value as unknown[]) : [value];
  const instances: Instance[] = [];
  let more: string | undefined;
  for (const [number, page] of pages.entries()) {
    const prefix = Array.isArray(value) ? `[${number}]` : "";
    if (isObject(page) && Array.isArray(page.Instances)) {
      more = page.NextToken ? join(prefix, "NextToken") : undefined;
      for (const [index, each] of (page.Instances as unknown[]).entries()) {
        const instance = instanceOf(each, join(prefix, `Instances[${index}]`), problems);
        if (instance) instances.push(instance);
      }
    } else if (isObject(page) && "InstanceId" in page) {
      const instance = instanceOf(page, prefix || "InstanceId", problems);
      if (instance) instances.push(instance);
    } else {
      problems.push(notAnAnswer(prefix || "Instances", isObject(page) ? page.Instances : page));
    }
  }
  if (more !== undefined) {
    warnings.push({
      path: more,
      message: "The last page has a NextToken: there are more instances than these.",
      fix: "Add the pages that follow.",
    });
  }
  return instances;
}

const join = (prefix: string, path: string) => (prefix ? `${prefix}.${path}` : path);

function instanceOf(value: unknown, path: string, problems: HardwareProblem[]): Instance | undefined {
  const id = isObject(value) ? value.InstanceId : undefined;
  if (!isObject(value) || typeof id !== "string" || id === "") {
    problems.push({
      path: `${path}.InstanceId`,
      value: shortValue(id),
      message: "An instance has no id.",
      allowed: "an object with InstanceId and NetworkNodes",
      fix: "Give the command's JSON output unchanged.",
    });
    return undefined;
  }
  const block = value.CapacityBlockId;
  if (block !== undefined && block !== null && typeof block !== "string") {
    problems.push(notAText(`${path}.CapacityBlockId`, block, id, "the id of a capacity block"));
  }
  return {
    name: id,
    type: typeof value.InstanceType === "string" ? value.InstanceType : "",
    layers: layersOf(value.NetworkNodes, id, `${path}.NetworkNodes`, problems),
    ...(typeof block === "string" && block !== "" ? { capacityBlock: block } : {}),
    path,
  };
}

/** Null and empty are how the API says that it does not know: an unsupported type, or an instance that does not run. */
function layersOf(value: unknown, id: string, path: string, problems: HardwareProblem[]): (string | undefined)[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.push(notAText(path, value, id, "a list of network node ids, top first"));
    return [];
  }
  if (value.length > TIER_LIMIT) {
    problems.push({
      path,
      value: value.length,
      message: `The instance ${id} has ${value.length} layers; only the ${TIER_LIMIT} nearest are kept.`,
      allowed: `at most ${TIER_LIMIT} layers`,
      fix: "Give the command's JSON output unchanged.",
    });
  }
  return (value as unknown[]).slice(-TIER_LIMIT).map((node, index) => {
    if (typeof node === "string" && node !== "") return node;
    problems.push(notAText(`${path}[${index}]`, node, id, "the id of a network node"));
    return undefined;
  });
}

function notAText(path: string, value: unknown, id: string, allowed: string): HardwareProblem {
  return {
    path,
    value: shortValue(value),
    message: `This cannot be understood for the instance ${id}.`,
    allowed,
    fix: "Give the command's JSON output unchanged.",
  };
}

function renamed(
  instances: readonly Instance[],
  { names }: AwsTopologyOptions,
  problems: HardwareProblem[],
  warnings: HardwareProblem[],
): Instance[] {
  if (!names) return [...instances];
  const nameOf = names instanceof Map ? new Map<string, string>(names) : new Map(Object.entries(names));
  const ids = new Set(instances.map(({ name }) => name));
  const unnamed = [...ids].filter((id) => !nameOf.has(id));
  if (unnamed.length > 0) {
    warnings.push({
      path: "names",
      value: showNames(unnamed),
      message: `${unnamed.length} of ${ids.size} instances have no node name and keep their ids: ${showNames(unnamed)}.`,
      fix: "Add them to the names, or take them out of the answer.",
    });
  }
  const absent = [...nameOf].filter(([id]) => !ids.has(id)).map(([id, name]) => `${name} (${id})`);
  if (absent.length > 0) {
    warnings.push({
      path: "names",
      value: absent.slice(0, 10).join(", "),
      message: `${absent.length} named instances are not in the answer: ${absent.slice(0, 10).join(", ")}${absent.length > 10 ? ", ..." : ""}.`,
      fix: "Ask for these instances too; the API leaves out what it does not know.",
    });
  }
  const idOf = new Map<string, string>();
  return instances.map((instance) => {
    const name = nameOf.get(instance.name) ?? instance.name;
    const other = idOf.get(name);
    if (other === undefined || other === instance.name) {
      idOf.set(name, instance.name);
      return { ...instance, name };
    }
    problems.push({
      path: "names",
      value: name,
      message: `Two instances have the node name ${name}: ${other} and ${instance.name}, which keeps its id.`,
      allowed: "one instance for each node name",
      fix: "Correct the names.",
    });
    return instance;
  });
}

/** How many layers each instance type has; within one type the API gives everyone the same number. */
function layersByType(instances: readonly Instance[], problems: HardwareProblem[]): Map<string, number> {
  const depths = new Map<string, number>();
  for (const { type, layers } of instances) depths.set(type, Math.max(depths.get(type) ?? 0, layers.length));
  const short = instances.filter(({ type, layers }) => layers.length > 0 && layers.length < depths.get(type)!);
  if (short.length > 0) {
    const names = short.map(({ name }) => name);
    problems.push({
      path: `${short[0]!.path}.NetworkNodes`,
      value: showNames(names),
      message: `Fewer layers than others of the same type: ${theNodes(names)}. What is missing is taken to be the nearest.`,
      allowed: "the same number of layers for every instance of a type",
      fix: "Ask again; the answer may have been cut.",
    });
  }
  return depths;
}

function withoutLayers(instances: readonly Instance[]): HardwareProblem[] {
  const empty = instances.filter(({ layers }) => layers.every((layer) => layer === undefined));
  if (empty.length === 0) return [];
  const names = empty.map(({ name }) => name);
  return [
    {
      path: `${empty[0]!.path}.NetworkNodes`,
      value: showNames(names),
      message: `${names.length} of ${instances.length} instances have no network nodes: ${showNames(names)}.`,
      fix: "Wait until they run, or choose a type that DescribeInstanceTopology supports.",
    },
  ];
}

function differentDepths(instances: readonly Instance[], depths: ReadonlyMap<string, number>): HardwareProblem[] {
  const real = [...depths].filter(([, depth]) => depth > 0);
  const top = most(depths.values());
  const shallow = new Set(real.filter(([, depth]) => depth < top).map(([type]) => type));
  if (shallow.size === 0) return [];
  const names = instances.filter(({ type }) => shallow.has(type)).map(({ name }) => name);
  const counts = real.map(([type, depth]) => `${type || "no type"} ${depth}`).join(", ");
  return [
    {
      path: "Instances",
      value: showNames(names),
      message: `Instance types have different numbers of layers (${counts}); no ${tierName(top - 1)} is known for ${theNodes(names)}.`,
      fix: "Nothing, when gangs stay within one type; else ask for each type by itself.",
    },
  ];
}

function most(numbers: Iterable<number>): number {
  let top = 0;
  for (const number of numbers) top = Math.max(top, number);
  return top;
}

function placeOf({ name, layers, capacityBlock, path }: Instance, depth: number): Place {
  const domains = Array.from({ length: depth }, (_, tier) => layers[depth - 1 - tier]);
  return { name, domains, path, ...(capacityBlock === undefined ? {} : { accelerator: capacityBlock }) };
}
