import type { HardwareProblem } from "../problem";
import type { MachineType, Provider } from "../types";
import { cpuOffer, memoryOffer } from "./allocatable";
import { derivedEnvironment } from "./environment";
import { imagesFor, viewSystems } from "./images";
import { deviceOffer } from "./resources";
import type {
  BrokerOffer,
  CpuOffer,
  HugePagesOffer,
  KubeletOf,
  MemoryOffer,
  OfferedResource,
  OfferOptions,
  OfferResult,
} from "./types";
import { environmentWarnings, withUserEnvironment } from "./user-environment";

const KUBELET_OF: Readonly<Record<Provider, KubeletOf>> = { aws: "eks", gcp: "gke", "bare-metal": "kubeadm" };

/** The name in the plugin's own example (Mellanox/k8s-rdma-shared-dev-plugin@410b0f3). */
const RDMA_RESOURCE = "rdma/rdma_shared_device_a";

const MIB_PER_PAGE = 2;

/** AMD's RCCL reads NCCL's variables; the collectives of Trainium, Gaudi and TPUs do not. */
const NCCL_VENDORS: readonly string[] = ["nvidia", "amd"];

/** What Flux and NCCL call GPUs; Trainium, Gaudi and TPUs are extended resources only. */
const gpusOf = ({ accelerators }: MachineType): number =>
  accelerators && NCCL_VENDORS.includes(accelerators.vendor) ? accelerators.count : 0;

/** `hugepages-2Mi` of an EFA pod in AWS's examples (awsdocs/amazon-eks-user-guide:latest/ug/ml/node-efa.adoc@0743cb1). */
const EFA_HUGE_PAGES_MIB = 5120;

/**
 * What every node of a pool of this type offers to Kubernetes and Flux. Never throws: an option that cannot be is a problem,
 * and the offer is then that without the option.
 *
 * @param path where the options stand in the user's words, for problems and warnings. @default the type's name
 */
export function poolOffer(type: MachineType, options: OfferOptions = {}, path: string = type.name): OfferResult {
  const problems = optionProblems(type, options, path);
  const bad = (field: keyof OfferOptions) => problems.some((each) => each.path === `${path}.${field}`);
  const given = <K extends keyof OfferOptions>(field: K): OfferOptions[K] => (bad(field) ? undefined : options[field]);
  const kubelet = options.kubelet ?? KUBELET_OF[type.provider];
  const brokersPerNode = given("brokersPerNode") ?? 1;
  const asksForPages = options.requestHugePages ?? true;

  const hugePages = hugePagesOffer(type, given("hugePages2Mi") ?? type.hugePages2Mi, asksForPages ? brokersPerNode : 0);
  const memory = memoryOffer(type, kubelet, hugePages.reservedMiB, given("memoryCapacityMiB"));
  const cpu = cpuOffer(type, kubelet);
  // Where the node has none, the library finds out by itself.
  const avoidPages = hugePages.pages > 0 && hugePages.perBrokerMiB === 0;
  const mpi = derivedEnvironment(type, "mpi", avoidPages);
  const nccl = NCCL_VENDORS.includes(type.accelerators?.vendor ?? "") ? derivedEnvironment(type, "nccl", avoidPages) : undefined;
  const user = options.environment ?? {};
  const devices = deviceOffer(type, {
    brokersPerNode,
    rdmaPath: given("rdmaPath"),
    rdmaResource: options.rdmaResource ?? RDMA_RESOURCE,
  });
  return {
    offer: {
      machineType: type.name,
      provider: type.provider,
      arch: type.arch,
      fabric: type.fabric.kind,
      kubelet,
      ...devices,
      hugePages,
      memory,
      cpu,
      gpus: gpusOf(type),
      broker: brokerOffer(type, brokersPerNode, cpu, memory),
      sharedMemory: { path: "/dev/shm", medium: "Memory" },
      environment: {
        mpi: withUserEnvironment(mpi, user),
        ...(nccl ? { nccl: withUserEnvironment(nccl, user) } : {}),
      },
      images: imagesFor(type.arch, options.viewOs),
    },
    problems,
    warnings: [
      ...unverified(type, path),
      ...leftOut(devices.resources, brokersPerNode, path),
      ...environmentWarnings(nccl ? [mpi, nccl] : [mpi], user, type.fabric.kind, `${path}.environment`),
    ],
  };
}

/** Only EFA's library uses huge pages in pods; each broker gets what AWS's examples ask for, or its share where that is less. */
function hugePagesOffer(type: MachineType, pages: number, brokers: number): HugePagesOffer {
  const share = brokers === 0 || type.fabric.kind !== "efa" ? 0 : Math.floor(pages / brokers) * MIB_PER_PAGE;
  return { pages, reservedMiB: pages * MIB_PER_PAGE, perBrokerMiB: Math.min(EFA_HUGE_PAGES_MIB, share) };
}

/**
 * Left for what DaemonSets ask for, which Kubernetes counts before brokers: aws-node, kube-proxy, flannel and the device plugins
 * ask for 10m to 100m and less than 100Mi each. An allowance, not a measurement.
 */
const DAEMONS = { millicores: 500, memoryMiB: 1024 };

/** What does not divide is left over: brokers of one job must be alike. */
function brokerOffer(type: MachineType, perNode: number, cpu: CpuOffer, memory: MemoryOffer): BrokerOffer {
  return {
    perNode,
    cores: Math.floor(type.cores / perNode),
    gpus: Math.floor(gpusOf(type) / perNode),
    cpuMillicores: Math.max(0, Math.floor((cpu.allocatableMillicores - DAEMONS.millicores) / 1000 / perNode) * 1000),
    memoryMiB: Math.max(0, Math.floor((memory.allocatableMiB - DAEMONS.memoryMiB) / perNode)),
  };
}

/** Devices of which there are fewer than brokers: none would have one, since brokers of one job must be alike. */
function leftOut(resources: readonly OfferedResource[], brokers: number, path: string): HardwareProblem[] {
  const scarce = resources.filter(({ perBroker }) => perBroker === 0);
  if (scarce.length === 0) return [];
  return [
    {
      path: `${path}.brokersPerNode`,
      value: brokers,
      message: `There are fewer of these on a node than brokers, so no broker asks for one: ${scarce.map(({ name }) => name).join(", ")}.`,
      allowed: `at most ${Math.min(...scarce.map(({ perNode = 1 }) => perNode))}`,
      fix: "Use fewer brokers on each node, or do without.",
    },
  ];
}

function unverified(type: MachineType, path: string): HardwareProblem[] {
  if (type.verified) return [];
  return [
    {
      path,
      value: type.name,
      message: "Only documentation speaks of this machine type; no API and no machine confirmed its numbers.",
      fix: `Compare a first node with this offer before you rely on it (${type.source}).`,
    },
  ];
}

function optionProblems(type: MachineType, options: OfferOptions, path: string): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  const add = (field: keyof OfferOptions, message: string, allowed: string, fix: string) =>
    problems.push({ path: `${path}.${field}`, value: options[field], message, allowed, fix });
  const { brokersPerNode, memoryCapacityMiB, hugePages2Mi, rdmaPath, viewOs } = options;
  if (brokersPerNode !== undefined && !(Number.isInteger(brokersPerNode) && brokersPerNode >= 1 && brokersPerNode <= type.cores))
    add("brokersPerNode", "A broker needs at least one core.", `1 to ${type.cores}`, "Give a number in this range.");
  if (memoryCapacityMiB !== undefined && !(memoryCapacityMiB > 0 && Number.isFinite(memoryCapacityMiB)))
    add("memoryCapacityMiB", "This is no amount of memory.", "a number above 0, in MiB", "Give what the node reports.");
  const mostPages = Math.floor((type.memoryGiB * 1024) / MIB_PER_PAGE);
  if (hugePages2Mi !== undefined && !(Number.isInteger(hugePages2Mi) && hugePages2Mi >= 0 && hugePages2Mi <= mostPages))
    add("hugePages2Mi", "These huge pages do not fit into the machine.", `0 to ${mostPages} pages of 2 MiB`, "Give fewer.");
  const paths = type.provider === "gcp" ? type.gcp.rdmaPaths : [];
  if (rdmaPath !== undefined && !paths.includes(rdmaPath))
    add("rdmaPath", `RDMA does not reach pods this way on ${type.name}.`, paths.join(", ") || "none", "Leave it out.");
  const systems = viewSystems(type.arch);
  if (viewOs !== undefined && !systems.includes(viewOs))
    add(
      "viewOs",
      `There is no Flux view image of ${viewOs} for ${type.arch}.`,
      systems.join(", "),
      "Base the application's image on one of these, or give a view image of your own.",
    );
  return problems;
}
