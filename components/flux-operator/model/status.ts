import { z } from "zod";
import { atomicList, group, int32, text, time } from "./fields";

/** kubernetes/apimachinery:pkg/apis/meta/v1/types.go Condition. */
const condition = () =>
  group(
    {
      lastTransitionTime: time("When it changed."),
      message: z.string().max(32768).meta({ description: "For people." }),
      observedGeneration: z.int().min(0).meta({ description: "Generation it speaks of.", format: "int64" }),
      reason: z
        .string()
        .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
        .min(1)
        .max(1024)
        .meta({ description: "For programs." }),
      status: z.enum(["True", "False", "Unknown"]).meta({ description: "True, False or Unknown." }),
      type: z
        .string()
        .regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/)
        .max(316)
        .meta({
          description: "JobRequested, JobWaitingForResources, JobMiniClusterReady, JobRunning or JobFinished.",
        }),
    },
    "A condition.",
    ["lastTransitionTime", "message", "reason", "status", "type"],
  );

/**
 * flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 MiniClusterStatus. Not to be trusted: JobFinished
 * stays False after the end, and `size` goes back and forth; the Job tells the truth.
 */
export const status = () =>
  group(
    {
      size: int32("Pods, for the scale subresource."),
      selector: text("Their label selector, for the scale subresource."),
      jobid: text("Unused."),
      maximumSize: int32("Upper bound of a resize, fixed at the first reconciliation."),
      conditions: atomicList(condition(), "What the operator thinks; the Job knows better."),
    },
    "What the operator saw.",
    ["size", "selector", "jobid", "maximumSize"],
  );
