export * from "./gate";
export * from "./labels";
export * from "./topologyLabels";
