import type { MiniClusterContainer } from "../model/container";
import type { MiniClusterObject } from "../model/spec";
import { isLabel, isServiceName, LABEL_WORDS, SERVICE_WORDS, type Check, type Place } from "./check";
import { checkContainerFields } from "./fields";
import { headlessName, viewName } from "./names";

/** Which container runs Flux: the one that says so, or the only one (minicluster_types.go@0d75cef8 Validate). */
export const runsFlux = ({ spec }: MiniClusterObject, container: MiniClusterContainer) =>
  spec.containers.length === 1 || container.runFlux === true;

export function checkContainers(cluster: MiniClusterObject, check: Check): void {
  const { containers, services = [] } = cluster.spec;
  checkRunners(cluster, check);
  containers.forEach((container, index) => {
    const at = ["spec", "containers", index];
    if (runsFlux(cluster, container)) checkRunner(container, at, check);
    else checkSidecar(cluster, container, at, check);
    checkContainerFields(container, at, check);
  });
  services.forEach((service, index) => {
    const at = ["spec", "services", index];
    checkService(service, at, check);
    checkContainerFields(service, at, check);
  });
  checkUnique(cluster, check);
}

function checkRunners(cluster: MiniClusterObject, check: Check): void {
  const { containers } = cluster.spec;
  const runners = containers.filter((container) => runsFlux(cluster, container)).length;
  check.when(containers.length === 0, ["spec", "containers"], {
    message: "There is no container; the operator leaves the MiniCluster alone, without a word.",
    fix: "Add the container of the application.",
  });
  check.when(containers.length > 0 && runners !== 1, ["spec", "containers"], {
    message: `${runners === 0 ? "None" : runners} of the containers ${runners === 0 ? "runs" : "run"} Flux; the operator leaves the MiniCluster alone, without a word.`,
    allowed: "exactly one with `runFlux: true`",
    fix: runners === 0 ? "Set `runFlux: true` on the application's container." : "Take `runFlux` from all but one.",
  });
}

function checkRunner(container: MiniClusterContainer, at: Place, check: Check): void {
  const { command = "", commands = {} } = container;
  check.when(container.launcher === true && container.batch === true, [...at, "launcher"], {
    value: true,
    message: "It is a launcher and a batch script at once; the operator refuses that in its log only.",
    allowed: "`launcher` or `batch`",
    fix: "Take one of them out.",
  });
  check.when(Boolean(commands.script) && Boolean(command), [...at, "commands", "script"], {
    message: "There is a command as well; the operator refuses that in its log only.",
    allowed: "`commands.script` or `command`",
    fix: "Take one of them out.",
  });
  check.when(container.batchRaw === true && container.batch !== true, [...at, "batchRaw"], {
    value: true,
    message: "It has no effect without `batch`.",
    fix: "Set `batch: true`, or take it out.",
  });
  check.when(container.batch === true && !command, [...at, "command"], {
    value: command,
    message: "A batch script without a line: Flux would start interactively.",
    fix: "Write the script's lines, or take `batch` out.",
  });
  // wait.sh: command="<command>", later ${command} without quotes; a batch script is written by echo "…".
  const quotes = container.batch === true ? /"/ : /["']/;
  check.when(quotes.test(command), [...at, "command"], {
    value: command,
    message: "Quotes in it are not understood: the script splits the command at white space, and a double quote ends it.",
    fix: "Put the line into `commands.script`.",
  });
  check.when(Boolean(commands.servicePre), [...at, "commands", "servicePre"], {
    message: "It only runs in containers without Flux.",
    fix: "Use `commands.pre`.",
  });
}

/** A container beside Flux in the same pod (pkg/flux/templates/start.sh@0d75cef8). */
function checkSidecar(cluster: MiniClusterObject, container: MiniClusterContainer, at: Place, check: Check): void {
  const { name = "", command = "", commands = {}, ports = [] } = container;
  checkName(container, at, check, "Containers without Flux need a name; the operator refuses one without in its log only.");
  check.when(name !== "" && [cluster.metadata.name, viewName(cluster)].includes(name), [...at, "name"], {
    value: name,
    message: "The container that runs Flux, or the init container, has this name.",
    fix: "Choose another name.",
  });
  for (const field of ["script", "pre", "brokerPre", "workerPre"] as const) {
    check.when(Boolean(commands[field]), [...at, "commands", field], {
      message: "It only runs in the container that runs Flux.",
      fix: "Use `command`, or `commands.servicePre`.",
    });
  }
  const wrapped = container.noWrapEntrypoint !== true;
  check.when(!wrapped && command !== "", [...at, "command"], {
    value: command,
    message: "With `noWrapEntrypoint` the image's own entrypoint runs, and this is not used.",
    fix: "Take one of them out.",
  });
  check.when(wrapped && command === "" && !commands.script, [...at, "command"], {
    message: "The image's entrypoint is replaced by a script that runs this; without it the container ends at once.",
    fix: "Add it, or set `noWrapEntrypoint: true`.",
  });
  if (ports.length > 0) checkPortService(cluster, container, at, check);
}

/** controllers/flux/service.go@0d75cef8 exposeService: a Service named after the container, its ports without names. */
function checkPortService(cluster: MiniClusterObject, container: MiniClusterContainer, at: Place, check: Check): void {
  const { name = "", ports = [] } = container;
  check.when(isLabel(name) && (!isServiceName(name) || name === headlessName(cluster)), [...at, "name"], {
    value: name,
    message: "A Service of this name is made for the container's ports, and it cannot be.",
    allowed: `${SERVICE_WORDS}; not ${headlessName(cluster)}`,
    fix: "Choose another name.",
  });
  check.when(ports.length > 1, [...at, "ports"], {
    message: "The operator gives the ports of a Service no names, which the API server refuses for more than one.",
    allowed: "one port",
    fix: "Leave one port, or make the Service yourself.",
  });
}

/** A container of the services pod: its image's own entrypoint runs (controllers/flux/containers.go@0d75cef8). */
function checkService(service: MiniClusterContainer, at: Place, check: Check): void {
  checkName(service, at, check, "Services need a name; the operator refuses one without in its log only.");
  check.when(service.runFlux === true, [...at, "runFlux"], {
    value: true,
    message: "A service cannot run Flux: its pod has none of the files.",
    fix: "Move it to `containers`.",
  });
  const unused = [
    ...(service.command ? [["command"]] : []),
    ...Object.entries(service.commands ?? {}).flatMap(([field, line]) => (line ? [["commands", field]] : [])),
  ];
  for (const place of unused) {
    check.when(true, [...at, ...place], {
      message: "Services run their images' own entrypoints; this is refused in the operator's log, or not used.",
      fix: "Take it out, and put what it does into the image.",
    });
  }
}

function checkName({ name = "" }: MiniClusterContainer, at: Place, check: Check, missing: string): void {
  check.when(!isLabel(name), [...at, "name"], {
    value: name === "" ? undefined : name,
    message: name === "" ? missing : "It is not the name of a container.",
    allowed: LABEL_WORDS,
    fix: name === "" ? "Give it a name." : "Choose a plainer name.",
  });
}

function checkUnique(cluster: MiniClusterObject, check: Check): void {
  const sidecars = cluster.spec.containers.map((each) => (runsFlux(cluster, each) ? undefined : each.name));
  for (const [field, names] of [
    ["containers", sidecars],
    ["services", (cluster.spec.services ?? []).map(({ name }) => name)],
  ] as const) {
    names.forEach((name, index) =>
      check.when(Boolean(name) && names.indexOf(name) < index, ["spec", field, index, "name"], {
        value: name,
        message: "Another container of the pod has this name.",
        fix: "Choose another name.",
      }),
    );
  }
}
