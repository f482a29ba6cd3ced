import type { HostFacts, HostSpec } from "../../../../components/hosts";
import type { MachineType } from "../../../../hardware/types";

export const machineType: MachineType = {
  name: "cpu-generic",
  provider: "bare-metal",
  arch: "amd64",
  cores: 32,
  threadsPerCore: 2,
  memoryGiB: 128,
  fabric: { kind: "ethernet", rateGbps: 25 },
  localDisks: 1,
  topologyTiers: ["leaf"],
  hugePages2Mi: 0,
  verified: true,
  source: "user",
};

export function hostSpec(name: string, address: string, more: Partial<HostSpec> = {}): HostSpec {
  return {
    name,
    pool: "compute",
    role: "worker",
    state: "active",
    generation: 1,
    machineType,
    addresses: { reach: address, bind: address, advertise: address },
    hostKey: `ssh-ed25519 AAAAkeyOf${name}`,
    ssh: { user: "admin", port: 22, privateKeySecret: "sshPrivateKey" },
    ...more,
  };
}

export function hostFacts(host: Pick<HostSpec, "name" | "addresses">, more: Partial<HostFacts> = {}): HostFacts {
  return {
    host: host.name,
    hostname: host.name,
    machineId: `id-of-${host.name}`,
    os: { id: "debian", versionId: "12" },
    arch: "amd64",
    kernel: "6.1.0",
    sudo: true,
    clock: 1_800_000_000,
    addresses: [host.addresses.bind],
    memoryMiB: 128 * 1024,
    cpus: 64,
    diskFreeMiB: 100_000,
    swapMiB: 0,
    cgroup: "v2",
    selinux: "disabled",
    apparmor: "enabled",
    foreign: [],
    ...more,
  };
}
