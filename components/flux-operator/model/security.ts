/**
 * Security contexts as the operator knows them: k8s.io/api v0.25.0 core/v1, which it is built with
 * (flux-framework/flux-operator:go.mod@0d75cef8). Later fields, such as `appArmorProfile`, would be lost on the way.
 */
import { flag, group, int64, list, text } from "./fields";
import { z } from "zod";

const seLinuxOptions = () =>
  group(
    { level: text("Level label."), role: text("Role label."), type: text("Type label."), user: text("User label.") },
    "SELinux labels; without them the runtime chooses.",
  );

const seccompProfile = () =>
  group(
    {
      localhostProfile: text("Profile on the node, relative to the kubelet's folder; with type Localhost only."),
      type: text("RuntimeDefault, Localhost or Unconfined."),
    },
    "System calls that processes may make.",
    ["type"],
  );

const windowsOptions = () =>
  group(
    {
      gmsaCredentialSpec: text("Inlined GMSA credential specification."),
      gmsaCredentialSpecName: text("Name of the GMSA credential specification."),
      hostProcess: flag("Run as a host process container."),
      runAsUserName: text("User name in Windows."),
    },
    "For Windows nodes; Flux does not run there.",
  );

export const securityContext = () =>
  group(
    {
      allowPrivilegeEscalation: flag("May a process get more rights than its parent."),
      capabilities: group(
        {
          add: list(z.string(), "Capabilities to add, e.g. IPC_LOCK; pod security level baseline refuses most."),
          drop: list(z.string(), "Capabilities to take away; ALL for pod security level restricted."),
        },
        "Linux capabilities.",
      ),
      privileged: flag("Root on the node."),
      procMount: text("How /proc is mounted."),
      readOnlyRootFilesystem: flag("Mount the image read-only. The operator's scripts write into /tmp and /opt."),
      runAsGroup: int64("Group of the first process."),
      runAsNonRoot: flag("Refuse to start as root."),
      runAsUser: int64("User of the first process."),
      seLinuxOptions: seLinuxOptions(),
      seccompProfile: seccompProfile(),
      windowsOptions: windowsOptions(),
    },
    "Rights of the container.",
  );

export const podSecurityContext = () =>
  group(
    {
      fsGroup: int64("Group that owns the pod's volumes. The only field the operator passes on."),
      fsGroupChangePolicy: text("Ignored by the operator."),
      runAsGroup: int64("Ignored by the operator."),
      runAsNonRoot: flag("Ignored by the operator."),
      runAsUser: int64("Ignored by the operator."),
      seLinuxOptions: seLinuxOptions(),
      seccompProfile: seccompProfile(),
      supplementalGroups: list(int64("A group."), "Ignored by the operator."),
      sysctls: list(
        group({ name: text("Name."), value: text("Value.") }, "A kernel parameter.", ["name", "value"]),
        "Ignored by the operator.",
      ),
      windowsOptions: windowsOptions(),
    },
    "Rights of the whole pod; only `fsGroup` has an effect.",
  );
