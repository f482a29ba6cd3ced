export * from "./build";
export * from "./contract";
export * from "./read";
