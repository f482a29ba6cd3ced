import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { validateMiniClusterObject } from "../flux-operator/validate";
import { fitProblems } from "../gang/fit";
import { poolOf, poolProblems, type ContractPool } from "../gang/spec";
import { leavesOf, placementProblems } from "../placement/problems";
import { launchProblems, launchWarnings, viewProblems } from "./check-launch";
import { podProblems } from "./check-pod";
import { miniClusterObject } from "./objects";
import { queueOf } from "./schedulers";
import { MINICLUSTER_NAME_LENGTH, type MiniClusterLayers, type MiniClusterSpec } from "./spec";

export interface Checked {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** Stands for the namespace where only the shape of the object is looked at. */
const ANY_NAMESPACE = "work";

/**
 * Everything that is wrong with a MiniCluster on this cluster and these layers, before anything is made. With `unchecked` the
 * reasons why it could never start are warnings.
 */
export function checkMiniCluster(
  contract: ClusterContract,
  layers: MiniClusterLayers,
  spec: MiniClusterSpec,
  path = `workload.miniclusters[${spec.name}]`,
): Checked {
  const pool = poolOf(contract, spec);
  const fit = [...fitProblems(contract, gangOf(spec), path), ...leafFit(contract, spec, path)];
  const problems = [
    ...nameProblems(spec, path),
    ...countProblems(spec, path),
    ...commandProblems(spec, path),
    ...poolProblems(contract, spec, path),
    ...placementProblems(contract, layers.scheduler, spec, path),
    ...(pool ? schedulerProblems(contract, layers, spec, pool, path) : []),
    ...(pool ? viewProblems(pool, spec, path) : []),
    ...(pool ? podProblems(pool, layers, spec, path) : []),
    ...(pool ? launchProblems(pool, layers, spec, path) : []),
    ...(pool ? objectProblems(contract, layers, spec, path) : []),
  ];
  const warnings = pool ? launchWarnings(pool, layers, spec, path) : [];
  return spec.unchecked
    ? { problems: unique(problems), warnings: [...warnings, ...fit] }
    : { problems: unique([...problems, ...fit]), warnings };
}

/**
 * All MiniClusters of a stack at once.
 *
 * @param taken names of other work in the same namespace that makes Jobs, Services and PodGroups
 */
export function checkMiniClusters(
  contract: ClusterContract,
  layers: MiniClusterLayers,
  specs: readonly MiniClusterSpec[],
  path = "workload.miniclusters",
  taken: readonly string[] = [],
): Checked {
  const checks = specs.map((spec, index) => checkMiniCluster(contract, layers, spec, `${path}[${index}]`));
  const names = specs.map(({ name }) => name);
  const twice = names.flatMap((name, index): Problem[] =>
    names.indexOf(name) === index && !taken.includes(name)
      ? []
      : [
          {
            path: `${path}[${index}].name`,
            value: name,
            message: "Other work has this name: its pods would be in one gang with these, and wait for each other.",
            fix: "Give every MiniCluster and every gang a name of its own.",
          },
        ],
  );
  return {
    problems: [...twice, ...checks.flatMap((each) => each.problems)],
    warnings: checks.flatMap((each) => each.warnings),
  };
}

/** The same question as for a plain gang; a named leaf is asked about by itself. */
function gangOf({ name, nodes, within, leaf, pool, image }: MiniClusterSpec) {
  return { name, nodes, pool, image, within: leaf === undefined ? within : undefined };
}

/** What is made of the name: the longest are the volume `<name>-entrypoint` and the pods `<name>-<index>-<5 letters>`. */
export function nameProblems({ name, nodes }: MiniClusterSpec, path: string): Problem[] {
  const index = String(Math.max(0, (Number.isInteger(nodes) ? nodes : 1) - 1));
  const most = Math.min(MINICLUSTER_NAME_LENGTH, 63 - `--xxxxx`.length - index.length);
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= most) return [];
  const long = name.length > most ? ` (${name.length} characters: a pod would be ${name}-${index}-xxxxx)` : "";
  return [
    {
      path: `${path}.name`,
      value: name,
      message: `It becomes the name of a Job, a Service, a volume \`<name>-entrypoint\` and of pods, which it cannot be${long}.`,
      allowed: `small letters, digits and \`-\`, a letter first, no \`-\` last, at most ${most} characters`,
      fix: "Choose a shorter or plainer name.",
    },
  ];
}

function countProblems({ nodes, tasks }: MiniClusterSpec, path: string): Problem[] {
  const problems: Problem[] = [];
  if (!Number.isInteger(nodes) || nodes < 1) {
    const fix = "Say on how many nodes it runs.";
    problems.push({ path: `${path}.nodes`, value: nodes, message: "It has whole nodes.", allowed: "1 or more", fix });
  } else if (tasks !== undefined && (!Number.isInteger(tasks) || tasks < nodes)) {
    problems.push({
      path: `${path}.tasks`,
      value: tasks,
      message: "Every node runs at least one whole task; a node without any would be held for nothing.",
      allowed: `${nodes} or more`,
      fix: "Ask for more tasks, or for fewer nodes.",
    });
  }
  return problems;
}

function commandProblems(spec: MiniClusterSpec, path: string): Problem[] {
  const { command = [], interactive, workingDir, probe, wait } = spec;
  const problems: Problem[] = [];
  const add = (field: string, value: unknown, message: string, fix: string) =>
    problems.push({ path: `${path}.${field}`, value, message, fix });
  if (interactive && command.length > 0)
    add("interactive", true, "An interactive MiniCluster runs no command.", "Leave one of the two out.");
  if (!interactive && command.length === 0)
    add("command", undefined, "There is nothing to run.", "Say what to run, or set `interactive: true`.");
  for (const [index, word] of command.entries()) {
    if (word !== "" && !/\p{Cc}/u.test(word)) continue;
    const fix = "Put it into a script of the image.";
    add(`command[${index}]`, word, "Words of a command are not empty and have no line ends in them.", fix);
  }
  if (workingDir !== undefined && !workingDir.startsWith("/"))
    add("workingDir", workingDir, "It is no absolute path.", "Begin it with `/`.");
  if (interactive && (probe !== undefined || wait === "complete")) {
    const [field, value] = probe === undefined ? ["wait", wait] : ["probe", undefined];
    add(field, value, "An interactive MiniCluster has no tasks to ask and never completes.", "Leave it out.");
  }
  return problems;
}

/** What a scheduler needs beside the placement words. */
function schedulerProblems(
  contract: ClusterContract,
  layers: MiniClusterLayers,
  spec: MiniClusterSpec,
  pool: ContractPool,
  path: string,
): Problem[] {
  const problems: Problem[] = [];
  if (layers.scheduler === "kueue" && queueOf(layers, pool.name) === undefined)
    problems.push({
      path: `${path}.pool`,
      value: pool.name,
      message: "The layers have no queue for this pool; Kueue leaves a Job without one to the default scheduler.",
      allowed: Object.keys(layers.queues ?? {}).join(", ") || undefined,
      fix: "Add the pool to a queue in the layers stack, and run `up` there.",
    });
  if (layers.scheduler !== "fluence") return problems;
  if (layers.fluencePools !== undefined && !layers.fluencePools.includes(pool.name))
    problems.push({
      path: `${path}.pool`,
      value: pool.name,
      message: "Fluence does not own the nodes of this pool and does not see them.",
      allowed: layers.fluencePools.join(", ") || "none",
      fix: "Use a pool that it owns, or give it this one in the layers stack.",
    });
  if (spec.within !== undefined && spec.leaf === undefined && leavesOf(contract).length > 0)
    problems.push({
      path: `${path}.within`,
      value: spec.within,
      message: "No leaf was chosen, and Fluence keeps a job in one leaf only where its name is given.",
      allowed: leavesOf(contract).slice(0, 12).join(", "),
      fix: "Name one with `leaf`.",
    });
  return problems;
}

/** A named leaf that is too small. That there is such a leaf is asked with the placement words. */
function leafFit(contract: ClusterContract, spec: MiniClusterSpec, path: string): Problem[] {
  const pool = poolOf(contract, spec)?.name;
  const tier = contract.topologyKeys[0]?.tier;
  if (spec.leaf === undefined || tier === undefined || !leavesOf(contract).includes(spec.leaf)) return [];
  const size = contract.nodes.filter((node) => node.schedulable && node.pool === pool && node.domains[tier] === spec.leaf).length;
  if (spec.nodes <= size) return [];
  return [
    {
      path: `${path}.nodes`,
      value: spec.nodes,
      message: `It can never fit: ${tier} ${spec.leaf} has ${size === 1 ? "1 node" : `${size} nodes`} of pool ${pool} that can carry work.`,
      allowed: `at most ${size}`,
      fix: "Ask for fewer nodes, or name another leaf; `unchecked: true` makes it all the same, and it stays Pending.",
    },
  ];
}

/** Parts of the object that come from fields which are looked at above. */
const TOLD = ["metadata.", "spec.network", "spec.size", "spec.tasks", "spec.pod.labels", "spec.containers[0].resources"];

/** What the operator would only write to its log, in the user's words where a field of theirs becomes one of the container. */
function objectProblems(contract: ClusterContract, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  const object = miniClusterObject(contract, layers, spec, ANY_NAMESPACE);
  return validateMiniClusterObject(object, path)
    .filter((problem) => !TOLD.some((each) => problem.path.startsWith(`${path}.${each}`)))
    .map((problem) => ({ ...problem, path: problem.path.replace(`${path}.spec.containers[0].`, `${path}.`) }));
}

/** One fact found on two ways is told once. */
function unique(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    return !seen.has(key) && seen.add(key);
  });
}
