import type { Policy } from "./types";

/** Every rule; `turducken plan` and the policy pack run all of them. */
export const policies: readonly Policy[] = [];
