import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A stack file and what it refers to. */
export interface StackEntry {
  readonly stack: string;
  readonly program: "cluster" | "layers" | "workload";
  /** Stacks it reads by StackReference. */
  readonly references: readonly string[];
}

/** All stacks of a folder with `Pulumi.<stack>.yaml` files; a file without one of our programs is passed over. */
export function listStacks(folder: string, project = "turducken"): StackEntry[] {
  const entries: StackEntry[] = [];
  for (const file of readdirSync(folder).sort()) {
    const stack = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
    if (!stack) continue;
    const config = ((parse(readFileSync(join(folder, file), "utf8")) as { config?: Record<string, unknown> } | null)?.config ??
      {}) as Record<string, unknown>;
    const program = (["cluster", "layers", "workload"] as const).find((key) => config[`${project}:${key}`] !== undefined);
    if (!program) continue;
    const body = config[`${project}:${program}`] as { cluster?: unknown; layers?: unknown };
    const named = program === "cluster" ? [] : [body.cluster, body.layers];
    entries.push({ stack, program, references: named.filter((each): each is string => typeof each === "string") });
  }
  return entries;
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
