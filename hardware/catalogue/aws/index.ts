import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AwsMachineType } from "../../types";
import { documentedTypes } from "./documented";
import { parseEfaTypes, parseZones } from "./table";

const TYPES_FILE = "efa-instance-types.tsv";
const ZONES_FILE = "zones.tsv";

let loaded: ReadonlyMap<string, AwsMachineType> | undefined;

/** Read when first asked for: most programs that import the catalogue have no AWS machine. */
function byName(): ReadonlyMap<string, AwsMachineType> {
  if (loaded) return loaded;
  const read = (file: string) => readFileSync(join(__dirname, file), "utf8");
  const fromApi = parseEfaTypes(read(TYPES_FILE), TYPES_FILE, parseZones(read(ZONES_FILE), ZONES_FILE));
  loaded = new Map([...fromApi, ...documentedTypes].map((type) => [type.name, type]));
  return loaded;
}

/** Every EC2 type with EFA: those of the API by name, then those that only documentation speaks of (`verified: false`). */
export const awsTypes = (): readonly AwsMachineType[] => [...byName().values()];

export const awsType = (name: string): AwsMachineType | undefined => byName().get(name);

export { nearestAwsNames } from "./nearest";
