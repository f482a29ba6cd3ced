import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/command";
import { DIAL } from "./dial";
import { shortPrivateKey } from "./privateKey";
import type { HostSpec, SshAccess } from "./types";

/** Reads a top-level secret configuration key by its name, e.g. `config.requireSecret`. */
export type SecretReader = (name: string) => pulumi.Output<string>;

/**
 * The `connection` of every command on this host. Without `hostKey` the provider trusts any machine that answers; that happens
 * only when the user asked for trust on first use.
 *
 * Built field by field: a field that the provider does not know makes it print the whole connection, key included
 * (pulumi/pulumi-command#773).
 */
export function hostConnection(
  host: Pick<HostSpec, "addresses" | "ssh" | "hostKey">,
  secrets: SecretReader,
): types.input.remote.ConnectionArgs {
  const { ssh } = host;
  return {
    host: host.addresses.reach,
    port: ssh.port,
    user: ssh.user,
    privateKey: pulumi.secret(secrets(ssh.privateKeySecret).apply(shortPrivateKey)),
    ...(host.hostKey === undefined ? {} : { hostKey: host.hostKey }),
    ...(ssh.bastion ? { proxy: bastionConnection(ssh.bastion, secrets) } : {}),
    dialErrorLimit: ssh.bastion ? DIAL.attemptsThroughBastion : DIAL.attempts,
    perDialTimeout: DIAL.seconds,
  };
}

function bastionConnection(
  bastion: NonNullable<SshAccess["bastion"]>,
  secrets: SecretReader,
): types.input.remote.ProxyConnectionArgs {
  return {
    host: bastion.host,
    port: bastion.port,
    user: bastion.user,
    privateKey: pulumi.secret(secrets(bastion.privateKeySecret).apply(shortPrivateKey)),
    hostKey: bastion.hostKey,
    dialErrorLimit: DIAL.attemptsThroughBastion,
    perDialTimeout: DIAL.seconds,
  };
}

/** Secrets as the one line of JSON that a host program reads from stdin; itself a secret. */
export function secretLine(secrets: Readonly<Record<string, pulumi.Input<string>>>): pulumi.Output<string> {
  return pulumi.secret(pulumi.all(secrets).apply((values) => `${JSON.stringify(values)}\n`));
}
