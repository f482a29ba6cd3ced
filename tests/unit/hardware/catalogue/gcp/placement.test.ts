import fc from "fast-check";
import { gcpTypes } from "../../../../../hardware/catalogue/gcp";
import { CONSUMPTIONS } from "../../../../../hardware/catalogue/gcp/facts";
import { placementProblems, placementWarnings, type PlacementRequest } from "../../../../../hardware/catalogue/gcp/placement";
import type { GcpMachineType } from "../../../../../hardware/types";

const row = (name: string): GcpMachineType => gcpTypes.find((type) => type.name === name)!;

describe("pools that Google takes", () => {
  test.each<[string, PlacementRequest]>([
    ["h3-standard-88", { machines: 128, consumption: "on-demand", compact: true }],
    ["a3-megagpu-8g", { machines: 256, consumption: "reservation", maxDistance: 2 }],
    ["a4-highgpu-8g", { machines: 150, consumption: "reservation", maxDistance: 2 }],
    ["a4-highgpu-8g", { machines: 1500, consumption: "reservation", maxDistance: 3 }],
    ["a4-highgpu-8g", { machines: 8, consumption: "flex-start", compact: true, autoRepair: false, autoscaled: true }],
    ["h4d-standard-192", { machines: 8, consumption: "flex-start", compact: true, autoRepair: false, autoscaled: true }],
    ["a3-ultragpu-8g", { machines: 4, consumption: ["flex-start", "queued"], autoRepair: false, autoscaled: true }],
    ["a4x-highgpu-4g", { machines: 18, consumption: "reservation" }],
    ["a2-highgpu-8g", { machines: 4, consumption: "spot", zones: 3 }],
  ])("%s: %j", (name, request) => {
    expect(placementProblems(row(name), request)).toEqual([]);
  });
});

describe("pools that Google refuses", () => {
  test.each<[string, PlacementRequest, [string, string][]]>([
    [
      "a3-highgpu-4g",
      { machines: 1, consumption: "on-demand" },
      [["pool.consumption", "a3-highgpu-4g is not sold as on-demand."]],
    ],
    ["a4x-highgpu-4g", { machines: 1, consumption: "spot" }, [["pool.consumption", "a4x-highgpu-4g is not sold as spot."]]],
    ["h3-standard-88", { machines: 1, consumption: "spot" }, [["pool.consumption", "h3-standard-88 is not sold as spot."]]],
    [
      "h4d-standard-192",
      { machines: 1, consumption: ["spot", "reservation"] },
      [["pool.consumption", "A pool that is bought as spot cannot be reservation as well."]],
    ],
    [
      "a4-highgpu-8g",
      { machines: 1, consumption: ["flex-start", "reservation"], autoRepair: false, autoscaled: true },
      [["pool.consumption", "A pool that is bought as reservation cannot be flex-start as well."]],
    ],
    [
      "a4-highgpu-8g",
      { machines: 1, consumption: "flex-start" },
      [
        ["pool.autoRepair", "Flex-start needs automatic repair off."],
        ["pool.autoscaled", "Flex-start needs an autoscaled pool: nodes come when there is room for them."],
      ],
    ],
    [
      "a3-ultragpu-8g",
      { machines: 4, consumption: "queued", minMachines: 2, autoscaled: true },
      [["pool.minMachines", "Queued provisioning needs a pool that may be empty."]],
    ],
    [
      "a4x-maxgpu-4g-metal",
      { machines: 4, consumption: "reservation", autoscaled: true },
      [["pool.autoscaled", "GKE's autoscaler cannot add nodes of a4x-maxgpu-4g-metal."]],
    ],
    [
      "a4x-highgpu-4g",
      { machines: 19, consumption: "reservation" },
      [["pool.machines", "A pool of a4x-highgpu-4g is one NVLink rack (1x72), which has 18 machines."]],
    ],
    [
      "a4x-highgpu-4g",
      { machines: 18, consumption: "reservation", compact: true },
      [["pool.compact", "a4x-highgpu-4g does not take compact placement."]],
    ],
    [
      "h3-standard-88",
      { machines: 8, consumption: "on-demand", compact: true, zones: 2, upgrades: "blue-green" },
      [
        ["pool.zones", "Compact placement needs a pool in exactly one zone."],
        ["pool.upgrades", "Compact placement cannot be combined with blue-green upgrades."],
      ],
    ],
    [
      "a4-highgpu-8g",
      { machines: 8, consumption: "queued", compact: true, autoscaled: true },
      [["pool.compact", "Compact placement cannot be combined with queued provisioning."]],
    ],
    [
      "a3-megagpu-8g",
      { machines: 8, consumption: "flex-start", compact: true, autoscaled: true, autoRepair: false },
      [["pool.compact", "Compact placement cannot be combined with flex-start on a3-megagpu-8g."]],
    ],
    [
      "h4d-standard-192",
      { machines: 8, consumption: "reservation", maxDistance: 1 },
      [["pool.maxDistance", "maxDistance 1 cannot be used with a reservation, whose machines have their places already."]],
    ],
    [
      "a4-highgpu-8g",
      { machines: 8, consumption: "spot", maxDistance: 1 },
      [["pool.maxDistance", "maxDistance 1 cannot be used with a4-highgpu-8g."]],
    ],
    [
      "a4-highgpu-8g",
      { machines: 151, consumption: "reservation", maxDistance: 2 },
      [["pool.machines", "Compact placement takes at most 150 machines of a4-highgpu-8g within maxDistance 2, not 151."]],
    ],
    [
      "a3-highgpu-8g",
      { machines: 257, consumption: "reservation", maxDistance: 2 },
      [["pool.machines", "Compact placement takes at most 256 machines of a3-highgpu-8g within maxDistance 2, not 257."]],
    ],
    [
      "a3-ultragpu-8g",
      { machines: 1501, consumption: "reservation", compact: true },
      [["pool.machines", "Compact placement takes at most 1500 machines of a3-ultragpu-8g, not 1501."]],
    ],
  ])("%s: %j", (name, request, expected) => {
    expect(placementProblems(row(name), request).map(({ path, message }) => [path, message])).toEqual(expected);
  });

  test("come with what is allowed and what to do", () => {
    expect(placementProblems(row("a3-highgpu-1g"), { machines: 1, consumption: "reservation" }, "cluster.pools.gpu")).toEqual([
      {
        path: "cluster.pools.gpu.consumption",
        value: "reservation",
        message: "a3-highgpu-1g is not sold as reservation.",
        allowed: "spot, flex-start",
        fix: "Use spot or flex-start.",
      },
    ]);
  });

  test("values that no pool can have are told before anything else, all at once", () => {
    const request = { machines: 1.5, maxDistance: 4, compact: false, zones: 0, minMachines: -1, consumption: "free" };
    expect(placementProblems(row("a4x-highgpu-4g"), request as unknown as PlacementRequest).map(({ path }) => path)).toEqual([
      "pool.machines",
      "pool.maxDistance",
      "pool.compact",
      "pool.zones",
      "pool.minMachines",
      "pool.consumption",
    ]);
    expect(placementProblems(row("a4x-highgpu-4g"), { machines: 1, consumption: [] }).map(({ path }) => path)).toEqual([
      "pool.consumption",
    ]);
  });

  test("every refusal is a sentence with a way out, for any request", () => {
    const request = fc.record<PlacementRequest>(
      {
        machines: fc.integer({ min: -1, max: 2000 }),
        consumption: fc.oneof(fc.constantFrom(...CONSUMPTIONS), fc.subarray([...CONSUMPTIONS])),
        compact: fc.boolean(),
        maxDistance: fc.constantFrom(1, 2, 3),
        zones: fc.integer({ min: 0, max: 3 }),
        upgrades: fc.constantFrom("surge", "blue-green"),
        autoRepair: fc.boolean(),
        autoscaled: fc.boolean(),
        minMachines: fc.integer({ min: -1, max: 3 }),
      },
      { requiredKeys: ["machines", "consumption"] },
    );
    const property = fc.property(fc.constantFrom(...gcpTypes), request, (type, pool) => {
      for (const { path, message, allowed, fix } of placementProblems(type, pool)) {
        expect(path).toMatch(/^pool\.[a-zA-Z]+$/);
        expect(message).toMatch(/^[A-Za-z].*\.$/);
        expect(fix).toMatch(/^[A-Z].*\.$/);
        expect(allowed).toBeTruthy();
      }
      for (const warning of placementWarnings(type, pool)) expect(warning).toMatch(/^[A-Z].*\.$/);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe("pools that may go wrong though nobody refuses them", () => {
  test.each<[string, PlacementRequest, string[]]>([
    ["a4-highgpu-8g", { machines: 100, consumption: "reservation", maxDistance: 2 }, []],
    [
      "h3-standard-88",
      { machines: 4, consumption: "reservation" },
      ["No source says whether h3-standard-88 is sold as reservation."],
    ],
    [
      "a3-megagpu-8g",
      { machines: 64, consumption: "reservation", maxDistance: 3 },
      [
        "A maxDistance for a3-megagpu-8g is off until Google's account manager turns it on for the project.",
        "No source gives the most machines of a3-megagpu-8g within maxDistance 3.",
      ],
    ],
    [
      "h4d-standard-192",
      { machines: 151, consumption: "reservation", compact: true },
      [
        "No source gives the most machines of h4d-standard-192 in one compact policy.",
        "GKE's autoscaler plans for at most 150 nodes of h4d-standard-192 in a compact pool, unless Google set more for the project.",
      ],
    ],
    [
      "a3-highgpu-1g",
      { machines: 2, consumption: "spot", compact: true },
      [
        "No source says whether a3-highgpu-1g takes compact placement.",
        "No source gives the most machines of a3-highgpu-1g in one compact policy.",
      ],
    ],
    [
      "ct6e-standard-4t",
      { machines: 4, consumption: ["flex-start", "queued"] },
      [
        "No source says whether ct6e-standard-4t is sold as flex-start.",
        "No source says whether ct6e-standard-4t is sold as queued.",
        "Sources disagree whether TPUs can be bought with flex-start and queued provisioning together: Google's toolkit has an example, AI-Hypercomputer/xpk pull request #900 was refused.",
      ],
    ],
  ])("%s: %j", (name, request, warnings) => {
    expect(placementWarnings(row(name), request)).toEqual(warnings);
  });
});
