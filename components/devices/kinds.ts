/** Kinds of devices, each with an option of its own. */
export type DeviceKind = "efa" | "nvidia" | "rdma" | "amd" | "neuron";

export const DEVICE_KINDS: readonly DeviceKind[] = ["efa", "nvidia", "rdma", "amd", "neuron"];

export const EFA_RESOURCE = "vpc.amazonaws.com/efa";

const NAMES: Readonly<Record<string, DeviceKind>> = {
  [EFA_RESOURCE]: "efa",
  "nvidia.com/gpu": "nvidia",
  "amd.com/gpu": "amd",
  "aws.amazon.com/neuron": "neuron",
};

/** Whose resource this is; undefined for those that no option is about. */
export function kindOf(resource: string): DeviceKind | undefined {
  if (resource.startsWith("rdma/")) return "rdma";
  return Object.hasOwn(NAMES, resource) ? NAMES[resource] : undefined;
}
