import type { IbnetdiscoverOptions } from "../../../hardware/topology/sources/ibnetdiscover";
import { Pen, type Drawing } from "./drawing";

/** A drawn fabric and the tree that it is. */
export interface Fabric {
  /** Name of its fixture. */
  readonly name: string;
  readonly drawing: Drawing;
  /** Ports to take down in the simulator, as `[id, port]`. */
  readonly down?: readonly (readonly [string, number])[];
  readonly options?: IbnetdiscoverOptions;
  readonly tiers: readonly string[];
  /** Host → its domains, nearest first, in the order of the tree. */
  readonly chains: Readonly<Record<string, readonly string[]>>;
  /** What problems and warnings say, each found in one of them, in order; no others are allowed. */
  readonly says?: readonly string[];
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const two = (number: number) => String(number).padStart(2, "0");
const chainsOf = (count: number, chain: (host: number) => string[], name = (host: number) => `n${two(host)}`) =>
  Object.fromEntries(range(count).map((host) => [name(host), chain(host)]));

/** Four leaves of four hosts, two cables from each leaf to each of two spines. */
function twoLevels(): Fabric {
  const pen = new Pen();
  for (const spine of range(2)) pen.switch(`spine${spine}`);
  for (const leaf of range(4)) {
    pen.switch(`leaf${leaf}`);
    for (const host of range(4)) pen.adapter(`n${two(4 * (leaf - 1) + host)}`, "mlx5_0", `leaf${leaf}`);
    for (const spine of range(2)) pen.cable(`leaf${leaf}`, `spine${spine}`, 2);
  }
  const chains = chainsOf(16, (host) => [`leaf${Math.ceil(host / 4)}`, "spine1..2"]);
  return { name: "two-levels", drawing: pen.drawing(), tiers: ["leaf", "spine"], chains };
}

/** Two pods of three leaves and two spines; the first spine of each pod goes to cores 1 and 2, the second to 3 and 4. */
function threeLevels(): Fabric {
  const pen = new Pen();
  for (const core of range(4)) pen.switch(`core${core}`);
  for (const pod of range(2)) {
    for (const spine of range(2)) {
      pen.switch(`p${pod}-spine${spine}`);
      for (const core of [2 * spine - 1, 2 * spine]) pen.cable(`p${pod}-spine${spine}`, `core${core}`);
    }
    for (const leaf of range(3)) {
      pen.switch(`p${pod}-leaf${leaf}`);
      for (const host of range(3)) pen.adapter(`n${two(9 * (pod - 1) + 3 * (leaf - 1) + host)}`, "mlx5_0", `p${pod}-leaf${leaf}`);
      for (const spine of range(2)) pen.cable(`p${pod}-leaf${leaf}`, `p${pod}-spine${spine}`);
    }
  }
  const chains = chainsOf(18, (host) => {
    const pod = Math.ceil(host / 9);
    return [`p${pod}-leaf${Math.ceil((host - 9 * (pod - 1)) / 3)}`, `p${pod}-spine1..2`, "core1..4"];
  });
  return { name: "three-levels", drawing: pen.drawing(), tiers: ["leaf", "spine", "core"], chains };
}

/** Two scalable units of four hosts; adapter r of each host is on the unit's leaf r, and every leaf is under four spines. */
function rails(): Drawing {
  const pen = new Pen();
  for (const spine of range(4)) pen.switch(`spine${spine}`);
  for (const unit of range(2)) {
    for (const rail of range(8)) {
      const leaf = pen.switch(`su${unit}-rail${rail}`);
      for (const host of range(4)) pen.adapter(`dgx-${two(4 * (unit - 1) + host)}`, `mlx5_${rail - 1}`, leaf);
      for (const spine of range(4)) pen.cable(leaf, `spine${spine}`);
    }
  }
  return pen.drawing();
}

const railTree = {
  tiers: ["leaf", "spine"],
  chains: chainsOf(
    8,
    (host) => [`su${Math.ceil(host / 4)}-rail1..8`, "spine1..4"],
    (host) => `dgx-${two(host)}`,
  ),
};

/** Hosts with two compute adapters and one for storage; storage has a leaf of its own under the same spines, and servers. */
function storageRail(): Fabric {
  const pen = new Pen();
  for (const spine of range(2)) pen.switch(`spine${spine}`);
  for (const leaf of ["rack1-a", "rack1-b", "rack2-a", "rack2-b", "storage"]) {
    pen.switch(leaf);
    for (const spine of range(2)) pen.cable(leaf, `spine${spine}`);
  }
  for (const host of range(6)) {
    const rack = Math.ceil(host / 3);
    pen.adapter(`n${two(host)}`, "mlx5_0", `rack${rack}-a`);
    pen.adapter(`n${two(host)}`, "mlx5_1", "storage");
    pen.adapter(`n${two(host)}`, "mlx5_2", `rack${rack}-b`);
  }
  for (const server of range(2)) pen.adapter(`oss${server}`, "mlx5_0", "storage");
  return {
    name: "storage-rail",
    drawing: pen.drawing(),
    options: {
      hcas: (host) =>
        host.startsWith("oss")
          ? [{ device: "mlx5_0", use: "storage" }]
          : ["mlx5_0", "mlx5_1", "mlx5_2"].map((device) => ({ device, use: device === "mlx5_1" ? "storage" : "compute" })),
    },
    tiers: ["leaf", "spine"],
    chains: chainsOf(6, (host) => [`rack${Math.ceil(host / 3)}-a_rack${Math.ceil(host / 3)}-b`, "spine1..2"]),
    says: ["2 hosts have no compute adapter, and so no place in the tree."],
  };
}

/** Adapters never named, named too early or named before a rename; a switch without a name; SHARP's node in a switch. */
function names(): Fabric {
  const pen = new Pen();
  pen.switch("spine1");
  pen.switch("spine2", "Quantum Mellanox Technologies");
  for (const leaf of range(2)) {
    pen.switch(`leaf${leaf}`);
    for (const host of range(3)) pen.adapter(`n${two(3 * (leaf - 1) + host)}`, "mlx5_0", `leaf${leaf}`);
    pen.adapter(`sharp${leaf}`, "an", `leaf${leaf}`, "Mellanox Technologies Aggregation Node");
    for (const spine of range(2)) pen.cable(`leaf${leaf}`, `spine${spine}`);
  }
  pen.adapter("n07", "mlx5_0", "leaf1", "MT4123 ConnectX6   Mellanox Technologies");
  pen.adapter("n08", "mlx5_0", "leaf2", "localhost mlx5_0");
  pen.adapter("n09", "mlx5_0", "leaf2", "n9-old mlx5_0");
  pen.adapter("n10", "mlx5_0", "leaf1", "was-n10 mlx5_0");
  const drawing = pen.drawing();
  const spines = "S-fc6a1c0300000200_spine1";
  return {
    name: "names",
    drawing,
    options: { hosts: range(10).map((host) => `n${two(host)}`), renamed: { "was-n10": "n10" } },
    tiers: ["leaf", "spine"],
    chains: {
      ...chainsOf(6, (host) => [`leaf${Math.ceil(host / 3)}`, spines]),
      ...Object.fromEntries(["n07", "n08", "n09"].map((host) => [host, ["<unknown>", "<unknown>"]])),
      n10: ["leaf1", spines],
    },
    says: [
      'says "localhost mlx5_0", which names no host: the host had no name yet when it was set',
      'says "MT4123 ConnectX6   Mellanox Technologies", which names no host: it was never set',
      "Host n9-old of the fabric is not expected, and is left out",
      "3 hosts were not found in the fabric",
      "Switch S-fc6a1c0300000200 is called by its GUID: it has no name.",
    ],
  };
}

/** Hosts on every switch of a ring: no switch is above another. */
function ring(): Fabric {
  const pen = new Pen();
  for (const at of range(5)) {
    pen.switch(`ring${at}`);
    for (const host of range(2)) pen.adapter(`n${two(2 * (at - 1) + host)}`, "mlx5_0", `ring${at}`);
  }
  for (const at of range(5)) pen.cable(`ring${at}`, `ring${(at % 5) + 1}`);
  return {
    name: "ring",
    drawing: pen.drawing(),
    tiers: ["leaf"],
    chains: chainsOf(10, (host) => [`ring${Math.ceil(host / 2)}`]),
    says: ["5 switches with the same number of hops to the hosts are linked with each other, so the fabric has no levels there"],
  };
}

function singleSwitch(): Fabric {
  const pen = new Pen();
  pen.switch("sw1");
  for (const host of range(5)) pen.adapter(`n${two(host)}`, "mlx5_0", "sw1");
  return { name: "single-switch", drawing: pen.drawing(), tiers: ["leaf"], chains: chainsOf(5, () => ["sw1"]) };
}

export const fabrics: readonly Fabric[] = [
  twoLevels(),
  threeLevels(),
  { name: "rails", drawing: rails(), ...railTree },
  storageRail(),
  {
    name: "links-down",
    drawing: rails(),
    down: [
      ["dgx-03/mlx5_4", 1],
      ["su2-rail7", 6],
    ],
    ...railTree,
    says: [
      "Host dgx-03 has no link to su1-rail5, which its siblings have; with its siblings, mlx5_4 is linked there.",
      "Switch su2-rail7 has no link to spine2, which its siblings have; with its siblings, port 6 is linked there.",
    ],
  },
  names(),
  ring(),
  singleSwitch(),
];
