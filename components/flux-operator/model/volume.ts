import { z } from "zod";
import { flag, group, text, textMap } from "./fields";

/**
 * flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 ContainerVolume. One source each; of several the
 * operator takes the first in the order csiDriver, secretName, emptyDir, hostPath, configMapName, claimName.
 */
export const volume = () =>
  group(
    {
      path: text("Where to mount it; needed for all but an emptyDir."),
      hostPath: text("Folder on the node, which must exist; pod security level baseline refuses it."),
      configMapName: text("Existing ConfigMap; the volume must then have its name."),
      items: textMap("Keys of the ConfigMap, each with the path of its file."),
      claimName: text("Existing PersistentVolumeClaim."),
      secretName: text("Existing Secret."),
      readOnly: flag("Mount it read-only; no effect on an emptyDir.", { default: false }),
      emptyDirMedium: text("`memory`, in small letters: any other word means the node's disk."),
      emptyDirSizeLimit: text("Quantity. Text that is none ends the operator for everybody."),
      csiDriver: text("CSI driver of an ephemeral volume."),
      csiDriverAttributes: textMap("Attributes for that driver."),
      emptyDir: flag("An empty folder, always mounted at /dev/shm whatever `path` says.", { default: false }),
    },
    "A volume.",
  );

export const volumeSchema = volume();
export type MiniClusterVolume = z.infer<typeof volumeSchema>;
