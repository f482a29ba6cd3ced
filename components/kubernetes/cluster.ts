import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { secretLine } from "../hosts/connection";
import type { HostSet } from "../hosts/host-set";
import type { HostSpec } from "../hosts/types";
import { deleteNodeScript, drainScript, kubeconfigScript, tokenScript } from "./scripts";
import type { KubernetesSettings } from "./settings";
import { kubeadmRegistry } from "./steps/membership";

export interface KubeadmClusterArgs {
  readonly cluster: string;
  /** All hosts of the inventory, in its order, whatever their state. */
  readonly hosts: readonly HostSpec[];
  readonly hostSet: HostSet;
  readonly settings: KubernetesSettings;
  readonly maintenance: {
    /** How many workers may be rolled at one time. */
    readonly maxUnavailable: number;
  };
  /** The Docker configuration JSON that `settings.pullSecret` names. @default no private registry */
  readonly pullSecret?: pulumi.Input<string>;
}

/**
 * One Kubernetes cluster by kubeadm on hosts that are prepared.
 *
 * Children: `<control plane>-init`, then `<control plane>-kubeconfig` and, for each worker at the same time, `<host>-token` (on
 * the control plane) and `<host>-join`; last `<host>-roll`, control plane first, then workers in lanes of `maxUnavailable`.
 *
 * A worker that is `leaving` is drained by its token command and reset and forgotten when its entry is removed. One that is
 * `lost` is forgotten by the control plane; nobody contacts it. One that is `down` has no children.
 */
export class KubeadmCluster extends pulumi.ComponentResource {
  static readonly type = "turducken:kubernetes:KubeadmCluster";
  /** The administrator's kubeconfig; a secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** After these, every host that takes part is a node. */
  readonly members: readonly pulumi.Resource[];

  private readonly controlPlane: HostSpec;

  constructor(
    name: string,
    private readonly args: KubeadmClusterArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super(KubeadmCluster.type, name, {}, options);
    this.controlPlane = onlyControlPlane(args.hosts);
    const workers = args.hosts.filter((host) => host.role === "worker" && args.hostSet.has(host.name));
    const init = this.init();
    this.kubeconfig = this.readKubeconfig(init);
    const joins = new Map(workers.map((host) => [host.name, this.join(host, init)]));
    this.members = [init, ...joins.values()];
    this.roll(workers, init, joins);
    this.registerOutputs({});
  }

  private init(): command.remote.Command {
    const { hostSet } = this.args;
    const secrets = this.registrySecrets();
    const stdin = secrets ? secretLine(secrets) : undefined;
    return hostSet.run(`${this.controlPlane.name}-init`, this.controlPlane.name, "cluster", { stdin, parent: this });
  }

  private readKubeconfig(init: pulumi.Resource): pulumi.Output<string> {
    const { name } = this.controlPlane;
    const script = kubeconfigScript(this.args.settings.controlPlaneEndpoint);
    const read = this.args.hostSet.runText(`${name}-kubeconfig`, name, script, {
      secretOutput: true,
      dependsOn: [init],
      parent: this,
    });
    return pulumi.secret(read.stdout);
  }

  private join(host: HostSpec, init: pulumi.Resource): command.remote.Command {
    const token = this.token(host, init);
    // A token that is no token (a leaving host was drained instead) is not handed on.
    const stdin = host.state === "active" ? this.joinSecrets(token) : undefined;
    return this.args.hostSet.run(`${host.name}-join`, host.name, "cluster", {
      stdin,
      delete: "leave",
      dependsOn: [token],
      parent: this,
    });
  }

  /** Runs on the control plane, for one host: what that takes depends on the host's state. */
  private token(host: HostSpec, init: pulumi.Resource): command.remote.Command {
    const { hostSet } = this.args;
    const name = `${host.name}-token`;
    const common = { secretOutput: true, dependsOn: [init], parent: this };
    switch (host.state) {
      // In the control plane's name: commands in the name of a lost host are frozen.
      case "lost":
        return hostSet.runText(name, this.controlPlane.name, deleteNodeScript(host.name), common);
      case "leaving":
        return hostSet.runText(name, host.name, drainScript(host.name), {
          ...common,
          delete: deleteNodeScript(host.name),
          on: this.controlPlane.name,
        });
      default:
        return hostSet.runText(name, host.name, tokenScript(host.name), { ...common, on: this.controlPlane.name });
    }
  }

  private joinSecrets(token: command.remote.Command): pulumi.Output<string> {
    const secrets = this.registrySecrets();
    if (!secrets) return pulumi.secret(token.stdout);
    return pulumi.secret(
      pulumi
        .all([token.stdout, secretLine(secrets)])
        .apply(([minted, more]) => `${JSON.stringify({ ...JSON.parse(minted), ...JSON.parse(more) })}\n`),
    );
  }

  private registrySecrets(): Record<string, pulumi.Input<string>> | undefined {
    const { settings, pullSecret } = this.args;
    if (!settings.pullSecret) return undefined;
    if (pullSecret === undefined)
      throw new Error(`kubernetes.pullSecret names ${settings.pullSecret}, whose value was not given to KubeadmCluster`);
    const authorization = pulumi.output(pullSecret).apply((text) => registryAuthorization(text, kubeadmRegistry(settings)));
    return { pullSecret, registryAuthorization: authorization };
  }

  /** Workers in lanes: each waits for the one `maxUnavailable` places before it, all for the control plane. */
  private roll(workers: readonly HostSpec[], init: pulumi.Resource, joins: ReadonlyMap<string, pulumi.Resource>): void {
    const { hostSet, maintenance } = this.args;
    const rollOf = (host: HostSpec, after: pulumi.Resource[]) =>
      hostSet.run(`${host.name}-roll`, host.name, "roll", { dependsOn: after, parent: this });
    const first = rollOf(this.controlPlane, [init]);
    const lanes: pulumi.Resource[] = [];
    for (const host of workers.filter(({ state }) => state !== "leaving")) {
      const before = lanes[lanes.length - Math.max(1, maintenance.maxUnavailable)] ?? first;
      lanes.push(rollOf(host, [joins.get(host.name)!, before]));
    }
  }
}

/** `Basic …` for the registry, or empty: the step then writes nothing. The text is a secret, so an error does not show it. */
export function registryAuthorization(dockerConfig: string, registry: string): string {
  let config: { auths?: Record<string, { auth?: unknown }> };
  try {
    config = JSON.parse(dockerConfig);
  } catch {
    throw new Error('the pull secret is not a Docker configuration JSON: {"auths": {"registry": {"auth": …}}}');
  }
  const auth = config?.auths?.[registry]?.auth ?? config?.auths?.[`https://${registry}`]?.auth;
  return typeof auth === "string" && auth !== "" ? `Basic ${auth}` : "";
}

function onlyControlPlane(hosts: readonly HostSpec[]): HostSpec {
  const found = hosts.filter((host) => host.role === "control-plane");
  if (found.length !== 1) throw new Error(`a kubeadm cluster has exactly one control plane; found ${found.length}`);
  return found[0]!;
}
