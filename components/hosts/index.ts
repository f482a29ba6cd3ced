export * from "./types";
export { DIAL, hostConnection, secretLine, type SecretReader } from "./connection";
export { Host } from "./host";
export { HostSet, type HostSetArgs, type RunArgs, type RunTextArgs, type VerdictArgs } from "./host-set";
export {
  judgeReachability,
  parseReachability,
  reachabilityPairs,
  renderReachabilityScript,
  type PathState,
  type ReachabilityPair,
  type ReachabilityRule,
} from "./reachability";
export { factsCommand, phaseCommand, programFile, remoteProgram, textCommand } from "./render/commands";
export { parseFacts, renderFactsScript } from "./render/facts";
export { renderHostProgram, type HostProgramPaths } from "./render/program";
export { quote } from "./render/quote";
export { distributions, findDistribution, type Distribution } from "./steps/distributions";
export { validateFacts, type FactsInput, type Verdict } from "./validate";
export type { Answers, Inventory, InventoryHost, VerdictInput } from "./verdict-input";
export { baseSteps, leaveSteps, STATE_FOLDER } from "./steps/base";
export { MUNGE_SECRET, siteSteps } from "./steps/site";
export { INVENTORY_FILE, stackFolder } from "./program-files";
