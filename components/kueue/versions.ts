import type { Pin } from "../kubernetes/versions";

/** Third-party versions of the queues, each with the reason for its pin. */
export const VERSIONS = {
  kueueChart: {
    version: "0.19.2",
    reason:
      "newest 0.19 (kubernetes-sigs/kueue, tag v0.19.2 at 8eab68778fc1); until 0.19 a node whose level label equals a host name was dropped without a word (PR 14010), and 0.19.2 no longer gives one node to two jobs when it replaces a failed one (PR 14647)",
  },
  kueueImage: {
    version: "v0.19.2",
    reason:
      "the values in the source tree name a staging image that is pulled anew each time; the release's own (hack/helm-chart-package.sh) is named outright, so that the chart's default cannot matter",
  },
} as const satisfies Record<string, Pin>;

/** kubernetes-sigs/kueue:charts/kueue/README.md@v0.19.2. */
export const KUEUE_CHART = "oci://registry.k8s.io/kueue/charts/kueue";
export const KUEUE_IMAGE = "registry.k8s.io/kueue/kueue";
export const KUEUE_API = "kueue.x-k8s.io/v1beta2";
