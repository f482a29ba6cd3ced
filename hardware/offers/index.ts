export { cpuOffer, memoryOffer, nodeadmMaxPods } from "./allocatable";
export { imagesFor, viewSystems } from "./images";
export { poolOffer } from "./offer";
export type * from "./types";
