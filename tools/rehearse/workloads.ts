import type { ClusterContract } from "../../components/contract/contract";
import { rehearseGangs } from "./assertions/gangs";
import { rehearseMiniClusters } from "./assertions/miniClusters";
import { poll, type Kube } from "./kube";
import type { Reporter } from "./report";
import type { Sandbox } from "./sandbox-types";
import { mustUp } from "./up";

interface Work {
  readonly name: string;
  readonly nodes: number;
  readonly within?: string;
}

interface WorkloadBody {
  readonly gangs?: readonly Work[];
  readonly miniClusters?: readonly Work[];
}

export interface WorkloadScene {
  readonly reporter: Reporter;
  readonly sandbox: Sandbox;
  readonly kube: Kube;
  readonly contract: ClusterContract;
  /** Name of the workload stack. */
  readonly workload: string;
  readonly namespace: string;
  readonly miniClusterNamespace: string;
  /** Only whether the examples run. */
  readonly quick?: boolean;
}

/** One workload stack: its gangs and MiniClusters as the example has them, then gangs in every situation. */
export async function rehearseWorkload(scene: WorkloadScene): Promise<void> {
  const { reporter, sandbox, workload, quick } = scene;
  reporter.heading(`up ${workload}`);
  await mustUp(sandbox, workload);
  const { gangs = [], miniClusters = [] } = sandbox.read(workload).workload as WorkloadBody;
  if (miniClusters.length > 0) await rehearseMiniClusters({ ...scene, namespace: scene.miniClusterNamespace }, miniClusters);
  for (const gang of gangs) await exampleRuns(scene, gang);
  if (quick || gangs.length === 0) return;
  reporter.heading("gangs");
  const { name: _name, nodes: _nodes, within: _within, ...container } = gangs[0]! as unknown as Record<string, unknown>;
  await rehearseGangs({ ...scene, container });
}

async function exampleRuns({ reporter, kube, contract, namespace }: WorkloadScene, gang: Work): Promise<void> {
  await reporter.assert(
    `example-${gang.name}`,
    `the example's gang ${gang.name} of ${gang.nodes}${gang.within ? ` runs inside one ${gang.within}` : " runs"}`,
    async () => {
      const ask = () => kube.pods(namespace, `turducken.dev/pod-group=${gang.name}`);
      const { answer, held } = await poll(
        60,
        ask,
        (pods) => pods.length === gang.nodes && pods.every((pod) => pod.status?.phase === "Running"),
      );
      const nodes = (answer ?? []).map((pod) => pod.spec?.nodeName ?? "(unbound)");
      const domains = new Set(nodes.map((node) => contract.nodes.find((each) => each.name === node)?.domains[gang.within ?? ""]));
      return {
        passed: held && (!gang.within || domains.size === 1),
        evidence: { nodes, [gang.within ?? "tier"]: [...domains] },
      };
    },
  );
}

/** MiniClusters are taken down when they have been seen, so their stacks are not run again. */
export function hasMiniClusters(sandbox: Sandbox, stack: string): boolean {
  const { workload } = sandbox.read(stack) as { workload?: WorkloadBody };
  return (workload?.miniClusters ?? []).length > 0;
}
