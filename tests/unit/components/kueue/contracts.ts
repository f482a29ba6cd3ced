import fc from "fast-check";
import type { ClusterContract } from "../../../../components/contract/contract";
import { kueueConfig, type KueueConfig } from "../../../../components/kueue/config";
import { exampleContract, pool } from "../../../fixtures/contract";

export const config = (given: object = {}): KueueConfig => kueueConfig.parse(given);

/** Two racks of GB200-like nodes (an NVLink domain in each) and two plain nodes, one of which nobody knows the rack of. */
export function mixedContract(): ClusterContract {
  const node = (name: string, of: string, domains: Record<string, string>, accelerator?: string) => ({
    name,
    pool: of,
    schedulable: true,
    domains,
    ...(accelerator === undefined ? {} : { accelerator }),
    labels: {
      ...(domains.leaf ? { "fabric.topograph.run/tier-0": domains.leaf } : {}),
      ...(domains.spine ? { "fabric.topograph.run/tier-1": domains.spine } : {}),
      ...(accelerator ? { "accelerator.topograph.run/domain": accelerator } : {}),
    },
  });
  return exampleContract({
    acceleratorKey: "accelerator.topograph.run/domain",
    pools: [
      {
        ...pool("gpu"),
        gpus: 4,
        hugePagesMiB: 2048,
        extendedResources: { "nvidia.com/gpu": 4, "rdma/hca": 4 },
        tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
      },
      { ...pool("cpu"), broker: undefined, threadsPerCore: 2 },
      pool("control"),
    ],
    nodes: [
      { name: "cp1", pool: "control", schedulable: false, domains: {}, labels: {} },
      node("g1", "gpu", { leaf: "l1", spine: "s1" }, "nv1"),
      node("g2", "gpu", { leaf: "l1", spine: "s1" }, "nv1"),
      node("g3", "gpu", { leaf: "l2", spine: "s1" }, "nv2"),
      node("c1", "cpu", { leaf: "l3", spine: "s1" }),
      node("c2", "cpu", { spine: "s1" }),
    ],
  });
}

/** Clusters of any shape: pools with and without devices, threads, what a broker may have, nodes by name or only promised. */
export const anyContract = fc
  .record({
    named: fc.boolean(),
    pools: fc.array(
      fc.record({
        cores: fc.integer({ min: 1, max: 512 }),
        threadsPerCore: fc.integer({ min: 1, max: 2 }),
        memoryGiB: fc.oneof(fc.integer({ min: 1, max: 8192 }), fc.double({ min: 0.5, max: 4096, noNaN: true })),
        hugePagesMiB: fc.constantFrom(0, 1024, 5128),
        devices: fc.dictionary(
          fc.constantFrom("nvidia.com/gpu", "vpc.amazonaws.com/efa", "rdma/hca"),
          fc.integer({ min: 1, max: 32 }),
        ),
        broker: fc.option(
          fc.record({ cpuMillicores: fc.integer({ min: 0, max: 1_200_000 }), memoryMiB: fc.integer({ min: 0, max: 9_000_000 }) }),
          { nil: undefined },
        ),
        nodes: fc.integer({ min: 0, max: 5 }),
        leaf: fc.boolean(),
        taints: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ named, pools }): ClusterContract => {
    const names = ["alpha", "beta", "gamma", "delta", "epsilon"];
    const nodes: ClusterContract["nodes"] = named
      ? pools.flatMap((each, index) =>
          Array.from({ length: each.nodes }, (_, at) => ({
            name: `${names[index]!}-${at}`,
            pool: names[index]!,
            schedulable: at !== 4,
            domains: { spine: "s", ...(each.leaf || at % 2 === 0 ? { leaf: `l${at % 2}` } : {}) },
            labels: {},
          })),
        )
      : [];
    return exampleContract({
      nodes,
      pools: pools.map(({ nodes: promised, devices, broker, taints, leaf: _, ...each }, index) => ({
        ...pool(names[index]!),
        ...each,
        extendedResources: devices,
        broker: broker && { cores: 1, gpus: 0, ...broker },
        minReady: promised,
        tolerations: Array.from({ length: taints }, (_unused, at) => ({
          key: `t${at}`,
          operator: "Exists",
          effect: "NoSchedule",
        })),
      })),
      ...(nodes.length > 0 ? {} : { kubernetes: { version: "1.36.1", distribution: "eks" as const } }),
    });
  });
