import { BatchV1Api, CoreV1Api, CustomObjectsApi, KubeConfig, AppsV1Api, type V1Node, type V1Pod } from "@kubernetes/client-node";

/** Reads (and for scenarios, writes) a cluster through its own API. */
export class Kube {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly custom: CustomObjectsApi;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    this.core = config.makeApiClient(CoreV1Api);
    this.apps = config.makeApiClient(AppsV1Api);
    this.batch = config.makeApiClient(BatchV1Api);
    this.custom = config.makeApiClient(CustomObjectsApi);
  }

  async nodes(): Promise<V1Node[]> {
    return (await this.core.listNode()).items;
  }

  async pods(namespace: string, labelSelector?: string): Promise<V1Pod[]> {
    return (await this.core.listNamespacedPod({ namespace, labelSelector })).items;
  }

  /** Pod name → node, only bound pods. */
  async placement(namespace: string, labelSelector: string): Promise<Record<string, string>> {
    const pods = await this.pods(namespace, labelSelector);
    return Object.fromEntries(pods.filter((pod) => pod.spec?.nodeName).map((pod) => [pod.metadata!.name!, pod.spec!.nodeName!]));
  }
}

export function isReady(object: { status?: { conditions?: { type: string; status: string }[] } }): boolean {
  return object.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;
}

/** Asks until `done` says yes or the time is over; returns the last answer either way. One failed question is not an answer. */
export async function poll<T>(
  seconds: number,
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
): Promise<{ answer?: T; held: boolean; error?: string }> {
  const end = Date.now() + seconds * 1000;
  let answer: T | undefined;
  let error: string | undefined;
  for (;;) {
    try {
      answer = await ask();
      error = undefined;
      if (done(answer)) return { answer, held: true };
    } catch (reason) {
      error = reason instanceof Error ? reason.message : String(reason);
    }
    if (Date.now() > end) return { answer, held: false, error };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
