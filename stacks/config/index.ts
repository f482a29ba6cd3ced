export { clusterConfig, hostGroup, type ClusterConfig, type HostGroupConfig } from "./cluster";
export { type ConfiguredKeys } from "./checks";
export { kubernetesConfig, type KubernetesConfig } from "./kubernetes";
export { layersConfig, type LayersConfig } from "./layers";
export { parseCluster, parseLayers, parseWorkload, resolveSettings, type ParsedCluster, type ProgramOptions } from "./parse";
export { gangConfig, workloadConfig, type GangConfig, type WorkloadConfig } from "./workload";
