import fc from "fast-check";
import { gcpTypes } from "../../../../../hardware/catalogue/gcp";
import type { GkeFeature } from "../../../../../hardware/catalogue/gcp/facts";
import { compareGkeVersions, meetsFloor, parseGkeVersion } from "../../../../../hardware/catalogue/gcp/floors";
import type { GcpMachineType } from "../../../../../hardware/types";

const row = (name: string): GcpMachineType => gcpTypes.find((type) => type.name === name)!;

describe("GKE versions", () => {
  test("are read with and without v", () => {
    const version = { major: 1, minor: 33, patch: 2, build: 4731000 };
    expect(parseGkeVersion("1.33.2-gke.4731000")).toEqual(version);
    expect(parseGkeVersion("v1.33.2-gke.4731000")).toEqual(version);
  });

  test.each([
    "",
    "1.33",
    "1.33.2",
    "latest",
    "1.33.2-gke",
    "1.33.2-gke.x",
    "1.33.2-eks.1",
    " 1.33.2-gke.1",
    "1.33.2-gke.1\n",
    "1.33.2-gke.99999999999",
  ])("%j is none", (text) => {
    expect(parseGkeVersion(text)).toBeUndefined();
  });

  test("are compared by number, not by letter", () => {
    const compare = (a: string, b: string) => Math.sign(compareGkeVersions(parseGkeVersion(a)!, parseGkeVersion(b)!));
    expect(compare("1.9.0-gke.1", "1.10.0-gke.1")).toBe(-1);
    expect(compare("1.33.10-gke.1", "1.33.9-gke.9999999")).toBe(1);
    expect(compare("1.33.2-gke.900", "1.33.2-gke.1000")).toBe(-1);
    expect(compare("1.33.2-gke.900", "1.33.2-gke.900")).toBe(0);
  });
});

describe("floors of features", () => {
  test.each<[string, GkeFeature, string, boolean]>([
    // One floor: everything from it on.
    ["a3-ultragpu-8g", "rdma", "1.31.4-gke.1183000", true],
    ["a3-ultragpu-8g", "rdma", "1.31.4-gke.1182999", false],
    ["a3-ultragpu-8g", "rdma", "1.32.0-gke.1", true],
    ["a3-ultragpu-8g", "rdma", "1.30.99-gke.9999999", false],
    ["a3-ultragpu-8g", "default-driver", "1.31.4-gke.1183000", false],
    ["a3-ultragpu-8g", "default-driver", "1.31.5-gke.1169000", true],
    ["a3-ultragpu-8g", "managed-network", "1.34.1-gke.1829000", false],
    ["a3-ultragpu-8g", "managed-network", "1.34.1-gke.1829001", true],
    ["a4-highgpu-8g", "gpu", "1.32.1-gke.1729000", true],
    ["a4-highgpu-8g", "rdma", "1.32.1-gke.1729000", false],
    ["a4-highgpu-8g", "rdma", "1.32.2-gke.1475000", true],
    // Two branches.
    ["a4x-highgpu-4g", "gpu", "1.32.8-gke.1108000", true],
    ["a4x-highgpu-4g", "gpu", "1.33.3-gke.9999999", false],
    ["a4x-highgpu-4g", "gpu", "1.33.4-gke.1036000", true],
    ["a4x-highgpu-4g", "gpu", "1.34.0-gke.1", true],
    ["a4x-maxgpu-4g-metal", "gpu", "1.34.3-gke.1318000", true],
    ["a4x-maxgpu-4g-metal", "gpu", "1.35.0-gke.2744999", false],
    ["a4x-maxgpu-4g-metal", "gpu", "1.35.0-gke.2745000", true],
    ["a4x-maxgpu-4g-metal", "gpu", "1.36.0-gke.1", true],
    // A backport for every branch.
    ["a3-highgpu-8g", "gpudirect", "1.27.16-gke.2874000", true],
    ["a3-highgpu-8g", "gpudirect", "1.28.15-gke.3162999", false],
    ["a3-highgpu-8g", "gpudirect", "1.29.15-gke.2467000", true],
    ["a3-highgpu-8g", "gpudirect", "1.26.99-gke.1", false],
    ["a3-megagpu-8g", "gpudirect", "1.30.14-gke.1921999", false],
    ["a3-megagpu-8g", "gpudirect", "1.31.14-gke.1243000", true],
    ["a3-megagpu-8g", "gpudirect", "1.32.11-gke.1174000", true],
    ["a3-megagpu-8g", "gpudirect", "1.33.0-gke.1", true],
    // H4D: what it needs depends on how it is bought.
    ["h4d-standard-192", "reservation", "1.32.6-gke.1060000", true],
    ["h4d-standard-192", "rdma", "1.32.6-gke.1060000", false],
    ["h4d-standard-192", "rdma", "1.32.11-gke.1174000", true],
    ["h4d-standard-192", "flex-start", "1.33.2-gke.4730999", false],
    ["h4d-standard-192", "flex-start", "1.33.2-gke.4731000", true],
    ["h4d-standard-192", "autopilot", "1.32.11-gke.1174000", false],
    ["h4d-standard-192", "autoscaling", "1.33.2-gke.4731000", true],
    ["h4d-standard-192", "auto-provisioning", "1.33.1-gke.9999999", false],
    ["g4-standard-48", "autopilot", "1.34.1-gke.1829001", true],
    ["ct6e-standard-4t", "managed-network", "1.34.0-gke.1", false],
    ["tpu7x-standard-4t", "slice-controller", "1.35.0-gke.274500", true],
    ["tpu7x-standard-4t", "slice-controller", "1.34.9-gke.1", false],
  ])("%s, %s on %s: %p", (name, feature, version, met) => {
    expect(meetsFloor(row(name), feature, version)).toMatchObject({ met, known: true });
  });

  test("minors between two backports never got the feature", () => {
    const type: GcpMachineType = {
      ...row("h3-standard-88"),
      gcp: { ...row("h3-standard-88").gcp, floors: [{ feature: "rdma", versions: ["1.30.1-gke.1", "1.33.1-gke.1"] }] },
    };
    expect(meetsFloor(type, "rdma", "1.31.9-gke.9").met).toBe(false);
    expect(meetsFloor(type, "rdma", "1.31.9-gke.9").problem?.fix).toBe("Take GKE 1.33.1-gke.1 or later.");
  });

  test("a version that is too old is refused with every floor and the next step", () => {
    const verdict = meetsFloor(row("a4x-highgpu-4g"), "gpu", "1.32.1-gke.5", "cluster.kubernetes.version");
    const message =
      "The GPU driver on a4x-highgpu-4g needs GKE 1.32.8-gke.1108000 or later in 1.32, 1.33.4-gke.1036000 or later; 1.32.1-gke.5 is too old.";
    expect(verdict).toEqual({
      met: false,
      known: true,
      sentence: message,
      problem: {
        path: "cluster.kubernetes.version",
        value: "1.32.1-gke.5",
        message,
        allowed: "1.32.8-gke.1108000 or later in 1.32, 1.33.4-gke.1036000 or later",
        fix: "Take GKE 1.32.8-gke.1108000 or later.",
      },
    });
  });

  test("a version that is new enough says so without a problem", () => {
    expect(meetsFloor(row("h4d-standard-192"), "reservation", "1.33.0-gke.1")).toEqual({
      met: true,
      known: true,
      sentence: "Using a reservation on h4d-standard-192 needs GKE 1.32.6-gke.1060000 or later; 1.33.0-gke.1 is new enough.",
    });
  });

  test("a text that is no version is refused whatever the feature", () => {
    expect(meetsFloor(row("h3-standard-88"), "rdma", "1.33").problem).toEqual({
      path: "cluster.version",
      value: "1.33",
      message: '"1.33" is not a GKE version.',
      allowed: "a version such as 1.33.2-gke.4731000",
      fix: "Give the whole version, with patch and -gke. build; a release channel or 1.33 alone does not say enough.",
    });
  });

  test("no floor is no knowledge", () => {
    expect(meetsFloor(row("h3-standard-88"), "autopilot", "1.33.0-gke.1")).toEqual({
      met: true,
      known: false,
      sentence: "No source names a least GKE version for Autopilot on h3-standard-88.",
    });
  });

  const floored = gcpTypes.flatMap((type) => type.gcp.floors.map(({ feature }) => [type, feature] as const));

  test("a newer version of the same minor never loses a feature", () => {
    const part = fc.nat({ max: 40 });
    const property = fc.property(
      fc.constantFrom(...floored),
      fc.tuple(fc.integer({ min: 26, max: 37 }), part, fc.nat({ max: 5_000_000 }), part, fc.nat({ max: 5_000_000 })),
      ([type, feature], [minor, patch, build, morePatches, moreBuilds]) => {
        const older = `1.${minor}.${patch}-gke.${build}`;
        const newer = `1.${minor}.${patch + morePatches}-gke.${build + moreBuilds}`;
        return !meetsFloor(type, feature, older).met || meetsFloor(type, feature, newer).met;
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  test("every floor meets itself, and its last build does not", () => {
    for (const [type, feature] of floored) {
      for (const version of type.gcp.floors.find((floor) => floor.feature === feature)!.versions) {
        const { major, minor, patch, build } = parseGkeVersion(version)!;
        expect(meetsFloor(type, feature, version).met).toBe(true);
        expect(meetsFloor(type, feature, `${major}.${minor}.${patch}-gke.${build - 1}`).met).toBe(false);
      }
    }
  });
});
