/** Cores and GPUs of nodes, for the forms that list them. */
import { findMachineType } from "../../hardware/catalogue";
import type { HardwareProblem } from "../../hardware/problem";
import { showNames } from "../../hardware/hostlist";
import { poolOffer } from "../../hardware/offers";
import type { NodeResources, ResourcesByNode } from "../../hardware/topology/renderers/nodes";
import type { FabricTree, InfiniBandHca, MachineType } from "../../hardware/types";
import { CannotRead } from "./input";

export interface ResourceOptions {
  readonly cores?: number;
  readonly gpus?: number;
  readonly machineType?: string;
}

/** Machine types that a source names for its nodes, and those that it defines. */
export interface NamedTypes {
  readonly machineTypes?: ReadonlyMap<string, string>;
  readonly inline?: Readonly<Record<string, MachineType>>;
}

/**
 * What each node of the tree has: the numbers given, else those of the machine type given, else of the type that the inventory
 * names for the node. A type that the inventory names and nobody knows is a problem.
 *
 * @throws CannotRead when the options leave a node without cores, or name a type that there is not
 */
export function resourcesFor(
  tree: FabricTree,
  { machineTypes, inline }: NamedTypes,
  { cores, gpus, machineType }: ResourceOptions,
): { readonly resources: ResourcesByNode; readonly problems: readonly HardwareProblem[] } {
  const given = machineType === undefined ? undefined : typeOf(machineType);
  const problems: HardwareProblem[] = [];
  // Nodes of one type share one object, as the renderers check each object once.
  const byType = new Map<string | undefined, NodeResources | undefined>();
  const resources = new Map<string, NodeResources>();
  const lacking: string[] = [];
  for (const { name } of tree.nodes) {
    const typeName = given?.name ?? machineTypes?.get(name);
    if (!byType.has(typeName)) {
      const found = given ?? (typeName === undefined ? undefined : findMachineType(typeName, inline).type);
      if (!found && typeName !== undefined && cores === undefined) problems.push(unknownType(typeName, inline));
      const broker = found && poolOffer(found).offer.broker;
      const own = cores ?? broker?.cores;
      byType.set(typeName, own === undefined ? undefined : { cores: own, gpus: gpus ?? broker?.gpus ?? 0 });
    }
    const own = byType.get(typeName);
    if (own) resources.set(name, own);
    else if (typeName === undefined) lacking.push(name);
  }
  if (lacking.length > 0)
    throw new CannotRead(`cores are not known for ${showNames(lacking)}. do: give --cores (and --gpus), or --machine-type`);
  return { resources, problems };
}

function unknownType(name: string, inline: NamedTypes["inline"]): HardwareProblem {
  return {
    path: "machineType",
    value: name,
    message: "There is no machine type of this name.",
    allowed: `nearest: ${findMachineType(name, inline).nearest?.join(", ")}`,
    fix: "Use one of the catalogue, define it under `machineTypes`, or give --cores.",
  };
}

/** Adapters of a machine type, for reading InfiniBand fabrics; none for types without. @throws CannotRead */
export function adaptersOf(machineType: string | undefined): readonly InfiniBandHca[] | undefined {
  if (machineType === undefined) return undefined;
  const { fabric } = typeOf(machineType);
  return "hcas" in fabric ? fabric.hcas : undefined;
}

/** `mlx5_0,mlx5_3` as adapters for compute. @throws CannotRead */
export function adaptersNamed(devices: string): InfiniBandHca[] {
  return devices.split(",").map((part) => {
    const device = part.trim();
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(device))
      throw new CannotRead(`--compute-hcas ${devices} is no list of devices such as mlx5_0,mlx5_3`);
    return { device, use: "compute" };
  });
}

function typeOf(name: string): MachineType {
  const { type, nearest } = findMachineType(name);
  if (type) return type;
  throw new CannotRead(`there is no machine type ${name}; nearest: ${nearest.join(", ")}. do: see \`turducken hardware list\``);
}
