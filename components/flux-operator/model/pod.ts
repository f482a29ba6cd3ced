import { z } from "zod";
import { atomicList, flag, group, list, map, quantity, text, textMap } from "./fields";
import { podSecurityContext } from "./security";

/** flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8 PodSpec. Changes on an existing MiniCluster are ignored. */
export const pod = () =>
  group(
    {
      annotations: textMap("Annotations of each pod."),
      labels: textMap("Labels of each pod."),
      restartPolicy: text("OnFailure or Never.", { operatorDefault: "OnFailure" }),
      serviceAccountName: text("ServiceAccount of the pods."),
      runtimeClassName: text("RuntimeClass of the pods."),
      automountServiceAccountToken: flag("Mount the account's token.", { operatorDefault: "false" }),
      schedulerName: text("Which scheduler places the pods; without it the default one."),
      nodeSelector: textMap("Labels that a node must have."),
      nodeAffinity: map(
        list(z.string(), "Values."),
        "Labels of which a node must have one of the values; lost with `network.disableAffinity`.",
      ),
      tolerations: atomicList(
        group(
          {
            key: text("Key of the taint."),
            effect: text("NoSchedule, PreferNoSchedule or NoExecute; without it all."),
            operator: text("Equal or Exists.", { operatorDefault: "Equal" }),
            value: text("Value of the taint, with Equal."),
          },
          "A toleration.",
        ),
        "Taints that the pods bear. The services pod does not get them.",
      ),
      dnsPolicy: text("ClusterFirst, ClusterFirstWithHostNet or Default.", { operatorDefault: "ClusterFirst" }),
      hostIPC: flag("Share the node's IPC."),
      hostPID: flag("See the node's processes."),
      resources: map(quantity("An amount."), "Becomes the pod's overhead, not its requests; of no use without a RuntimeClass."),
      securityContext: podSecurityContext(),
    },
    "What the pods are like.",
  );
