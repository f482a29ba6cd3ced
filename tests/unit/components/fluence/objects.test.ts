import { parse } from "yaml";
import { imageVerdict } from "../../../../policies/rules/images";
import { fluenceConfig } from "../../../../components/fluence/config";
import { keepOffPolicy, toleratePolicy } from "../../../../components/fluence/admission";
import { nodeSetHash } from "../../../../components/fluence/nodes";
import {
  deployment,
  extraRole,
  featureGates,
  restartHash,
  roleBindings,
  schedulerConfiguration,
  serviceAccount,
} from "../../../../components/fluence/objects";
import { CREATED_BY_ANNOTATION, fluencePod, fluencePodGroup, largestMemoryMiB } from "../../../../components/fluence/workload";
import { config, IMAGE, twoPools } from "./fixtures";

const contract = twoPools();
const podOf = (more: object = {}) => deployment(contract, config(more)).spec.template.spec;

test("one profile, no election, and the plugin at every point it implements", () => {
  expect(parse(schedulerConfiguration())).toEqual({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    leaderElection: { leaderElect: false },
    profiles: [{ schedulerName: "fluence", plugins: { multiPoint: { enabled: [{ name: "Fluence" }] } } }],
  });
});

test("the gates are the gang's, never the topology's, and calm is a gate more", () => {
  expect(featureGates("fast")).toBe("GenericWorkload=true,GangScheduling=true");
  expect(featureGates("calm")).toBe("GenericWorkload=true,GangScheduling=true,SchedulerPopFromBackoffQ=false");
});

test("the scheduler: one replica that is never two, quiet, without root, on the control plane's amd64 nodes", () => {
  const made = deployment(contract, config());
  expect(made.metadata).toMatchObject({ name: "fluence", namespace: "fluence-system" });
  expect(made.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
  const pod = podOf();
  expect(pod).toMatchObject({
    serviceAccountName: "fluence",
    priorityClassName: "system-cluster-critical",
    nodeSelector: { "kubernetes.io/arch": "amd64", "node-role.kubernetes.io/control-plane": "" },
    tolerations: [
      { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
      { key: "turducken.dev/not-fluence", operator: "Exists", effect: "NoSchedule" },
    ],
    securityContext: { runAsNonRoot: true },
  });
  expect(pod.containers).toHaveLength(1);
  expect(pod.containers[0]).toMatchObject({
    image: IMAGE,
    command: [
      "/bin/fluence",
      "--config=/etc/fluence/scheduler-config.yaml",
      "--feature-gates=GenericWorkload=true,GangScheduling=true",
      "--v=1",
    ],
    env: [
      { name: "FLUENCE_MATCH_POLICY", value: "lonode" },
      { name: "TMPDIR", value: "/tmp" },
    ],
    readinessProbe: { httpGet: { path: "/readyz", port: 10259, scheme: "HTTPS" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  });
  expect(pod.containers[0]).not.toHaveProperty("livenessProbe");
});

test("on a pool it goes to that pool's nodes by name, with the pool's tolerations", () => {
  const tolerations = [{ key: "service", operator: "Exists", effect: "NoSchedule" }];
  const pools = contract.pools.map((pool) => (pool.name === "service" ? { ...pool, tolerations } : pool));
  const pod = deployment({ ...contract, pools }, config({ runOn: "service" })).spec.template.spec;
  expect(pod).toMatchObject({
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n05", "n06"] }] }],
        },
      },
    },
    tolerations: [...tolerations, { key: "turducken.dev/not-fluence", operator: "Exists", effect: "NoSchedule" }],
  });
  expect(Object.keys(pod.nodeSelector)).toEqual(["kubernetes.io/arch"]);
});

test("it restarts when its nodes, its pod or its configuration change, and not when another pool does", () => {
  const annotations = deployment(contract, config()).spec.template.metadata.annotations;
  expect(annotations).toEqual({
    "turducken.dev/fluence-nodes": nodeSetHash(["n01", "n02", "n03", "n04"]),
    "turducken.dev/fluence-restart": restartHash(contract, config()),
  });
  const without = (name: string) => ({ ...contract, nodes: contract.nodes.filter((node) => node.name !== name) });
  expect(deployment(without("n05"), config())).toEqual(deployment(contract, config()));
  expect(deployment({ ...contract, nodes: [...contract.nodes].reverse() }, config())).toEqual(deployment(contract, config()));
  const hashes = [
    restartHash(contract, config()),
    restartHash(without("n02"), config()),
    restartHash(contract, config({ logLevel: 0 })),
    restartHash(contract, config({ retries: "calm" })),
    restartHash(contract, config({ matchPolicy: "first" })),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("the role beyond a scheduler's is two patches", () => {
  expect(extraRole().rules).toEqual([
    { apiGroups: ["scheduling.k8s.io"], resources: ["podgroups"], verbs: ["patch"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["patch"] },
  ]);
  const { scheduler, volumes, extra, authentication } = roleBindings("fluence-system");
  expect([scheduler, volumes, extra].map((each) => each.roleRef.name)).toEqual([
    "system:kube-scheduler",
    "system:volume-scheduler",
    "fluence-extra",
  ]);
  expect(authentication).toMatchObject({
    metadata: { namespace: "kube-system" },
    roleRef: { kind: "Role", name: "extension-apiserver-authentication-reader" },
    subjects: [{ kind: "ServiceAccount", name: "fluence", namespace: "fluence-system" }],
  });
  expect(serviceAccount("fluence-system").metadata).toEqual({ name: "fluence", namespace: "fluence-system" });
});

test("a policy that cannot be evaluated keeps nobody from starting", () => {
  for (const { spec } of [keepOffPolicy(), toleratePolicy()]) {
    expect(spec.failurePolicy).toBe("Ignore");
    expect(spec.matchConstraints.resourceRules).toMatchObject([{ resources: ["pods"], operations: ["CREATE"] }]);
  }
  const names = (policy: ReturnType<typeof keepOffPolicy>) => policy.spec.matchConditions.map((each) => each.name);
  expect(names(keepOffPolicy())).toEqual(["not-placed-by-fluence", "not-of-a-daemonset", "not-a-static-pod"]);
  expect(names(toleratePolicy())).toEqual(["not-placed-by-fluence", "not-a-static-pod"]);
});

test("a PodGroup of ours is not one that Fluence deletes, and has no topology that it would not read", () => {
  const group = fluencePodGroup(contract, { name: "ring", nodes: 3 }, "work");
  expect(group).toEqual({
    metadata: { name: "ring", namespace: "work", labels: { "turducken.dev/pod-group": "ring" } },
    spec: { schedulingPolicy: { gang: { minCount: 3 } } },
  });
  expect(JSON.stringify(group)).not.toContain(CREATED_BY_ANNOTATION);
  expect(fluencePod("ring", { a: "b" })).toEqual({
    schedulerName: "fluence",
    labels: { "turducken.dev/pod-group": "ring" },
    nodeSelector: { a: "b" },
  });
});

test("the largest request is the one whose millions of bytes are no more than the node's MiB", () => {
  expect(largestMemoryMiB(30517)).toBe(29103);
  for (const allocatable of [1, 1000, 30517, 1_000_000]) {
    const most = largestMemoryMiB(allocatable);
    expect(Math.floor((most * 2 ** 20) / 1e6)).toBeLessThanOrEqual(allocatable);
    expect(Math.floor(((most + 2) * 2 ** 20) / 1e6)).toBeGreaterThan(allocatable);
  }
});

test("the image must have a digest, and quiet, fast and lonode are what is meant without a word", () => {
  expect(imageVerdict(IMAGE)).toBeUndefined();
  expect(config()).toMatchObject({ runOn: "control-plane", matchPolicy: "lonode", retries: "fast", logLevel: 1 });
  for (const image of ["ghcr.io/converged-computing/fluence:sha-e242622", "x@sha256:12", ""]) {
    expect(fluenceConfig.safeParse({ pools: ["compute"], image }).success).toBe(false);
  }
  expect(fluenceConfig.safeParse({ pools: [], image: IMAGE }).success).toBe(false);
  expect(fluenceConfig.safeParse({ pools: ["compute"], image: IMAGE, matchPolicy: "best" }).success).toBe(false);
});
