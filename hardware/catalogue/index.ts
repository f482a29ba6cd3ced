import { nearestNames } from "../nearest";
import type { MachineType } from "../types";
import { bareMetalTypes } from "./bare-metal";

/** Every machine type that turducken knows without being told. */
export const catalogue: readonly MachineType[] = [...bareMetalTypes];

/** Either the type, or the names that are most like the one asked for (all names when none is). */
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
  const type = own ?? catalogue.find((row) => row.name === name);
  if (type) return { type };
  const known = [...Object.keys(inline), ...catalogue.map((row) => row.name)];
  const nearest = nearestNames(name, known);
  return { nearest: nearest.length > 0 ? nearest : known };
}
