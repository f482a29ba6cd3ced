import type { HardwareProblem } from "../../problem";
import type { GcpMachineType } from "../../types";
import type { GkeFeature } from "./facts";

/** A GKE version, e.g. `1.33.2-gke.4731000`. */
export interface GkeVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly build: number;
}

/** What to call a feature in a sentence. */
const FEATURE_NAMES: Readonly<Record<GkeFeature, string>> = {
  gpu: "The GPU driver",
  "default-driver": "GKE's default GPU driver",
  gpudirect: "GPUDirect",
  rdma: "RDMA",
  "managed-network": "The managed network path",
  reservation: "Using a reservation",
  "flex-start": "Flex-start",
  autoscaling: "Autoscaling",
  "auto-provisioning": "Node auto-provisioning",
  autopilot: "Autopilot",
  "slice-controller": "The slice controller",
};

/** Whether a version is new enough, with a sentence for the user and, where it is not, the problem to show. */
export interface FloorVerdict {
  readonly met: boolean;
  /** False when no source names a least version, so that `met` says nothing. */
  readonly known: boolean;
  readonly sentence: string;
  readonly problem?: HardwareProblem;
}

/** Reads a GKE version as the API and `kubectl version` write it, with or without `v`; undefined when it is none. */
export function parseGkeVersion(text: string): GkeVersion | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})\.(\d{1,4})-gke\.(\d{1,10})$/.exec(text);
  if (!match) return undefined;
  const [major, minor, patch, build] = match.slice(1).map(Number) as [number, number, number, number];
  return { major, minor, patch, build };
}

/** Below 0 when `a` is older than `b`, 0 when they are equal, above 0 when it is newer. */
export function compareGkeVersions(a: GkeVersion, b: GkeVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch || a.build - b.build;
}

/**
 * Whether a GKE version is new enough for a feature on a machine type. A feature may have reached several minor versions by
 * backport: then every minor has its own floor, minors between or below them never got it, and those above all have it.
 *
 * @param gkeVersion of the control plane or the node pool, whichever is older
 * @param path where the version stands, for the problem
 */
export function meetsFloor(
  type: GcpMachineType,
  feature: GkeFeature,
  gkeVersion: string,
  path = "cluster.version",
): FloorVerdict {
  const version = parseGkeVersion(gkeVersion);
  if (!version) return malformed(gkeVersion, path);
  const floors = type.gcp.floors.find((floor) => floor.feature === feature)?.versions ?? [];
  const name = FEATURE_NAMES[feature];
  if (floors.length === 0) {
    const sentence = `No source names a least GKE version for ${lowered(name)} on ${type.name}.`;
    return { met: true, known: false, sentence };
  }
  const needs = floorText(floors);
  if (isMet(version, floors.map(known))) {
    return { met: true, known: true, sentence: `${name} on ${type.name} needs GKE ${needs}; ${gkeVersion} is new enough.` };
  }
  const sentence = `${name} on ${type.name} needs GKE ${needs}; ${gkeVersion} is too old.`;
  const fix = `Take GKE ${nextFloor(version, floors)} or later.`;
  return { met: false, known: true, sentence, problem: { path, value: gkeVersion, message: sentence, allowed: needs, fix } };
}

function malformed(gkeVersion: string, path: string): FloorVerdict {
  const sentence = `${JSON.stringify(gkeVersion)} is not a GKE version.`;
  const allowed = "a version such as 1.33.2-gke.4731000";
  const fix = "Give the whole version, with patch and -gke. build; a release channel or 1.33 alone does not say enough.";
  return { met: false, known: true, sentence, problem: { path, value: gkeVersion, message: sentence, allowed, fix } };
}

/** Floors of the catalogue are checked to be versions. */
const known = (floor: string): GkeVersion => parseGkeVersion(floor)!;

function isMet(version: GkeVersion, floors: readonly GkeVersion[]): boolean {
  const own = floors.find(({ major, minor }) => major === version.major && minor === version.minor);
  if (own) return compareGkeVersions(version, own) >= 0;
  return compareGkeVersions(version, floors[floors.length - 1]!) > 0;
}

/** The floor that is reached first from a version: that of its own minor, or the next above. */
function nextFloor(version: GkeVersion, floors: readonly string[]): string {
  return floors.find((floor) => compareGkeVersions(known(floor), version) > 0) ?? floors[floors.length - 1]!;
}

/** `1.31.4-gke.1183000 or later`, or `1.32.8-gke.1108000 or later in 1.32, 1.33.4-gke.1036000 or later`. */
function floorText(floors: readonly string[]): string {
  return floors
    .map((floor, index) => {
      const { major, minor } = known(floor);
      return index === floors.length - 1 ? `${floor} or later` : `${floor} or later in ${major}.${minor}`;
    })
    .join(", ");
}

/** A feature's name inside a sentence; names that are written in capitals stay. */
function lowered(name: string): string {
  return /^(The|Using|Node|Autoscaling|Flex)/.test(name) ? name[0]!.toLowerCase() + name.slice(1) : name;
}
