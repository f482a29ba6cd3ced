import { setTimeout as sleep } from "node:timers/promises";
import type { BulkClient } from "./api";

interface Pod {
  readonly metadata: { readonly uid: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName?: string };
}

interface Pods {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Pod[];
}

/** What a watch has seen of the pods of gangs. */
export interface Bindings {
  /** Gang → nodes of its bound pods, in the order of binding. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  /** Gang → pods that were made. */
  readonly made: ReadonlyMap<string, number>;
  /** When the last pod was seen bound, on the clock of `performance.now()`. */
  readonly lastAt: number;
  /** Waits until so many pods are bound, or none was for as long as the limit. @throws Error when pods cannot be listed */
  until(bound: number, limitSeconds: number): Promise<void>;
  /** @throws Error when there are not so many within the limit, or pods cannot be listed */
  untilMade(gang: string, pods: number, limitSeconds: number): Promise<void>;
  stop(): void;
}

/**
 * Watches the pods of gangs. Only the first node of a pod counts, for no pod moves. A watch that the API server ends, as it does
 * when it cannot send what happens fast enough, is followed by a list and another watch.
 *
 * @param label its value is the gang's name
 */
export async function watchBindings(
  api: BulkClient,
  path: string,
  label: string,
  gangs: readonly { readonly name: string }[],
): Promise<Bindings> {
  const names = new Set(gangs.map(({ name }) => name));
  const seen = new Set<string>();
  const bound = new Set<string>();
  const made = new Map<string, number>();
  const nodes = new Map<string, string[]>();
  let lastAt = performance.now();
  let failure: Error | undefined;
  let stopped = false;
  let stopWatch = () => {};
  const see = ({ metadata, spec }: Pod) => {
    const gang = metadata.labels?.[label];
    if (gang === undefined || !names.has(gang)) return;
    if (!seen.has(metadata.uid)) made.set(gang, (made.get(gang) ?? 0) + 1);
    seen.add(metadata.uid);
    if (spec.nodeName === undefined || bound.has(metadata.uid)) return;
    bound.add(metadata.uid);
    nodes.set(gang, [...(nodes.get(gang) ?? []), spec.nodeName]);
    lastAt = performance.now();
  };
  const follow = async (): Promise<void> => {
    const { items, metadata } = await api.call<Pods>("GET", path);
    items.forEach(see);
    const again = () => void follow().catch((error: Error) => (failure = error));
    if (!stopped) stopWatch = api.watch<Pod>(path, metadata.resourceVersion, (event) => see(event.object), again);
  };
  await follow();
  const wait = async (done: () => boolean, over: () => boolean) => {
    while (!done() && !over()) {
      if (failure) throw failure;
      await sleep(50);
    }
  };
  return {
    nodes,
    made,
    stop: () => {
      stopped = true;
      stopWatch();
    },
    get lastAt() {
      return lastAt;
    },
    until(count, limitSeconds) {
      const begin = performance.now();
      const idle = () => performance.now() - Math.max(begin, lastAt) > limitSeconds * 1000;
      return wait(() => bound.size >= count, idle);
    },
    async untilMade(gang, pods, limitSeconds) {
      const end = performance.now() + limitSeconds * 1000;
      const done = () => (made.get(gang) ?? 0) >= pods;
      await wait(done, () => performance.now() > end);
      if (!done()) throw new Error(`gang ${gang} has ${made.get(gang) ?? 0} of ${pods} pods after ${limitSeconds} s`);
    },
  };
}
