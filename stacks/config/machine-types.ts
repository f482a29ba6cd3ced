import { z } from "zod";
import { field, wholeNumber } from "../../components/config/fields";

/** For editors and the reference: hardware's `validateInlineTypes` is what judges and completes machine types of the user's own. */

const hca = z.strictObject({
  device: field(z.string().min(1), "Name under /sys/class/infiniband.", "mlx5_0"),
  use: field(z.enum(["compute", "storage"]).default("compute"), "Only compute adapters carry MPI and NCCL.", "compute"),
});

const machine = {
  arch: field(z.enum(["amd64", "arm64"]).default("amd64"), "Processor architecture.", "amd64"),
  cores: field(wholeNumber(1), "Physical cores of the whole machine.", 64),
  threadsPerCore: field(z.union([z.literal(1), z.literal(2)]).default(1), "Hardware threads of a core.", 2),
  memoryGiB: field(z.number().positive(), "Memory, in GiB.", 512),
};

const bareMetal = z.strictObject({
  provider: field(z.literal("bare-metal").optional(), "Whose machine it is. Default: bare-metal.", "bare-metal"),
  ...machine,
  accelerators: field(
    z
      .strictObject({
        vendor: field(z.enum(["nvidia", "amd"]), "Maker.", "nvidia"),
        product: field(z.string().min(1), "Product name as the vendor writes it.", "NVIDIA-H100-80GB-HBM3"),
        count: field(wholeNumber(1), "How many in one machine.", 8),
        resource: field(z.string().min(1), "Kubernetes extended resource that its device plugin offers.", "nvidia.com/gpu"),
      })
      .optional(),
    "GPUs or the like.",
  ),
  fabric: field(
    z.strictObject({
      kind: field(z.enum(["infiniband", "roce", "ethernet"]), "How nodes talk fast.", "infiniband"),
      rateGbps: field(z.number().positive(), "Rate of one port, in Gbit/s.", 400),
      hcas: field(z.array(hca).optional(), "Adapters; for infiniband and roce."),
    }),
    "The machine's fast network.",
  ),
  localDisks: field(wholeNumber(0).default(0), "Local data disks.", 2),
  topologyTiers: field(
    z.array(z.enum(["leaf", "spine", "core"])).default(["leaf", "spine", "core"]),
    "Network tiers, nearest first.",
  ),
  hugePages2Mi: field(wholeNumber(0).default(0), "2 MiB huge pages that the fabric library wants per node.", 0),
});

const networkCard = z.strictObject({
  interfaces: field(wholeNumber(1), "Network interfaces that fit on the card.", 4),
  efa: field(z.boolean().optional(), "Whether one of them can be an EFA. Default: yes where the fabric is efa.", true),
  count: field(wholeNumber(1).optional(), "So many cards alike. Default: 1.", 16),
});

/** An EC2 type that the catalogue does not have yet, as DescribeInstanceTypes gives it. */
const aws = z.strictObject({
  provider: field(z.literal("aws"), "An EC2 type that the catalogue lacks, under its own name.", "aws"),
  ...machine,
  accelerators: field(
    z
      .strictObject({
        vendor: field(z.enum(["nvidia", "amd", "aws", "habana"]), "Maker.", "nvidia"),
        product: field(z.string().min(1), "Product name as the vendor writes it.", "B300"),
        count: field(wholeNumber(1), "How many in one machine.", 8),
        resource: field(z.string().min(1).optional(), "Kubernetes extended resource. Default: the vendor's.", "nvidia.com/gpu"),
      })
      .optional(),
    "GPUs or the like.",
  ),
  fabric: field(
    z.strictObject({
      kind: field(z.enum(["efa", "ethernet"]), "`ethernet` for a type without EFA.", "efa"),
      rateGbps: field(z.number().positive(), "Rate of one network card, in Gbit/s.", 400),
    }),
    "The machine's fast network.",
  ),
  hugePages2Mi: field(wholeNumber(0).optional(), "2 MiB huge pages of a node. Default: those of the EFA installer.", 5128),
  aws: field(
    z.strictObject({
      networkCards: field(z.array(networkCard).min(1), "Network cards, in card order."),
      ipv4PerInterface: field(wholeNumber(2), "IPv4 addresses of one interface.", 50),
      networkGbps: field(z.number().positive().optional(), "Of the whole machine, in Gbit/s. Default: that of all cards.", 3200),
      usage: field(
        z.array(z.enum(["on-demand", "spot", "capacity-block"])).optional(),
        "How it can be bought. Default: on-demand.",
        ["on-demand", "capacity-block"],
      ),
      placement: field(z.array(z.enum(["cluster", "partition", "spread"])).optional(), "Placement strategies. Default: all.", [
        "cluster",
      ]),
      topologyLayers: field(
        z.union([z.literal(0), z.literal(3), z.literal(4)]).optional(),
        "Layers that DescribeInstanceTopology answers with. Default: 0, none.",
        3,
      ),
      layout: field(z.enum(["primary", "dedicated"]).optional(), "How the EFA interfaces lie on the cards.", "dedicated"),
      zones: field(z.array(z.string()).optional(), "Zone ids where it is sold.", ["use1-az6"]),
      localDisksGB: field(z.array(z.number().positive()).optional(), "Local disks, in GB each.", [3800, 3800]),
      metal: field(z.boolean().optional(), "Bare metal. Default: by the name.", false),
    }),
    "What only EC2 has.",
  ),
});

export const inlineMachineType = z.union([bareMetal, aws]);
