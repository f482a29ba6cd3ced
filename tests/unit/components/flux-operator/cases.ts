import type { MiniClusterObject, MiniClusterSpec } from "../../../../components/flux-operator";

const IMAGE = "registry.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000";
export const app = { image: IMAGE, command: "lmp -in in.reaxc.hns" };
const sidecar = { name: "metrics", image: IMAGE, command: "serve" };

export function mini(spec: Partial<MiniClusterSpec> = {}, name = "lammps"): MiniClusterObject {
  return {
    apiVersion: "flux-framework.org/v1alpha2",
    kind: "MiniCluster",
    metadata: { name, namespace: "default" },
    spec: { containers: [app], ...spec },
  };
}

const container = (more: object, spec: Partial<MiniClusterSpec> = {}) => mini({ ...spec, containers: [{ ...app, ...more }] });
const beside = (more: object, spec: Partial<MiniClusterSpec> = {}) =>
  mini({
    ...spec,
    containers: [
      { ...app, runFlux: true },
      { ...sidecar, ...more },
    ],
  });
const volume = (more: object, name = "data") => container({ volumes: { [name]: more } });

const CURVE = 'metadata\n    name = "x"\ncurve\n    public-key = "a"\n    secret-key = "b"\n';

/** What the operator makes a MiniCluster of. */
export const VALID: Readonly<Record<string, MiniClusterObject>> = {
  "one container": mini(),
  "a longest name": mini({}, "a".repeat(52)),
  "a name with a digit first, and a headless name": mini({ network: { headlessName: "net" } }, "3d"),
  "four pods": mini({ size: 4, tasks: 64 }),
  "room to grow": mini({ size: 2, maxSize: 8, minSize: 2 }),
  "a deadline and few failures": mini({ deadlineSeconds: 600, backoffLimit: 1 }),
  "no number of tasks": mini({ tasks: 0 }),
  "an interactive one": mini({ interactive: true, containers: [{ image: IMAGE }] }),
  "quiet logs": mini({ logging: { quiet: true, strict: true, timed: true, debug: false, zeromq: false } }),
  "a launcher": container({ launcher: true }),
  "a batch script with quotes that are apt": container({ batch: true, command: "echo 'one two'\necho three" }),
  "a raw batch script": container({ batch: true, batchRaw: true, command: "flux run hostname", logs: "/tmp/out" }),
  "a script instead of a command": mini({ containers: [{ image: IMAGE, commands: { script: 'echo "a b"\n' } }] }),
  "commands around it": container({
    commands: { pre: "ulimit -l unlimited", brokerPre: "true", workerPre: "true", post: "true" },
  }),
  "a container beside Flux": beside({}),
  "a container with its own entrypoint": beside({ command: undefined, noWrapEntrypoint: true }),
  "a port": beside({ ports: [8080] }),
  "a service": mini({ services: [{ name: "registry", image: IMAGE, ports: [5000] }] }),
  "environment and secrets": container({
    environment: { FI_PROVIDER: "efa" },
    secrets: { TOKEN: { name: "hub", key: "token" } },
  }),
  "shared memory": volume({ emptyDir: true, emptyDirMedium: "memory", emptyDirSizeLimit: "16Gi" }, "shm"),
  "all kinds of volumes": container({
    volumes: {
      home: { claimName: "home", path: "/home/user" },
      input: { hostPath: "/data", path: "/data", readOnly: true },
      key: { secretName: "key", path: "/keys" },
      settings: { configMapName: "settings", path: "/etc/app", items: { "app.conf": "app.conf" } },
      s3: { csiDriver: "s3.csi.example", csiDriverAttributes: { bucket: "b" }, path: "/s3" },
    },
  }),
  "one volume in two containers": mini({
    containers: [
      { ...app, runFlux: true, volumes: { home: { claimName: "home", path: "/home/user" } } },
      { ...sidecar, volumes: { home: { claimName: "home", path: "/home/user" } } },
    ],
  }),
  "EFA and huge pages": container({
    resources: {
      requests: { cpu: 60, memory: "100Gi", "vpc.amazonaws.com/efa": 1, "hugepages-2Mi": "5120Mi" },
      limits: { cpu: "60", memory: "100Gi", "vpc.amazonaws.com/efa": "1", "hugepages-2Mi": "5120Mi" },
    },
  }),
  "GPUs as limits": container({ resources: { limits: { "nvidia.com/gpu": 8 }, requests: { cpu: "500m" } } }),
  "a view for another system": mini({ flux: { container: { image: "ghcr.io/converged-computing/flux-view-rocky:arm-9" } } }),
  "an image with Flux": mini({ flux: { container: { disable: true, image: IMAGE }, scheduler: { simple: true } } }),
  "all of Flux's options": mini({
    flux: {
      submitCommand: "flux run",
      wrap: "strace",
      connectTimeout: "1.5m",
      optionFlags: "-o cpu-affinity=per-task",
      minimalService: true,
      topology: "kary:2",
      completeWorkers: true,
      logLevel: 7,
      curveCert: CURVE,
      scheduler: { queuePolicy: "easy" },
      environment: { FLUX_MODE: "x" },
    },
  }),
  "bursting by clusters": mini({ flux: { bursting: { clusters: [{ name: "far", size: 2 }] } } }),
  "bursting with a whole broker configuration": mini({
    flux: { brokerConfig: "[bootstrap]\n", bursting: { leadBroker: { address: "10.0.0.1", name: "near", size: 2 } } },
  }),
  "placement and queue": mini({
    jobLabels: { "kueue.x-k8s.io/queue-name": "hpc" },
    pod: {
      schedulerName: "fluence",
      labels: { "turducken.dev/pod-group": "lammps" },
      annotations: { "example.com/note": "free text, of any length" },
      nodeSelector: { "kubernetes.io/arch": "arm64" },
      nodeAffinity: { "topology.turducken.dev/leaf": ["leaf1", "leaf2"] },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }, { operator: "Exists" }],
      securityContext: { fsGroup: 1000 },
      restartPolicy: "Never",
      dnsPolicy: "ClusterFirst",
      serviceAccountName: "worker",
    },
  }),
  "what pod security level restricted wants": mini({
    containers: [
      {
        ...app,
        securityContext: {
          allowPrivilegeEscalation: false,
          runAsNonRoot: true,
          runAsUser: 1000,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
      },
    ],
  }),
  "a node affinity without the operator's": mini({ network: { disableAffinity: true }, pod: { nodeSelector: { leaf: "a" } } }),
};

export interface Invalid {
  readonly object: unknown;
  /** Where problems are found, below the object: all of them and no other, in this order. */
  readonly at: readonly string[];
  /** The API server refuses it, too, when asked strictly. */
  readonly refused?: true;
  /** The API server takes it, and the operator never brings a pod up for it. */
  readonly dead?: true;
}

const invalid = (object: unknown, ...at: string[]): Invalid => ({ object, at });
const refused = (object: unknown, ...at: string[]): Invalid => ({ object, at, refused: true });
const dead = (object: unknown, ...at: string[]): Invalid => ({ object, at, dead: true });
const C = "spec.containers[0]";
const D = "spec.containers[1]";
const V = `${C}.volumes.data`;

export const INVALID: Readonly<Record<string, Invalid>> = {
  // What the API server refuses.
  "no containers at all": refused({ ...mini(), spec: { size: 0 } }, "spec.containers", "spec.size"),
  "an unknown field": refused({ ...mini(), spec: { containers: [app], sizes: 4 } }, "spec.sizes"),
  "an unknown field of a container": refused(container({ comand: "x" }), `${C}.comand`),
  "a size in words": refused({ ...mini(), spec: { containers: [app], size: "4" } }, "spec.size"),
  "half a pod": refused(mini({ size: 1.5 }), "spec.size"),
  "a negative size": refused(mini({ size: -1 }), "spec.size"),
  "a size beyond int32": refused(mini({ size: 2 ** 31 }), "spec.size"),
  "a label that is a number": refused({ ...mini(), spec: { containers: [app], pod: { labels: { a: 1 } } } }, "spec.pod.labels.a"),
  "a secret without key": refused(container({ secrets: { T: { name: "hub" } } }), `${C}.secrets.T.key`),
  "an amount that is none": refused(container({ resources: { limits: { cpu: "much" } } }), `${C}.resources.limits.cpu`),
  "claims, which the operator's type lacks": refused(
    container({ resources: { claims: [{ name: "g" }] } }),
    `${C}.resources.claims`,
  ),
  "a list where one container is meant": refused({ ...mini(), spec: { containers: [[app]] } }, C, "spec.containers"),
  "a name no object can have": refused(mini({}, "LAMMPS"), "metadata.name"),
  "another kind": refused({ ...mini(), kind: "Minicluster" }, "kind"),
  "no name": refused({ ...mini(), metadata: { namespace: "default" } }, "metadata.name"),

  // What the operator refuses in its log only, or leaves alone.
  "size 0": dead(mini({ size: 0 }), "spec.size"),
  "maxSize under size": dead(mini({ size: 4, maxSize: 2 }), "spec.maxSize"),
  "minSize over size": dead(mini({ size: 2, minSize: 3 }), "spec.minSize"),
  "minSize over size, within maxSize": dead(mini({ size: 2, maxSize: 8, minSize: 4 }), "spec.minSize"),
  "a negative backoffLimit": dead(mini({ backoffLimit: -1 }), "spec.backoffLimit"),
  "backoffLimit 0, which means 100": invalid(mini({ backoffLimit: 0 }), "spec.backoffLimit"),
  "deadlineSeconds 0": dead(mini({ deadlineSeconds: 0 }), "spec.deadlineSeconds"),
  "negative tasks": invalid(mini({ tasks: -4 }), "spec.tasks"),
  "an empty list of containers": dead(mini({ containers: [] }), "spec.containers"),
  "two containers, none with Flux": dead(mini({ containers: [sidecar, { ...sidecar, name: "other" }] }), "spec.containers"),
  "two containers with Flux": dead(
    mini({
      containers: [
        { ...app, runFlux: true },
        { ...app, runFlux: true },
      ],
    }),
    "spec.containers",
  ),
  "launcher and batch": dead(container({ launcher: true, batch: true }), `${C}.launcher`),
  "script and command": dead(container({ commands: { script: "x" } }), `${C}.commands.script`),
  "a container beside Flux without name": dead(beside({ name: undefined }), `${D}.name`),
  "a service without name": dead(mini({ services: [{ image: IMAGE }] }), "spec.services[0].name"),
  "a service with commands": dead(
    mini({ services: [{ name: "db", image: IMAGE, commands: { pre: "x" } }] }),
    "spec.services[0].commands.pre",
  ),
  "hostlist and clusters": dead(
    mini({ flux: { bursting: { hostlist: "a[0-3]", clusters: [{ name: "far", size: 2 }] } } }),
    "spec.flux.bursting.hostlist",
  ),
  "a claim without path": dead(volume({ claimName: "home" }), `${V}.path`),
  "a hostPath without path": dead(volume({ hostPath: "/data" }), `${V}.path`),

  // What makes the API server refuse the Job, the pods or the Service, so that the operator tries for ever.
  "a name too long for a volume": dead(mini({}, "a".repeat(53)), "metadata.name"),
  "a name of 60 characters": dead(mini({}, "a".repeat(60)), "metadata.name"),
  "a name no Service can have": invalid(mini({}, "3d"), "metadata.name"),
  "a name with a dot": dead(mini({ network: { headlessName: "net" } }, "a.b"), "metadata.name"),
  "a headless name no Service can have": dead(mini({ network: { headlessName: "Net" } }), "spec.network.headlessName"),
  "a container called like the MiniCluster": dead(beside({ name: "lammps" }), `${D}.name`),
  "a container called like the init container": dead(beside({ name: "flux-view" }), `${D}.name`),
  "two containers of one name": dead(
    mini({ containers: [{ ...app, runFlux: true }, sidecar, sidecar] }),
    "spec.containers[2].name",
  ),
  "a view called like a volume of the operator": dead(
    mini({ flux: { container: { name: "spack-software" } } }),
    "spec.flux.container.name",
  ),
  "two ports": invalid(beside({ ports: [80, 443] }), `${D}.ports`),
  "a port beyond the last": dead(beside({ ports: [70000] }), `${D}.ports[0]`),
  "a Service of a container in the place of the headless one": invalid(
    beside({ name: "net", ports: [80] }, { network: { headlessName: "net" } }),
    `${D}.name`,
  ),
  "a restart policy of another kind of object": dead(mini({ pod: { restartPolicy: "Always" } }), "spec.pod.restartPolicy"),
  "a DNS policy that needs more": dead(mini({ pod: { dnsPolicy: "None" } }), "spec.pod.dnsPolicy"),
  "a pull policy that is none": dead(container({ imagePullPolicy: "Sometimes" }), `${C}.imagePullPolicy`),
  "an empty image": dead(container({ image: "" }), `${C}.image`),
  "a secret without path": dead(volume({ secretName: "key" }), `${V}.path`),
  "a ConfigMap under another name": dead(volume({ configMapName: "settings", path: "/etc/app" }), `${V}.configMapName`),
  "a volume from nowhere": dead(volume({ path: "/data" }), V),
  "two emptyDirs": dead(container({ volumes: { a: { emptyDir: true }, b: { emptyDir: true } } }), `${C}.volumes.b`),
  "a volume over one of the operator's": dead(volume({ claimName: "home", path: "/mnt/flux" }), `${V}.path`),
  "a volume called like one of the operator's": dead(
    container({ volumes: { "flux-view": { claimName: "home", path: "/home" } } }),
    `${C}.volumes.flux-view`,
  ),
  "a device without limit": dead(
    container({ resources: { requests: { "vpc.amazonaws.com/efa": 1 } } }),
    `${C}.resources.requests["vpc.amazonaws.com/efa"]`,
  ),
  "huge pages alone": dead(
    container({ resources: { limits: { "hugepages-2Mi": "1Gi" } } }),
    `${C}.resources.limits.hugepages-2Mi`,
  ),
  "a request over its limit": dead(
    container({ resources: { limits: { cpu: 4 }, requests: { cpu: 8 } } }),
    `${C}.resources.requests.cpu`,
  ),
  "a resource that is none": dead(container({ resources: { limits: { gpus: 8 } } }), `${C}.resources.limits.gpus`),
  "a toleration without key": dead(mini({ pod: { tolerations: [{ value: "x" }] } }), "spec.pod.tolerations[0].key"),
  "a toleration with another operator": dead(
    mini({ pod: { tolerations: [{ key: "a", operator: "In" }] } }),
    "spec.pod.tolerations[0].operator",
  ),
  "a label value with a space": dead(mini({ jobLabels: { queue: "my queue" } }), "spec.jobLabels.queue"),
  "a label of the operator's": invalid(mini({ pod: { labels: { app: "mine" } } }), "spec.pod.labels.app"),

  // What is taken for something else, or for nothing, without a word.
  "a medium in capitals": invalid(volume({ emptyDir: true, emptyDirMedium: "Memory" }), `${V}.emptyDirMedium`),
  "a size limit that ends the operator": dead(volume({ emptyDir: true, emptyDirSizeLimit: "lots" }), `${V}.emptyDirSizeLimit`),
  "an emptyDir elsewhere": invalid(volume({ emptyDir: true, path: "/scratch" }), `${V}.path`),
  "two sources of one volume": invalid(volume({ claimName: "a", hostPath: "/b", path: "/c" }), `${V}.claimName`),
  "one name for two volumes": invalid(
    mini({
      containers: [
        { ...app, runFlux: true, volumes: { home: { claimName: "a", path: "/home" } } },
        { ...sidecar, volumes: { home: { claimName: "b", path: "/home" } } },
      ],
    }),
    `${D}.volumes.home`,
  ),
  "resources of the pod": dead(mini({ pod: { resources: { "vpc.amazonaws.com/efa": 1 } } }), "spec.pod.resources"),
  "a node affinity that goes": invalid(
    mini({ network: { disableAffinity: true }, pod: { nodeAffinity: { leaf: ["a"] } } }),
    "spec.pod.nodeAffinity",
  ),
  "a security context of the pod": invalid(
    mini({ pod: { securityContext: { fsGroup: 1, runAsUser: 1000 } } }),
    "spec.pod.securityContext.runAsUser",
  ),
  "a pull secret of the view": invalid(
    mini({ flux: { container: { imagePullSecret: "hub" } } }),
    "spec.flux.container.imagePullSecret",
  ),
  "a mount path the scripts do not know": invalid(
    mini({ flux: { container: { mountPath: "/opt/flux" } } }),
    "spec.flux.container.mountPath",
  ),
  "log level 0, which means 6": invalid(mini({ flux: { logLevel: 0 } }), "spec.flux.logLevel"),
  "a timeout that is none": invalid(mini({ flux: { connectTimeout: "soon" } }), "spec.flux.connectTimeout"),
  "a queue policy that is none": invalid(
    mini({ flux: { scheduler: { queuePolicy: "lifo" } } }),
    "spec.flux.scheduler.queuePolicy",
  ),
  "a certificate without its key": invalid(mini({ flux: { curveCert: "public-key = x" } }), "spec.flux.curveCert"),
  "a lead broker with malformed hosts": invalid(
    mini({ flux: { bursting: { leadBroker: { address: "10.0.0.1", name: "near", size: 2 } } } }),
    "spec.flux.bursting.leadBroker",
  ),
  "quotes in the command": invalid(container({ command: "sh -c 'sleep 5'" }), `${C}.command`),
  "a hook with arguments": invalid(container({ lifeCycle: { postStartExec: "sleep 5" } }), `${C}.lifeCycle.postStartExec`),
  "the command of a service": invalid(
    mini({ services: [{ name: "db", image: IMAGE, command: "run" }] }),
    "spec.services[0].command",
  ),
  "a container without anything to run": invalid(beside({ command: undefined }), `${D}.command`),

  // Several at once.
  "many mistakes": dead(
    mini(
      { size: 0, deadlineSeconds: 0, containers: [{ ...app, launcher: true, batch: true, imagePullPolicy: "Maybe" }] },
      "x".repeat(70),
    ),
    "metadata.name",
    "spec.size",
    "spec.deadlineSeconds",
    `${C}.launcher`,
    `${C}.imagePullPolicy`,
  ),
};
