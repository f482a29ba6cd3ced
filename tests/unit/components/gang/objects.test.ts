import { admissionPolicy } from "../../../../components/gang/admission";
import { gangJob, gangService, podGroup } from "../../../../components/gang/objects";
import type { GangSpec } from "../../../../components/gang/spec";
import { exampleContract, pool } from "../../../fixtures/contract";

const ring: GangSpec = {
  name: "ring",
  nodes: 3,
  within: "leaf",
  image: "ring@sha256:1",
  command: ["/ring"],
  resources: { cpu: "8", memory: "4Gi" },
};

describe("podGroup", () => {
  test("asks for all pods at once in one domain of the tier's label key", () => {
    expect(podGroup(exampleContract(), ring, "work")).toEqual({
      metadata: { name: "ring", namespace: "work", labels: { "turducken.dev/pod-group": "ring" } },
      spec: {
        schedulingPolicy: { gang: { minCount: 3 } },
        schedulingConstraints: { topology: [{ key: "fabric.topograph.run/tier-0" }] },
      },
    });
  });

  test("has no topology constraint without `within`", () => {
    expect(podGroup(exampleContract(), { ...ring, within: undefined }, "work").spec).toEqual({
      schedulingPolicy: { gang: { minCount: 3 } },
    });
  });

  test.each([
    ["spine", "fabric.topograph.run/tier-1"],
    ["tier-0", "fabric.topograph.run/tier-0"],
    ["tier-1", "fabric.topograph.run/tier-1"],
    ["accelerator", "accelerator.topograph.run/domain"],
  ])("maps within: %s to %s", (within, key) => {
    const contract = exampleContract({ acceleratorKey: "accelerator.topograph.run/domain" });
    expect(podGroup(contract, { ...ring, within }, "work").spec.schedulingConstraints).toEqual({ topology: [{ key }] });
  });
});

describe("gangJob", () => {
  test("is an Indexed Job with one pod for each node, none of which share one", () => {
    expect(gangJob(exampleContract(), ring, "work")).toEqual({
      metadata: {
        name: "ring",
        namespace: "work",
        labels: { "turducken.dev/pod-group": "ring" },
        annotations: { "pulumi.com/waitFor": "jsonpath={.metadata.uid}", "pulumi.com/deletionPropagationPolicy": "foreground" },
      },
      spec: {
        completionMode: "Indexed",
        completions: 3,
        parallelism: 3,
        backoffLimit: 6,
        template: {
          metadata: { labels: { "turducken.dev/pod-group": "ring" } },
          spec: {
            restartPolicy: "Never",
            subdomain: "ring",
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [
                  {
                    topologyKey: "kubernetes.io/hostname",
                    labelSelector: { matchLabels: { "turducken.dev/pod-group": "ring" } },
                  },
                ],
              },
            },
            tolerations: [],
            containers: [
              {
                name: "work",
                image: "ring@sha256:1",
                command: ["/ring"],
                env: [
                  { name: "TURDUCKEN_GANG", value: "ring" },
                  { name: "TURDUCKEN_GANG_SIZE", value: "3" },
                ],
                resources: { requests: { cpu: "8", memory: "4Gi" }, limits: { cpu: "8", memory: "4Gi" } },
                securityContext: { allowPrivilegeEscalation: false },
                volumeMounts: [{ name: "shm", mountPath: "/dev/shm" }],
              },
            ],
            volumes: [{ name: "shm", emptyDir: { medium: "Memory" } }],
          },
        },
      },
    });
  });

  test("takes devices, environment and tolerations from the pool, and pins to its nodes when there are two pools", () => {
    const dgx = {
      ...pool("dgx"),
      extendedResources: { "nvidia.com/gpu": 8, "rdma/hca": 8 },
      hugePagesMiB: 5120,
      environment: { mpi: { UCX_NET_DEVICES: "mlx5_0:1" }, nccl: { NCCL_IB_HCA: "mlx5_0" } },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    };
    const base = exampleContract();
    const node = { name: "g1", pool: "dgx", schedulable: true, domains: {}, labels: {} };
    const contract = { ...base, pools: [...base.pools, dgx], nodes: [...base.nodes, node] };
    const pod = gangJob(contract, { ...ring, pool: "dgx", nodes: 1, within: undefined, resources: { cpu: "4" } }, "work").spec
      .template.spec;
    expect(pod.containers[0]!.resources.limits).toEqual({
      cpu: "4",
      "nvidia.com/gpu": "8",
      "rdma/hca": "8",
      "hugepages-2Mi": "5120Mi",
    });
    expect(pod.containers[0]!.env.slice(0, 2)).toEqual([
      { name: "UCX_NET_DEVICES", value: "mlx5_0:1" },
      { name: "NCCL_IB_HCA", value: "mlx5_0" },
    ]);
    expect(pod.tolerations).toEqual(dgx.tolerations);
    expect(pod.affinity).toMatchObject({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["g1"] }] }],
        },
      },
    });
  });
});

test("the Service names pods before they are ready and is not waited for", () => {
  expect(gangService(ring, "work")).toEqual({
    metadata: {
      name: "ring",
      namespace: "work",
      labels: { "turducken.dev/pod-group": "ring" },
      annotations: { "pulumi.com/waitFor": "jsonpath={.metadata.uid}" },
    },
    spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: { "turducken.dev/pod-group": "ring" } },
  });
});

test("the admission policy sees labelled pods only and never those that are in a group", () => {
  const { spec } = admissionPolicy();
  expect(spec.failurePolicy).toBe("Fail");
  expect(spec.matchConstraints.objectSelector).toEqual({
    matchExpressions: [{ key: "turducken.dev/pod-group", operator: "Exists" }],
  });
  expect(spec.matchConstraints.resourceRules).toEqual([
    { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" },
  ]);
  expect(spec.matchConditions).toEqual([{ name: "not-in-a-group-yet", expression: "!has(object.spec.schedulingGroup)" }]);
});
