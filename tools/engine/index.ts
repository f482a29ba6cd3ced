/** The small engine: a viewer (`planProgram`) and a sandbox (`up`, `destroy`); production is `pulumi up`. */
export { crypterForCheckpoint, readStackOutputs } from "./checkpoint";
export { type PlanOptions, type StackResolver, planProgram } from "./plan";
export { type RunOptions, type RunResult, destroy, up } from "./run";
export { type UpStackOptions, destroyStack, upStack } from "./stack";
