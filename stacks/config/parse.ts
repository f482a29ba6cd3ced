import type { z } from "zod";
import { configProblems, mergeProblems, parseConfig, salvage, withoutSecrets } from "../../components/config/parse";
import { ConfigError, type Problem } from "../../components/config/problems";
import type { HostSpec } from "../../components/hosts/types";
import type { KubernetesSettings } from "../../components/kubernetes/settings";
import { validateKubernetes } from "../../components/kubernetes/validate";
import { bareMetalTypes, treeFromInventory, validateInlineTypes, type FabricTree, type MachineType } from "../../hardware";
import {
  bastionKeyProblems,
  machineTypes,
  unverifiedTypes,
  referenceProblems,
  secretProblem,
  secretProblems,
  stateProblems,
  type ConfiguredKeys,
  type DraftCluster,
} from "./checks";
import { clusterConfig, hostGroup, type ClusterConfig } from "./cluster";
import { duplicates, expandGroups, groupPath, sharedKeys, type DraftGroup, type ExpandedHosts } from "./hosts";
import type { KubernetesConfig } from "./kubernetes";
import { layersConfig, type LayersConfig } from "./layers";
import { workloadConfig, type WorkloadConfig } from "./workload";

export interface ProgramOptions {
  /** The stack's other keys, without the project in front. */
  readonly keys: ConfiguredKeys;
  /** The structure holds a nested `secure:`, which the CLI has decrypted: nothing of it may be shown. @default false */
  readonly holdsSecrets?: boolean;
}

export interface ParsedCluster {
  readonly config: ClusterConfig;
  /** Every host of the inventory in its order, whatever its state. */
  readonly hosts: readonly HostSpec[];
  readonly tree: FabricTree;
  /** Undefined when the cluster has no `kubernetes`. */
  readonly settings?: KubernetesSettings;
  readonly warnings: readonly Problem[];
}

/** Stands where a problem keeps us from knowing; nothing is made of it, because the problem is thrown. */
const UNKNOWN_TYPE: MachineType = bareMetalTypes[0]!;
const UNKNOWN_ENDPOINT = "unknown.invalid:6443";

/**
 * The cluster's configuration, resolved: hostlists expanded, machine types found, the fabric tree made, defaults filled in.
 *
 * @param raw value of `turducken:cluster`, decoded
 * @throws ConfigError with every problem: of shape, of names, and of values that do not go together
 */
export function parseCluster(raw: unknown, options: ProgramOptions): ParsedCluster {
  refuseDecrypted("cluster", clusterConfig, raw, options);
  return resolveCluster(raw, options);
}

function resolveCluster(written: unknown, options: ProgramOptions): ParsedCluster {
  const raw = withoutSecrets(written);
  const inline = validateInlineTypes(field(raw, "machineTypes"), "cluster.machineTypes", ["bare-metal", "aws"]);
  const shape = [...configProblems(clusterConfig, written, "cluster", { elsewhere: ["machineTypes"] }), ...inline.problems];
  const parsed = clusterConfig.safeParse(raw);
  const draft: DraftCluster = parsed.success ? parsed.data : (salvage(clusterConfig.partial(), raw) ?? {});
  const groups: DraftGroup[] = parsed.success ? parsed.data.hosts : draftGroups(field(raw, "hosts"));
  const expanded = expandGroups(groups, draft.ssh?.trustOnFirstUse ?? false);
  const wrongTypes = Object.keys(asObject(field(raw, "machineTypes"))).filter((name) => !(name in inline.types));
  const found = machineTypes(groups, inline.types, wrongTypes);
  const hosts = hostSpecs(draft, groups, expanded, found.types);
  const { tree, problems: treeProblems, warnings } = fabricTree(draft, groups, expanded);
  const settings = draft.kubernetes && resolveSettings(draft.kubernetes, hosts);
  const semantic = [
    ...secretProblems(draft, options.keys),
    ...bastionKeyProblems(draft),
    ...expanded.problems,
    ...duplicates(expanded.hosts),
    ...found.problems,
    ...treeProblems,
    ...referenceProblems(draft, expanded, groups),
    ...stateProblems(draft, expanded, groups),
    ...(settings ? kubernetesProblems(settings, hosts, expanded.incomplete) : []),
  ];
  const problems = mergeProblems(shape, semantic);
  if (problems.length > 0) throw new ConfigError("configuration turducken:cluster", problems);
  return {
    config: parsed.data!,
    hosts,
    tree,
    settings,
    warnings: [...warnings, ...unverifiedTypes(found.types), ...sharedKeys(expanded.hosts), ...trustWarning(draft, hosts)],
  };
}

/** `turducken:layers`. @throws ConfigError with every problem */
export function parseLayers(raw: unknown, options: ProgramOptions): LayersConfig {
  return parseProgram(layersConfig, raw, "layers", options, (draft) => [
    ...oneOf("layers", draft, "cluster", "contract", "the cluster stack, or a contract file for somebody else's cluster"),
    ...(draft.contract !== undefined && draft.kubeconfig === undefined
      ? [
          {
            path: "layers.kubeconfig",
            message: "It is missing.",
            allowed: "the name of a secret key",
            fix: "Name the secret key with the kubeconfig of the contract's cluster.",
          },
        ]
      : []),
    ...secretProblem("layers.kubeconfig", draft.kubeconfig, options.keys),
  ]);
}

/** `turducken:workload`. @throws ConfigError with every problem that needs no cluster to be seen */
export function parseWorkload(raw: unknown, options: ProgramOptions): WorkloadConfig {
  return parseProgram(workloadConfig, raw, "workload", options, (draft) => [
    ...oneOf("workload", draft, "cluster", "contract", "the cluster stack, or a contract file for somebody else's cluster"),
    ...oneOf("workload", draft, "layers", "kubeconfig", "the layers stack, or the name of a secret key with a kubeconfig"),
    ...secretProblem("workload.kubeconfig", draft.kubeconfig, options.keys),
  ]);
}

type Program = typeof layersConfig | typeof workloadConfig;

function parseProgram<T extends Program>(
  schema: T,
  raw: unknown,
  root: string,
  options: ProgramOptions,
  check: (draft: Partial<LayersConfig & WorkloadConfig>) => Problem[],
): ReturnType<T["parse"]> {
  refuseDecrypted(root, schema, raw, options);
  return parseConfig(schema, raw, root, {
    subject: `configuration turducken:${root}`,
    check: (draft) => check((draft ?? {}) as Partial<LayersConfig & WorkloadConfig>),
  }) as ReturnType<T["parse"]>;
}

/** Exactly one of two fields. */
function oneOf(root: string, draft: object, first: string, second: string, allowed: string): Problem[] {
  const given = [first, second].filter((key) => (draft as Record<string, unknown>)[key] !== undefined);
  if (given.length === 1) return [];
  if (given.length === 0)
    return [{ path: `${root}.${first}`, message: "It is missing.", allowed, fix: `Add \`${first}\` or \`${second}\`.` }];
  return [
    {
      path: `${root}.${second}`,
      message: `It stands beside \`${first}\`; only one of them can be meant.`,
      allowed,
      fix: "Remove one of them.",
    },
  ];
}

/**
 * The CLI decrypts a nested `secure:` and tells only that the whole value is a secret. Then no value of it is shown, and nothing is
 * looked at that might quote one.
 */
function refuseDecrypted(root: string, schema: z.ZodType, raw: unknown, { holdsSecrets }: ProgramOptions): void {
  if (!holdsSecrets) return;
  throw new ConfigError(`configuration turducken:${root}`, [
    {
      path: root,
      message: "Somewhere inside stands `secure:`, which would reach the program, its state and its plans as plain text.",
      allowed: "secrets as top-level keys of the stack file, named here",
      fix: "Move it to a key of its own (`pulumi config set --secret turducken:<key>`) and write that key's name here.",
    },
    ...configProblems(schema, raw, root, { hideValues: true }),
  ]);
}

function draftGroups(raw: unknown): DraftGroup[] {
  return Array.isArray(raw) ? raw.map((group) => salvage(hostGroup.partial(), group) ?? {}) : [];
}

function hostSpecs(
  draft: DraftCluster,
  groups: readonly DraftGroup[],
  { hosts }: ExpandedHosts,
  types: readonly (MachineType | undefined)[],
): HostSpec[] {
  const { user = "", port = 22, privateKey = "", bastion } = draft.ssh ?? {};
  const ssh = {
    user,
    port,
    privateKeySecret: privateKey,
    ...(bastion
      ? {
          bastion: {
            host: bastion.host,
            port: bastion.port,
            user: bastion.user,
            hostKey: bastion.hostKey,
            privateKeySecret: bastion.privateKey,
          },
        }
      : {}),
  };
  return hosts.map(({ name, group, addresses, hostKey }) => {
    const { pool = "", role = "worker", leaf, accelerator } = groups[group]!;
    return {
      name,
      pool,
      role,
      state: draft.states?.[name] ?? "active",
      generation: draft.generations?.[name] ?? 1,
      machineType: types[group] ?? UNKNOWN_TYPE,
      addresses,
      ...(hostKey === undefined ? {} : { hostKey }),
      ssh,
      ...(leaf === undefined ? {} : { leaf }),
      ...(accelerator === undefined ? {} : { accelerator }),
    };
  });
}

/** A group that gives no host (its names are not understood, or another's) still has its leaf: its spine is right about it. */
function fabricTree(draft: DraftCluster, groups: readonly DraftGroup[], { hosts }: ExpandedHosts) {
  const seen = new Set<string>();
  const nodes = hosts
    .filter(({ name }) => !seen.has(name) && seen.add(name))
    .map(({ name, group }) => ({ name, group, mayLackLeaf: groups[group]!.role === "control-plane" }));
  const withHosts = new Set(nodes.map(({ group }) => group));
  const empty = [...groups.keys()].filter((group) => !withHosts.has(group));
  return treeFromInventory({
    nodes: [...nodes, ...empty.map((group) => ({ name: groupPath(group), group, mayLackLeaf: true }))].map(
      ({ group, ...node }) => ({
        ...node,
        leaf: groups[group]!.leaf,
        accelerator: groups[group]!.accelerator,
        path: groupPath(group),
      }),
    ),
    spines: draft.topology?.spines,
    cores: draft.topology?.cores,
  });
}

/** Every default filled in. */
export function resolveSettings(kubernetes: KubernetesConfig, hosts: readonly HostSpec[]): KubernetesSettings {
  const address = hosts.find(({ role }) => role === "control-plane")?.addresses.advertise;
  const endpoint = address ? `${address.includes(":") ? `[${address}]` : address}:6443` : UNKNOWN_ENDPOINT;
  return { ...kubernetes, controlPlaneEndpoint: kubernetes.controlPlaneEndpoint ?? endpoint };
}

function kubernetesProblems(settings: KubernetesSettings, hosts: readonly HostSpec[], incomplete: boolean): Problem[] {
  const problems = validateKubernetes({ settings, hosts });
  // The control plane may be among the hosts whose names are not understood.
  return incomplete ? problems.filter(({ path }) => path !== "cluster.hosts") : problems;
}

function trustWarning(draft: DraftCluster, hosts: readonly HostSpec[]): Problem[] {
  const unpinned = hosts.filter(({ hostKey }) => hostKey === undefined);
  if (unpinned.length === 0) return [];
  return [
    {
      path: "cluster.ssh.trustOnFirstUse",
      value: draft.ssh?.trustOnFirstUse,
      message: `${unpinned.length} ${unpinned.length === 1 ? "host is" : "hosts are"} believed without a pinned key.`,
      fix: "Pin their keys before the cluster holds anything of value.",
    },
  ];
}

function field(raw: unknown, key: string): unknown {
  return asObject(raw)[key];
}

function asObject(raw: unknown): Record<string, unknown> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) ? (raw as Record<string, unknown>) : {};
}
