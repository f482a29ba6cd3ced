import { z } from "zod";
import { container } from "./container";
import { atomicList, flag, group, int32, int64, text, textMap } from "./fields";
import { flux } from "./flux";
import { pod } from "./pod";
import { status } from "./status";

export const GROUP = "flux-framework.org";
export const VERSION = "v1alpha2";
export const API_VERSION = `${GROUP}/${VERSION}` as const;
export const KIND = "MiniCluster";

const network = () =>
  group(
    {
      headlessName: text("Name of the headless Service, and the pods' subdomain.", { operatorDefault: "the MiniCluster's name" }),
      disableAffinity: flag("Leave out the operator's preferred affinities, and `pod.nodeAffinity` with them.", {
        operatorDefault: "false",
      }),
    },
    "Names of the pods.",
  );

const logging = () =>
  group(
    {
      quiet: flag("Only the application's output. The init container prints the CURVE key all the same.", { default: false }),
      strict: flag("End at the first failing line of the scripts.", { default: false }),
      debug: flag("flux submit -vvv.", { default: false }),
      zeromq: flag("Messages of ZeroMQ.", { default: false }),
      timed: flag("Time flux start and flux submit; the image needs /usr/bin/time.", { default: false }),
    },
    "What the pods print.",
  );

/** flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 MiniClusterSpec. */
const spec = () =>
  group(
    {
      containers: atomicList(container(), "Containers of each pod; exactly one runs Flux."),
      services: atomicList(container(), "Containers of one more pod, `<name>-services`, with their images' own entrypoints."),
      network: network(),
      jobLabels: textMap("Labels of the Job, e.g. kueue.x-k8s.io/queue-name."),
      interactive: flag("Keep the brokers up without a command.", { default: false }),
      flux: flux(),
      logging: logging(),
      archive: group({ path: text("File.") }, "Flux state to load and save."),
      shareProcessNamespace: flag("Containers of a pod see each other's processes.", { operatorDefault: "false" }),
      cleanup: flag("Delete the MiniCluster when the lead broker's pod ends.", { default: false }),
      size: int32("Pods, and so brokers.", { default: 1 }),
      maxSize: int32("Upper bound of a resize.", { operatorDefault: "size" }),
      backoffLimit: int32("Failures of pods until the Job fails; 0 means 100.", { operatorDefault: "100" }),
      minSize: int32("Brokers that must be up before Flux starts.", { operatorDefault: "size" }),
      tasks: int32("flux submit -n; 0 leaves it out.", { default: 1 }),
      deadlineSeconds: int64("activeDeadlineSeconds of the Job.", { default: 31500000 }),
      pod: pod(),
    },
    "What is wanted.",
    ["containers"],
  );

export const specSchema = spec();
export const statusSchema = status();

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** A whole MiniCluster object. */
export const miniClusterSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata,
  spec: specSchema,
  status: statusSchema.optional(),
});

/** A `flux-framework.org/v1alpha2` MiniCluster, as it is written: every default may be left out. */
export type MiniClusterObject = z.input<typeof miniClusterSchema>;
export type MiniClusterSpec = MiniClusterObject["spec"];
