import { z } from "zod";
import { dnsLabel, field, secretName, wholeNumber } from "../../components/config/fields";
import { VERSIONS } from "../../components/kubernetes/versions";
import { kubernetesConfig } from "./kubernetes";
import { inlineMachineType } from "./machine-types";

const EXAMPLE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9+lqTFpcmD9jHzKD1JVALXTcXfzk1TcvLiSHVYDW1r";
const user = () => z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "It is not a Linux user name." });
const port = () => wholeNumber(1, 65535);
const domain = () => z.string().min(1);

const bastion = z.strictObject({
  host: field(z.string().min(1), "Address or name of the bastion.", "login.example.org"),
  port: field(port().default(22), "Its SSH port.", 22),
  user: field(user(), "User on the bastion.", "jump"),
  hostKey: field(z.string().min(1), "The bastion's public host key.", EXAMPLE_KEY),
  privateKey: field(secretName(), "Name of the secret key with the private key for the bastion.", "bastionPrivateKey"),
});

const ssh = z.strictObject({
  user: field(user(), "User on every host; needs sudo without password (or is root).", "admin"),
  port: field(port().default(22), "SSH port of the hosts.", 22),
  privateKey: field(
    secretName(),
    "Name of the secret key with the private key, in OpenSSH's or PEM form, without passphrase.",
    "sshPrivateKey",
  ),
  bastion: field(bastion.optional(), "Host that all connections go through."),
  trustOnFirstUse: field(
    z.boolean().default(false),
    "Connect to hosts without a pinned host key too. Whoever sits in between is then believed; for throw-away machines only.",
    false,
  ),
});

const addresses = z.strictObject({
  reach: field(z.string().min(1), "Where we connect by SSH: addresses or names, a hostlist.", "10.0.0.[11-16]"),
  bind: field(
    z.string().min(1).optional(),
    "What daemons on the host listen on (kubelet's node address). Default: as `advertise`.",
    "10.1.0.[11-16]",
  ),
  advertise: field(z.string().min(1).optional(), "What other hosts dial. Default: as `bind`, else as `reach`.", "10.1.0.[11-16]"),
});

export const hostGroup = z.strictObject({
  names: field(
    z.string().min(1),
    "Host names, a hostlist; equal to the machines' own names and to the Kubernetes node names.",
    "n[01-06]",
  ),
  pool: field(dnsLabel(), "Machines of one type wanted together.", "compute"),
  role: field(z.enum(["control-plane", "worker"]).default("worker"), "What the hosts do in Kubernetes.", "worker"),
  machineType: field(z.string().min(1), "A row of the hardware catalogue, or one of `machineTypes`.", "cpu-generic"),
  addresses: field(
    z.union([z.string().min(1), addresses]),
    "One address per host, in the order of `names`, as a hostlist; or three lists where reach, bind and advertise differ.",
    "10.0.0.[11-16]",
  ),
  leaf: field(domain().optional(), "Leaf switch (or group of hosts that share their leaves) of all hosts of the group.", "l1"),
  accelerator: field(domain().optional(), "NVLink or other accelerator domain of all hosts of the group.", "nvl1"),
  hostKeys: field(z.array(z.string()).default([]), "Public SSH host keys, one line per host, in the order of `names`.", [
    EXAMPLE_KEY,
  ]),
});

const topology = z.strictObject({
  spines: field(z.record(z.string(), z.array(z.string())).default({}), "Spine → the leaves under it.", { s1: ["l1", "l2"] }),
  cores: field(z.record(z.string(), z.array(z.string())).default({}), "Core → the spines under it.", { c1: ["s1", "s2"] }),
});

const mode = (what: string) =>
  field(
    z.enum(["verify", "manage"]).default("verify"),
    `${what}: \`verify\` only checks, \`manage\` sets them up where they are absent.`,
    "verify",
  );

const site = z.strictObject({
  accounts: mode("Users and groups"),
  munge: mode("Munge and its key"),
  time: mode("Clock synchronisation"),
  names: mode("Host names and their resolution"),
  storage: mode("Shared file systems"),
});

const maintenance = z.strictObject({
  policy: field(
    z.enum(["defer", "wait", "force"]).default("defer"),
    "What a change that would disturb running work does on a busy host: report it and leave it, wait for idleness, or drain all the same.",
    "defer",
  ),
  maxUnavailable: field(wholeNumber(1).default(1), "How many hosts may be out of use at once.", 1),
  reboot: field(z.enum(["never", "when-idle"]).default("never"), "Whether hosts may be rebooted.", "never"),
  waitSeconds: field(wholeNumber(0).default(3600), "How long `wait` waits for a host to become idle, in seconds.", 3600),
});

/** `turducken:cluster`: machines and the Kubernetes on them. */
export const clusterConfig = z.strictObject({
  environment: field(z.literal("bare-metal"), "Where the machines come from.", "bare-metal"),
  name: field(
    dnsLabel(),
    "Name of the cluster; stands on its hosts and in its contract. A new name is a new cluster.",
    "example",
  ),
  ssh: field(ssh, "How hosts are reached."),
  machineTypes: field(z.record(z.string(), inlineMachineType).default({}), "Machine types of your own, by name.", {
    "cpu-64": { cores: 64, memoryGiB: 512, fabric: { kind: "ethernet", rateGbps: 25 } },
  }),
  hosts: field(z.array(hostGroup).min(1), "The inventory, in groups of like hosts."),
  topology: field(topology.prefault({}), "The network above the leaves."),
  states: field(
    z.record(z.string(), z.enum(["active", "leaving", "lost", "down"])).default({}),
    "Host → `leaving` (drain it and arm its removal), `lost` (dead, forget it), `down` (unreachable now, the others go on).",
    { n06: "leaving" },
  ),
  generations: field(
    z.record(z.string(), wholeNumber(1)).default({}),
    "Host → a number that is raised when the host needs repair, by `turducken probe --mark`.",
    { n03: 2 },
  ),
  site: field(site.prefault({}), "What already belongs to somebody on your hosts."),
  maintenance: field(maintenance.prefault({}), "When changes may disturb running work."),
  minReady: field(
    z.record(z.string(), wholeNumber(0)).default({}),
    "Pool → how many of its nodes the layers wait for. Default: all that are active.",
    { compute: 5 },
  ),
  kubernetes: field(
    kubernetesConfig.optional(),
    `Kubernetes on the hosts; \`{}\` gives kubeadm ${VERSIONS.kubernetes.version}. Without it hosts are made right and nothing runs on them.`,
  ),
});

export type ClusterConfig = z.infer<typeof clusterConfig>;
export type HostGroupConfig = z.infer<typeof hostGroup>;
