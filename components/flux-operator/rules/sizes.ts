import type { MiniClusterObject } from "../model/spec";
import type { Check } from "./check";

/** flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 Validate: what is wrong is only printed to the operator's log. */
export function checkSizes({ spec }: MiniClusterObject, check: Check): void {
  const size = spec.size ?? 1;
  check.when(size < 1, ["spec", "size"], {
    value: size,
    message:
      size === 0 ? "The operator leaves a MiniCluster without pods alone, without a word." : "There are no fewer pods than one.",
    allowed: "a whole number from 1",
    fix: "Say how many pods it has, or delete the MiniCluster.",
  });
  const max = spec.maxSize ?? 0;
  check.when(max !== 0 && max < size, ["spec", "maxSize"], {
    value: max,
    message: `It is smaller than size (${size}); the operator refuses that in its log only.`,
    allowed: `a whole number from ${Math.max(size, 1)}`,
    fix: "Raise it to the size at least, or leave it out.",
  });
  checkMinSize(spec, size, max, check);
  checkLimits(spec, check);
}

function checkMinSize(spec: MiniClusterObject["spec"], size: number, max: number, check: Check): void {
  const min = spec.minSize ?? 0;
  const most = max > 0 ? Math.min(size, max) : size;
  check.when(min < 0 || (min !== 0 && min > most), ["spec", "minSize"], {
    value: min,
    message: min < 0 ? "It is not a number of brokers." : `Flux would wait for more brokers than there are (size ${size}).`,
    allowed: `a whole number from 1 to ${Math.max(most, 1)}`,
    fix: "Lower it, or leave it out.",
  });
}

function checkLimits(spec: MiniClusterObject["spec"], check: Check): void {
  check.when(spec.backoffLimit !== undefined && spec.backoffLimit < 1, ["spec", "backoffLimit"], {
    value: spec.backoffLimit,
    message:
      spec.backoffLimit === 0 ? "The operator takes 0 for none given, which means 100." : "It is not a number of failures.",
    allowed: "a whole number from 1",
    fix: "Write 1 for the fewest, or leave it out.",
  });
  check.when(spec.tasks !== undefined && spec.tasks < 0, ["spec", "tasks"], {
    value: spec.tasks,
    message: "It is not a number of tasks.",
    allowed: "a whole number from 0; 0 leaves it to the nodes",
    fix: "Say how many tasks the command has.",
  });
  check.when(spec.deadlineSeconds !== undefined && spec.deadlineSeconds < 1, ["spec", "deadlineSeconds"], {
    value: spec.deadlineSeconds,
    message: spec.deadlineSeconds === 0 ? "The Job fails as soon as it is made." : "It is not a number of seconds.",
    allowed: "a whole number from 1",
    fix: "Say how long it may run, or leave it out for a year.",
  });
}
