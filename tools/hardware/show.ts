/** Machine types as text for a person. */
import type { EnvironmentOffer, PoolOffer } from "../../hardware/offers";
import type { Accelerators, MachineType } from "../../hardware/types";
import { gbpsOf, type HardwareDescription } from "./describe";

const LIST_HEADER = ["NAME", "PROVIDER", "ARCH", "CORES", "MEMORY", "ACCELERATORS", "FABRIC", "GBIT/S"];
/** Columns of numbers; they stand right. */
const NUMBERS = new Set(["CORES", "MEMORY", "GBIT/S"]);

/** A table of machine types, one a line; names of unverified ones end in `*`. */
export function listText(types: readonly MachineType[]): string {
  const rows = types.map((type) => [
    type.verified ? type.name : `${type.name}*`,
    type.provider,
    type.arch,
    String(type.cores),
    `${type.memoryGiB} GiB`,
    acceleratorText(type.accelerators),
    type.fabric.kind,
    String(gbpsOf(type) ?? "-"),
  ]);
  const widths = LIST_HEADER.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (NUMBERS.has(LIST_HEADER[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  const foot = types.some(({ verified }) => !verified) ? ["* known from documentation only"] : [];
  return [line(LIST_HEADER), ...rows.map(line), ...foot, ""].join("\n");
}

function acceleratorText(accelerators: Accelerators | undefined): string {
  return accelerators ? `${accelerators.count} x ${accelerators.product}` : "-";
}

/** Everything about one type, a fact a line. */
export function showText(type: HardwareDescription): string {
  const facts: (readonly [string, string | undefined])[] = [
    ["provider", type.provider],
    ["arch", type.arch],
    ["cores", `${type.cores}${type.threadsPerCore === 2 ? ", 2 threads each" : ""}`],
    ["memory", `${type.memoryGiB} GiB`],
    ["accelerators", acceleratorText(type.accelerators)],
    ["fabric", `${type.fabric.kind}${type.gbps === undefined ? "" : `, ${type.gbps} Gbit/s`}`],
    ["local disks", String(type.localDisks)],
    ["topology tiers", type.topologyTiers.join(", ") || "unknown"],
    ...efaFacts(type),
    ...adapterFacts(type),
    ...googleFacts(type),
    ["source", type.source],
  ];
  return [`${type.name}`, ...lines(facts), "", "a pool offers", ...lines(offerFacts(type.offer)), ""].join("\n");
}

function lines(facts: readonly (readonly [string, string | undefined])[]): string[] {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(width)}  ${value}`]));
}

function efaFacts(type: HardwareDescription): [string, string | undefined][] {
  if (type.provider !== "aws" || !type.interfaces) return [];
  const pods =
    type.maxPods === type.nodeadmMaxPods
      ? String(type.maxPods)
      : `${type.maxPods}; nodeadm would say ${type.nodeadmMaxPods}, correct it with maxPodsExpression: ${type.maxPodsExpression}`;
  return [
    ["network cards", `${type.networkCards}, ${type.efaCards} with EFA`],
    [`layout`, `${type.layout}: ${shortInterfaces(type.interfaces)}`],
    ["max pods", pods],
    ["topology layers", type.aws.topologyLayers === 0 ? "the API does not know the type" : String(type.aws.topologyLayers)],
    ["zones", type.aws.zones?.join(", ")],
    ["usage", type.aws.usage.join(", ")],
  ];
}

/** `0/0 interface, 0/1 efa-only, 1-31/0 efa-only`: card/device, runs of cards together. */
function shortInterfaces(
  interfaces: readonly { readonly card: number; readonly device: number; readonly type: string }[],
): string {
  const runs: { from: number; to: number; device: number; type: string }[] = [];
  for (const { card, device, type } of interfaces) {
    const run = runs.find((each) => each.to === card - 1 && each.device === device && each.type === type);
    if (run) run.to = card;
    else runs.push({ from: card, to: card, device, type });
  }
  return runs.map(({ from, to, device, type }) => `${from === to ? from : `${from}-${to}`}/${device} ${type}`).join(", ");
}

function adapterFacts({ fabric }: MachineType): [string, string][] {
  if (!("hcas" in fabric) || fabric.hcas.length === 0) return [];
  const of = (use: "compute" | "storage") => fabric.hcas.filter((hca) => hca.use === use).map(({ device }) => device);
  return [
    ["compute adapters", of("compute").join(", ")],
    ...(of("storage").length > 0 ? [["storage adapters", of("storage").join(", ")] as [string, string]] : []),
  ];
}

function googleFacts(type: MachineType): [string, string | undefined][] {
  if (type.provider !== "gcp") return [];
  const { networks, networkProfile, mtu, rdmaPaths, gkeAccelerator, floors } = type.gcp;
  const extra = networks
    .map((each) => `${each.networks} ${each.use} (${each.subnetsEach} ${each.subnetsEach === 1 ? "subnet" : "subnets"} each)`)
    .join(", ");
  return [
    ["extra networks", extra === "" ? "none" : extra],
    ["network profile", networkProfile && `<zone>-${networkProfile}`],
    ["mtu", mtu?.toString()],
    ["RDMA paths", rdmaPaths.join(", ") || undefined],
    ["GKE accelerator", gkeAccelerator],
    ...floors.map((floor): [string, string] => [`GKE for ${floor.feature}`, floor.versions.join(", ")]),
  ];
}

const gib = (mib: number): string => `${Math.floor((mib / 1024) * 10) / 10} GiB`;

function offerFacts(offer: PoolOffer): [string, string | undefined][] {
  const { memory, cpu, hugePages, broker, images } = offer;
  return [
    ...offer.resources.map(({ name, perNode, perBroker }): [string, string] => [name, String(perNode ?? `${perBroker} a pod`)]),
    ...offer.claims.map(({ deviceClass }): [string, string] => ["device claim", `all devices of class ${deviceClass}`]),
    [
      "hugepages-2Mi",
      hugePages.pages > 0
        ? `${hugePages.reservedMiB} MiB set aside, a pod asks for ${hugePages.perBrokerMiB === 0 ? "none" : `${hugePages.perBrokerMiB}Mi`}`
        : undefined,
    ],
    [
      "memory",
      `${gib(memory.allocatableMiB)} allocatable of ${gib(memory.capacityMiB)}${memory.nominal ? " nominal" : ""} (${offer.kubelet})`,
    ],
    ["cpu", `${cpu.allocatableMillicores}m allocatable of ${cpu.capacity}`],
    [
      "broker",
      `${broker.cores} cores${broker.gpus > 0 ? `, ${broker.gpus} GPUs` : ""}; asks for cpu ${broker.cpuMillicores / 1000}`,
    ],
    ["shared memory", `${offer.sharedMemory.path} in memory`],
    ...environmentFacts("MPI", offer.environment.mpi),
    ...(offer.environment.nccl ? environmentFacts("NCCL", offer.environment.nccl) : []),
    ["view image", images.view],
  ];
}

function environmentFacts(library: string, offer: EnvironmentOffer): [string, string][] {
  const variables = offer.variables.map(({ name, value }) => `${name}=${value}`).join(" ");
  return [
    [`${library} needs`, variables || "no variable"],
    ...offer.sourceFirst.map((file): [string, string] => [`${library} sources`, file]),
    ...offer.notes.map((note): [string, string] => [`${library} note`, note]),
  ];
}
