import { DIAL, type Inventory } from "../../components/hosts/plain";
import type { SshTarget } from "../ssh";

/** Asking twice is enough here: the provider has just been on the host. */
const ATTEMPTS = 2;

/** How to reach a host of an inventory. A key that is not there is left out, and the host then says that it wants one. */
export function targetOf(
  { name, addresses, ssh, hostKey }: Inventory["hosts"][number],
  keys: Readonly<Record<string, string>>,
): SshTarget {
  const { bastion } = ssh;
  const dial = { dialErrorLimit: ATTEMPTS, perDialTimeout: DIAL.seconds };
  return {
    name,
    host: addresses.reach,
    port: ssh.port,
    user: ssh.user,
    privateKey: keys[ssh.privateKeySecret],
    hostKey,
    ...dial,
    ...(bastion
      ? {
          bastion: {
            host: bastion.host,
            port: bastion.port,
            user: bastion.user,
            privateKey: keys[bastion.privateKeySecret],
            hostKey: bastion.hostKey,
            ...dial,
          },
        }
      : {}),
  };
}
