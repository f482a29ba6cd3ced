import { ensureKwok, KWOK_VERSION, missingKwok } from "../tools/rehearse/binaries/kwok";
import { findPrograms } from "../tools/rehearse/control-plane";
import { closeOnSignals } from "../tools/rehearse/lab";
import { SimulatedCluster, type Placing } from "../tools/rehearse/scale/cluster";
import { inOneLeaf, leavesOf } from "../tools/rehearse/scale/leaves";
import { FULL_SCALE, podsOf, scalePlan, type ScalePlan } from "../tools/rehearse/scale/plan";

/** How long the scheduler is looked at while nothing is placed. */
const LOOK_SECONDS = 30;
/** A pending gang is tried after 1, 2, 4, 8 and then every 10 seconds. */
const SETTLE_SECONDS = 15;
/** Off in our clusters, on by default. */
const SPIN_GATE = "SchedulerPopFromBackoffQ";

/**
 * 200 gangs on 1,000 simulated nodes in 60 leaves, each within a leaf, beside the same gangs on the same nodes without our
 * labels and without `within`, in one run. The control plane is real; kwok plays the kubelets. Goal: 200 of 200 in one leaf.
 */
export async function benchGangs(): Promise<void> {
  const found = findPrograms();
  const missing = "missing" in found ? found.missing : missingKwok();
  if (missing !== undefined || "missing" in found) return console.log(`skipped: ${missing}`);
  const parts = { programs: found.folder, kwok: await ensureKwok(console.log) };
  const plan = scalePlan(FULL_SCALE);
  console.log(
    `${plan.tree.nodes.length} nodes simulated by kwok ${KWOK_VERSION} in ${FULL_SCALE.leaves} leaves, ${plan.gangs.length} gangs, ${podsOf(plan.gangs)} pods of a quarter node; kube-scheduler ${plan.contract.kubernetes.version}, which may ask the API server 50 times a second`,
  );
  const near = await withLabels(plan, parts);
  const far = await withoutLabels(plan, parts);
  const goal = inOneLeaf(plan.tree, plan.gangs, near.nodes) === plan.gangs.length ? "" : "   below the goal";
  console.log(`  gangs in one leaf, within: leaf / without     ${oneLeaf(plan, near)} / ${oneLeaf(plan, far)}${goal}`);
  console.log(`  leaves of a gang, mean                        ${meanLeaves(plan, near)} / ${meanLeaves(plan, far)}`);
  console.log(`  pods bound a second                           ${rate(near)} / ${rate(far)}`);
  console.log(`  kube-scheduler meanwhile, share of a core     ${percent(near.schedulerShare)} / ${percent(far.schedulerShare)}`);
}

type Options = Parameters<typeof SimulatedCluster.start>[1];

function withLabels(plan: ScalePlan, parts: Options): Promise<Placing> {
  return onCluster(plan, parts, async (cluster) => {
    const idle = await cluster.schedulerShare(LOOK_SECONDS);
    const placing = await cluster.place(plan.gangs);
    const pending = await cluster.pend(plan.misfit, LOOK_SECONDS, SETTLE_SECONDS);
    if (pending.bound > 0) throw new Error(`${pending.bound} pods were bound of a gang that is larger than every leaf`);
    await cluster.restartScheduler(SPIN_GATE, true, SETTLE_SECONDS);
    const spinning = await cluster.schedulerShare(LOOK_SECONDS);
    console.log(`  kube-scheduler, idle, share of a core         ${percent(idle)}`);
    console.log(
      `  while a gang of ${plan.misfit.nodes} waits that fits no leaf       ${percent(pending.schedulerShare)}; with ${SPIN_GATE}, the default, ${percent(spinning)}`,
    );
    return placing;
  });
}

function withoutLabels(plan: ScalePlan, parts: Options): Promise<Placing> {
  const gangs = plan.gangs.map((gang) => ({ ...gang, within: undefined }));
  return onCluster(plan, { ...parts, labels: false }, (cluster) => cluster.place(gangs));
}

async function onCluster<T>(plan: ScalePlan, options: Options, work: (cluster: SimulatedCluster) => Promise<T>): Promise<T> {
  const cluster = await SimulatedCluster.start(plan, options);
  const release = closeOnSignals(() => cluster.stop());
  try {
    return await work(cluster);
  } finally {
    release();
    await cluster.stop();
  }
}

function oneLeaf(plan: ScalePlan, { nodes, bound, pods }: Placing): string {
  return `${inOneLeaf(plan.tree, plan.gangs, nodes)} of ${plan.gangs.length}${bound === pods ? "" : ` (${pods - bound} pods not bound)`}`;
}

function meanLeaves(plan: ScalePlan, { nodes }: Placing): string {
  const counts = [...nodes.values()].map((each) => leavesOf(plan.tree, each).length);
  return (counts.reduce((sum, each) => sum + each, 0) / counts.length).toFixed(1);
}

function rate({ bound, seconds }: Placing): string {
  return `${(bound / seconds).toFixed(0)} (${seconds.toFixed(0)} s)`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
