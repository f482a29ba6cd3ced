export * from "./build";
export * from "./contract";
export * from "./parse";
export * from "./read";
