import fc from "fast-check";
import { ConfigError } from "../../../../components/config/problems";
import { compressHostlist, domainSizes } from "../../../../hardware";
import { parseCluster } from "../../../../stacks/config";
import { exampleRaw, hostKey, OPTIONS, type Raw } from "./example";

/** Leaves of any sizes under spines of any sizes, in groups as a user would write them. */
const inventory = fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

function rawOf(spines: number[][]): { raw: Raw; leaves: Map<string, number>; spineSizes: Map<string, number> } {
  const raw = { ...exampleRaw(), hosts: [exampleRaw().hosts[0]], topology: { spines: {} as Record<string, string[]> } };
  const leaves = new Map<string, number>();
  const spineSizes = new Map<string, number>();
  let next = 1;
  spines.forEach((sizes, spine) => {
    raw.topology.spines[`s${spine}`] = sizes.map((_, leaf) => `s${spine}l${leaf}`);
    sizes.forEach((size, leaf) => {
      const numbers = Array.from({ length: size }, () => next++);
      const names = numbers.map((n) => `n${String(n).padStart(3, "0")}`);
      raw.hosts.push({
        names: compressHostlist(names),
        pool: "compute",
        machineType: "cpu-generic",
        addresses: numbers.map((n) => `10.3.${n >> 8}.${n & 255}`).join(","),
        leaf: `s${spine}l${leaf}`,
        hostKeys: names.map(hostKey),
      });
      leaves.set(`s${spine}l${leaf}`, size);
      spineSizes.set(`s${spine}`, (spineSizes.get(`s${spine}`) ?? 0) + size);
    });
  });
  return { raw, leaves, spineSizes };
}

test("whatever the inventory, every host has its own key and address, and every domain the size that was written", () => {
  fc.assert(
    fc.property(inventory, (spines) => {
      const { raw, leaves, spineSizes } = rawOf(spines);
      const { hosts, tree } = parseCluster(raw, OPTIONS);
      expect(domainSizes(tree, "leaf")).toEqual(leaves);
      expect(domainSizes(tree, "spine")).toEqual(spineSizes);
      for (const host of hosts) expect(host.hostKey).toBe(hostKey(host.name));
      expect(new Set(hosts.map(({ addresses }) => addresses.reach)).size).toBe(hosts.length);
    }),
    { numRuns: 50 },
  );
});

test("two runs over one configuration give the same bytes, and do not change it", () => {
  fc.assert(
    fc.property(inventory, (spines) => {
      const { raw } = rawOf(spines);
      const before = JSON.stringify(raw);
      expect(JSON.stringify(parseCluster(raw, OPTIONS))).toBe(JSON.stringify(parseCluster(raw, OPTIONS)));
      expect(JSON.stringify(raw)).toBe(before);
    }),
    { numRuns: 20 },
  );
});

test("one value of the example replaced by anything gives a result or problems, never a crash", () => {
  const paths = [["name"], ["ssh"], ["ssh", "bastion"], ["ssh", "privateKey"], ["machineTypes"], ["machineTypes", "mine"], ["hosts"], ["hosts", 1], ["hosts", 1, "names"], ["hosts", 1, "addresses"], ["hosts", 1, "leaf"], ["hosts", 1, "hostKeys"], ["topology"], ["topology", "spines"], ["topology", "spines", "s1"], ["topology", "cores"], ["states"], ["states", "n01"], ["generations"], ["minReady"], ["site"], ["maintenance"], ["kubernetes"], ["kubernetes", "version"], ["kubernetes", "podCIDR"], ["kubernetes", "containerd"], ["kubernetes", "packages"], ["kubernetes", "proxy"]]; // prettier-ignore
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
      const raw = { ...exampleRaw(), machineTypes: {}, states: {}, generations: {}, minReady: {}, site: {}, maintenance: {} };
      const parent = path.slice(0, -1).reduce((at: Raw, key) => at[key], raw);
      parent[path[path.length - 1]!] = value;
      try {
        parseCluster(raw, OPTIONS);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as ConfigError).problems.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 500 },
  );
});
