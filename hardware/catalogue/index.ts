import { nearestNames } from "../nearest";
import type { MachineType } from "../types";
import { awsType, awsTypes, nearestAwsNames } from "./aws";
import { bareMetalTypes } from "./bare-metal";
import { gcpTypes } from "./gcp";

/** Rows that are written in the code; those of AWS are read from a table when they are asked for. */
const rows: readonly MachineType[] = [...bareMetalTypes, ...gcpTypes];

/** Every machine type that turducken knows without being told. */
export const catalogue = (): readonly MachineType[] => [...rows, ...awsTypes()];

/** The row of this very name. */
export const catalogueType = (name: string): MachineType | undefined => rows.find((row) => row.name === name) ?? awsType(name);

/** Either the type, or the names that are most like the one asked for (the user's own and bare metal's when none is). */
export type MachineTypeLookup =
  | { readonly type: MachineType; readonly nearest?: undefined }
  | { readonly type?: undefined; readonly nearest: readonly string[] };

/**
 * Looks a machine type up, the user's own first.
 *
 * @param inline types that the user defined, by name; see `validateInlineTypes`
 */
export function findMachineType(name: string, inline: Readonly<Record<string, MachineType>> = {}): MachineTypeLookup {
  const own = Object.hasOwn(inline, name) ? inline[name] : undefined;
  const type = own ?? catalogueType(name);
  if (type) return { type };
  const aws = awsTypes().map((row) => row.name);
  const sameFamily = nearestAwsNames(name, aws);
  const nearest = [
    ...nearestNames(name, [...Object.keys(inline), ...rows.map((row) => row.name)]),
    ...(sameFamily.length > 0 ? sameFamily : nearestNames(name, aws)),
  ];
  const few = [...Object.keys(inline), ...bareMetalTypes.map((row) => row.name)];
  return { nearest: nearest.length > 0 ? nearest.slice(0, 3) : few };
}

/** A warning for a type whose numbers nobody confirmed, to be shown where it is used; undefined for the others. */
export function unverifiedWarning(type: MachineType): string | undefined {
  if (type.verified) return undefined;
  return `${type.name} is known from documentation only (${type.source}): no API or machine confirmed its numbers.`;
}
