import fc from "fast-check";
import {
  coveredResources,
  nodeCapacity,
  poolQuota,
  quantityText,
  queueNodes,
  queuePools,
} from "../../../../components/kueue/quota";
import { quantity } from "../../../../components/gang/fit";
import { exampleContract, pool } from "../../../fixtures/contract";
import { anyContract, config, mixedContract } from "./contracts";

/** Quantities of one pool as numbers: cores, bytes, pieces. */
const amounts = (quotas: readonly { name: string; nominalQuota: string }[]) =>
  Object.fromEntries(quotas.map(({ name, nominalQuota }) => [name, quantity(nominalQuota)!]));

describe("quotas", () => {
  test("are never more than the nodes have, whatever a contract says a pod may ask for", () => {
    fc.assert(
      fc.property(anyContract, (contract) => {
        for (const each of queuePools(contract)) {
          const nodes = contract.nodes.length
            ? contract.nodes.filter((node) => node.pool === each.name && node.schedulable).length
            : each.minReady;
          const given = amounts(poolQuota(contract, each, config()));
          expect(given.cpu).toBeLessThanOrEqual(nodes * each.cores * each.threadsPerCore);
          expect(given.memory).toBeLessThanOrEqual(nodes * each.memoryGiB * 2 ** 30);
          for (const [name, amount] of Object.entries(given).filter(([name]) => name.includes("/")))
            expect(amount).toBe(nodes * (each.extendedResources[name] ?? 0));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("let as many whole-node pods in as there are nodes", () => {
    fc.assert(
      fc.property(anyContract, (contract) => {
        for (const each of queuePools(contract)) {
          const quota = amounts(poolQuota(contract, each, config()));
          const one = Object.entries(nodeCapacity(each)).map(
            ([name, amount]) => [name, quantity(quantityText(name, amount))!] as const,
          );
          const nodes = queueNodes(contract, each, config());
          for (const [name, amount] of one) expect(quota[name]! + 1e-6).toBeGreaterThanOrEqual(amount * nodes);
        }
      }),
    );
  });

  test("name every resource that a pod of any pool asks for, in one order for all pools", () => {
    fc.assert(
      fc.property(anyContract, (contract) => {
        const names = coveredResources(contract, config());
        expect(new Set(names).size).toBe(names.length);
        for (const each of queuePools(contract)) {
          expect(poolQuota(contract, each, config()).map(({ name }) => name)).toEqual(names);
          expect(names).toEqual(expect.arrayContaining(Object.keys(nodeCapacity(each))));
        }
      }),
    );
  });

  test("count the nodes that can carry work, those promised, or those that the user says", () => {
    const contract = mixedContract();
    const gpu = contract.pools[0]!;
    expect(queueNodes(contract, gpu, config())).toBe(3);
    expect(queueNodes(contract, gpu, config({ pools: { gpu: { nodes: 2 } } }))).toBe(2);
    expect(queueNodes({ ...contract, nodes: [] }, { ...gpu, minReady: 7 }, config())).toBe(7);
  });

  test("are what the user says, where the user does, and other resources than the nodes' may be among them", () => {
    const given = config({ pools: { compute: { quota: { cpu: 8, "ephemeral-storage": "1Ti" } } } });
    const contract = exampleContract();
    expect(poolQuota(contract, contract.pools[1]!, given)).toEqual([
      { name: "cpu", nominalQuota: "8" },
      { name: "memory", nominalQuota: "196008Mi" },
      { name: "ephemeral-storage", nominalQuota: "1Ti" },
    ]);
  });

  test("use the machine's size where it is not known what a pod can have, and never a broker that is bigger than the machine", () => {
    expect(nodeCapacity({ ...pool("x"), broker: undefined, threadsPerCore: 2 })).toEqual({ cpu: 16_000, memory: 32 * 1024 });
    const greedy = { cores: 99, gpus: 0, cpuMillicores: 99_000, memoryMiB: 999_999 };
    expect(nodeCapacity({ ...pool("x"), broker: greedy })).toEqual({ cpu: 8000, memory: 32 * 1024 });
  });
});

test.each([
  ["cpu", 48_000, "48"],
  ["cpu", 47_500, "47500m"],
  ["cpu", 0, "0"],
  ["memory", 196_008, "196008Mi"],
  ["memory", 64 * 1024, "64Gi"],
  ["memory", 2 * 1024 * 1024, "2Ti"],
  ["hugepages-2Mi", 0, "0"],
  ["nvidia.com/gpu", 12, "12"],
])("%s %d is written %s", (resource, amount, text) => {
  expect(quantityText(resource, amount)).toBe(text);
});
