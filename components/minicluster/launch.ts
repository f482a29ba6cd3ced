import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ViewOs } from "../../hardware/offers";
import type { PodSize } from "./resources";
import { tasksOf, type MiniClusterSpec, type MpiLibrary, type PmiService } from "./spec";

/** Where the files of the launch lie in every pod; the operator's own scripts need a writable /tmp, too. */
const FOLDER = "/tmp/turducken";
const PROGRAM = readFileSync(join(__dirname, "run.py"), "utf8");
const END = "TURDUCKEN";

/**
 * What an MPI library asks, best first. MPICH and those made from it speak PMI-1 over a file descriptor. Open MPI 5 knows PMIx
 * only; Open MPI 4 also finds Flux's libpmi, if it was built with it.
 */
export const PMI_OF: Readonly<Record<MpiLibrary, readonly PmiService[]>> = {
  openmpi: ["pmix", "simple"],
  mpich: ["simple", "pmix"],
  intelmpi: ["simple"],
  mvapich: ["simple", "pmix"],
};

/**
 * What the published views serve: flux-pmix is in those of Ubuntu and not in those of Rocky
 * (converged-computing/flux-views:ubuntu/Dockerfile, rocky/Dockerfile@944ecbe; read, not run).
 */
export function viewPmi(os: ViewOs): readonly PmiService[] {
  return os.startsWith("ubuntu-") ? ["simple", "pmix", "off"] : ["simple", "off"];
}

/** The service of `-o pmi=`; undefined leaves it to Flux, whose default is simple. */
export function pmiOf(spec: MiniClusterSpec, served: readonly PmiService[]): PmiService | undefined {
  const { mpi, pmi } = spec.launch ?? {};
  if (pmi !== undefined || mpi === undefined) return pmi;
  return PMI_OF[mpi].find((each) => served.includes(each)) ?? PMI_OF[mpi][0];
}

/** What is asked of the world's size; one task is a world whatever happens. */
export function worldProbe(spec: MiniClusterSpec, tasks: number): "mpi" | "auto" | "off" {
  return spec.probe?.world ?? (tasks > 1 ? "auto" : "off");
}

/**
 * Options of flux submit, one word each. Every task gets its share of a node's cores, so that threads have room and `per-task`
 * binds them to it; with -g its share of the GPUs, because without it Flux hides all of them. More tasks than GPUs cannot have a
 * share each: then each sees all of the pod's.
 */
export function submitOptions(spec: MiniClusterSpec, size: PodSize, pmi: PmiService | undefined): string[] {
  const perNode = Math.ceil(tasksOf(spec, size) / spec.nodes);
  const cores = Math.floor(size.cores / perNode);
  const gpus = Math.floor(size.gpus / perNode);
  return [
    ...(pmi === undefined ? [] : ["-o", `pmi=${pmi}`]),
    "-o",
    "cpu-affinity=per-task",
    ...(cores > 1 ? ["-c", String(cores)] : []),
    ...(gpus > 0 ? ["-g", String(gpus), "-o", "gpu-affinity=per-task"] : []),
    ...(size.gpus > 0 && gpus === 0 ? ["-o", "gpu-affinity=off"] : []),
    ...(spec.launch?.options ?? []),
  ];
}

/** Words that the operator's script takes as they are: it splits the command at spaces and understands no quotes. */
const PLAIN = /^[A-Za-z0-9_.,:/@%+=-]+$/;

/**
 * The command, as `command` where every word is plain. Else as `commands.script`: that text is written by an unquoted
 * here-document, so what a shell would expand there is escaped.
 */
export function commandFields(command: readonly string[]): { command: string } | { script: string } {
  if (command.every((word) => PLAIN.test(word))) return { command: command.join(" ") };
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return { script: `exec ${quoted}`.replaceAll(/[\\$`]/g, (character) => `\\${character}`) };
}

/**
 * Shell lines before the broker starts, in every pod: the files of the launch, and R where Flux would not see GPUs (hwloc of the
 * view has no GPU support; each pod describes all hosts by itself, flux-framework/flux-operator:pkg/flux/templates/wait.sh@0d75cef8).
 *
 * With `quiet` the operator appends `> /dev/null 2>&1` to the last line, which would win over a redirection there and leave R
 * empty: so the last line does nothing.
 */
export function preLines(spec: MiniClusterSpec, size: PodSize, pmi: PmiService | undefined): string {
  const files = spec.interactive
    ? []
    : [...file(`${FOLDER}/run.py`, PROGRAM), ...file(`${FOLDER}/job.json`, `${JSON.stringify(jobOf(spec, size, pmi))}\n`)];
  const resources =
    size.gpus > 0
      ? [
          `flux R encode --hosts="\${hosts}" --cores=${idset(size.cores)} --gpus=${idset(size.gpus)} > ${FOLDER}/R`,
          `mv ${FOLDER}/R "\${configroot}/etc/flux/system/R"`,
        ]
      : [];
  const lines = [...files, ...resources];
  return lines.length === 0 ? "" : [`mkdir -p ${FOLDER}`, ...lines, ":"].join("\n");
}

/** Instead of flux submit; it gets the same arguments. */
export const SUBMIT = `flux python ${FOLDER}/run.py`;

/**
 * After the broker's end, in every pod. Without it a pod ends with 0 whatever the application did, because the operator's script
 * ends with `touch`. The first line must be the first: `$?` is Flux's exit code there.
 */
export const POST = [
  "status=$?",
  `if [ -s ${FOLDER}/failed ]; then status=$(cat ${FOLDER}/failed); fi`,
  'if [ "$status" -ne 0 ]; then exit "$status"; fi',
].join("\n");

/** What `run.py` is told. */
function jobOf(spec: MiniClusterSpec, size: PodSize, pmi: PmiService | undefined) {
  const tasks = tasksOf(spec, size);
  return {
    nodes: spec.nodes,
    tasks,
    options: submitOptions(spec, size, pmi),
    pmi: pmi ?? "simple",
    world: worldProbe(spec, tasks),
    seconds: spec.probe?.seconds ?? 300,
    program: spec.command?.[0] ?? "",
    system: spec.launch?.mpi !== undefined,
    output: spec.probe?.output ?? null,
  };
}

function file(path: string, text: string): string[] {
  return [`cat > ${path} <<'${END}'`, ...text.replace(/\n$/, "").split("\n"), END];
}

const idset = (count: number): string => (count === 1 ? "0" : `0-${count - 1}`);
