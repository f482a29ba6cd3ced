/** What descriptions in an InfiniBand fabric say: who an adapter belongs to, and what a switch is called. */

/** Names that a host has before it knows its own. */
const NOT_YET_NAMED = new Set(["localhost", "localhost.localdomain", "(none)"]);
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const DEVICE_ONLY = /^(?:mlx\d|qib|hfi\d|HCA|ibp\w*|roce\w*)[_-]?\d*$/;

/**
 * The host and device in an adapter's description, `n01 mlx5_5`, as rdma-ndd writes it
 * (linux-rdma/rdma-core:rdma-ndd/rdma-ndd.8.in.rst@36eb5a6b69269e1fe1e1948c07eba4d549978334, format `%h %d`); a single word is
 * taken for the host, because a site may set the format to `%h`. Else the reason why it names no host, for instance the
 * maker's text that stands there until somebody sets another: `MT4129 ConnectX7   Mellanox Technologies`.
 */
export function describeAdapter(description: string): { host: string; device?: string } | { reason: string } {
  const words = description.trim().split(/\s+/);
  const [host = "", device] = words;
  if (host === "") return { reason: "it is empty" };
  if (words.length > 2 || /^MT\d+$/.test(host)) return { reason: "it was never set, or is not a host and a device" };
  if (NOT_YET_NAMED.has(host)) return { reason: "the host had no name yet when it was set" };
  if (device === undefined && DEVICE_ONLY.test(host)) return { reason: "it has a device and no host" };
  if (!HOST_NAME.test(host)) return { reason: "its first word cannot be a host name" };
  return device === undefined ? { host } : { host, device };
}

/**
 * Name, model and module in a switch's description: `MF0;leaf01:MQM9700/U1` as managed switches write it, with a module for
 * the parts of a chassis (`MF0;dir1:CS8500/L01/U1`). Another text is the name as a whole, unless it is the maker's
 * (`Quantum Mellanox Technologies`): then there is no name.
 */
export function describeSwitch(description: string): { name?: string; model?: string; module?: string } {
  const managed = /^MF0;([^:]*):([^/]*)(?:\/(.*))?$/.exec(description);
  if (managed) {
    const [, name = "", model = "", module] = managed;
    return { ...(name ? { name } : {}), ...(model ? { model } : {}), ...(module ? { module } : {}) };
  }
  const name = description.trim();
  return name === "" || /(?:Mellanox|NVIDIA) Technologies$|^Infiniscale|^Quantum/i.test(name) ? {} : { name };
}
