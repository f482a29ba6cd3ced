import { poll } from "../kube";
import { label, changed, type LifecycleScene } from "./lifecycle";

/**
 * A patch upgrade rolls: the control plane first, then workers one by one, each drained and back before the next; while it
 * goes on, no more than one worker is ever cordoned.
 */
export async function upgradeRolls(scene: LifecycleScene, version: string): Promise<void> {
  const cordonedAtOnce: number[] = [];
  const order: string[] = [];
  let watching = true;
  const watch = (async () => {
    while (watching) {
      const nodes = await scene.kube.nodes().catch(() => []);
      cordonedAtOnce.push(nodes.filter((node) => node.spec?.unschedulable).length);
      for (const node of nodes) {
        const name = node.metadata!.name!;
        if (node.status?.nodeInfo?.kubeletVersion === `v${version}` && !order.includes(name)) order.push(name);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  await scene.reporter.assert(
    "upgrade-rolls",
    `an upgrade to ${version} rolls: control plane first, then workers one by one, drained`,
    async () => {
      try {
        scene.sandbox.edit(scene.stack, (config) => {
          (config.cluster as { kubernetes: { version: string } }).kubernetes.version = version;
        });
        const run = await scene.sandbox.up(scene.stack);
        const ask = async () => (await scene.kube.nodes()).map((node) => node.status!.nodeInfo!.kubeletVersion);
        const { answer, held } = await poll(30, ask, (versions) => versions.every((each) => each === `v${version}`));
        const most = Math.max(...cordonedAtOnce);
        return {
          passed: run.exitCode === 0 && held && order[0] === scene.controlPlane && most === 1,
          evidence: {
            versions: answer,
            order,
            mostCordonedAtOnce: most,
            touched: changed(run).map(label).length,
            messages: run.messages.slice(0, 5),
          },
        };
      } finally {
        watching = false;
        await watch;
      }
    },
  );
}
