export { KubeadmCluster, registryAuthorization, type KubeadmClusterArgs } from "./cluster";
export {
  featureGates,
  schedulersPossible,
  GANG_MINORS,
  type FeatureGates,
  type GangApi,
  type Scheduler,
  type SchedulerVerdict,
} from "./gates";
export { endpointHost, endpointUrl, kubeadmConfiguration, type KubeadmConfiguration } from "./kubeadm";
export { deleteNodeScript, drainScript, kubeconfigScript, TOKEN_MINUTES, tokenScript } from "./scripts";
export {
  CNI_BIN_DIR,
  cniBinDir,
  CRI_SOCKET,
  imageRepository,
  type ContainerdSource,
  type KubernetesSettings,
  type PackageSource,
  type ProxySettings,
} from "./settings";
export { kubernetesSteps } from "./steps";
export { rollHooks } from "./steps/roll";
export { labelKeyProblems, validateKubernetes, type KubernetesInput } from "./validate";
export { compareVersions, FLANNEL_REPOSITORY, minorOf, SIGNING_KEYS, VERSIONS } from "./versions";
