import { z } from "zod";
import { atomicList, flag, group, int32, map, quantity, text, textMap } from "./fields";
import { securityContext } from "./security";
import { volume } from "./volume";

/**
 * ResourceRequirements of k8s.io/api v0.25.0, so without `claims` for DRA: the operator's type has no such field, and no
 * pod-level claims would back it.
 */
export const resources = () =>
  group(
    {
      limits: map(quantity("An amount."), "The most the container gets, by resource name."),
      requests: map(quantity("An amount."), "What a node must have free; without it, the limits."),
    },
    "CPU, memory, devices. An EFA or RDMA device and huge pages need limits equal to requests.",
  );

const commands = () =>
  group(
    {
      prefix: text("Put before the command inside flux start, e.g. a wrapper that mounts something."),
      script: text("Text of a script to submit instead of `command`; shell variables in it are expanded when it is written."),
      init: text("Runs before everything else, before Flux is there."),
      pre: text("Runs on every node after R is written and before the broker starts."),
      post: text("Runs when the broker ends."),
      workerPre: text("Runs on followers only, before their broker."),
      brokerPre: text("Runs on the lead broker only, before Flux starts."),
      servicePre: text("Runs in containers without Flux, before their command."),
    },
    "Shell lines around the command.",
  );

/** flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 MiniClusterContainer; the same for services. */
export const container = () =>
  group(
    {
      imagePullSecret: text("Secret for the registry; those of all containers go to the pod."),
      image: text("Image; its system must match the view's.", { default: "ghcr.io/rse-ops/accounting:app-latest" }),
      workingDir: text("Folder in which the command starts."),
      name: text("Name; required unless the container runs Flux, which gets the MiniCluster's."),
      command: text("What to run, split at white space; quotes are not understood (use `commands.script`)."),
      pullAlways: flag("Pull the image at each start.", { default: false }),
      imagePullPolicy: text("Always, IfNotPresent or Never.", { operatorDefault: "IfNotPresent" }),
      ports: atomicList(int32("A port."), "Ports of a container without Flux; they get a Service named after the container."),
      environment: textMap("Environment variables."),
      secrets: map(
        group({ name: text("Name of the Secret."), key: text("Key in it.") }, "Where the value is.", ["name", "key"]),
        "Environment variables from existing Secrets, by variable.",
      ),
      launcher: flag("The command makes its own jobs and is given to flux start as it is.", { operatorDefault: "false" }),
      batch: flag("Each line of the command becomes a job of one batch script.", { operatorDefault: "false" }),
      batchRaw: flag("With `batch`: the command is the batch script itself.", { operatorDefault: "false" }),
      logs: text("Folder for the output of batch jobs.", { operatorDefault: "/tmp/fluxout" }),
      runFlux: flag("This container runs the broker; exactly one does.", { operatorDefault: "true for an only container" }),
      noWrapEntrypoint: flag("Leave the image's own entrypoint in place; the command is then not used.", {
        operatorDefault: "false",
      }),
      volumes: map(volume(), "Volumes to mount, by name; the names are the pod's."),
      lifeCycle: group(
        {
          postStartExec: text("Program to run after the start; no arguments."),
          preStopExec: text("Program to run before the end; no arguments."),
        },
        "Hooks of the container.",
      ),
      resources: resources(),
      commands: commands(),
      securityContext: securityContext(),
    },
    "A container.",
  );

export const containerSchema = container();
export type MiniClusterContainer = z.infer<typeof containerSchema>;
