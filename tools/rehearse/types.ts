/** What the lab offers to the rehearsal and to the lab tests. */

export interface LabHostSpec {
  readonly name: string;
  /** Role only chooses what is prepared on disk: control planes get all images at hand. */
  readonly role: "control-plane" | "worker" | "bastion" | "plain";
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One namespace with systemd as PID 1 (or only sshd for `plain` and `bastion`), own root overlay, own sshd and host key. */
export interface LabHost {
  readonly name: string;
  readonly address: string;
  readonly port: 22;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  readonly pid: number;
  /** Runs a program inside the host's namespaces without SSH; for faults and evidence, never for configuration. */
  exec(argv: readonly string[], options?: { stdin?: string; timeoutSeconds?: number }): Promise<ExecResult>;
  /** Kills PID 1 (host down) and leaves its folder, so `lab.boot(name)` can bring it back. */
  kill(): Promise<void>;
}

export interface LabOptions {
  readonly hosts: readonly LabHostSpec[];
  /** Folder for this run; removed at close unless keep. */
  readonly folder?: string;
  /** Folders bind-mounted read-only into every host, e.g. the binaries at /opt/turducken. */
  readonly mounts?: readonly { readonly from: string; readonly to: string }[];
  /** Folder with unpacked Debian packages (containerd, runc, …) laid over every host's root; only for cluster hosts. */
  readonly overlay?: string;
  readonly systemd?: boolean;
  readonly onProgress?: (host: string, message: string) => void;
}

export interface Lab {
  /** Eight hex digits; every namespace, link, cgroup and folder of the run carries it. */
  readonly runId: string;
  /** Random /24 out of 10.64.0.0/11 that no route or other run uses, e.g. `10.91.7`. */
  readonly subnetPrefix: string;
  /** OpenSSH PEM private key that every host accepts for root and for user `admin` (sudo without password). */
  readonly privateKey: string;
  readonly hosts: ReadonlyMap<string, LabHost>;
  addHost(spec: LabHostSpec): Promise<LabHost>;
  boot(name: string): Promise<LabHost>;
  /** Ends every process, namespace, link, mount and cgroup of this run and nothing else; restores VM-wide sysctls. Safe to call twice. */
  close(): Promise<void>;
}
