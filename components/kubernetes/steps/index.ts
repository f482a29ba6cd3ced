import type { HostSpec, Phase, Step } from "../../hosts/types";
import type { KubernetesSettings } from "../settings";
import { containerdSteps } from "./containerd";
import { imageSteps } from "./images";
import { leaveSteps } from "./leave";
import { membershipSteps, type ClusterView } from "./membership";
import { networkSteps } from "./network";
import { packageSteps } from "./packages";
import { rollSteps } from "./roll";
import { systemSteps } from "./system";

/** All steps that make a host a Kubernetes node, in the order in which they run. Depends on no other host but the control planes. */
export function kubernetesSteps(
  host: HostSpec,
  settings: KubernetesSettings,
  cluster: ClusterView,
): Partial<Record<Phase, Step[]>> {
  return {
    prepare: [
      ...systemSteps(host, settings),
      ...containerdSteps(settings),
      ...packageSteps(settings),
      ...imageSteps(host.role, settings),
      ...networkSteps(host, settings),
    ],
    cluster: membershipSteps(host, settings, cluster),
    roll: rollSteps(host, settings, cluster),
    leave: leaveSteps(host, settings),
  };
}
