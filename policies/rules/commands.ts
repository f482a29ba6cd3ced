import type { Finding, Policy, PolicyResource, PolicyValue } from "../types";
import { bagOf, isCommand, isRemote, isUnknown, reveal } from "../walk";

/** Every SSH connection, also the one to a bastion, is to a host whose key is known before. */
export const hostKeysPinned: Policy = {
  id: "host-keys-pinned",
  title: "Host keys are pinned on every connection and every proxy",
  why: "Without `hostKey` the command provider believes any machine that answers, and gives it the scripts and their secrets.",
  source: "pulumi/pulumi-command:provider/pkg/provider/remote/connection.go@010bd8e0 (ssh.InsecureIgnoreHostKey)",
  check: ({ resources }) =>
    resources.filter(isRemote).flatMap((resource) => {
      const connection = bagOf(reveal(resource.inputs.connection));
      if (!connection || isUnknown(connection)) return [];
      const proxy = bagOf(reveal(connection.proxy));
      const found = [
        ...(pinned(connection.hostKey) ? [] : ["its connection"]),
        ...(proxy && !isUnknown(proxy) && !pinned(proxy.hostKey) ? ["its connection to the bastion"] : []),
      ];
      return found.map((where) =>
        finding(
          "host-keys-pinned",
          resource,
          `${where} pins no host key`,
          "give the host its `hostKeys` line (a bastion its `hostKey`)",
        ),
      );
    }),
};

function pinned(key: PolicyValue | undefined): boolean {
  return isUnknown(key) || /^\S+ \S+/.test(String(reveal(key) ?? ""));
}

export const noTriggers: Policy = {
  id: "no-triggers",
  title: "Commands have no triggers",
  why: "A changed trigger replaces the command: a new create on the live host, and then the old delete.",
  source: "pulumi/pulumi-command#189; schema tag replaceOnChanges at pulumi/pulumi-command@7f3eb6f3b",
  check: ({ resources }) =>
    resources
      .filter(isCommand)
      .filter(({ inputs }) => inputs.triggers !== undefined && !(Array.isArray(inputs.triggers) && inputs.triggers.length === 0))
      .map((resource) =>
        finding(
          "no-triggers",
          resource,
          "it has triggers",
          "put what should rerun it into the command's own text, e.g. a hash or a generation",
        ),
      ),
};

/** Commands act on deletion only where a host was told to leave; whoever reviews the plan sees which. */
export const armedDeletes: Policy = {
  id: "armed-deletes",
  title: "Deletion acts on a host only when the host is leaving",
  why: "A rename or a removed line deletes resources; with a delete command that would drain and reset a live node.",
  source: "pulumi/pulumi-command#104; kubernetes-sigs/cluster-api:docs/book (machine deletion drains)",
  check: ({ resources }) => {
    const armed = resources.filter((resource) => isRemote(resource) && resource.inputs.delete !== undefined);
    return armed.flatMap((resource) => {
      if (resource.inputs.triggers !== undefined) {
        return [
          finding(
            "armed-deletes",
            resource,
            "it has a delete command and triggers: replacing it would run the delete",
            "remove the triggers",
          ),
        ];
      }
      const message = "deleting it runs a command on the host";
      return [
        {
          ...finding(
            "armed-deletes",
            resource,
            message,
            "right for a host whose state is `leaving`; else set the state back to active",
          ),
          severity: "warning" as const,
        },
      ];
    });
  },
};

export const quietCommands: Policy = {
  id: "quiet-commands",
  title: "Remote commands log nothing, and do not get their earlier output back",
  why: "Standard output is logged line by line even when it is a secret, and earlier output is handed to sshd as environment variables, which it refuses.",
  source: "pulumi/pulumi-command#260, #584; pulumi/pulumi#15912",
  check: ({ resources }) =>
    resources
      .filter(({ type }) => type === "command:remote:Command")
      .flatMap((resource) => [
        ...(reveal(resource.inputs.logging) === "none"
          ? []
          : [finding("quiet-commands", resource, "its output is logged", "set `logging: none`")]),
        ...(reveal(resource.inputs.addPreviousOutputInEnv) === false
          ? []
          : [
              finding(
                "quiet-commands",
                resource,
                "its earlier output is put into its environment",
                "set `addPreviousOutputInEnv: false`",
              ),
            ]),
      ]),
};

export function finding(policy: string, resource: Pick<PolicyResource, "urn">, message: string, fix: string): Finding {
  return { policy, severity: "error", urn: resource.urn, message, fix };
}
