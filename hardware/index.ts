/** What machines are and how they are wired: plain data and pure functions, usable without anything else of turducken. */
export * from "./types";
export type { HardwareProblem } from "./problem";
export { compressHostlist, expandHostlist, HostlistError, HOSTLIST_LIMIT, showNames, type HostlistForm } from "./hostlist";
export { decodeIdset, encodeIdset } from "./idset";
export { editDistance, nearestNames } from "./nearest";
export { catalogue, findMachineType, unverifiedWarning, type MachineTypeLookup } from "./catalogue";
export { awsType, awsTypes } from "./catalogue/aws";
export { efaInterfaces, maxPodsOf } from "./fabric/efa";
export type { EfaInterface, EfaInterfaces, EfaInterfacesResult, EfaOptions, MaxPods } from "./fabric/efa";
export { bareMetalTypes } from "./catalogue/bare-metal";
export { HGX_BOARDS, hgxType, type HgxBoard } from "./catalogue/bare-metal/hgx";
export { catalogueProblems } from "./catalogue/check";
export { gcpTypes } from "./catalogue/gcp";
export { CONSUMPTIONS, type Consumption, type GcpFacts, type GkeFeature, type RdmaPath } from "./catalogue/gcp/facts";
export { compareGkeVersions, meetsFloor, parseGkeVersion, type FloorVerdict, type GkeVersion } from "./catalogue/gcp/floors";
export { placementProblems, placementWarnings, type PlacementRequest } from "./catalogue/gcp/placement";
export { gcpNetworks, mixedPathProblems, type GcpNetworks, type GcpNetworksResult } from "./fabric/gcp";
export type { GcpNetwork, GcpNicType } from "./fabric/gcp-vpc";
export { fabricInterfaces, hcasOf } from "./fabric/infiniband";
export { validateInlineTypes, type InlineProvider, type InlineTypes } from "./catalogue/inline";
export { biggestDomain, distancesOf, domainOf, domainSizes, nodeOf, UNKNOWN_DOMAIN, type Distance } from "./topology/tree";
export { treeFromInventory, type Inventory, type InventoryNode } from "./topology/sources/inventory";
export { treeFromAwsTopology, type AwsTopologyOptions } from "./topology/sources/aws";
export { treeFromComputeInstances, treeFromPhysicalHosts } from "./topology/sources/gke";
export { treeFromNodeLabels, type LabelSourceOptions, type LabelTree } from "./topology/sources/labels";
export type { ReadProfile } from "./topology/sources/labels-profiles";
export { treeFromSlurmTopology, type SlurmTree } from "./topology/sources/slurm";
export type { SourceTree } from "./topology/sources/result";
export {
  graphFromIbnetdiscover,
  treeFromIbnetdiscover,
  type IbnetdiscoverOptions,
  type SourceGraph,
} from "./topology/sources/ibnetdiscover";
export { acceleratorsFromNvidiaSmi, NVLINK_QUERY, withAccelerators, type NvlinkDomains } from "./topology/sources/nvlink";
export { treeFromGraph, type GraphTreeOptions } from "./topology/graph/tree";
export type { FabricGraph, GraphAdapter, GraphEnd, GraphHost, GraphLink, GraphSwitch } from "./topology/graph/model";
export {
  completeness,
  describeCompleteness,
  type Completeness,
  type CompletenessOptions,
  type ExpectedNode,
  type LabelledNodes,
  type PoolCompleteness,
} from "./topology/completeness";
export { acceleratorKey, LABEL_PROFILES, profileProblems, type LabelProfile } from "./topology/renderers/profiles";
export {
  ACCELERATOR_KEY,
  FABRIC_KEY_PREFIX,
  labelProblem,
  labelValue,
  nodeLabels,
  topologyKeys,
} from "./topology/renderers/labels";
export { drawTree, type PictureOptions } from "./topology/renderers/picture";
export { poolOffer, imagesFor, viewSystems } from "./offers";
export type { OfferOptions, OfferResult, PoolOffer, EnvironmentOffer, EnvironmentVariable, OfferedResource } from "./offers";
export {
  renderFluxR,
  renderFluxResourceConfig,
  type FluxR,
  type FluxResourceConfig,
  type FluxResourceConfigOptions,
  type FluxResourceEntry,
  type FluxROptions,
} from "./topology/renderers/flux-r";
export { jgfText, jgfTypes, renderJgf, type Jgf, type JgfEdge, type JgfOptions, type JgfVertex } from "./topology/renderers/jgf";
export {
  KUEUE_MISSING_LEVEL,
  renderKueueTopology,
  type KueueOptions,
  type KueueRendering,
  type KueueTopology,
  type LevelFill,
} from "./topology/renderers/kueue";
export type { NodeResources, ResourcesByNode } from "./topology/renderers/nodes";
export type { Rendered } from "./topology/renderers/result";
export { renderSlurmTopology, type SlurmOptions } from "./topology/renderers/slurm";
export { LATENCY_PROFILES, type LatencyProfile } from "./topology/latency";
export {
  placementQuality,
  type PlacementOptions,
  type PlacementQuality,
  type PredictedLatency,
  type Span,
} from "./topology/placement";
