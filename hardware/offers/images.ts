import type { Arch } from "../types";
import type { ImageOffer, ViewOs } from "./types";

const REGISTRY = "ghcr.io/converged-computing";

/**
 * View images by architecture, newest system first. There is no `arm-noble`.
 * flux-framework/flux-operator:api/v1alpha2/minicluster_types.go@0d75cef8
 */
const VIEWS: Readonly<Record<Arch, readonly (readonly [ViewOs, string])[]>> = {
  amd64: [
    ["ubuntu-noble", "flux-view-ubuntu:tag-noble"],
    ["ubuntu-jammy", "flux-view-ubuntu:tag-jammy"],
    ["ubuntu-focal", "flux-view-ubuntu:tag-focal"],
    ["rocky-9", "flux-view-rocky:tag-9"],
    ["rocky-8", "flux-view-rocky:tag-8"],
  ],
  arm64: [
    ["ubuntu-jammy", "flux-view-ubuntu:arm-jammy"],
    ["ubuntu-focal", "flux-view-ubuntu:arm-focal"],
    ["rocky-9", "flux-view-rocky:arm-9"],
    ["rocky-8", "flux-view-rocky:arm-8"],
  ],
};

/**
 * The view when the user does not name a system: the operator's own default on amd64; on arm64 the one that has run with an
 * Ubuntu 24.04 application (converged-computing/sc25-flux-eks:module2/minicluster.yaml@1d0de5a).
 */
const DEFAULT_OS: Readonly<Record<Arch, ViewOs>> = { amd64: "ubuntu-noble", arm64: "rocky-9" };

/** Tags of one architecture each: the operator's image is no multi-architecture index (flux-framework/flux-operator:Makefile@0d75cef8). */
const OPERATOR: Readonly<Record<Arch, string>> = {
  amd64: "ghcr.io/flux-framework/flux-operator:latest",
  arm64: "ghcr.io/flux-framework/flux-operator:arm",
};

/** Operating systems with a view image for this architecture, newest first. */
export function viewSystems(arch: Arch): ViewOs[] {
  return VIEWS[arch].map(([os]) => os);
}

/** Images that match the architecture. `os` is the application container's system; without a published view, `view` is absent. */
export function imagesFor(arch: Arch, os: ViewOs = DEFAULT_OS[arch]): ImageOffer {
  const views = VIEWS[arch].map(([system, image]) => ({ os: system, image: `${REGISTRY}/${image}` }));
  const view = views.find((each) => each.os === os)?.image;
  return { operator: OPERATOR[arch], ...(view === undefined ? {} : { view }), views };
}
