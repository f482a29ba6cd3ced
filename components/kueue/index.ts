export * from "./chart";
export * from "./config";
export * from "./kueue";
export * from "./levels";
export * from "./objects";
export * from "./parts";
export * from "./problems";
export * from "./quota";
