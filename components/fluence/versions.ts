import type { Pin } from "../kubernetes/versions";

/** Third-party versions that Fluence needs, each with the reason for its pin. */
export const FLUENCE_VERSIONS = {
  fluence: {
    version: "sha-e242622",
    reason:
      "converged-computing/fluence@e242622 (2026-06-28), the commit that was measured; its CI tags images sha-<commit>, nothing is released. No digest is published with it, so the user gives one",
  },
  kubernetes: {
    version: "1.36",
    reason:
      "converged-computing/fluence:go.mod@e242622 is built against k8s.io/kubernetes v1.36.0 and uses scheduling.k8s.io/v1alpha2, which 1.35 does not have and 1.37 dropped (kubernetes/kubernetes#140184)",
  },
} as const satisfies Record<string, Pin>;

/** What the user pins by digest. `converged-computing/fluence:Dockerfile@e242622` is built for amd64 alone. */
export const FLUENCE_IMAGE = `ghcr.io/converged-computing/fluence:${FLUENCE_VERSIONS.fluence.version}`;
export const FLUENCE_ARCH = "amd64";
