import { createHash } from "node:crypto";
import { ConfigError, type Problem } from "../../../../components/config/problems";
import { parseCluster, type ProgramOptions } from "../../../../stacks/config";

/** A configuration as a user writes it, free to be spoilt. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- wrong values of every type are what is tested
export type Raw = any;

/** A well-formed ed25519 public key; the same seed gives the same key. */
export function hostKey(seed: string): string {
  const type = Buffer.from("ssh-ed25519");
  const wire = Buffer.concat([length(type), type, length(Buffer.alloc(32)), createHash("sha256").update(seed).digest()]);
  return `ssh-ed25519 ${wire.toString("base64")}`;
}

export function length(bytes: Buffer): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(bytes.length);
  return four;
}

export const OPTIONS: ProgramOptions = { keys: { secret: ["sshPrivateKey"], plain: [] } };

/** The shape of stacks/Pulumi.bare-metal.yaml: one control plane, leaves of 3, 2 and 1 under two spines. */
export function exampleRaw(): Raw {
  const group = (names: string, hosts: string[], addresses: string, leaf: string) => ({
    names,
    pool: "compute",
    machineType: "cpu-generic",
    addresses,
    leaf,
    hostKeys: hosts.map(hostKey),
  });
  return {
    environment: "bare-metal",
    name: "example",
    ssh: { user: "admin", privateKey: "sshPrivateKey" },
    hosts: [
      {
        names: "cp1",
        pool: "control",
        role: "control-plane",
        machineType: "cpu-generic",
        addresses: "10.0.0.10",
        hostKeys: [hostKey("cp1")],
      },
      group("n[01-03]", ["n01", "n02", "n03"], "10.0.0.[11-13]", "l1"),
      group("n[04-05]", ["n04", "n05"], "10.0.0.[14-15]", "l2"),
      group("n06", ["n06"], "10.0.0.16", "l3"),
    ],
    topology: { spines: { s1: ["l1", "l2"], s2: ["l3"] } },
    kubernetes: {},
  };
}

/** The example with a change; the change gets a copy of its own. */
export function spoilt(change: (raw: Raw) => void): Raw {
  const raw = exampleRaw();
  change(raw);
  return raw;
}

/** Every problem of a configuration, or none. */
export function problemsOf(raw: unknown, options: ProgramOptions = OPTIONS): readonly Problem[] {
  try {
    parseCluster(raw, options);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
