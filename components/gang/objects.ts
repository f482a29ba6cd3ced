import type { Input } from "@pulumi/pulumi";
import type { ClusterContract } from "../contract/contract";
import { poolOf, POD_GROUP_LABEL, tierKey, workPools, type GangSpec } from "./spec";

/** Creation is not awaited to completion: a gang may wait for room for days, and that is no failure. Deletion still is awaited. */
export const CREATED = { "pulumi.com/waitFor": "jsonpath={.metadata.uid}" } as const;

/** A gang's PodGroup: all of its pods or none, in one domain. The manifest is the same in v1alpha2 and v1beta1. */
export function podGroup(contract: ClusterContract, gang: GangSpec, namespace: string) {
  const place = gang.within === undefined ? undefined : tierKey(contract, gang.within);
  if (gang.within !== undefined && !place) throw new Error(`no tier ${gang.within} in cluster ${contract.name}`);
  return {
    metadata: { name: gang.name, namespace, labels: { [POD_GROUP_LABEL]: gang.name } },
    spec: {
      schedulingPolicy: { gang: { minCount: gang.nodes } },
      ...(place ? { schedulingConstraints: { topology: [{ key: place.key }] } } : {}),
    },
  };
}

/**
 * The gang's pods: an Indexed Job, one pod for each node. Two pods of a gang never share a node (required anti-affinity within
 * the gang); other work may share it as far as the requests let it. Requests equal limits, so pods are Guaranteed and a static
 * CPU manager gives whole cores.
 *
 * @param group name of the PodGroup
 */
export function gangJob(contract: ClusterContract, gang: GangSpec, namespace: string, group: Input<string> = gang.name) {
  const pool = poolOf(contract, gang);
  if (!pool) throw new Error(`no pool for gang ${gang.name} in cluster ${contract.name}`);
  const labels = { [POD_GROUP_LABEL]: gang.name };
  const resources = {
    ...gang.resources,
    ...Object.fromEntries(Object.entries(pool.extendedResources).map(([name, amount]) => [name, String(amount)])),
    ...(pool.hugePagesMiB > 0 ? { "hugepages-2Mi": `${pool.hugePagesMiB}Mi` } : {}),
  };
  return {
    metadata: {
      name: gang.name,
      namespace,
      labels,
      annotations: {
        ...CREATED,
        // The Job is gone only when its pods are; the PodGroup behind it would otherwise hang in Terminating.
        "pulumi.com/deletionPropagationPolicy": "foreground",
      },
    },
    spec: {
      completionMode: "Indexed",
      completions: gang.nodes,
      parallelism: gang.nodes,
      backoffLimit: 6,
      template: {
        metadata: { labels: { [POD_GROUP_LABEL]: group } },
        spec: {
          restartPolicy: "Never",
          // Together with the headless Service, peers are `<gang>-<index>.<gang>`.
          subdomain: gang.name,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          affinity: affinity(contract, gang, pool.name),
          tolerations: pool.tolerations,
          containers: [container(gang, { ...pool.environment.mpi, ...pool.environment.nccl }, resources)],
          // The runtime's 64 MiB are too small for MPI and NCCL; counted against the container's memory limit.
          volumes: [{ name: "shm", emptyDir: { medium: "Memory" } }],
        },
      },
    },
  };
}

function container(gang: GangSpec, environment: Readonly<Record<string, string>>, resources: Readonly<Record<string, string>>) {
  const variables = { ...environment, TURDUCKEN_GANG: gang.name, TURDUCKEN_GANG_SIZE: String(gang.nodes) };
  return {
    name: "work",
    image: gang.image,
    ...(gang.command ? { command: [...gang.command] } : {}),
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    resources: { requests: resources, limits: resources },
    // No seccomp profile: the runtime's default refuses mbind and set_mempolicy, which MPI libraries use for NUMA placement.
    securityContext: { allowPrivilegeEscalation: false },
    volumeMounts: [{ name: "shm", mountPath: "/dev/shm" }],
  };
}

function affinity(contract: ClusterContract, gang: GangSpec, pool: string) {
  const apart = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { [POD_GROUP_LABEL]: gang.name } } },
      ],
    },
  };
  // No label says which pool a node is in; names do, where there is more than one pool to choose from.
  if (workPools(contract).length < 2 || contract.nodes.length === 0) return apart;
  const names = contract.nodes.filter((node) => node.schedulable && node.pool === pool).map((node) => node.name);
  const terms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: names }] }];
  return { ...apart, nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
}

/** Names for the gang's pods, before they are ready: peers look for each other while they start. */
export function gangService(gang: GangSpec, namespace: string) {
  return {
    metadata: {
      name: gang.name,
      namespace,
      labels: { [POD_GROUP_LABEL]: gang.name },
      // Pulumi would wait for endpoints, which a gang without room does not have.
      annotations: CREATED,
    },
    spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: { [POD_GROUP_LABEL]: gang.name } },
  };
}
