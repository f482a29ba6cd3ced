/** The plain values that host configuration is made of. Pure; the ComponentResources are thin around them. */
import type { MachineType } from "../../hardware/types";

export type HostRole = "control-plane" | "worker";

/**
 * `active` is the normal state. `leaving`: drain it and arm the delete of its resources, then remove the entry.
 * `lost`: the machine is dead; forget it without contacting it. `down`: not reachable for now; the others go on.
 */
export type HostState = "active" | "leaving" | "lost" | "down";

export type SiteMode = "verify" | "manage";
export interface SitePolicy {
  readonly accounts: SiteMode;
  readonly munge: SiteMode;
  readonly time: SiteMode;
  readonly names: SiteMode;
  readonly storage: SiteMode;
}

/** Three addresses, because management and fabric networks usually differ; equal when the user gave one. */
export interface HostAddresses {
  /** Where we connect by SSH. */
  readonly reach: string;
  /** What daemons on the host listen on (kubelet --node-ip). */
  readonly bind: string;
  /** What other hosts dial. */
  readonly advertise: string;
}

export interface SshAccess {
  readonly user: string;
  readonly port: number;
  /** Name of the top-level secret configuration key that holds the private key. */
  readonly privateKeySecret: string;
  readonly bastion?: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly hostKey: string;
    readonly privateKeySecret: string;
  };
}

/** One machine reached over SSH, after hostlists were expanded. */
export interface HostSpec {
  /** RFC 1123 label; equals the machine's host name and the Kubernetes node name. */
  readonly name: string;
  readonly pool: string;
  readonly role: HostRole;
  readonly state: HostState;
  /** Raised by `probe --mark`; the only input that changes when a host needs repair. */
  readonly generation: number;
  readonly machineType: MachineType;
  readonly addresses: HostAddresses;
  /** `ssh-ed25519 AAAA…`, authorized_keys style; undefined only with `trustOnFirstUse`. */
  readonly hostKey?: string;
  readonly ssh: SshAccess;
  readonly leaf?: string;
  readonly accelerator?: string;
}

/** What happens to running work when a step is applied. */
export type Disruption = "none" | "restart" | "drain" | "reboot";

/**
 * One thing that must be so on a host. `check` exits 0 when it already is; after `apply` it must.
 * Both are bash fragments that run under `set -euo pipefail` in a subshell as root, with the helpers of `render/library.sh`.
 */
export interface Step {
  /** Stable, kebab-case, unique in its phase: `containerd-config`. */
  readonly id: string;
  /** What it achieves, in the user's words; shown in progress and errors. */
  readonly title: string;
  readonly check: string;
  readonly apply: string;
  readonly disruption: Disruption;
  /** What to do when it fails; shown after the error. */
  readonly remedy?: string;
}

/**
 * When a step runs. `prepare`: before the host is in the cluster. `cluster`: init or join. `roll`: what would disturb
 * running work, host by host. `leave`: armed only by `state: leaving`.
 */
export type Phase = "prepare" | "cluster" | "roll" | "leave";

export type StepState = "ok" | "changed" | "would-change" | "deferred" | "failed";

/** One JSON line per step on stdout of a host program. */
export interface StepReport {
  readonly host: string;
  readonly phase: Phase;
  readonly step: string;
  /** Left out by `apply` where all went well (`ok`, `changed`). */
  readonly title?: string;
  readonly state: StepState;
  readonly seconds: number;
  /** First lines of stderr of a failed or deferred step. */
  readonly stderr?: readonly string[];
  readonly remedy?: string;
}

/** What a host says about itself; one JSON object on stdout of the facts script. */
export interface HostFacts {
  readonly host: string;
  readonly hostname: string;
  readonly machineId: string;
  /** From /etc/os-release. */
  readonly os: { readonly id: string; readonly versionId: string };
  readonly arch: string;
  readonly kernel: string;
  /** `sudo -n true` (or uid 0) works. */
  readonly sudo: boolean;
  /** Seconds since the epoch, and the runner's clock when it was asked (filled by the reader), for skew. */
  readonly clock: number;
  readonly addresses: readonly string[];
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly diskFreeMiB: number;
  readonly swapMiB: number;
  readonly cgroup: "v1" | "v2";
  readonly selinux: string;
  readonly apparmor: string;
  /** Somebody else's daemons found on the host: kubelet (not ours), slurmd, pbs_mom, k3s, rke2. */
  readonly foreign: readonly string[];
  /** Host belongs to this cluster already: name in /etc/turducken/cluster. */
  readonly cluster?: string;
  /** Days until the first kubeadm certificate expires, control plane only. */
  readonly certificateDays?: number;
}

/** How a phase `roll` gets a host out of use and back. Bash fragments; given by the layer that runs work on the host. */
export interface RollHooks {
  /** Exits 0 and prints one line saying why when work would be disturbed; exits 1 when the host is idle. */
  readonly busy: string;
  /** Cordon and evict. */
  readonly before: string;
  /** Wait until the host serves again, then uncordon. */
  readonly after: string;
  /**
   * Exits 0 when the host is a member, so that `prepare` must not disturb it.
   * @default the program's own note that its phase `cluster` was finished once
   */
  readonly member?: string;
}

/** What one bash program per host is rendered from. */
export interface HostProgram {
  readonly cluster: string;
  readonly host: string;
  readonly steps: Readonly<Record<Phase, readonly Step[]>>;
  readonly roll?: RollHooks;
  readonly maintenance: {
    readonly policy: "defer" | "wait" | "force";
    readonly reboot: "never" | "when-idle";
    readonly waitSeconds: number;
  };
}
