import { z } from "zod";
import { dnsLabel, field, quantity, wholeNumber } from "../config/fields";

const poolQuota = z.strictObject({
  nodes: field(
    wholeNumber(0).optional(),
    "How many of the pool's nodes the queue may use. Without it all that can carry work; where nodes are not known by name, as many as the cluster promises to be ready.",
    16,
  ),
  nodeLabels: field(
    z.record(z.string().min(1), z.string()).optional(),
    "Labels by which the pool's nodes are told from others. Needed only where neither the layers nor the provider set one.",
    { "example.org/pool": "compute" },
  ),
  quota: field(
    z.record(z.string().min(1), quantity(z.number().nonnegative())).optional(),
    "Quota of the pool by resource, instead of what its nodes have; a resource that jobs ask for and that has none stops them.",
    { cpu: "512", "ephemeral-storage": "2Ti" },
  ),
});

/** `kueue` of the layers; read where `scheduler: kueue`. */
export const kueueConfig = z.strictObject({
  install: field(
    z.boolean().default(true),
    "Install Kueue by its chart. Off for an installation of your own; the layers then only wait for it and make the queues.",
    false,
  ),
  queue: field(dnsLabel().default("work"), "Name of the ClusterQueue, and of the LocalQueue in each workload namespace.", "work"),
  pools: field(z.record(dnsLabel(), poolQuota).default({}), "What a queue may use of a pool, by pool."),
  values: field(
    z.record(z.string().min(1), z.unknown()).default({}),
    "Values of the chart that are laid over ours, e.g. more memory for the manager of a big cluster.",
    { controllerManager: { replicas: 2 } },
  ),
  timeoutSeconds: field(wholeNumber(1).default(300), "How long to wait until Kueue's webhooks answer, in seconds.", 300),
});

export type KueueConfig = z.infer<typeof kueueConfig>;
