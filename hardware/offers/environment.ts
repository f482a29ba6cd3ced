import type { Fabric, InfiniBandHca, MachineType } from "../types";
import type { EnvironmentOffer, EnvironmentVariable, Library } from "./types";

type Derived = Omit<EnvironmentVariable, "by">;
type Draft = Omit<EnvironmentOffer, "variables"> & { readonly variables: readonly Derived[] };

const NOTHING: Draft = { variables: [], sourceFirst: [], hostPaths: [], notes: [] };

const CEA = "GoogleCloudPlatform/container-engine-accelerators";
const OFI_NCCL = "aws/aws-ofi-nccl:doc/efa-env-var.md@518f4c6";
const H4D_MPI = "https://docs.cloud.google.com/cluster-toolkit/docs/setup/configure-mpi-application";
const NCCL_ENV = "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html";

/**
 * The environment that a library needs on a machine type: as few variables as possible, so only what the library would get
 * wrong by itself. What depends on the job or on the image's versions is a note.
 *
 * @param avoidHugePages whether there are huge pages on the node that the pod does not ask for
 */
export function derivedEnvironment(type: MachineType, library: Library, avoidHugePages: boolean): EnvironmentOffer {
  const draft = draftFor(type, library, avoidHugePages);
  return { ...draft, variables: draft.variables.map((each) => ({ ...each, by: "turducken" })) };
}

function draftFor(type: MachineType, library: Library, avoidHugePages: boolean): Draft {
  const { fabric } = type;
  if (fabric.kind === "efa") return efa(library, avoidHugePages);
  if (fabric.kind === "falcon") return library === "mpi" ? falconMpi() : NOTHING;
  if (fabric.kind === "tcpxo") return library === "nccl" ? tcpxo(fabric.interfaces) : ipOnly("GPUDirect-TCPXO");
  if (fabric.kind === "tcpx") return library === "nccl" ? tcpx(fabric.interfaces) : ipOnly("GPUDirect-TCPX");
  if (fabric.kind === "ethernet") return NOTHING;
  if (type.provider === "gcp") return library === "nccl" ? gib() : NOTHING;
  if (!("hcas" in fabric)) return NOTHING;
  return library === "nccl" ? hcaNccl(fabric) : hcaMpi(fabric);
}

/**
 * Current NCCL (libfabric 1.18 and aws-ofi-nccl 1.7, both of 2023, or later) finds EFA by itself. An MPI library over libfabric
 * may take TCP where EFA fails to start, silently and several times slower; naming the provider makes that an error.
 */
function efa(library: Library, avoidHugePages: boolean): Draft {
  const provider: Derived = {
    name: "FI_PROVIDER",
    value: "efa",
    reason: "Without it libfabric falls back to TCP silently when EFA cannot be used.",
    source: "converged-computing/performance-study:experiments/aws/eks/cpu/size128/crd@6f3df687",
  };
  const noHugePages: Derived = {
    name: "FI_EFA_USE_HUGE_PAGE",
    value: "0",
    reason: "The pod asks for no huge pages, so the provider must not use any.",
    source: OFI_NCCL,
  };
  const note =
    "With libfabric before 1.18 or aws-ofi-nccl before 1.7 on machines with GPUDirect RDMA, add FI_EFA_USE_DEVICE_RDMA=1.";
  return {
    ...NOTHING,
    variables: [...(library === "mpi" ? [provider] : []), ...(avoidHugePages ? [noHugePages] : [])],
    notes: library === "nccl" ? [note] : [],
  };
}

/** Intel MPI over Cloud RDMA; Google validated libfabric's verbs provider with these sizes. Open MPI goes through UCX instead. */
function falconMpi(): Draft {
  const variable = (name: string, value: string, reason: string): Derived => ({ name, value, reason, source: H4D_MPI });
  return {
    ...NOTHING,
    variables: [
      variable(
        "FI_PROVIDER",
        "verbs;ofi_rxm",
        "Cloud RDMA is reached through libfabric's verbs provider; otherwise Intel MPI uses TCP.",
      ),
      variable("FI_VERBS_INLINE_SIZE", "39", "Google's value for H4D."),
      variable("FI_OFI_RXM_BUFFER_SIZE", "4096", "Google's value for H4D."),
    ],
    notes: [
      "Set FI_UNIVERSE_SIZE to the job's number of ranks.",
      "These are Intel MPI's (2021.17.2 or later, libfabric 2.2 or later); Open MPI needs 5.0.9 with UCX 1.20 and no FI_ variable.",
    ],
  };
}

const NVIDIA_LIBRARIES: Derived = {
  name: "LD_LIBRARY_PATH",
  value: "/usr/local/nvidia/lib64",
  reason: "GKE's installers put the driver's libraries and the network plugin there.",
  source: `${CEA}:gpudirect-rdma/nccl-test.yaml@0920249`,
};

/** NCCL/gIB: its script sets everything else, and Google changes the values with each release. */
function gib(): Draft {
  return {
    variables: [NVIDIA_LIBRARIES],
    sourceFirst: ["/usr/local/gib/scripts/set_nccl_env.sh"],
    hostPaths: [
      { host: "/home/kubernetes/bin/nvidia", container: "/usr/local/nvidia" },
      { host: "/home/kubernetes/bin/gib", container: "/usr/local/gib" },
    ],
    notes: ["The nccl-rdma-installer DaemonSet must have run on the nodes."],
  };
}

const ethernets = (count: number): string => Array.from({ length: count }, (_, index) => `eth${index + 1}`).join(",");

/** GPUDirect-TCPXO: the sidecar and the installer must be of one release; its profile sets the NCCL_FASTRAK_ values. */
function tcpxo(interfaces: number): Draft {
  const source = `${CEA}:gpudirect-tcpxo/nccl-test-latest.yaml@089e022`;
  return {
    variables: [
      { ...NVIDIA_LIBRARIES, source },
      {
        name: "NCCL_FASTRAK_LLCM_DEVICE_DIRECTORY",
        value: "/dev/aperture_devices",
        reason: "Where the installer binds the GPUs' aperture devices.",
        source,
      },
    ],
    sourceFirst: ["/usr/local/nvidia/lib64/nccl-env-profile.sh"],
    hostPaths: [
      { host: "/home/kubernetes/bin/nvidia/lib64", container: "/usr/local/nvidia/lib64" },
      { host: "/dev/aperture_devices", container: "/dev/aperture_devices" },
    ],
    notes: [
      `The pod needs the tcpxo-daemon sidecar of the installer's release; the plugin uses ${ethernets(interfaces)} for data and eth0 for control.`,
    ],
  };
}

/** GPUDirect-TCPX: which interfaces carry data; Google's example also binds threads to the cores of A3 High. */
function tcpx(interfaces: number): Draft {
  const source = `${CEA}:gpudirect-tcpx/nccl-config-latest.yaml@8af30c6`;
  const variable = (name: string, value: string, reason: string): Derived => ({ name, value, reason, source });
  return {
    variables: [
      { ...NVIDIA_LIBRARIES, source },
      variable("NCCL_GPUDIRECTTCPX_SOCKET_IFNAME", ethernets(interfaces), "The interfaces of the GPU networks."),
      variable("NCCL_GPUDIRECTTCPX_CTRL_DEV", "eth0", "Control traffic goes over the pod's default network."),
      variable("NCCL_SOCKET_IFNAME", "eth0", "NCCL's bootstrap must not take a GPU network."),
    ],
    sourceFirst: [],
    hostPaths: [{ host: "/home/kubernetes/bin/nvidia/lib64", container: "/usr/local/nvidia/lib64" }],
    notes: [
      "The pod needs the TCPX receive daemon as a sidecar; Google's nccl-config-latest.yaml has the thread bindings for A3 High.",
    ],
  };
}

function ipOnly(name: string): Draft {
  return { ...NOTHING, notes: [`${name} carries NCCL only; MPI runs over TCP on eth0.`] };
}

const computeOf = (hcas: readonly InfiniBandHca[]): string[] =>
  hcas.filter(({ use }) => use === "compute").map(({ device }) => device);

/** A machine with one adapter, and that for compute, needs no choice. */
function needsChoice({ hcas }: { readonly hcas: readonly InfiniBandHca[] }): boolean {
  return hcas.length > 1;
}

type HcaFabric = Extract<Fabric, { kind: "infiniband" | "roce" }>;

/** UCX takes every adapter that it finds, storage adapters and Ethernet ports included. */
function hcaMpi(fabric: HcaFabric): Draft {
  if (!needsChoice(fabric)) return NOTHING;
  const devices = computeOf(fabric.hcas).map((device) => `${device}:1`);
  return {
    ...NOTHING,
    variables: [
      {
        name: "UCX_NET_DEVICES",
        value: devices.join(","),
        reason: "Only the compute adapters: UCX would use those of storage and management as well.",
        source: "converged-computing/usernetes-azure:experiments/crd/osu.yaml@b640059",
      },
    ],
  };
}

/** `=` makes NCCL compare whole names: mlx5_1 alone would also mean mlx5_10 and mlx5_11. */
function hcaNccl(fabric: HcaFabric): Draft {
  if (!needsChoice(fabric)) return NOTHING;
  return {
    ...NOTHING,
    variables: [
      {
        name: "NCCL_IB_HCA",
        value: `=${computeOf(fabric.hcas).join(",")}`,
        reason: "Only the compute adapters, by their whole names: NCCL would use those of storage as well.",
        source: `${NCCL_ENV}#nccl-ib-hca`,
      },
    ],
    notes:
      fabric.kind === "roce"
        ? ["NCCL before 2.21 does not find the RoCE v2 address by itself: set NCCL_IB_GID_INDEX to its index in `show_gids`."]
        : [],
  };
}
