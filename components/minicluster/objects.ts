import type { ViewOs } from "../../hardware/offers";
import { imagesFor } from "../../hardware/offers";
import type { ClusterContract } from "../contract/contract";
import type { MiniClusterObject } from "../flux-operator/model/spec";
import { API_VERSION, KIND } from "../flux-operator/model/spec";
import { CREATED } from "../gang/objects";
import { poolOf, type ContractPool } from "../gang/spec";
import { commandFields, pmiOf, POST, preLines, SUBMIT, submitOptions, viewPmi } from "./launch";
import { podSize, type PodSize } from "./resources";
import { schedulerParts, type SchedulerParts } from "./schedulers";
import { tasksOf, type MiniClusterLayers, type MiniClusterSpec, type PmiService } from "./spec";

/** The view that fits, and which PMI services it has; without `image` none is published. */
export interface View {
  readonly os: ViewOs;
  readonly image?: string;
  readonly pmi: readonly PmiService[];
}

export function viewOf(pool: ContractPool, spec: MiniClusterSpec): View {
  const { view, views } = imagesFor(pool.arch, spec.os);
  const os = spec.os ?? views.find((each) => each.image === view)!.os;
  if (spec.view) return { os, image: spec.view.image, pmi: spec.view.pmi ?? ["simple", "pmix", "off"] };
  return { os, ...(view === undefined ? {} : { image: view }), pmi: viewPmi(os) };
}

/**
 * A user's description as the operator's object: pure, and the same bytes for the same input. Check it with `checkMiniCluster`
 * first; what cannot be is not refused here.
 *
 * What the operator ignores or loses is left out, and where it leaks the docstring of `curveCertificate` says so.
 *
 * @param curveCert text of the CURVE certificate; a secret
 * @throws Error when the spec names no pool that there is
 */
export function miniClusterObject(
  contract: ClusterContract,
  layers: MiniClusterLayers,
  spec: MiniClusterSpec,
  namespace: string,
  curveCert?: string,
) {
  const pool = poolOf(contract, spec);
  if (!pool) throw new Error(`no pool for MiniCluster ${spec.name} in cluster ${contract.name}`);
  const size = podSize(pool, spec, layers);
  const parts = schedulerParts(contract, layers, spec, pool.name, namespace);
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: spec.name,
      namespace,
      // Creation is not awaited: the status of a MiniCluster says ready too early and done never
      // (flux-framework/flux-operator:controllers/flux/minicluster.go@0d75cef8), and a gang may wait for days. Never deleted in the
      // foreground: the operator does not look at deletionTimestamp, makes Job, Service and ConfigMap anew as fast as they go,
      // and the application runs again in an object that never ends (seen with the operator on Kubernetes 1.36).
      annotations: { ...CREATED, "pulumi.com/deletionPropagationPolicy": "background" },
    },
    spec: {
      size: spec.nodes,
      ...(spec.interactive ? {} : { tasks: tasksOf(spec, size) }),
      ...(spec.interactive ? { interactive: true } : {}),
      ...(spec.deadlineSeconds === undefined ? {} : { deadlineSeconds: spec.deadlineSeconds }),
      // A failed application is not tried again; 0 would mean 100 here. One pod alone gets a second try.
      ...(spec.interactive ? {} : { backoffLimit: 1 }),
      // Without it every pod prints the CURVE key; with it the init container still does.
      logging: { quiet: true },
      // The name of the Service and the pods' subdomain: the operator's default today, said so that it stays.
      network: { headlessName: spec.name, ...(parts.disableAffinity ? { disableAffinity: true } : {}) },
      ...mapField("jobLabels", parts.jobLabels),
      pod: podFields(pool, spec, parts),
      flux: fluxFields(pool, spec, size, curveCert),
      containers: [container(pool, spec, size)],
    },
  } satisfies MiniClusterObject;
}

function podFields(pool: ContractPool, spec: MiniClusterSpec, parts: SchedulerParts) {
  const tolerations = pool.tolerations.map(({ key, operator, value, effect }) => ({
    key,
    operator,
    ...(value === undefined ? {} : { value }),
    effect,
  }));
  return {
    // A pod that failed stays, with its log and its last words.
    restartPolicy: spec.interactive ? "OnFailure" : "Never",
    automountServiceAccountToken: false,
    ...(parts.schedulerName === undefined ? {} : { schedulerName: parts.schedulerName }),
    ...mapField("labels", parts.labels),
    ...mapField("annotations", parts.annotations),
    ...mapField("nodeSelector", parts.nodeSelector),
    ...(tolerations.length > 0 ? { tolerations } : {}),
  };
}

function fluxFields(pool: ContractPool, spec: MiniClusterSpec, size: PodSize, curveCert: string | undefined) {
  const view = viewOf(pool, spec);
  return {
    container: { ...(view.image === undefined ? {} : { image: view.image }), ...HARDENED },
    ...(spec.interactive
      ? {}
      : { submitCommand: SUBMIT, optionFlags: submitOptions(spec, size, pmiOf(spec, view.pmi)).join(" ") }),
    ...(curveCert === undefined ? {} : { curveCert }),
  };
}

/** No seccomp profile: the runtime's default refuses mbind and set_mempolicy, which MPI libraries use for NUMA placement. */
const HARDENED = { securityContext: { allowPrivilegeEscalation: false } } as const;

function container(pool: ContractPool, spec: MiniClusterSpec, size: PodSize) {
  const { script, command } = { script: undefined, command: undefined, ...commandFields(spec.command ?? []) };
  const pre = preLines(spec, size, pmiOf(spec, viewOf(pool, spec).pmi));
  return {
    image: spec.image,
    ...(spec.workingDir === undefined ? {} : { workingDir: spec.workingDir }),
    ...(command ? { command } : {}),
    environment: { ...pool.environment.mpi, ...pool.environment.nccl, ...spec.environment },
    resources: { requests: size.requests, limits: size.limits },
    commands: {
      ...(script === undefined ? {} : { script }),
      ...(pre === "" ? {} : { pre }),
      ...(spec.interactive ? {} : { post: POST }),
    },
    // `memory` in small letters: any other word gives disk. The operator mounts every emptyDir at /dev/shm.
    volumes: { shm: { emptyDir: true, emptyDirMedium: "memory" } },
    ...HARDENED,
  };
}

function mapField<K extends string>(name: K, values: Readonly<Record<string, string>>) {
  return (Object.keys(values).length === 0 ? {} : { [name]: values }) as { [key in K]?: Record<string, string> };
}
