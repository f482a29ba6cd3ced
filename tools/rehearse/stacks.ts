import type { Project } from "../config/project";
import { listStacks, readStackFile } from "../config/stack-file";

/** A stack file and what it refers to. */
export interface StackEntry {
  readonly stack: string;
  readonly program: "cluster" | "layers" | "workload";
  /** Stacks it reads by StackReference. */
  readonly references: readonly string[];
}

/** All stacks of a project that have a file; one without a program of ours is passed over. */
export function stackEntries(project: Project): StackEntry[] {
  return listStacks(project).flatMap((stack) => {
    const { values } = readStackFile(project, stack);
    const program = (["cluster", "layers", "workload"] as const).find((key) => values[`${project.name}:${key}`] !== undefined);
    if (!program) return [];
    const body = values[`${project.name}:${program}`] as { cluster?: unknown; layers?: unknown };
    const named = program === "cluster" ? [] : [body.cluster, body.layers];
    return [{ stack, program, references: named.filter((each): each is string => typeof each === "string") }];
  });
}

/** A cluster stack and every stack that rests on it, directly or not: the cluster first, then layers, then workloads. */
export function stackFamily(all: readonly StackEntry[], cluster: string): StackEntry[] {
  const root = all.find((each) => each.stack === cluster);
  if (!root)
    throw new Error(
      `there is no stack file Pulumi.${cluster}.yaml; there are: ${all.map((each) => each.stack).join(", ") || "none"}`,
    );
  if (root.program !== "cluster") {
    throw new Error(
      `${cluster} is a ${root.program} stack on ${root.references.join(" and ")}; rehearse a cluster stack: ${clusters(all)}`,
    );
  }
  const family = [root];
  for (const program of ["layers", "workload"] as const) {
    family.push(
      ...all.filter(
        (each) => each.program === program && each.references.some((name) => family.some((one) => one.stack === name)),
      ),
    );
  }
  return family;
}

function clusters(all: readonly StackEntry[]): string {
  return (
    all
      .filter((each) => each.program === "cluster")
      .map((each) => each.stack)
      .join(", ") || "there is none"
  );
}
