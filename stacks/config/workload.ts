import { z } from "zod";
import { miniClusterConfig } from "../../components/minicluster/config";
import { dnsLabel, field, quantity, secretName, tierWord, stackName, wholeNumber } from "../../components/config/fields";

/** One gang; the fields are those of `GangSpec` in components/gang, which checks what depends on the cluster. */
export const gangConfig = z.strictObject({
  name: field(
    z.string().regex(/^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/, {
      error:
        "it must be small letters, digits and `-`, beginning with a letter, at most 52 characters: it becomes the name of a Job and part of host names",
    }),
    "Name of the Job, its Service and its PodGroup.",
    "ring",
  ),
  nodes: field(wholeNumber(1), "How many nodes start together, one pod on each.", 3),
  within: field(
    tierWord().optional(),
    "All nodes inside one domain of this tier: `accelerator`, `leaf`, `spine`, `core` or `tier-N`. Without it, anywhere.",
    "leaf",
  ),
  pool: field(dnsLabel().optional(), "Which pool's machines. Needed when more than one pool can carry work.", "compute"),
  image: field(
    z.string().min(1),
    "Container image, with digest.",
    "registry.example.org/ring@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  ),
  command: field(z.array(z.string()).min(1).optional(), "What to run in it. Without it, what the image says.", ["/ring"]),
  resources: field(
    z.record(z.string().min(1), quantity(z.number().positive())).optional(),
    "Per pod, as Kubernetes quantities. Devices of the pool's machine type are added by themselves.",
    { cpu: "8", memory: "4Gi" },
  ),
  unchecked: field(
    z.boolean().default(false),
    "Place the gang even when no domain is big enough: it stays Pending until one is.",
    true,
  ),
});

/** `turducken:workload`: the work. One program for every environment. */
export const workloadConfig = z.strictObject({
  cluster: field(stackName().optional(), "Stack that makes the cluster; its contract is read. This or `contract`.", "bare-metal"),
  contract: field(
    z.string().min(1).optional(),
    "File with the contract of somebody else's cluster (JSON), instead of `cluster`; the path starts at the folder of the stack file.",
    "contract.json",
  ),
  layers: field(
    stackName().optional(),
    "Layers stack whose namespace and credentials (secret output `workloadKubeconfig`) are used. This or `kubeconfig`.",
    "bare-metal-layers",
  ),
  kubeconfig: field(secretName().optional(), "Name of a secret key with a kubeconfig, instead of `layers`.", "kubeconfig"),
  namespace: field(dnsLabel().default("work"), "Namespace of the work; the one that the layers stack made.", "work"),
  gangs: field(z.array(gangConfig).default([]), "Groups of pods that start together or not at all."),
  miniClusters: field(
    z.array(miniClusterConfig).default([]),
    "Applications on Flux clusters of their own; the layers have the Flux Operator.",
  ),
  leaves: field(
    z.record(z.string(), z.string()).default({}),
    "Fluence: MiniCluster → the leaf that was chosen for it, kept here so that another one moves none. A warning prints the line.",
    { lammps: "l1" },
  ),
});

export type WorkloadConfig = z.infer<typeof workloadConfig>;
export type GangConfig = z.infer<typeof gangConfig>;
