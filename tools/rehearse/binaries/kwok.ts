import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { buildGroup, groupKey, missingGo, type BuildGroup, type Progress } from "./build";
import { cacheFolder } from "./index";

/** Newest release that is a Go module; made against Kubernetes 1.36. */
export const KWOK_VERSION = "v0.8.0";

/**
 * kwok plays the kubelets of nodes that are only API objects (kubernetes-sigs/kwok). Rehearsals have real kubelets, so it is in
 * none of their groups: it is built when simulated nodes are first wanted, in one or two minutes.
 */
export function kwokGroup(): BuildGroup {
  return { module: "kwok", programs: { kwok: "sigs.k8s.io/kwok/cmd/kwok" }, ldflags: ["-s", "-w"] };
}

/** Where kwok is: in the folder that the user names (TURDUCKEN_BINARIES), or built before. */
export function findKwok(): string | undefined {
  const given = process.env.TURDUCKEN_BINARIES;
  const built = join(cacheFolder(), "binaries", `kwok-${groupKey(kwokGroup())}`);
  return [...(given ? [given] : []), built].map((folder) => join(folder, "kwok")).find((file) => existsSync(file));
}

/** Why there is none and none can be built; undefined when there will be one. Looks at files only, as tests are skipped by it. */
export function missingKwok(): string | undefined {
  if (findKwok()) return undefined;
  const go = (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "go")));
  return go
    ? undefined
    : "kwok has not been built here and there is no Go to build it; put it into the folder TURDUCKEN_BINARIES";
}

/** @throws Error with what to do, or with the compiler's last lines */
export async function ensureKwok(onProgress?: Progress): Promise<string> {
  const found = findKwok();
  if (found) return found;
  const missing = await missingGo();
  if (missing) throw new Error(`kwok is needed and ${missing}`);
  const folder = join(cacheFolder(), "binaries", `kwok-${groupKey(kwokGroup())}`);
  await buildGroup(kwokGroup(), folder, onProgress);
  return join(folder, "kwok");
}
