import type { ClusterContract } from "../../../components/contract/contract";
import { poll, type Kube } from "../kube";
import type { Reporter } from "../report";
import type { Sandbox } from "../sandbox-types";

/** One gang as a workload stack's configuration has it. */
export interface GangConfig {
  readonly name: string;
  readonly nodes: number;
  readonly within?: string;
  readonly unchecked?: boolean;
}

export interface GangScene {
  readonly reporter: Reporter;
  readonly sandbox: Sandbox;
  readonly kube: Kube;
  readonly contract: ClusterContract;
  readonly workload: string;
  readonly namespace: string;
  /** Image, command and requests of every gang here; the request fills more than half a node. */
  readonly container: Record<string, unknown>;
}

/** Which domain of `tier` each pod of the gang is in; unbound pods are left out. */
async function whereIs(scene: GangScene, gang: string): Promise<{ nodes: string[]; domains: (tier: string) => string[] }> {
  const placed = await scene.kube.placement(scene.namespace, `turducken.dev/pod-group=${gang}`);
  const nodes = Object.values(placed).sort();
  const domainOf = (tier: string, name: string) =>
    scene.contract.nodes.find((node) => node.name === name)?.domains[tier] ?? "(none)";
  return { nodes, domains: (tier) => [...new Set(nodes.map((node) => domainOf(tier, node)))] };
}

async function apply(scene: GangScene, gangs: readonly GangConfig[]): Promise<void> {
  scene.sandbox.edit(scene.workload, (config) => {
    (config.workload as Record<string, unknown>).gangs = gangs.map((gang) => ({ ...gang, ...scene.container }));
  });
  const run = await scene.sandbox.up(scene.workload);
  if (run.exitCode !== 0) throw new Error(`up of ${scene.workload} failed: ${run.messages.join("; ")}`);
}

/** Removes every gang and waits until their pods and PodGroups are really gone, so that the next case starts on free nodes. */
async function clear(scene: GangScene): Promise<void> {
  await apply(scene, []);
  const group = {
    group: "scheduling.k8s.io",
    version: scene.contract.kubernetes.gangApi!.split("/")[1]!,
    namespace: scene.namespace,
    plural: "podgroups",
  };
  const left = async () => ({
    pods: (await scene.kube.pods(scene.namespace)).length,
    groups: ((await scene.kube.custom.listNamespacedCustomObject(group)) as { items: unknown[] }).items.length,
  });
  const gone = await poll(60, left, ({ pods, groups }) => pods === 0 && groups === 0);
  if (!gone.held) throw new Error(`gangs are still there after 60 s: ${JSON.stringify(gone.answer)}`);
}

/** A gang of 3 in the leaf of 3 and, while it runs, one of 2 in the leaf of 2. */
async function leavesAreFilled(scene: GangScene): Promise<void> {
  await apply(scene, [{ name: "three", nodes: 3, within: "leaf" }]);
  await scene.reporter.assert(
    "gang-of-3-in-one-leaf",
    "a gang of 3 within a leaf runs in the leaf that has 3 nodes",
    async () => {
      const { answer, held } = await poll(
        60,
        () => whereIs(scene, "three"),
        ({ nodes }) => nodes.length === 3,
      );
      return {
        passed: held && answer!.domains("leaf").length === 1 && new Set(answer!.nodes).size === 3,
        evidence: { nodes: answer?.nodes, leaves: answer?.domains("leaf") },
      };
    },
  );
  await apply(scene, [
    { name: "three", nodes: 3, within: "leaf" },
    { name: "two", nodes: 2, within: "leaf" },
  ]);
  await scene.reporter.assert(
    "gang-of-2-beside-it",
    "while it runs, a gang of 2 within a leaf runs in the leaf that has 2 nodes",
    async () => {
      const { answer, held } = await poll(
        60,
        () => whereIs(scene, "two"),
        ({ nodes }) => nodes.length === 2,
      );
      const three = await whereIs(scene, "three");
      const apart = three.nodes.every((node) => !answer?.nodes.includes(node));
      return {
        passed: held && apart && answer!.domains("leaf").length === 1 && three.nodes.length === 3,
        evidence: { two: answer?.nodes, leaves: answer?.domains("leaf"), three: three.nodes },
      };
    },
  );
}

/** A gang that no leaf can hold is refused; forced past the check it stays whole and Pending, and a spine holds it. */
async function tooBigForALeaf(scene: GangScene): Promise<void> {
  await scene.reporter.assert(
    "gang-of-4-refused",
    "a gang of 4 within a leaf is refused at plan, with the size of the biggest leaf",
    async () => {
      scene.sandbox.edit(scene.workload, (config) => {
        (config.workload as Record<string, unknown>).gangs = [{ name: "four", nodes: 4, within: "leaf", ...scene.container }];
      });
      const plan = await scene.sandbox.turducken(["plan", scene.workload]);
      const text = `${plan.stdout}\n${plan.stderr}`;
      const why = text
        .split("\n")
        .filter((line) => /four|biggest|largest|leaf/i.test(line))
        .slice(0, 6);
      return { passed: plan.code === 1 && /\b3\b/.test(why.join(" ")), evidence: { exit: plan.code, said: why } };
    },
  );
  await apply(scene, [{ name: "four", nodes: 4, within: "leaf", unchecked: true }]);
  await scene.reporter.assert(
    "forced-gang-stays-pending",
    "forced past the check, it stays whole: four pods Pending, none bound",
    async () => {
      const group = `turducken.dev/pod-group=four`;
      const made = await poll(
        30,
        () => scene.kube.pods(scene.namespace, group),
        (pods) => pods.length === 4,
      );
      const counts: number[] = [];
      for (let sample = 0; sample < 16; sample += 1) {
        counts.push((await whereIs(scene, "four")).nodes.length);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      const phases = (await scene.kube.pods(scene.namespace, group)).map((pod) => pod.status?.phase);
      return {
        passed:
          made.held &&
          counts.every((count) => count === 0) &&
          phases.length === 4 &&
          phases.every((phase) => phase === "Pending"),
        evidence: { boundOverTime: counts, phases },
      };
    },
  );
  await apply(scene, [
    { name: "four", nodes: 4, within: "leaf", unchecked: true },
    { name: "wide", nodes: 4, within: "spine" },
  ]);
  await scene.reporter.assert("spine-holds-it", "a gang of 4 within a spine runs in the spine that has 5 nodes", async () => {
    const { answer, held } = await poll(
      60,
      () => whereIs(scene, "wide"),
      ({ nodes }) => nodes.length === 4,
    );
    return {
      passed: held && answer!.domains("spine").length === 1,
      evidence: { nodes: answer?.nodes, spines: answer?.domains("spine") },
    };
  });
}

/** Two gangs of four on six nodes: one runs whole, the other waits whole; at no moment does each hold a part. */
async function rivalsNeverShare(scene: GangScene): Promise<void> {
  const [first, second] = ["red", "blue"] as const;
  const samples: [number, number][] = [];
  let watching = true;
  const watch = (async () => {
    while (watching) {
      const pair = await Promise.all([whereIs(scene, first), whereIs(scene, second)]).catch(() => undefined);
      if (pair) samples.push([pair[0].nodes.length, pair[1].nodes.length]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  try {
    await apply(scene, [
      { name: first, nodes: 4 },
      { name: second, nodes: 4 },
    ]);
    await poll(
      60,
      async () => samples.at(-1),
      (last) => last?.[0] === 4 || last?.[1] === 4,
    );
    await new Promise((resolve) => setTimeout(resolve, 4000));
  } finally {
    watching = false;
    await watch;
  }
  await scene.reporter.assert("rivals-never-half", "two gangs of 4 that compete for 6 nodes never hold half each", async () => {
    const distinct = [...new Set(samples.map((pair) => pair.join("+")))];
    const last = samples.at(-1) ?? [0, 0];
    const whole = (last[0] === 4 && last[1] === 0) || (last[0] === 0 && last[1] === 4);
    return {
      passed: whole && samples.every(([red, blue]) => red === 0 || blue === 0),
      evidence: { seen: distinct, samples: samples.length, last },
    };
  });
}

export async function rehearseGangs(scene: GangScene): Promise<void> {
  await leavesAreFilled(scene);
  await clear(scene);
  await tooBigForALeaf(scene);
  await clear(scene);
  await rivalsNeverShare(scene);
  await clear(scene);
}
