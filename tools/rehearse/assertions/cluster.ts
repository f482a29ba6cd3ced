import type { ClusterContract } from "../../../components/contract/contract";
import { isReady, poll, type Kube } from "../kube";

interface Outcome {
  readonly passed: boolean;
  readonly evidence: unknown;
}

/** Every active host of the contract is a Ready node, and there is no other node. */
export async function allNodesReady(kube: Kube, expected: readonly string[], seconds = 90): Promise<Outcome> {
  const names = [...expected].sort();
  const ask = async () => (await kube.nodes()).map((node) => ({ name: node.metadata!.name!, ready: isReady(node) })).sort(byName);
  const { answer, held } = await poll(
    seconds,
    ask,
    (nodes) =>
      nodes.every((node) => node.ready) &&
      same(
        nodes.map((node) => node.name),
        names,
      ),
  );
  return { passed: held, evidence: { expected: names, nodes: answer } };
}

/** Topology labels of every node are exactly those of the tree: none missing, none wrong, none extra. */
export async function labelsAreTheTree(kube: Kube, contract: ClusterContract): Promise<Outcome> {
  const keys = new Set([
    ...contract.topologyKeys.map((each) => each.key),
    ...(contract.acceleratorKey ? [contract.acceleratorKey] : []),
  ]);
  const seen = Object.fromEntries(
    (await kube.nodes()).map((node) => [
      node.metadata!.name!,
      Object.fromEntries(
        Object.entries(node.metadata!.labels ?? {}).filter(([key]) => keys.has(key) || key.includes(".topograph.run/")),
      ),
    ]),
  );
  const wrong = contract.nodes
    .filter((node) => node.schedulable && !sameRecord(seen[node.name] ?? {}, node.labels))
    .map((node) => node.name);
  return { passed: wrong.length === 0, evidence: { wrong, labels: seen } };
}

/**
 * A pod on every worker answers every other by address, and by name through the cluster's DNS. Servers are a DaemonSet, the
 * asking is done by one Job pod per worker; its log is the evidence.
 */
export async function podsReachEachOther(kube: Kube, workers: readonly string[], image: string): Promise<Outcome> {
  const namespace = "rehearsal-reach";
  await kube.core.createNamespace({ body: { metadata: { name: namespace } } });
  try {
    const labels = { app: "echo" };
    const container = {
      name: "echo",
      image,
      imagePullPolicy: "IfNotPresent",
      command: ["/turducken-work", "serve", ":8080"],
      ports: [{ containerPort: 8080 }],
    };
    await kube.apps.createNamespacedDaemonSet({
      namespace,
      body: {
        metadata: { name: "echo" },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
        },
      },
    });
    await kube.core.createNamespacedService({
      namespace,
      body: { metadata: { name: "echo" }, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
    });
    const servers = await poll(
      60,
      () => kube.pods(namespace, "app=echo"),
      (pods) => pods.length >= workers.length && pods.every((pod) => isReady(pod) && pod.status?.podIP),
    );
    if (!servers.held)
      return {
        passed: false,
        evidence: { echo: servers.answer?.map((pod) => ({ node: pod.spec?.nodeName, phase: pod.status?.phase })) },
      };
    const targets = servers.answer!.map((pod) => `http://${pod.status!.podIP!}:8080`);
    const asking = await askFromEveryWorker(kube, namespace, workers, image, [
      ...targets,
      `http://echo.${namespace}.svc.cluster.local`,
    ]);
    const failed = asking.filter((each) => !each.succeeded).map((each) => each.node);
    return {
      passed: failed.length === 0 && asking.length === workers.length,
      evidence: { servers: targets.length, failed, asking },
    };
  } finally {
    await kube.core.deleteNamespace({ name: namespace, propagationPolicy: "Background" });
  }
}

async function askFromEveryWorker(kube: Kube, namespace: string, workers: readonly string[], image: string, targets: string[]) {
  for (const node of workers) {
    await kube.core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name: `ask-${node}` },
        spec: {
          nodeName: node,
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 0,
          containers: [
            { name: "ask", image, imagePullPolicy: "IfNotPresent", command: ["/turducken-work", "probe", ...targets] },
          ],
        },
      },
    });
  }
  const ended = (phase?: string) => phase === "Succeeded" || phase === "Failed";
  const asked = () => Promise.all(workers.map((node) => kube.core.readNamespacedPod({ namespace, name: `ask-${node}` })));
  const { answer } = await poll(90, asked, (pods) => pods.every((pod) => ended(pod.status?.phase)));
  return Promise.all(
    (answer ?? []).map(async (pod) => ({
      node: pod.spec!.nodeName!,
      succeeded: pod.status?.phase === "Succeeded",
      log: (await kube.core.readNamespacedPodLog({ namespace, name: pod.metadata!.name! }).catch((error: Error) => error.message))
        .trim()
        .split("\n")
        .slice(-3),
    })),
  );
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function sameRecord(a: Record<string, string>, b: Record<string, string>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(b).every(([key, value]) => a[key] === value);
}
