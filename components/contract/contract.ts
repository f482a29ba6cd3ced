import { z } from "zod";

/**
 * What a cluster stack promises to the stacks on top of it: output `cluster`. Only values known from configuration, so a
 * preview of the layers has all of it before the first machine exists. The kubeconfig is a second, secret output, because a
 * secret inside an output makes the whole output secret for StackReference.
 */
export const clusterContract = z
  .object({
    schema: z.literal(1),
    name: z.string(),
    environment: z.enum(["aws-eks", "aws-ec2", "gcp-gke", "gcp-gce", "bare-metal", "existing"]),
    kubernetes: z
      .object({
        version: z.string(),
        distribution: z.enum(["kubeadm", "eks", "gke", "usernetes"]),
        /** Set when the control plane was configured for native gangs: the API version that serves PodGroup. */
        gangApi: z.enum(["scheduling.k8s.io/v1alpha2", "scheduling.k8s.io/v1beta1"]).optional(),
      })
      .strict(),
    network: z
      .object({
        cni: z.enum(["flannel", "bridge", "provider", "none"]),
        podCIDR: z.string().optional(),
        serviceCIDR: z.string().optional(),
      })
      .strict(),
    /** Nearest first: tier word → node label key. */
    topologyKeys: z.array(z.object({ tier: z.string(), key: z.string() }).strict()),
    acceleratorKey: z.string().optional(),
    /** Who sets the topology labels: the layers stack (`layers`) or the cloud (`provider`). */
    labelsBy: z.enum(["layers", "provider"]),
    pools: z.array(
      z
        .object({
          name: z.string(),
          machineType: z.string(),
          arch: z.enum(["amd64", "arm64"]),
          fabric: z.string(),
          /** Physical cores; a machine without SMT has as many CPUs. */
          cores: z.number(),
          threadsPerCore: z.number().default(1),
          memoryGiB: z.number(),
          gpus: z.number().default(0),
          /** What one pod that has a node to itself asks for, where the cluster runs the device plugin for it. */
          extendedResources: z.record(z.string(), z.number()),
          /** `hugepages-2Mi` of such a pod, in MiB; 0: none. */
          hugePagesMiB: z.number().default(0),
          /** The most that such a pod can ask for, and what Flux schedules in it. Absent: not known, as on a hand-written contract. */
          broker: z
            .object({ cores: z.number(), gpus: z.number(), cpuMillicores: z.number(), memoryMiB: z.number() })
            .strict()
            .optional(),
          /** What the fabric's libraries need to be told, for MPI and, with GPUs, for NCCL. */
          environment: z
            .object({ mpi: z.record(z.string(), z.string()), nccl: z.record(z.string(), z.string()).optional() })
            .strict(),
          tolerations: z.array(
            z.object({ key: z.string(), operator: z.string(), value: z.string().optional(), effect: z.string() }).strict(),
          ),
          minReady: z.number(),
        })
        .strict(),
    ),
    /** Known from an inventory; empty where the cloud makes nodes. `domains` is tier word → domain. `schedulable` is false for control planes, hosts that leave, are down or lost. */
    nodes: z.array(
      z
        .object({
          name: z.string(),
          pool: z.string(),
          schedulable: z.boolean(),
          domains: z.record(z.string(), z.string()),
          accelerator: z.string().optional(),
          /** The labels that the layers stack must set, exactly. */
          labels: z.record(z.string(), z.string()),
        })
        .strict(),
    ),
    schedulers: z.array(z.enum(["gang", "fluence", "kueue", "default"])),
    lockHash: z.string().optional(),
  })
  .strict();

export type ClusterContract = z.infer<typeof clusterContract>;
