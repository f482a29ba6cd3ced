import { armedDeletes, hostKeysPinned, noTriggers, quietCommands } from "./rules/commands";
import { noMutableImages } from "./rules/images";
import { childNames, stableNames, typeTokens } from "./rules/names";
import { explicitProviders } from "./rules/providers";
import { noPlainSecrets } from "./rules/secrets";
import type { Policy } from "./types";

export type * from "./types";

/** Every rule; `turducken plan` and the policy pack (pack.ts) run all of them. */
export const policies: readonly Policy[] = [
  hostKeysPinned,
  noPlainSecrets,
  noMutableImages,
  stableNames,
  childNames,
  typeTokens,
  explicitProviders,
  noTriggers,
  armedDeletes,
  quietCommands,
];
