import type { V1Pod } from "@kubernetes/client-node";
import type { ClusterContract } from "../../../components/contract/contract";
import { POD_GROUP_LABEL } from "../../../components/gang/spec";
import { poll, type Kube } from "../kube";
import type { Reporter } from "../report";
import type { Sandbox } from "../sandbox-types";

export interface MiniClusterScene {
  readonly reporter: Reporter;
  readonly sandbox: Sandbox;
  readonly kube: Kube;
  readonly contract: ClusterContract;
  readonly workload: string;
  readonly namespace: string;
}

interface Wanted {
  readonly name: string;
  readonly nodes: number;
  readonly within?: string;
}

/** Every MiniCluster of the stack in its domain, a second run that changes nothing, and an end that leaves nothing. */
export async function rehearseMiniClusters(scene: MiniClusterScene, miniClusters: readonly Wanted[]): Promise<void> {
  for (const wanted of miniClusters) await runsInItsDomain(scene, wanted);
  await secondRunIsTheSame(scene);
  await leavesNothing(
    scene,
    miniClusters.map(({ name }) => name),
  );
}

/** The Job is the operator's to make; what must be so is what our object, admission policy and PodGroup made of its pods. */
async function runsInItsDomain(scene: MiniClusterScene, { name, nodes, within }: Wanted): Promise<void> {
  const { reporter, kube, contract, namespace } = scene;
  const where = within === undefined ? "" : ` inside one ${within}`;
  await reporter.assert(
    `minicluster-${name}`,
    `the pods of MiniCluster ${name} are placed as one gang and run on ${nodes} nodes${where}, each with its own`,
    async () => {
      const ask = () => kube.pods(namespace, `job-name=${name}`);
      // The operator's label comes last.
      const { answer, held } = await poll(
        60,
        ask,
        (pods) =>
          pods.length === nodes && pods.every((pod) => pod.status?.phase === "Running" && pod.metadata?.labels?.["job-index"]),
      );
      const pods = answer ?? [];
      const on = [...new Set(pods.map((pod) => pod.spec?.nodeName ?? "(unbound)"))].sort();
      const domains = [...new Set(on.map((node) => contract.nodes.find((each) => each.name === node)?.domains[within ?? ""]))];
      const named = new Set(pods.map((pod) => pod.metadata?.labels?.[POD_GROUP_LABEL]));
      const group = (await objects(scene, ...apiOf(contract), "podgroups")).find(({ metadata }) => named.has(metadata.name));
      const scheduled = group?.status?.conditions?.find(({ type }) => type === "PodGroupScheduled")?.status;
      const passed = held && on.length === nodes && named.size === 1 && scheduled === "True" && (!within || domains.length === 1);
      return {
        passed,
        evidence: { nodes: on, domains, podGroup: group?.metadata.name, podGroupScheduled: scheduled, pods: pods.map(phaseOf) },
      };
    },
  );
}

const phaseOf = (pod: V1Pod): string => `${pod.metadata?.name} ${pod.status?.phase}`;

async function secondRunIsTheSame({ reporter, sandbox, workload }: MiniClusterScene): Promise<void> {
  await reporter.assert("minicluster-second-run-same", "a second run of the MiniCluster's stack changes nothing", async () => {
    const run = await sandbox.up(workload);
    const changed = run.operations.filter(({ operation }) => operation !== "same" && operation !== "read");
    return {
      passed: run.exitCode === 0 && changed.length === 0,
      evidence: { exitCode: run.exitCode, changed: changed.map(({ name, operation }) => `${operation} ${name}`) },
    };
  });
}

/** The MiniCluster with its Job and pods goes before the PodGroup, which would otherwise stay Terminating. */
async function leavesNothing(scene: MiniClusterScene, names: readonly string[]): Promise<void> {
  const { reporter, sandbox, kube, contract, workload, namespace } = scene;
  await reporter.assert("minicluster-goes", "a MiniCluster that is taken down leaves no pod, Job or PodGroup", async () => {
    const run = await sandbox.destroy(workload);
    const ours = async (group: string, version: string, plural: string) =>
      (await objects(scene, group, version, plural)).filter(({ metadata }) =>
        // A PodGroup's name has a hash behind that of the MiniCluster.
        names.some((name) => metadata.name === name || metadata.name.startsWith(`${name}-`)),
      ).length;
    const ask = async () => ({
      pods: (await kube.pods(namespace, `job-name in (${names.join(",")})`)).length,
      miniClusters: await ours("flux-framework.org", "v1alpha2", "miniclusters"),
      jobs: await ours("batch", "v1", "jobs"),
      podGroups: await ours(...apiOf(contract), "podgroups"),
    });
    const gone = await poll(90, ask, (left) => Object.values(left).every((number) => number === 0));
    return { passed: run.exitCode === 0 && gone.held, evidence: { exitCode: run.exitCode, left: gone.answer } };
  });
}

function apiOf(contract: ClusterContract): [string, string] {
  const [group, version] = contract.kubernetes.gangApi!.split("/") as [string, string];
  return [group, version];
}

interface Live {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function objects({ kube, namespace }: MiniClusterScene, group: string, version: string, plural: string): Promise<Live[]> {
  const { items } = (await kube.custom.listNamespacedCustomObject({ group, version, namespace, plural })) as { items: Live[] };
  return items;
}
