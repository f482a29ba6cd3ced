import { z } from "zod";
import { hiddenValues } from "../../config/fields";
import { resources } from "./container";
import { atomicList, flag, group, int32, text, textMap } from "./fields";
import { securityContext } from "./security";

/** Where the operator's scripts look for their files, whatever `mountPath` says. */
export const MOUNT_PATH = "/mnt/flux";
export const VIEW_NAME = "flux-view";

const view = () =>
  group(
    {
      disable: flag("The application's image has Flux itself; the init container runs all the same, for the configuration.", {
        default: false,
      }),
      name: text("Name of the init container and of the volume with the view.", { default: VIEW_NAME }),
      workingDir: text("Folder in which it starts."),
      pythonPath: text("PYTHONPATH of Flux, instead of the one found in the view."),
      resources: resources(),
      imagePullSecret: text("Ignored by the operator; name it on a container."),
      image: text("Image with Flux, for the system and the architecture of the application's image.", {
        default: "ghcr.io/converged-computing/flux-view-ubuntu:tag-noble",
      }),
      pullAlways: flag("Pull the image at each start.", { default: false }),
      securityContext: securityContext(),
      mountPath: text("Where the view is mounted; the scripts know only the default.", { default: MOUNT_PATH }),
    },
    "The view: Flux, copied into each pod by an init container.",
  );

const bursting = () =>
  group(
    {
      leadBroker: group(
        {
          address: text("Address of the cluster that bursts."),
          name: text("Name of its MiniCluster."),
          size: int32("Its size."),
          port: int32("Port of its broker.", { default: 8050 }),
        },
        "The broker that this cluster joins. The hosts that the operator writes for it are malformed.",
        ["address", "name", "size"],
      ),
      hostlist: text("All hosts, in Flux's hostlist notation; instead of `clusters`."),
      clusters: atomicList(
        group({ name: text("Name of its MiniCluster."), size: int32("Its size.") }, "A cluster."),
        "Clusters that take part, in the same order in each of them.",
      ),
    },
    "Brokers outside this cluster.",
  );

/** flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 FluxSpec. */
export const flux = () =>
  group(
    {
      container: view(),
      arch: text("Ignored by the operator."),
      submitCommand: text("Instead of flux submit.", { operatorDefault: "flux submit" }),
      wrap: text("For flux start --wrap=."),
      connectTimeout: text("tbon.connect_timeout, a Flux duration; short ones give up while DNS is still slow.", {
        default: "5s",
      }),
      optionFlags: text("Options of flux submit, e.g. -o cpu-affinity=per-task."),
      minimalService: flag("Only the lead broker gets a Service.", { operatorDefault: "false" }),
      disableSocket: flag("Do not set the path of the broker's socket.", { operatorDefault: "false" }),
      topology: text("tbon.topo, e.g. kary:2 or binomial.", { operatorDefault: "Flux's own" }),
      noWaitSocket: flag("Containers without Flux do not wait for the broker's socket.", { operatorDefault: "false" }),
      completeWorkers: flag("Followers end when their broker does, instead of trying again every 15 s.", {
        operatorDefault: "false",
      }),
      logLevel: int32("syslog level of the broker's messages; 0 means 6.", { default: 6 }),
      curveCert: text("Text of a CURVE certificate; without it one is made. Kept in a ConfigMap.").register(hiddenValues, {
        hidden: true,
      }),
      scheduler: group(
        {
          simple: flag("Use sched-simple, which does not know GPUs.", { operatorDefault: "false" }),
          queuePolicy: text("fcfs, easy, hybrid, conservative or coschedule.", { operatorDefault: "fcfs" }),
        },
        "Scheduler inside the MiniCluster.",
      ),
      mungeSecret: text("Ignored by the operator."),
      bursting: bursting(),
      brokerConfig: text("Replaces the whole broker.toml that the operator writes."),
      environment: textMap("Environment variables in the file that users of the view source."),
    },
    "Flux in each pod.",
  );

export const fluxSchema = flux();
export type MiniClusterFlux = z.infer<typeof fluxSchema>;
