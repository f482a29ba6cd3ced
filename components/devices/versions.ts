import type { Pin } from "../kubernetes/versions";

/** Third-party versions that serve devices, each with the reason for its pin. Charts bring their own images. */
export const DEVICE_VERSIONS = {
  efaChart: {
    version: "v0.5.30",
    reason:
      "newest in aws/eks-charts:stable/aws-efa-k8s-device-plugin/Chart.yaml@5239609 (plugin v0.5.20); plugins before v0.5.10 count NVLink controllers of p6-b200 as EFAs (aws/sagemaker-hyperpod-cli#282)",
  },
  efaDraChart: {
    version: "1.0.0",
    reason: "aws/eks-charts:stable/aws-dranet/Chart.yaml@5239609, the first; its README wants Kubernetes 1.35",
  },
  nvidiaChart: {
    version: "0.20.0",
    reason:
      "newest (NVIDIA/k8s-device-plugin@1b826acc6); 0.19.0 to 0.19.2 hand every /dev/infiniband/uverbs* to pods with a GPU, past the plugins of the fabric (NVIDIA/k8s-device-plugin#1692)",
  },
  gpuOperatorChart: {
    version: "v26.7.0",
    reason: "newest (NVIDIA/gpu-operator@10ee5b363); brings device plugin 0.20.0",
  },
  amdChart: {
    version: "0.21.0",
    reason: "ROCm/k8s-device-plugin:helm/amd-gpu/Chart.yaml@ed764684 (plugin 1.31.0.9)",
  },
  neuronChart: {
    version: "1.9.0",
    reason:
      "its values were read: aws-neuron/neuron-helm-charts:charts/neuron-helm-chart/values.yaml@b77a6f90 (Neuron SDK 2.31.0)",
  },
  rdmaShared: {
    version: "v1.5.3",
    reason: "Mellanox/k8s-rdma-shared-dev-plugin@948098b, the newest of which a digest is published",
  },
  rdmaVerbs: {
    version: "179b1fe",
    reason:
      "squat/generic-device-plugin@179b1fe, which was built and tried: a pod gets exactly the files of the configuration. It has no releases",
  },
} as const satisfies Record<string, Pin>;

export const CHART_REPOSITORIES = {
  eks: "https://aws.github.io/eks-charts",
  nvidia: "https://nvidia.github.io/k8s-device-plugin",
  gpuOperator: "https://helm.ngc.nvidia.com/nvidia",
  amd: "https://rocm.github.io/k8s-device-plugin/",
} as const;

/** The chart itself; OCI registries have no repository beside it. */
export const NEURON_CHART = "oci://public.ecr.aws/neuron/neuron-helm-chart";

/**
 * NVIDIA's plugin for shared RDMA devices. Digest: Mellanox/network-operator-docs:docs/advanced/images-sha256.rst@1a80205. Alpine
 * with a shell, so it also is where the adapters of a node are looked up.
 */
export const RDMA_SHARED_IMAGE = `ghcr.io/mellanox/k8s-rdma-shared-dev-plugin:${DEVICE_VERSIONS.rdmaShared.version}@sha256:1eb5ab7f4b6f0cf89c954cf7ac8eb2e6fb2290a4f5f57417136a5302f20b12c8`;

/** Serves files of /dev as a resource. The digest is that of `latest` between July and October 2026, as users of it published. */
export const RDMA_VERBS_IMAGE =
  "ghcr.io/squat/generic-device-plugin@sha256:dc192e164c69b03f156765793a1be62ca437709ae477b27ca7d8f3dcf5021576";
