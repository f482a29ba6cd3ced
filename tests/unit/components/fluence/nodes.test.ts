import fc from "fast-check";
import {
  fluenceNodes,
  hiddenNodes,
  namesFollowTopology,
  nodeMarks,
  nodeSetHash,
  poolsToTaint,
} from "../../../../components/fluence/nodes";
import { pool } from "../../../fixtures/contract";
import { twoPools } from "./fixtures";

test("its nodes are those of its pools that can carry work; all others are hidden from it, those out of use too", () => {
  const base = twoPools();
  const contract = { ...base, nodes: base.nodes.map((node) => (node.name === "n02" ? { ...node, schedulable: false } : node)) };
  expect(fluenceNodes(contract, ["compute"])).toEqual(["n01", "n03", "n04"]);
  expect(hiddenNodes(contract, ["compute"])).toEqual(["cp1", "n02", "n05", "n06"]);
});

test("every other pool with nodes for work must be tainted, unless the contract says that it is", () => {
  const contract = twoPools();
  expect(poolsToTaint(contract, ["compute"])).toEqual({ named: ["service"], nameless: [] });
  expect(poolsToTaint(contract, ["compute", "service"])).toEqual({ named: [], nameless: [] });
  expect(poolsToTaint({ ...contract, pools: [...contract.pools, pool("elastic")] }, ["compute"])).toEqual({
    named: ["service"],
    nameless: ["elastic"],
  });
  const tainted = { ...pool("service"), tolerations: [{ key: "gpu", operator: "Exists", effect: "NoSchedule" }] };
  const pools = contract.pools.map((each) => (each.name === "service" ? tainted : each));
  expect(poolsToTaint({ ...contract, pools }, ["compute"])).toEqual({ named: [], nameless: [] });
});

test("every node that can carry work says whether it is Fluence's", () => {
  expect(nodeMarks(twoPools(), ["compute"]).map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)).toEqual([
    ...["n01", "n02", "n03", "n04"].map((name) => `${name} {"turducken.dev/fluence":"true"}`),
    ...["n05", "n06"].map((name) => `${name} {"turducken.dev/fluence":"false"}`),
  ]);
});

test("the hash is of the set: no order, no repetition, and another set has another one", () => {
  expect(nodeSetHash(["n01", "n02"])).toMatch(/^[0-9a-f]{16}$/);
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      names.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(nodeSetHash(shuffled)).toBe(nodeSetHash(all));
        expect(nodeSetHash([...all, all[0]!])).toBe(nodeSetHash(all));
        expect(nodeSetHash(all.slice(1))).not.toBe(nodeSetHash(all));
      },
    ),
  );
});

test("names follow the topology when no leaf is come back to", () => {
  const contract = twoPools();
  expect(namesFollowTopology(contract, ["compute"])).toBe(true);
  const nodes = contract.nodes.map((node) => (node.name === "n02" ? { ...node, domains: { leaf: "l2", spine: "s1" } } : node));
  expect(namesFollowTopology({ ...contract, nodes }, ["compute"])).toBe(false);
  expect(namesFollowTopology({ ...contract, nodes, topologyKeys: [] }, ["compute"])).toBe(true);
});
