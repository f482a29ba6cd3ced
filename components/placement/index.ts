export * from "./pool";
export * from "./problems";
export * from "./schedulers";
export * from "./table";
