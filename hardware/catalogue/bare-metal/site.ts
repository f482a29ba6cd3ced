import type { InfiniBandHca, TierName } from "../../types";

/** A site's own network decides how many tiers there are; these are the ones an inventory can name. */
export const TIERS: readonly TierName[] = ["leaf", "spine", "core"];

export const compute = (...devices: string[]): InfiniBandHca[] => devices.map((device) => ({ device, use: "compute" }));
export const storage = (...devices: string[]): InfiniBandHca[] => devices.map((device) => ({ device, use: "storage" }));
