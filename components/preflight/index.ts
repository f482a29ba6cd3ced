export * from "./contract";
export * from "./layers";
export * from "./livePreflight";
export * from "./pools";
export * from "./preflight";
export * from "./request";
