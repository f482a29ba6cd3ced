export * from "./admission";
export * from "./fit";
export * from "./gang";
export * from "./objects";
export * from "./spec";
export * from "./workspace";
