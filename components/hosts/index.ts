export * from "./types";
export { quote } from "./render/quote";
export { renderHostProgram, type HostProgramPaths } from "./render/program";
export { distributions, findDistribution, type Distribution } from "./steps/distributions";
