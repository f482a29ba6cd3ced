export * from "./plain";
export { hostConnection, secretLine, type SecretReader } from "./connection";
export { Host } from "./host";
export { HostSet, type HostSetArgs, type RunArgs, type RunTextArgs, type VerdictArgs } from "./host-set";
