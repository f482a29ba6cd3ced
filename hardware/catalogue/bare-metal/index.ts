import type { BareMetalMachineType } from "../../types";
import { dgxTypes } from "./dgx";
import { genericTypes } from "./generic";

/** The bare-metal rows of the catalogue. `rateGbps` is the rate of one adapter port, in Gbit/s. */
export const bareMetalTypes: readonly BareMetalMachineType[] = [...genericTypes, ...dgxTypes];
