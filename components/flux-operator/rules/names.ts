import type { MiniClusterObject } from "../model/spec";
import { VIEW_NAME } from "../model/flux";
import { isLabel, isServiceName, LABEL_WORDS, SERVICE_WORDS, type Check } from "./check";

/**
 * The ConfigMap's volume is called `<name>-entrypoint`, which a volume's name limits to 63 characters; with it also the pods'
 * host names `<name>-<index>` and `<name>-services` fit (controllers/flux/volumes.go@0d75cef8).
 */
export const NAME_LENGTH = 63 - "-entrypoint".length;

/** Names that the operator takes for volumes of its own (controllers/flux/volumes.go@0d75cef8). */
export const ownVolumes = (cluster: MiniClusterObject) => [
  "spack-software",
  "flux-operator-home",
  viewName(cluster),
  `${cluster.metadata.name}-entrypoint`,
];

export const viewName = ({ spec }: MiniClusterObject) => spec.flux?.container?.name || VIEW_NAME;
export const headlessName = ({ metadata, spec }: MiniClusterObject) => spec.network?.headlessName || metadata.name;

export function checkNames(cluster: MiniClusterObject, check: Check): void {
  const { metadata, spec } = cluster;
  const { name } = metadata;
  const ownService = !spec.network?.headlessName;
  check.when(name.length > NAME_LENGTH || !isLabel(name), ["metadata", "name"], {
    value: name,
    message:
      name.length > NAME_LENGTH
        ? 'It is too long: the operator adds "-entrypoint", and a volume\'s name has at most 63 characters. It then tries for ever.'
        : "It becomes the name of a container and of a volume, which it cannot be.",
    allowed: LABEL_WORDS.replace("63", String(NAME_LENGTH)),
    fix: "Choose a shorter or plainer name.",
  });
  check.when(ownService && isLabel(name) && !isServiceName(name), ["metadata", "name"], {
    value: name,
    message: "It becomes the name of a Service too, which older versions of Kubernetes let begin with a letter only.",
    allowed: SERVICE_WORDS.replace("63", String(NAME_LENGTH)),
    fix: "Choose a name that begins with a letter, or give `network.headlessName`.",
  });
  check.when(metadata.namespace !== undefined && !isLabel(metadata.namespace), ["metadata", "namespace"], {
    value: metadata.namespace,
    message: "It is not the name of a namespace.",
    allowed: LABEL_WORDS,
    fix: "Correct the name.",
  });
  check.when(!ownService && !isServiceName(headlessName(cluster)), ["spec", "network", "headlessName"], {
    value: spec.network?.headlessName,
    message: "It becomes the name of a Service, which it cannot be; the operator then tries for ever.",
    allowed: SERVICE_WORDS,
    fix: "Choose a plainer name, or leave it out.",
  });
  checkViewName(cluster, check);
}

/** It is the name of the init container, of a volume and of a key in the ConfigMap. */
function checkViewName(cluster: MiniClusterObject, check: Check): void {
  const name = cluster.spec.flux?.container?.name;
  if (name === undefined || name === "") return;
  const at = ["spec", "flux", "container", "name"];
  const taken = ["spack-software", "flux-operator-home", `${cluster.metadata.name}-entrypoint`, cluster.metadata.name];
  const scripts = cluster.spec.containers.flatMap((_, index) => [`wait-${index}`, `start-${index}`]);
  check.when(!isLabel(name), at, {
    value: name,
    message: "It becomes the name of a container and of a volume, which it cannot be.",
    allowed: LABEL_WORDS,
    fix: `Leave it out; it is then ${VIEW_NAME}.`,
  });
  check.when(taken.includes(name) || scripts.includes(name), at, {
    value: name,
    message: "The operator needs this name for something else in the same pod or ConfigMap.",
    fix: `Leave it out; it is then ${VIEW_NAME}.`,
  });
}
