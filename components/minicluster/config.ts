import { z } from "zod";
import { dnsLabel, field, quantity, tierWord, wholeNumber } from "../config/fields";
import { MPI_LIBRARIES, PMI_SERVICES } from "./spec";

const DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const launch = z.strictObject({
  mpi: field(
    z.enum(MPI_LIBRARIES).optional(),
    "The application's MPI library. From it comes how its processes find each other.",
    "mpich",
  ),
  pmi: field(z.enum(PMI_SERVICES).optional(), "`-o pmi=` of Flux, where it is not the one that `mpi` needs.", "pmix"),
  options: field(
    z.array(z.string().min(1)).optional(),
    "More options of flux submit, one word each. Cores, GPUs and their binding are given by themselves.",
    ["-o", "exit-timeout=none"],
  ),
});

const probe = z.strictObject({
  world: field(
    z.enum(["mpi", "auto", "off"]).optional(),
    "Whether, before the application starts, the image's MPI library is asked if `tasks` processes form one world. `mpi`: it must be there. `auto`: where it is not, PMI is asked. Without it `auto`, for one task `off`.",
    "mpi",
  ),
  seconds: field(wholeNumber(1).optional(), "Bound of the probe, in seconds. Without it 300.", 300),
  output: field(
    z.string().min(1).optional(),
    "Regular expression for a line that the application prints; the product of its groups must be `tasks`.",
    String.raw`(\d+) by (\d+) by (\d+) MPI processor grid`,
  ),
});

const view = z.strictObject({
  image: field(
    z.string().min(1),
    "Image with Flux, for the system and architecture of the application's image.",
    `registry.example.org/flux-view@${DIGEST}`,
  ),
  pmi: field(z.array(z.enum(PMI_SERVICES)).optional(), "PMI services that its Flux has. Without it all.", ["simple", "pmix"]),
});

const slices = z.strictObject({
  size: field(wholeNumber(1), "Nodes of one slice; it divides `nodes`.", 4),
  within: field(tierWord(), "Tier of which one domain holds a whole slice.", "leaf"),
});

/** One MiniCluster; the fields are those of `MiniClusterSpec`, and `checkMiniClusters` checks what depends on the cluster. */
export const miniClusterConfig = z.strictObject({
  name: field(
    z.string().regex(/^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/, {
      error:
        "it must be small letters, digits and `-`, beginning with a letter, at most 52 characters: it becomes the name of a Job and part of host names",
    }),
    "Name of the MiniCluster, its Job, its Service and its PodGroup.",
    "lammps",
  ),
  nodes: field(wholeNumber(1), "How many nodes, one Flux broker on each.", 4),
  tasks: field(
    wholeNumber(1).optional(),
    "Processes of the command. Without it one for each GPU, on machines without GPUs one for each core.",
    256,
  ),
  pool: field(dnsLabel().optional(), "Which pool's machines. Needed when more than one pool can carry work.", "compute"),
  image: field(z.string().min(1), "Container image, with digest.", `registry.example.org/lammps@${DIGEST}`),
  arch: field(z.enum(["amd64", "arm64"]).optional(), "The architecture that the image is for, if only one.", "arm64"),
  os: field(
    z.enum(["ubuntu-noble", "ubuntu-jammy", "ubuntu-focal", "rocky-9", "rocky-8"]).optional(),
    "The image's system, for which the Flux view is built. Without it ubuntu-noble, on arm64 rocky-9.",
    "ubuntu-jammy",
  ),
  view: field(view.optional(), "A Flux view of your own."),
  command: field(
    z
      .union([
        z
          .string()
          .min(1)
          .transform((text) => text.trim().split(/\s+/)),
        z.array(z.string()).min(1),
      ])
      .optional(),
    "What to run: one text, split at spaces, or a list, where words have spaces in them.",
    "lmp -v x 2 -v y 2 -v z 2 -in in.reaxff.hns -nocite",
  ),
  interactive: field(z.boolean().optional(), "Keep the brokers up without a command.", true),
  workingDir: field(z.string().min(1).optional(), "Folder in which the command starts.", "/opt/lammps/examples/reaxff/HNS"),
  launch: field(launch.optional(), "How the processes are started."),
  probe: field(probe.optional(), "Proof that the processes are one world, not many of one rank each."),
  within: field(tierWord().optional(), "All nodes inside one domain of this tier. Without it, anywhere.", "leaf"),
  preferred: field(tierWord().optional(), "The same as a wish (Kueue only).", "leaf"),
  slices: field(slices.optional(), "Groups of nodes, each in one domain (Kueue only)."),
  pack: field(z.literal("leaf").optional(), "In as few leaves as can be.", "leaf"),
  leaf: field(z.string().min(1).optional(), "One leaf by its name.", "leaf0"),
  cpu: field(
    z.enum(["shared", "exclusive"]).default("shared"),
    "`shared`: CPU without a limit. `exclusive`: whole cores, requests equal to limits, for a static CPU manager.",
    "exclusive",
  ),
  resources: field(
    z.record(z.string().min(1), quantity(z.number().nonnegative())).optional(),
    "Per pod, as Kubernetes quantities, over what the pool's machine type gives; 0 leaves a device out.",
    { memory: "64Gi" },
  ),
  environment: field(
    z.record(z.string().min(1), z.union([z.string(), z.number()]).transform(String)).optional(),
    "Environment variables; they win over those that the fabric needs.",
    { OMP_NUM_THREADS: "1" },
  ),
  deadlineSeconds: field(wholeNumber(1).optional(), "Ends it, running or not, after so many seconds.", 7200),
  wait: field(
    z.enum(["none", "started", "complete"]).default("none"),
    "What `up` waits for: nothing, all pods running, or the Job's success.",
    "complete",
  ),
  waitSeconds: field(wholeNumber(1).default(3600), "Bound of `wait`, in seconds.", 3600),
  unchecked: field(z.boolean().default(false), "Make it even when no domain is big enough: it stays Pending until one is.", true),
});

export type MiniClusterConfig = z.infer<typeof miniClusterConfig>;
