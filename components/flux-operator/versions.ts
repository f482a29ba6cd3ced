import type { Pin } from "../kubernetes/versions";

/**
 * What the operator's objects, RBAC and rules here were read from and measured with.
 *
 * No digest stands here: its image is published under tags that are pushed anew with each change of main, and no release of
 * this code exists to look one up for. A digest that nobody has seen would be made up, so the user names the image.
 */
export const VERSIONS = {
  fluxOperator: {
    version: "0d75cef855dee5351d68e32ec139a70e892b5268",
    reason:
      "main of flux-framework/flux-operator of 2026-06-25; tagged releases (0.2.1 and older) pull a sidecar from gcr.io/kubebuilder, which is gone, and lack corev1 resources",
  },
} as const satisfies Record<string, Pin>;

export const OPERATOR_IMAGE = "ghcr.io/flux-framework/flux-operator";

export type Arch = "amd64" | "arm64";

/** One image for each architecture, not one index for both (flux-framework/flux-operator:.github/workflows/build-deploy.yaml@0d75cef8). */
export const OPERATOR_TAGS: Readonly<Record<Arch, string>> = { amd64: "latest", arm64: "arm" };

/** How a user finds the digest of today's image. */
export function digestCommand(arch: Arch): string {
  return `docker buildx imagetools inspect ${OPERATOR_IMAGE}:${OPERATOR_TAGS[arch]}`;
}
