import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";
import { treeFromPlaces, type Place } from "./chains";
import { readJson, shortValue } from "./json";
import { isA4x } from "./labels-profiles";
import type { SourceTree } from "./result";
import { isObject } from "../../plain";

const INSTANCES = "the output of `gcloud compute instances list --format=json`, or an object with `items`";

/**
 * The tree that Compute Engine's API tells of: `resourceStatus.physicalHostTopology` of each instance has cluster, block,
 * subblock and host (NVIDIA/topograph:pkg/providers/gcp/instance_topology.go@e2b6250). A subblock, which is a rack, is tier 0,
 * the block tier 1, the cluster tier 2. On A4X machine types the subblock is the accelerator domain as well: one NVL72.
 *
 * Instances without the field are padded, with a warning. Never throws; paths are `[3].resourceStatus`.
 *
 * @param input text or value: an array of instances, or an object with `items`
 */
export function treeFromComputeInstances(input: unknown): SourceTree {
  const { value, problems } = readJson(input);
  const inList = isObject(value) && Array.isArray(value.items);
  const items = inList ? (value.items as unknown[]) : value;
  if (!Array.isArray(items)) {
    if (problems.length === 0) {
      problems.push({
        path: "items",
        message: "This is not a list of instances.",
        allowed: INSTANCES,
        fix: "Give the output unchanged.",
      });
    }
    return treeFromPlaces([], { problems, warnings: [] });
  }
  const places = (items as unknown[]).flatMap((item, index) => {
    const place = placeOfInstance(item, `${inList ? "items" : ""}[${index}]`, problems);
    return place ? [place] : [];
  });
  return treeFromPlaces(places, { problems, warnings: incomplete(places, ["subblock", "block", "cluster"]) });
}

function placeOfInstance(item: unknown, path: string, problems: HardwareProblem[]): Place | undefined {
  if (!isObject(item) || typeof item.name !== "string" || item.name === "") {
    const value = shortValue(isObject(item) ? item.name : item);
    problems.push({
      path: `${path}.name`,
      value,
      message: "An instance has no name.",
      allowed: INSTANCES,
      fix: "Give the output unchanged.",
    });
    return undefined;
  }
  const name = item.name;
  const status = isObject(item.resourceStatus) ? item.resourceStatus : {};
  const topology = isObject(status.physicalHostTopology) ? status.physicalHostTopology : {};
  const at = `${path}.resourceStatus.physicalHostTopology`;
  const domains = ["subblock", "block", "cluster"].map((level) => {
    const domain = topology[level];
    if (domain === undefined || domain === null || domain === "") return undefined;
    if (typeof domain === "string") return domain;
    const message = `The ${level} of ${name} is not a text.`;
    problems.push({
      path: `${at}.${level}`,
      value: shortValue(domain),
      message,
      allowed: "a text",
      fix: "Give the output unchanged.",
    });
    return undefined;
  });
  const type = typeof item.machineType === "string" ? item.machineType.slice(item.machineType.lastIndexOf("/") + 1) : "";
  const accelerator = isA4x(type) ? domains[0] : undefined;
  return { name, domains, path, ...(accelerator === undefined ? {} : { accelerator }) };
}

/**
 * The tree of `instance/attributes/physical_host` metadata, `/cluster/rack/host`, which VMs with compact placement can read
 * (GoogleCloudPlatform/container-engine-accelerators:gpudirect-tcpxo/topology-scheduler/label-nodes-daemon.py@992db812).
 * The rack is tier 0, the cluster tier 1; the host is the machine below the VM, not a tier.
 *
 * @param input node name → metadata value (text or value of JSON), or a text with a node and its metadata value on each line;
 *   an empty value is a VM without compact placement, which is padded with a warning
 */
export function treeFromPhysicalHosts(input: unknown): SourceTree {
  const problems: HardwareProblem[] = [];
  const rows = isLines(input) ? rowsOfLines(input, problems) : rowsOfObject(input, problems);
  const places = rows.map(({ name, text, path }): Place => {
    if (text === "") return { name, domains: [], path };
    const match = /^\/?([^/\s]+)\/([^/\s]+)\/([^/\s]+)\/?$/.exec(text);
    if (match) return { name, domains: [match[2], match[1]], path };
    problems.push({
      path,
      value: text,
      message: `The physical host of ${name} is not of the form /cluster/rack/host.`,
      allowed: "/cluster/rack/host",
      fix: "Give the metadata value instance/attributes/physical_host unchanged.",
    });
    return { name, domains: [], path };
  });
  return treeFromPlaces(places, { problems, warnings: incomplete(places, ["rack", "cluster"]) });
}

interface Row {
  readonly name: string;
  readonly text: string;
  readonly path: string;
}

const isLines = (input: unknown): input is string => typeof input === "string" && !/^\uFEFF?\s*[{["]/.test(input);

function rowsOfLines(text: string, problems: HardwareProblem[]): Row[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    const path = `line ${index + 1}`;
    if (words[0] === "" || words[0]!.startsWith("#")) return [];
    if (words.length <= 2) return [{ name: words[0]!, text: words[1] ?? "", path }];
    problems.push({
      path,
      value: line.trim(),
      message: "A line has more than a node and its physical host.",
      allowed: "a node name, blanks, /cluster/rack/host",
      fix: "Remove what follows.",
    });
    return [{ name: words[0]!, text: words[1]!, path }];
  });
}

function rowsOfObject(input: unknown, problems: HardwareProblem[]): Row[] {
  const read = readJson(input);
  problems.push(...read.problems);
  if (!isObject(read.value)) {
    if (read.problems.length > 0) return [];
    const message = "This is not a list of physical hosts.";
    problems.push({ path: "nodes", message, allowed: "node name: /cluster/rack/host", fix: "Give one value for each node." });
    return [];
  }
  return Object.entries(read.value).map(([name, text]) => {
    const path = `[${JSON.stringify(name)}]`;
    if (typeof text === "string") return { name, text: text.trim(), path };
    if (text !== null && text !== undefined) {
      const message = `The physical host of ${name} is not a text.`;
      problems.push({
        path,
        value: shortValue(text),
        message,
        allowed: "/cluster/rack/host",
        fix: "Give the metadata value unchanged.",
      });
    }
    return { name, text: "", path };
  });
}

function incomplete(places: readonly Place[], levels: readonly string[]): HardwareProblem[] {
  return levels.flatMap((level, tier) => {
    const names = places.filter(({ domains }) => domains[tier] === undefined).map(({ name }) => name);
    if (names.length === 0) return [];
    return [
      {
        path: "nodes",
        value: showNames(names),
        message: `${names.length} of ${places.length} nodes have no ${level}: ${showNames(names)}.`,
        fix: "Compact placement gives it; recreate the nodes, or keep work off them.",
      },
    ];
  });
}
