import { z } from "zod";
import { dnsLabel, field, wholeNumber } from "../config/fields";
import { FLUENCE_IMAGE } from "./versions";

/** Fluxion's named match policies (flux-framework/flux-sched:doc/man5/flux-config-sched-fluxion-resource.rst@v0.54.0). */
export const MATCH_POLICIES = [
  "first", "firstnodex", "high", "low", "lonode", "hinode", "lonodex", "hinodex", "locality", "variation",
] as const; // prettier-ignore

/** `layers.fluence`: the Fluence scheduler, generation 2, and the nodes that are its own. */
export const fluenceConfig = z.strictObject({
  pools: field(
    z.array(dnsLabel()).min(1),
    "Pools whose nodes are Fluence's alone. Pods of other schedulers are kept off them; all other nodes are hidden from it.",
    ["compute"],
  ),
  image: field(
    z.string().regex(/^\S+@sha256:[0-9a-f]{64}$/, {
      error: `It is not an image with its digest. Look the digest of ${FLUENCE_IMAGE} up in the registry.`,
    }),
    `Fluence's image with its digest: that of ${FLUENCE_IMAGE}, which no release publishes.`,
    `${FLUENCE_IMAGE}@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
  ),
  runOn: field(
    dnsLabel().default("control-plane"),
    "Where the scheduler itself runs: `control-plane`, or a pool that is not its own. The image is for amd64.",
    "control-plane",
  ),
  namespace: field(dnsLabel().default("fluence-system"), "Namespace of the scheduler itself.", "fluence-system"),
  matchPolicy: field(
    z.enum(MATCH_POLICIES).default("lonode"),
    "How Fluxion chooses among free nodes. Nodes are numbered by name: `lonode` takes the first names, `first` and `high` the last. Topology has no part in it.",
    "lonode",
  ),
  retries: field(
    z.enum(["fast", "calm"]).default("fast"),
    "What a gang that cannot start costs. `fast`: one CPU core while it waits, started 0.2 to 0.5 s after room appears. `calm`: nearly nothing, started 8 s after, and `within` does not converge on large clusters.",
    "calm",
  ),
  logLevel: field(
    wholeNumber(0, 10).default(1),
    "Verbosity (`--v`). From 2 on every failed attempt is logged, which is thousands a second while a gang waits with `retries: fast`.",
    1,
  ),
  gateTimeoutSeconds: field(
    wholeNumber(1).default(300),
    "How long to wait until Fluence's nodes are Ready and all others hidden, in seconds, before it starts.",
    300,
  ),
});

export type FluenceConfig = z.infer<typeof fluenceConfig>;
