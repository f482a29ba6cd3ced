/** Cores and GPUs of nodes, for the forms that list them. */
import { findMachineType } from "../../hardware/catalogue";
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

/**
 * What each node of the tree has: the numbers given, else those of the machine type given, else of the type that the inventory
 * names for the node.
 *
 * @throws CannotRead when that leaves a node without cores
 */
export function resourcesFor(
  tree: FabricTree,
  machineTypes: ReadonlyMap<string, string> | undefined,
  { cores, gpus, machineType }: ResourceOptions,
): ResourcesByNode {
  const byType = new Map<string, NodeResources>();
  const resources = new Map<string, NodeResources>();
  const lacking: string[] = [];
  for (const { name } of tree.nodes) {
    const typeName = machineType ?? machineTypes?.get(name);
    if (cores === undefined && typeName === undefined) {
      lacking.push(name);
      continue;
    }
    const key = typeName ?? "";
    // Nodes of one type share one object, as the renderers check each object once.
    let own = byType.get(key);
    if (!own) {
      const broker = typeName === undefined ? undefined : poolOffer(typeOf(typeName)).offer.broker;
      own = { cores: cores ?? broker!.cores, gpus: gpus ?? broker?.gpus ?? 0 };
      byType.set(key, own);
    }
    resources.set(name, own);
  }
  if (lacking.length > 0)
    throw new CannotRead(`cores are not known for ${showNames(lacking)}. do: give --cores (and --gpus), or --machine-type`);
  return resources;
}

/** Adapters of a machine type, for reading InfiniBand fabrics; none for types without. @throws CannotRead */
export function adaptersOf(machineType: string | undefined): readonly InfiniBandHca[] | undefined {
  if (machineType === undefined) return undefined;
  const { fabric } = typeOf(machineType);
  return "hcas" in fabric ? fabric.hcas : undefined;
}

function typeOf(name: string): MachineType {
  const { type, nearest } = findMachineType(name);
  if (type) return type;
  throw new CannotRead(`there is no machine type ${name}; nearest: ${nearest.join(", ")}. do: see \`turducken hardware list\``);
}
