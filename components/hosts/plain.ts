/** All of this folder that is plain values and text: commands that judge and ask need no Pulumi, which takes half a second to load. */
export * from "./types";
export { DIAL } from "./dial";
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
export { packedFactsScript, parseFacts, renderFactsScript } from "./render/facts";
export { renderHostProgram, type HostProgramPaths } from "./render/program";
export { quote } from "./render/quote";
export { distributions, findDistribution, type Distribution } from "./steps/distributions";
export { validateFacts, type FactsInput, type Verdict } from "./validate";
export type { Answers, Inventory, InventoryHost, VerdictInput } from "./verdict-input";
export { baseSteps, leaveSteps, STATE_FOLDER } from "./steps/base";
export { MUNGE_SECRET, siteSteps } from "./steps/site";
export { INVENTORY_FILE, stackFolder } from "./program-files";
