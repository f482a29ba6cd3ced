import { z } from "zod";
import { dnsLabel, field, wholeNumber } from "../config/fields";

/** What a pod on an InfiniBand or RoCE pool asks for, as in the examples of Mellanox/k8s-rdma-shared-dev-plugin. */
export const RDMA_RESOURCE = "rdma/rdma_shared_device_a";

/**
 * `layers.devices`: who makes GPUs and fabric adapters known to Kubernetes. Everywhere `none` means nobody (pods then do not ask
 * for them), and `present` that the site or the cloud already runs something that does.
 */
export const devicesConfig = z.strictObject({
  efa: field(
    z.enum(["none", "present", "plugin"]).default("none"),
    "`vpc.amazonaws.com/efa`. `plugin`: AWS's device plugin on exactly the pools with EFA.",
    "plugin",
  ),
  efaDraPools: field(
    z.array(dnsLabel()).default([]),
    "Pools whose EFAs are claimed by Dynamic Resource Allocation instead: they get AWS's DRA driver (Kubernetes 1.35) and not the plugin, which must never be on the same node.",
    ["train"],
  ),
  efaRepository: field(
    z.string().min(1).optional(),
    "Repository of the EFA plugin's image without its tag, where nodes cannot pull from AWS's registry in us-west-2.",
    "registry.example.org/eks/aws-efa-k8s-device-plugin",
  ),
  nvidia: field(
    z.enum(["none", "present", "plugin", "operator"]).default("none"),
    "`nvidia.com/gpu`. `plugin`: NVIDIA's device plugin on the pools with GPUs; `operator`: the GPU Operator.",
    "plugin",
  ),
  nvidiaDriver: field(
    z.enum(["host", "operator"]).default("host"),
    "With `operator`: who installs the driver. `host`: it is in the image or was installed there, as on EKS's NVIDIA images.",
    "host",
  ),
  nvidiaToolkit: field(
    z.enum(["host", "operator"]).default("host"),
    "With `operator`: who installs the container toolkit. `host`: it is there already.",
    "host",
  ),
  nvidiaRuntimeClass: field(
    dnsLabel().optional(),
    "With `plugin`: RuntimeClass of the plugin itself, where NVIDIA's runtime is not the container runtime's default.",
    "nvidia",
  ),
  rdma: field(
    z.enum(["none", "present", "verbs", "shared"]).default("none"),
    "InfiniBand and RoCE adapters, shared by all pods of a node. `verbs`: a pod gets /dev/infiniband/rdma_cm and the uverbs of the compute adapters, nothing else. `shared`: NVIDIA's RDMA shared device plugin; it cannot do without umad (and issm where there is one), by which root in a pod can change the subnet.",
    "verbs",
  ),
  rdmaResource: field(
    z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, {
        error: "It is not the name of an extended resource: domain/name.",
      })
      .optional(),
    `Name of the resource. Left out: \`rdma/hca\` with \`verbs\`, \`${RDMA_RESOURCE}\` with \`shared\` and \`present\`.`,
    "rdma/hca",
  ),
  rdmaShare: field(
    wholeNumber(1, 1000).default(63),
    "How many pods of a node may have the adapters at once. RoCE ports have 128 addresses (GIDs), two for each pod.",
    63,
  ),
  rdmaAdapters: field(
    z
      .record(
        z.string(),
        z.array(z.string().regex(/^[A-Za-z0-9_.-]+$/, { error: "It is not the name of an RDMA device." })).min(1),
      )
      .default({}),
    "Compute adapters by machine type, as `ibv_devices` names them; for types of your own and where the catalogue is wrong for your machines.",
    { "dgx-h100": ["mlx5_0", "mlx5_3"] },
  ),
  amd: field(z.enum(["none", "present", "plugin"]).default("none"), "`amd.com/gpu`. `plugin`: AMD's device plugin.", "plugin"),
  neuron: field(
    z.enum(["none", "present", "plugin"]).default("none"),
    "`aws.amazon.com/neuron`. `plugin`: AWS's Neuron device plugin.",
    "plugin",
  ),
  others: field(
    z
      .array(z.string().regex(/^[^/\s]+\/\S+$/, { error: "It is not the name of an extended resource: domain/name." }))
      .default([]),
    "Further extended resources of the contract that something else serves already.",
    ["habana.ai/gaudi"],
  ),
});

export type DevicesConfig = z.infer<typeof devicesConfig>;

/** What the nodes call the adapters. */
export function rdmaResourceName({ rdma, rdmaResource }: Pick<DevicesConfig, "rdma" | "rdmaResource">): string {
  return rdmaResource ?? (rdma === "verbs" ? "rdma/hca" : RDMA_RESOURCE);
}
