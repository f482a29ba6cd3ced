/** Reads our own tables of EC2 types. A row that is wrong is our mistake: an Error that names file and line. */
import { ACCELERATOR_RESOURCES, type Accelerators, type AcceleratorVendor, type AwsMachineType } from "../../types";
import * as additions from "./additions";
import type { AwsPlacement, AwsUsage } from "./facts";

const SOURCE = "getmoto/moto:moto/ec2/resources/instance_types.json@34d6cad5a";
const COLUMNS = [
  "type",
  "arch",
  "vcpus",
  "cores",
  "threads_per_core",
  "memory_mib",
  "accelerators",
  "network_performance",
].concat(
  ["network_cards", "max_efa", "interfaces_per_card", "gbps_per_card", "max_interfaces", "ipv4_per_interface", "local_disks"],
  ["usage_classes", "placement", "ebs_baseline_mbps", "ebs_max_mbps", "ebs_baseline_iops", "ebs_max_iops", "bare_metal"],
  ["current_generation"],
);
const USAGES: readonly AwsUsage[] = ["on-demand", "spot", "capacity-block"];
const PLACEMENTS: readonly AwsPlacement[] = ["cluster", "partition", "spread"];
const VENDORS: Readonly<Record<string, AcceleratorVendor>> = { NVIDIA: "nvidia", AWS: "aws" };

/** One row: the text of each column, and an Error that says where it stands. */
interface Row {
  readonly text: (column: string) => string;
  readonly wrong: (why: string) => Error;
}

/**
 * The machine types of a table in the form of `efa-instance-types.tsv`.
 *
 * @param file name to show in errors
 * @param zones zone ids by type, see `parseZones`
 */
export function parseEfaTypes(text: string, file: string, zones: ReadonlyMap<string, readonly string[]>): AwsMachineType[] {
  const types = rowsOf(text, file, COLUMNS).map((row) => machineType(row, zones));
  const names = new Set(types.map(({ name }) => name));
  const stray = [...zones.keys()].find((name) => !names.has(name));
  if (stray !== undefined) throw new Error(`${file}: there are zones for ${stray}, but it is no row here.`);
  return types;
}

/** Zone ids by type, of a table in the form of `zones.tsv`. */
export function parseZones(text: string, file: string): Map<string, readonly string[]> {
  const zones = new Map<string, readonly string[]>();
  for (const row of rowsOf(text, file, ["type", "zone_ids"])) {
    const ids = row.text("zone_ids").split(",");
    const bad = ids.find((id) => !/^[a-z]{2,5}\d-az\d+$/.test(id));
    if (bad !== undefined) throw row.wrong(`zone_ids: "${bad}" is no zone id.`);
    zones.set(row.text("type"), ids);
  }
  return zones;
}

function rowsOf(text: string, file: string, columns: readonly string[]): Row[] {
  const rows: Row[] = [];
  const seen = new Set<string>();
  let header = false;
  text.split("\n").forEach((line, index) => {
    if (line === "" || line.startsWith("#")) return;
    const wrong = (why: string) => new Error(`${file}:${index + 1}: ${why}`);
    const cells = line.split("\t");
    if (!header) {
      if (cells.join() !== columns.join()) throw wrong(`the columns are not ${columns.join(", ")}.`);
      header = true;
      return;
    }
    if (cells.length !== columns.length) throw wrong(`${cells.length} columns instead of ${columns.length}.`);
    if (seen.has(cells[0]!)) throw wrong(`${cells[0]} is listed twice.`);
    seen.add(cells[0]!);
    rows.push({ text: (column) => cells[columns.indexOf(column)]!, wrong });
  });
  if (!header) throw new Error(`${file}: there is no row with the names of the columns.`);
  return rows;
}

function machineType(row: Row, zones: ReadonlyMap<string, readonly string[]>): AwsMachineType {
  const name = checkedName(row);
  const layers = additions.topologyLayers(name);
  const cards = additions.networkCards(name, cardInterfaces(row));
  if (cards.filter(({ efa }) => efa).length !== whole(row, "max_efa")) {
    throw row.wrong(`max_efa: ${row.text("max_efa")} is not the number of cards that carry EFA.`);
  }
  const accelerators = acceleratorsOf(row);
  const disks = runs(row, "local_disks");
  const extra = additions.extraInterfaceCards(name);
  return {
    name,
    provider: "aws",
    arch: oneOf(row, "arch", { x86_64: "amd64", arm64: "arm64" } as const),
    ...cpu(row),
    memoryGiB: whole(row, "memory_mib") / 1024,
    ...(accelerators && { accelerators }),
    fabric: { kind: "efa", interfaces: whole(row, "max_efa"), networkCards: cards.length, rateGbps: cardRate(row, name, cards) },
    localDisks: disks.length,
    topologyTiers: additions.tiersOf(layers),
    hugePages2Mi: additions.EFA_HUGE_PAGES,
    verified: true,
    source: SOURCE,
    aws: {
      networkCards: cards,
      ...(extra && { extraInterfaceCards: extra }),
      networkGbps: networkRate(row),
      ipv4PerInterface: whole(row, "ipv4_per_interface"),
      usage: some(row, "usage_classes", USAGES),
      placement: some(row, "placement", PLACEMENTS),
      topologyLayers: layers,
      layout: additions.defaultLayout(name, cards),
      ...(zones.has(name) && { zones: zones.get(name) }),
      localDisksGB: disks,
      ebs: {
        baselineMbps: whole(row, "ebs_baseline_mbps"),
        maximumMbps: whole(row, "ebs_max_mbps"),
        baselineIops: whole(row, "ebs_baseline_iops"),
        maximumIops: whole(row, "ebs_max_iops"),
      },
      metal: oneOf(row, "bare_metal", { true: true, false: false } as const),
      currentGeneration: oneOf(row, "current_generation", { true: true, false: false } as const),
    },
  };
}

function checkedName(row: Row): string {
  const name = row.text("type");
  if (!/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(name)) throw row.wrong(`type: "${name}" is no name of an EC2 type.`);
  return name;
}

function cpu(row: Row): { cores: number; threadsPerCore: 1 | 2 } {
  const cores = whole(row, "cores");
  const threadsPerCore = oneOf(row, "threads_per_core", { 1: 1, 2: 2 } as const);
  if (cores * threadsPerCore !== whole(row, "vcpus")) throw row.wrong("vcpus: is not cores times threads_per_core.");
  return { cores, threadsPerCore };
}

/** Interfaces of each card; the table says their number and their sum as well. */
function cardInterfaces(row: Row): number[] {
  const interfaces = runs(row, "interfaces_per_card");
  if (interfaces.length !== whole(row, "network_cards")) throw row.wrong("interfaces_per_card: not network_cards of them.");
  if (interfaces.reduce((sum, count) => sum + count, 0) !== whole(row, "max_interfaces")) {
    throw row.wrong("interfaces_per_card: their sum is not max_interfaces.");
  }
  return interfaces;
}

/** Rate of the cards that carry EFA, which is one for all of them. */
function cardRate(row: Row, name: string, cards: readonly { readonly efa: boolean }[]): number {
  const rates = runs(row, "gbps_per_card");
  if (rates.length !== cards.length) throw row.wrong("gbps_per_card: not network_cards of them.");
  const efa = new Set(rates.filter((_, card) => cards[card]!.efa));
  if (efa.size !== 1) throw row.wrong("gbps_per_card: the cards that carry EFA differ.");
  return additions.efaRate(name, [...efa][0]!);
}

/** `100 Gigabit`, `Up to 56.25 Gigabit`, `16x 200 Gigabit`: the sum in Gbit/s. */
function networkRate(row: Row): number {
  const found = /^(?:Up to )?(?:(\d+)x )?(\d+(?:\.\d+)?) Gigabit$/.exec(row.text("network_performance"));
  if (!found) throw row.wrong(`network_performance: "${row.text("network_performance")}" is not understood.`);
  return Number(found[1] ?? 1) * Number(found[2]);
}

/** `8xNVIDIA H100:81920`. */
function acceleratorsOf(row: Row): Accelerators | undefined {
  const text = row.text("accelerators");
  if (text === "") return undefined;
  const found = /^(\d+)x((\w+) [^:]+):(\d+)$/.exec(text);
  const vendor = found ? VENDORS[found[3]!] : undefined;
  if (!found || !vendor) throw row.wrong(`accelerators: "${text}" is not understood.`);
  const product = found[2]!;
  return {
    vendor,
    product,
    count: Number(found[1]),
    resource: ACCELERATOR_RESOURCES[vendor],
    memoryMiB: additions.acceleratorMemory(product, Number(found[4])),
  };
}

/** `1x350,16x400` as 17 numbers; nothing as none. */
function runs(row: Row, column: string): number[] {
  const text = row.text(column);
  if (text === "") return [];
  return text.split(",").flatMap((run) => {
    const found = /^([1-9]\d{0,2})x(\d+(?:\.\d+)?)$/.exec(run);
    if (!found) throw row.wrong(`${column}: "${run}" is not count x value.`);
    return Array.from({ length: Number(found[1]) }, () => Number(found[2]));
  });
}

function whole(row: Row, column: string): number {
  if (!/^\d+$/.test(row.text(column))) throw row.wrong(`${column}: "${row.text(column)}" is no whole number.`);
  return Number(row.text(column));
}

function oneOf<T>(row: Row, column: string, choices: Readonly<Record<string, T>>): T {
  const text = row.text(column);
  if (!Object.hasOwn(choices, text)) throw row.wrong(`${column}: "${text}" is not one of ${Object.keys(choices).join(", ")}.`);
  return choices[text]!;
}

/** The named choices in our order. */
function some<T extends string>(row: Row, column: string, choices: readonly T[]): T[] {
  const words = row.text(column).split(",");
  const bad = words.find((word) => !choices.some((choice) => choice === word));
  if (bad !== undefined) throw row.wrong(`${column}: "${bad}" is not one of ${choices.join(", ")}.`);
  return choices.filter((choice) => words.includes(choice));
}
