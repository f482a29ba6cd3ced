import { imagesFor, viewSystems } from "../../hardware/offers";
import type { Problem } from "../config/problems";
import type { ContractPool } from "../gang/spec";
import { PMI_OF, pmiOf } from "./launch";
import { viewOf } from "./objects";
import { podSize } from "./resources";
import { tasksOf, type MiniClusterLayers, type MiniClusterSpec } from "./spec";

const OTHER = { amd64: "arm64", arm64: "amd64" } as const;

/** Images against the pool's architecture: a wrong one ends as "exec format error" in every pod. */
export function viewProblems(pool: ContractPool, spec: MiniClusterSpec, path: string): Problem[] {
  const problems: Problem[] = [];
  const systems = viewSystems(pool.arch);
  if (spec.arch !== undefined && spec.arch !== pool.arch)
    problems.push({
      path: `${path}.arch`,
      value: spec.arch,
      message: `The image is for ${spec.arch}, and machines of pool ${pool.name} (${pool.machineType}) are ${pool.arch}.`,
      allowed: pool.arch,
      fix: `Build the image for ${pool.arch}, or use a pool of ${spec.arch}.`,
    });
  if (spec.view === undefined && spec.os !== undefined && !systems.includes(spec.os))
    problems.push({
      path: `${path}.os`,
      value: spec.os,
      message: `No Flux view of ${spec.os} is published for ${pool.arch}, which pool ${pool.name} (${pool.machineType}) is.`,
      allowed: systems.join(", "),
      fix: "Base the image on one of these, or name a view of your own with `view.image`.",
    });
  const foreign = imagesFor(OTHER[pool.arch]).views.find((each) => each.image === spec.view?.image);
  if (foreign)
    problems.push({
      path: `${path}.view.image`,
      value: foreign.image,
      message: `This view is for ${OTHER[pool.arch]}, and machines of pool ${pool.name} (${pool.machineType}) are ${pool.arch}.`,
      allowed: imagesFor(pool.arch)
        .views.map((each) => each.image)
        .join(", "),
      fix: "Leave it out: the view is chosen by `os` and the pool's architecture.",
    });
  return problems;
}

/** How processes are to find each other, against what the view serves and what the library asks. */
export function launchProblems(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  const problems: Problem[] = [];
  const { mpi, options = [] } = spec.launch ?? {};
  const view = viewOf(pool, spec);
  const pmi = pmiOf(spec, view.pmi);
  const tasks = tasksOf(spec, podSize(pool, spec, layers));
  const at = `${path}.launch.pmi`;
  if (pmi !== undefined && pmi !== "off" && !view.pmi.includes(pmi))
    problems.push({
      path: at,
      value: pmi,
      message: `The view for ${view.os} has no \`${pmi}\`: Flux would not start the job.`,
      allowed: view.pmi.join(", "),
      fix: "Use one that it has, or an image and a view of another system.",
    });
  if (mpi !== undefined && pmi !== undefined && tasks > 1 && !PMI_OF[mpi].includes(pmi))
    problems.push({
      path: at,
      value: pmi,
      message: `${mpi} does not find its other processes this way: ${tasks} tasks would be ${tasks} worlds of one rank, and each would end well.`,
      allowed: PMI_OF[mpi].join(", "),
      fix: "Leave `pmi` out.",
    });
  for (const [index, option] of options.entries()) {
    if (/^[A-Za-z0-9_.,:/@%+=-]+$/.test(option)) continue;
    const fix = "Write one option or one value in each line, without spaces and quotes.";
    const message = "The operator's script splits options at spaces and understands no quotes.";
    problems.push({ path: `${path}.launch.options[${index}]`, value: option, message, fix });
  }
  return [...problems, ...probeProblems(spec, tasks, path)];
}

function probeProblems({ probe = {} }: MiniClusterSpec, tasks: number, path: string): Problem[] {
  const problems: Problem[] = [];
  if (probe.world === "mpi" && tasks < 2) {
    const fix = "Leave it out.";
    problems.push({ path: `${path}.probe.world`, value: "mpi", message: "One task is a world by itself.", fix });
  }
  // Python's and JavaScript's expressions differ too much to try it here.
  if (probe.output !== undefined && !/\((?!\?[:=!<#])/.test(probe.output.replaceAll(/\\./g, "")))
    problems.push({
      path: `${path}.probe.output`,
      value: probe.output,
      message: "It has no group, so nothing says which number is the number of ranks.",
      allowed: "e.g. (\\d+) by (\\d+) by (\\d+) MPI processor grid",
      fix: "Put the number, or the factors of it, in parentheses.",
    });
  return problems;
}

/** What will probably not be as the user thinks. */
export function launchWarnings(pool: ContractPool, layers: MiniClusterLayers, spec: MiniClusterSpec, path: string): Problem[] {
  const warnings: Problem[] = [];
  const view = viewOf(pool, spec);
  const size = podSize(pool, spec, layers);
  const perNode = Math.ceil(tasksOf(spec, size) / spec.nodes);
  if (spec.launch?.mpi === "openmpi" && pmiOf(spec, view.pmi) === "simple")
    warnings.push({
      path: `${path}.launch.pmi`,
      value: "simple",
      message: `The view for ${view.os} has no PMIx. Open MPI 4 built with Flux support works without; Open MPI 5 does not, and the probe will say so.`,
      fix: "With Open MPI 5, base the image on Ubuntu, whose view has PMIx, or name a view of your own.",
    });
  if (!spec.interactive && size.gpus > 0 && (perNode > size.gpus || size.gpus % perNode !== 0))
    warnings.push({
      path: `${path}.tasks`,
      value: spec.tasks,
      message:
        perNode > size.gpus
          ? `${perNode} tasks share ${size.gpus} GPUs on each node; every task sees all of them, and chooses by itself.`
          : `${size.gpus} GPUs on each node cannot be divided among ${perNode} tasks; ${size.gpus % perNode} of them stay unused.`,
      fix: `Use ${spec.nodes * size.gpus} tasks, or another number that divides the GPUs.`,
    });
  return warnings;
}
