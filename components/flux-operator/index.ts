export { CRD_NAME, miniClusterCrd, openApi } from "./crd";
export { API_VERSION, GROUP, KIND, miniClusterSchema, type MiniClusterObject, type MiniClusterSpec } from "./model/spec";
export type { MiniClusterContainer } from "./model/container";
export type { MiniClusterFlux } from "./model/flux";
export type { MiniClusterVolume } from "./model/volume";
export { miniClusterReference, referenceRows } from "./reference";
export { headlessName, NAME_LENGTH } from "./rules/names";
export { validateMiniClusterObject } from "./validate";
