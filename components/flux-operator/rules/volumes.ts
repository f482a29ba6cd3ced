import type { MiniClusterVolume } from "../model/volume";
import type { MiniClusterObject } from "../model/spec";
import { isQuantity } from "../model/fields";
import { MOUNT_PATH } from "../model/flux";
import { isLabel, LABEL_WORDS, type Check, type Place } from "./check";
import { ownVolumes } from "./names";

/** What the operator mounts itself (controllers/flux/volumes.go@0d75cef8). */
const OWN_PATHS = [MOUNT_PATH, "/flux_operator/", "/flux_operator", "/home/flux-operator", "/opt/software"];
/** In the order in which the operator looks for them (getExistingVolumes). */
const SOURCES = ["csiDriver", "secretName", "emptyDir", "hostPath", "configMapName", "claimName"] as const;

interface Mount {
  readonly name: string;
  readonly volume: MiniClusterVolume;
  readonly at: Place;
}

export function checkVolumes(cluster: MiniClusterObject, check: Check): void {
  for (const field of ["containers", "services"] as const) {
    const mounts = (cluster.spec[field] ?? []).flatMap((container, index) =>
      Object.entries(container.volumes ?? {}).map(([name, volume]) => ({
        name,
        volume,
        at: ["spec", field, index, "volumes", name],
      })),
    );
    for (const { name, volume, at } of mounts) {
      checkVolumeName(name, volume, field === "containers" ? ownVolumes(cluster) : [], at, check);
      checkSource(volume, at, check);
      checkEmptyDir(volume, at, check);
      checkPath(volume, field === "containers" ? OWN_PATHS : [], at, check);
    }
    checkTogether(mounts, check);
  }
}

function checkVolumeName(name: string, volume: MiniClusterVolume, taken: readonly string[], at: Place, check: Check): void {
  check.when(!isLabel(name) || taken.includes(name), at, {
    value: name,
    message: taken.includes(name) ? "The operator has a volume of this name." : "It is not the name of a volume.",
    allowed: LABEL_WORDS,
    fix: "Choose another name.",
  });
  // The volume gets the ConfigMap's name, the mount the key's.
  check.when(sourceOf(volume) === "configMapName" && volume.configMapName !== name, [...at, "configMapName"], {
    value: volume.configMapName,
    message: `The operator calls the volume by the ConfigMap's name and mounts one called ${name}: the API server refuses the Job.`,
    allowed: name,
    fix: `Call the volume ${volume.configMapName}.`,
  });
}

function checkSource(volume: MiniClusterVolume, at: Place, check: Check): void {
  const sources = SOURCES.filter((source) => volume[source]);
  check.when(sources.length === 0, at, {
    message: "It says nothing about where the volume comes from.",
    allowed: `one of ${SOURCES.join(", ")}`,
    fix: "Add one of them.",
  });
  for (const source of sources.slice(1)) {
    check.when(true, [...at, source], {
      message: `The operator takes \`${sources[0]}\` and leaves this out.`,
      allowed: `one of ${SOURCES.join(", ")}`,
      fix: "Take all but one out.",
    });
  }
  check.when(Boolean(volume.hostPath) && !volume.hostPath!.startsWith("/"), [...at, "hostPath"], {
    value: volume.hostPath,
    message: "It is not the path of a folder on the node.",
    allowed: "a path that begins with /",
    fix: "Write the whole path.",
  });
  check.when(volume.items !== undefined && !volume.configMapName, [...at, "items"], {
    message: "It has an effect on ConfigMaps only.",
    fix: "Take it out.",
  });
  check.when(volume.csiDriverAttributes !== undefined && !volume.csiDriver, [...at, "csiDriverAttributes"], {
    message: "It has an effect on CSI drivers only.",
    fix: "Take it out.",
  });
}

function checkEmptyDir(volume: MiniClusterVolume, at: Place, check: Check): void {
  const { emptyDir, emptyDirMedium, emptyDirSizeLimit, path } = volume;
  check.when(Boolean(emptyDirMedium) && emptyDirMedium !== "memory", [...at, "emptyDirMedium"], {
    value: emptyDirMedium,
    message: "The operator knows only `memory`, in small letters; any other word gives a folder on the node's disk.",
    allowed: "memory",
    fix: emptyDirMedium?.toLowerCase() === "memory" ? "Write it in small letters." : "Leave it out for the node's disk.",
  });
  const broken = Boolean(emptyDirSizeLimit) && !isQuantity(emptyDirSizeLimit!);
  check.when(broken, [...at, "emptyDirSizeLimit"], {
    value: emptyDirSizeLimit,
    message: "It is not a quantity: the operator's process ends on it, and so again after each restart, for everybody.",
    allowed: "e.g. 16Gi",
    fix: "Write a number with a unit.",
  });
  for (const field of ["emptyDirMedium", "emptyDirSizeLimit"] as const) {
    check.when(emptyDir !== true && Boolean(volume[field]), [...at, field], {
      value: volume[field],
      message: "It has no effect without `emptyDir`.",
      fix: "Set `emptyDir: true`, or take it out.",
    });
  }
  check.when(emptyDir === true && Boolean(path) && path !== "/dev/shm", [...at, "path"], {
    value: path,
    message: "An emptyDir is mounted at /dev/shm whatever stands here.",
    allowed: "/dev/shm, or nothing",
    fix: "Leave it out.",
  });
  check.when(emptyDir === true && volume.readOnly === true, [...at, "readOnly"], {
    value: true,
    message: "It has no effect on an emptyDir.",
    fix: "Take it out.",
  });
}

function checkPath(volume: MiniClusterVolume, own: readonly string[], at: Place, check: Check): void {
  const { path = "", emptyDir } = volume;
  if (emptyDir === true) return;
  check.when(path === "", [...at, "path"], {
    message: "It says nothing about where to mount the volume; the operator refuses that in its log, or tries for ever.",
    fix: "Add it.",
  });
  check.when(path !== "" && (!path.startsWith("/") || path.includes(":")), [...at, "path"], {
    value: path,
    message: "It is not a path in the container.",
    allowed: "a path that begins with /, without `:`",
    fix: "Write the whole path.",
  });
  check.when(own.includes(path), [...at, "path"], {
    value: path,
    message: "The operator mounts something of its own there.",
    fix: "Choose another place.",
  });
}

/** One name is one volume of the pod, and each container also gets the mounts of those before it (controllers/flux/containers.go@0d75cef8). */
function checkTogether(mounts: readonly Mount[], check: Check): void {
  mounts.forEach(({ name, volume, at }, index) => {
    const before = mounts.slice(0, index);
    const same = before.find((each) => each.name === name);
    check.when(same !== undefined && JSON.stringify(same.volume) !== JSON.stringify(volume), at, {
      message:
        "Another container has a different volume of this name; the pod gets one of them, and mounts it as the first says.",
      fix: "Give it another name, or describe it in the same words.",
    });
    const clash = before.find((each) => each.name !== name && mountPath(each.volume) === mountPath(volume));
    check.when(clash !== undefined && mountPath(volume) !== "", at, {
      message: `It is mounted at ${mountPath(volume)} like ${clash?.name}, and the API server refuses that.`,
      fix: mountPath(volume) === "/dev/shm" ? "Leave one emptyDir: all of them are mounted there." : "Choose another path.",
    });
  });
}

function mountPath({ emptyDir, path = "" }: MiniClusterVolume): string {
  return emptyDir === true ? "/dev/shm" : path;
}

function sourceOf(volume: MiniClusterVolume): (typeof SOURCES)[number] | undefined {
  return SOURCES.find((source) => volume[source]);
}
