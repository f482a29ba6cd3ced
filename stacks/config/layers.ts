import { z } from "zod";
import { dnsLabel, field, secretName, stackName, wholeNumber } from "../../components/config/fields";
import { devicesConfig } from "../../components/devices/config";
import { fluenceConfig } from "../../components/fluence/config";
import { fluxOperatorConfig } from "../../components/flux-operator/config";
import { kueueConfig } from "../../components/kueue/config";

const topology = z.strictObject({
  labels: field(
    z.boolean().default(true),
    "Set the topology labels of the contract on every node. Off where something else sets them.",
    false,
  ),
  gateTimeoutSeconds: field(
    wholeNumber(1).default(300),
    "How long the label gate waits until every node carries exactly its labels, in seconds; it then names those that do not.",
    300,
  ),
});

const workloads = z.strictObject({
  namespace: field(
    dnsLabel().default("work"),
    "Namespace for workload stacks; it gets a ServiceAccount whose credentials reach nothing else.",
    "work",
  ),
  miniClusters: field(
    dnsLabel().optional(),
    "Namespace for MiniClusters, apart from other work: the operator labels every pod there, and its pod logs show CURVE keys. Without it the name of `namespace` with `-flux`.",
    "flux",
  ),
  generation: field(
    wholeNumber(0).default(0),
    "Raise it to renew the credentials of workload stacks; the old ones stop working.",
    1,
  ),
});

/** `turducken:layers`: what lies between a cluster and the work on it. One program for every environment. */
export const layersConfig = z.strictObject({
  cluster: field(stackName().optional(), "Stack that makes the cluster; its outputs are read. This or `contract`.", "bare-metal"),
  contract: field(
    z.string().min(1).optional(),
    "File with the contract of somebody else's cluster (JSON), instead of `cluster`; the path starts at the folder of the stack file.",
    "contract.json",
  ),
  kubeconfig: field(
    secretName().optional(),
    "Name of the secret key with that cluster's kubeconfig; needed with `contract`.",
    "kubeconfig",
  ),
  topology: field(topology.prefault({}), "Where nodes are in the network, as node labels."),
  scheduler: field(
    z.enum(["gang", "fluence", "kueue", "default"]).default("gang"),
    "What places pods: `gang` starts groups of pods together inside one domain of the network, by the Kubernetes scheduler itself; `fluence` by Flux's scheduler on nodes of its own; `kueue` queues jobs and places them by the network; `default` adds nothing.",
    "gang",
  ),
  fluence: field(fluenceConfig.optional(), "The Fluence scheduler; needed where `scheduler: fluence`."),
  kueue: field(kueueConfig.prefault({}), "Queues; read where `scheduler: kueue`."),
  fluxOperator: field(fluxOperatorConfig.optional(), "The Flux Operator, which makes MiniClusters. Without it there are none."),
  devices: field(devicesConfig.prefault({}), "Who makes GPUs and fabric adapters known to Kubernetes."),
  workloads: field(workloads.prefault({}), "Where workload stacks put their work."),
});

export type LayersConfig = z.infer<typeof layersConfig>;
