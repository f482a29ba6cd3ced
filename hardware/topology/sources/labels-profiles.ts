import {
  ACCELERATOR_KEY,
  AWS_CAPACITY_BLOCK_KEY,
  AWS_LAYER_PREFIX,
  AWS_ULTRASERVER_KEY,
  FABRIC_KEY_PREFIX,
  GKE_BLOCK_KEY,
  GKE_HOST_KEY,
  GKE_SUBBLOCK_KEY,
  GPU_CLIQUE_KEY,
  type LabelProfile,
} from "../renderers/profiles";
import { TIER_LIMIT } from "./chains";

/** Profiles that can be read: those that can be written, and Topograph's keys from before 1.0. */
export type ReadProfile = LabelProfile | "topograph-v0";
export const READ_PROFILES: readonly ReadProfile[] = ["topograph", "topograph-v0", "aws", "gke"];

export type Labels = Readonly<Record<string, string>>;

/** Kubernetes' standard key; cloud providers set it. */
export const INSTANCE_TYPE_KEY = "node.kubernetes.io/instance-type";

/**
 * Topograph before 1.0 wrote leaf, spine and core (0.3 to 0.5) or block, spine and datacenter (0.1) under this prefix, and
 * an upgrade leaves them behind (NVIDIA/topograph pull request 456).
 */
export const V0_PREFIX = "network.topology.nvidia.com/";
const V0_TIERS: readonly (readonly string[])[] = [["leaf", "block"], ["spine"], ["core", "datacenter"]];

/** How the labels of one profile are read. */
export interface ProfileReader {
  /** Whether a key belongs to the profile's tiers. */
  readonly owns: (key: string) => boolean;
  /** Tier of an owned key: from the nearest (`tier`) or from the top (`layer`, 1 is the top); undefined when it means none. */
  readonly place: (key: string) => { readonly tier: number } | { readonly layer: number } | "ignored" | undefined;
  /** Whether keys count from the top, so that a node's tiers depend on how many layers its type has. */
  readonly fromTop?: boolean;
  /** The key of a tier, counted from the nearest, on a node whose type has so many. */
  readonly key: (tier: number, depth: number) => string;
  /** Where accelerator domains may stand, best first; the first that any node has is used for all nodes. */
  readonly accelerators: readonly ((labels: Labels) => string | undefined)[];
}

const label = (key: string) => (labels: Labels) => (Object.hasOwn(labels, key) ? labels[key] || undefined : undefined);

/** A GPU outside of an NVLink fabric has no cluster UUID; zeros would make one domain of all such nodes. */
function clique(labels: Labels): string | undefined {
  const value = label(GPU_CLIQUE_KEY)(labels);
  return value === undefined || /^[0-]+\./.test(value) ? undefined : value;
}

/** Only of UltraServers is a capacity block one accelerator domain; of other types it is a reservation of any size. */
function ultraServerBlock(labels: Labels): string | undefined {
  const type = label(INSTANCE_TYPE_KEY)(labels) ?? "";
  return /^(p6e-|trn2u\.)/.test(type) ? label(AWS_CAPACITY_BLOCK_KEY)(labels) : undefined;
}

/** On A4X a sub-block is one NVL72 domain; other machine types have none that reaches beyond a node. */
function a4xSubblock(labels: Labels): string | undefined {
  return isA4x(label(INSTANCE_TYPE_KEY)(labels) ?? "") ? label(GKE_SUBBLOCK_KEY)(labels) : undefined;
}

/** cloud.google.com, "GPU machine types": a4x-highgpu-4g and a4x-maxgpu-4g-metal. */
export function isA4x(machineType: string): boolean {
  return machineType.startsWith("a4x-");
}

/** The number after a prefix, or undefined when there is no number as one writes it or it is too big. */
function numberAfter(prefix: string, key: string, least: number): number | undefined {
  const text = key.slice(prefix.length);
  const number = /^(0|[1-9]\d?)$/.test(text) ? Number(text) : -1;
  return number >= least && number < TIER_LIMIT + least ? number : undefined;
}

const gkeTiers = [GKE_SUBBLOCK_KEY, GKE_BLOCK_KEY];

export const READERS: Readonly<Record<ReadProfile, ProfileReader>> = {
  topograph: {
    owns: (key) => key.startsWith(FABRIC_KEY_PREFIX),
    place: (key) => tierOf(numberAfter(FABRIC_KEY_PREFIX, key, 0)),
    key: (tier) => `${FABRIC_KEY_PREFIX}${tier}`,
    accelerators: [label(ACCELERATOR_KEY), clique],
  },
  "topograph-v0": {
    owns: (key) => key.startsWith(V0_PREFIX) && key !== `${V0_PREFIX}accelerator`,
    place: (key) => tierOf(V0_TIERS.findIndex((words) => words.includes(key.slice(V0_PREFIX.length)))),
    key: (tier) => `${V0_PREFIX}${V0_TIERS[tier]![0]!}`,
    accelerators: [label(`${V0_PREFIX}accelerator`), clique],
  },
  aws: {
    owns: (key) => key.startsWith(AWS_LAYER_PREFIX),
    place: (key) => {
      const layer = numberAfter(AWS_LAYER_PREFIX, key, 1);
      return layer === undefined ? undefined : { layer };
    },
    fromTop: true,
    key: (tier, depth) => `${AWS_LAYER_PREFIX}${depth - tier}`,
    accelerators: [label(AWS_ULTRASERVER_KEY), clique, ultraServerBlock],
  },
  gke: {
    owns: (key) => key.startsWith("cloud.google.com/gce-topology-"),
    place: (key) => (key === GKE_HOST_KEY ? "ignored" : tierOf(gkeTiers.indexOf(key))),
    key: (tier) => gkeTiers[tier]!,
    accelerators: [a4xSubblock, clique],
  },
};

function tierOf(number: number | undefined): { tier: number } | undefined {
  return number === undefined || number < 0 ? undefined : { tier: number };
}
