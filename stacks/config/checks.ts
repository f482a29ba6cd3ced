import { hostKeyFault, HOST_KEY_ALLOWED } from "../../components/config/hostKey";
import type { Problem } from "../../components/config/problems";
import { MUNGE_SECRET } from "../../components/hosts/steps/site";
import { nearestNames, showNames, type MachineType } from "../../hardware";
import { findMachineType, unverifiedWarning } from "../../hardware/catalogue";
import type { ClusterConfig } from "./cluster";
import { groupPath, type DraftGroup, type DraftHost, type ExpandedHosts } from "./hosts";

/** Keys of the stack's configuration beside the structure, without the project in front. */
export interface ConfiguredKeys {
  readonly secret: readonly string[];
  readonly plain: readonly string[];
}

export type DraftCluster = { readonly [K in keyof ClusterConfig]?: ClusterConfig[K] };

const didYouMean = (name: string, known: readonly string[], otherwise: string): string => {
  const [nearest] = nearestNames(name, known, 1);
  return nearest ? `Did you mean ${nearest}?` : otherwise;
};

/** A name in the structure that must be a secret key of the stack. The name itself is not shown: it may be the secret. */
export function secretProblem(path: string, name: string | undefined, keys: ConfiguredKeys): Problem[] {
  if (name === undefined || keys.secret.includes(name)) return [];
  const allowed = keys.secret.length > 0 ? `secret keys of this stack: ${keys.secret.join(", ")}` : undefined;
  if (keys.plain.includes(name)) {
    const fix = `\`pulumi config set --secret turducken:${name}\`; and take a key that has been in plain text out of use.`;
    return [{ path, message: "The key that it names is configured in plain text.", allowed, fix }];
  }
  const fix = didYouMean(name, keys.secret, "`pulumi config set --secret turducken:<name> < file`, and write that name here.");
  return [{ path, message: "This stack has no secret key of the name that stands here.", allowed, fix }];
}

export function secretProblems(draft: DraftCluster, keys: ConfiguredKeys): Problem[] {
  const { ssh, kubernetes, site } = draft;
  const munge = site?.munge === "manage" && !keys.secret.includes(MUNGE_SECRET);
  return [
    ...secretProblem("cluster.ssh.privateKey", ssh?.privateKey, keys),
    ...secretProblem("cluster.ssh.bastion.privateKey", ssh?.bastion?.privateKey, keys),
    ...secretProblem("cluster.kubernetes.pullSecret", kubernetes?.pullSecret, keys),
    ...(munge
      ? [
          {
            path: "cluster.site.munge",
            value: "manage",
            message: `Hosts without a munge key would get one, but this stack has no secret key ${MUNGE_SECRET}.`,
            fix: `\`base64 < munge.key | pulumi config set --secret turducken:${MUNGE_SECRET}\`, or \`munge: verify\`.`,
          },
        ]
      : []),
  ];
}

export function bastionKeyProblems(draft: DraftCluster): Problem[] {
  const key = draft.ssh?.bastion?.hostKey;
  const fault = key === undefined ? undefined : hostKeyFault(key);
  return fault ? [{ path: "cluster.ssh.bastion.hostKey", value: key, allowed: HOST_KEY_ALLOWED, ...fault }] : [];
}

/** `states`, `generations` and `minReady` must name what is there. */
export function referenceProblems(draft: DraftCluster, expanded: ExpandedHosts, groups: readonly DraftGroup[]): Problem[] {
  const hosts = expanded.hosts.map(({ name }) => name);
  const pools = [...new Set(groups.map(({ pool }) => pool).filter((pool) => pool !== undefined))];
  const unknown = (field: string, names: readonly string[], known: readonly string[], word: string): Problem[] =>
    names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path: `cluster.${field}.${name}`,
        message: `There is no ${word} ${name}.`,
        allowed: showNames(known),
        fix: didYouMean(name, known, "Remove the entry."),
      }));
  const hostFields = expanded.incomplete ? [] : (["states", "generations"] as const);
  return [
    ...hostFields.flatMap((field) => unknown(field, Object.keys(draft[field] ?? {}), hosts, "host")),
    ...(groups.some(({ pool }) => pool === undefined)
      ? []
      : unknown("minReady", Object.keys(draft.minReady ?? {}), pools, "pool")),
  ];
}

/** Machine type of every group, and the groups whose type nobody knows. */
export function machineTypes(
  groups: readonly DraftGroup[],
  inline: Readonly<Record<string, MachineType>>,
  wrongInline: readonly string[],
): { types: (MachineType | undefined)[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const types = groups.map(({ machineType: name }, index) => {
    if (name === undefined || wrongInline.includes(name)) return undefined;
    const found = findMachineType(name, inline);
    if (found.type) return found.type;
    problems.push({
      path: `${groupPath(index)}.machineType`,
      value: name,
      message: "There is no machine type of this name.",
      allowed: `nearest: ${found.nearest.join(", ")}`,
      fix: "Use one of the catalogue, or define it under `machineTypes`.",
    });
    return undefined;
  });
  return { types, problems: [...problems, ...mixedPools(groups, types)] };
}

/** One warning for each type whose numbers nobody has confirmed. */
export function unverifiedTypes(types: readonly (MachineType | undefined)[]): Problem[] {
  const used = new Map(types.flatMap((type) => (type ? [[type.name, type] as const] : [])));
  return [...used.values()].flatMap((type) => {
    const message = unverifiedWarning(type);
    const fix = "Compare a first machine with `turducken hardware show` before you rely on it.";
    return message === undefined ? [] : [{ path: "cluster.hosts", value: type.name, message, fix }];
  });
}

/** A pool is machines of one type: its nodes' devices and sizes stand once in the contract. */
function mixedPools(groups: readonly DraftGroup[], types: readonly (MachineType | undefined)[]): Problem[] {
  const first = new Map<string, number>();
  return groups.flatMap(({ pool, machineType }, index) => {
    if (pool === undefined || types[index] === undefined) return [];
    const before = first.get(pool);
    if (before === undefined) first.set(pool, index);
    if (before === undefined || groups[before]!.machineType === machineType) return [];
    const other = groups[before]!.machineType!;
    return [
      {
        path: `${groupPath(index)}.pool`,
        value: pool,
        message: `A pool has one machine type; ${groupPath(before)} is of ${other}, this group of ${machineType}.`,
        fix: "Give one of the groups a pool of its own.",
      },
    ];
  });
}

/** What states leave of the cluster: a control plane, workers, and as many nodes as are waited for. */
export function stateProblems(draft: DraftCluster, expanded: ExpandedHosts, groups: readonly DraftGroup[]): Problem[] {
  const states = draft.states ?? {};
  const stateOf = ({ name }: DraftHost) => states[name] ?? "active";
  const ofRole = (role: string) => expanded.hosts.filter((host) => groups[host.group]!.role === role);
  const problems: Problem[] = [];
  if (draft.kubernetes) {
    for (const host of ofRole("control-plane").filter((each) => stateOf(each) !== "active")) {
      problems.push({
        path: `cluster.states.${host.name}`,
        value: stateOf(host),
        message: `${host.name} is the only control plane; without it nothing can be done with the others.`,
        allowed: "active",
        fix: "Remove the entry. To end the whole cluster: `pulumi destroy`, or take the machines back by hand.",
      });
    }
  }
  const workers = ofRole("worker");
  if (workers.length > 0 && !expanded.incomplete && workers.every((host) => ["leaving", "lost"].includes(stateOf(host)))) {
    problems.push({
      path: "cluster.states",
      value: showNames(workers.map(({ name }) => name)),
      message: "Every worker is leaving or lost; their work would have nowhere to go.",
      fix: "Keep at least one, add new hosts first, or end the cluster with `pulumi destroy`.",
    });
  }
  return [...problems, ...(expanded.incomplete ? [] : readyProblems(draft, expanded, groups, stateOf))];
}

function readyProblems(
  draft: DraftCluster,
  expanded: ExpandedHosts,
  groups: readonly DraftGroup[],
  stateOf: (host: DraftHost) => string,
): Problem[] {
  return Object.entries(draft.minReady ?? {}).flatMap(([pool, wanted]) => {
    const members = expanded.hosts.filter((host) => groups[host.group]!.pool === pool);
    const active = members.filter((host) => stateOf(host) === "active").length;
    if (members.length === 0 || wanted <= active) return [];
    return [
      {
        path: `cluster.minReady.${pool}`,
        value: wanted,
        message: `Pool ${pool} has ${active} active ${active === 1 ? "host" : "hosts"}, so it would be waited for in vain.`,
        allowed: `0 to ${active}`,
        fix: "Lower it, or add hosts.",
      },
    ];
  });
}
