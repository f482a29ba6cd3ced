import type { Policy } from "../types";
import { isKubernetes, leaves, reveal } from "../walk";
import { finding } from "./commands";

/** Registries where a pushed tag is never pushed again, so an exact version is as good as a digest. */
export const LOCKED_REGISTRIES: readonly { readonly prefix: string; readonly source: string }[] = [
  { prefix: "registry.k8s.io/", source: "kubernetes/registry.k8s.io:README.md: images are promoted once, tags are immutable" },
];

const DIGEST = /@sha256:[0-9a-f]{64}$/;

export const noMutableImages: Policy = {
  id: "no-mutable-images",
  title: "Images and charts are what they were yesterday",
  why: "A tag can be pushed anew: nodes of one gang would run different programs, and a rerun would not reproduce.",
  source: "https://kubernetes.io/docs/concepts/containers/images/#image-names",
  check: ({ resources }) =>
    resources.filter(isKubernetes).flatMap((resource) => {
      const images = [...leaves(resource.inputs)].filter(({ key, value }) => key === "image" && typeof value === "string");
      return [
        ...images.flatMap(({ path, value, secret }) => {
          const verdict = imageVerdict(String(value));
          if (verdict === undefined) return [];
          const name = secret ? "" : ` (${value})`;
          return [
            {
              ...finding(
                "no-mutable-images",
                resource,
                `\`${path}\`${name}: ${verdict.message}`,
                "name the image with its digest: name@sha256:…",
              ),
              severity: verdict.severity,
            },
          ];
        }),
        ...(resource.type === "kubernetes:helm.sh/v3:Release" && !isExact(reveal(resource.inputs.version))
          ? [finding("no-mutable-images", resource, "the chart has no exact version", "give `version` in full, e.g. 1.2.3")]
          : []),
      ];
    }),
};

/** Undefined when the image cannot change under its name. */
export function imageVerdict(image: string): { severity: "error" | "warning"; message: string } | undefined {
  if (DIGEST.test(image)) return undefined;
  if (image.includes("@")) return { severity: "error", message: "its digest is malformed" };
  const tag = /:([^:/@]+)$/.exec(image)?.[1];
  if (tag === undefined) return { severity: "error", message: "it has no tag, so it means `latest`" };
  if (tag === "latest") return { severity: "error", message: "`latest` means another image tomorrow" };
  const exact = /^v?\d+\.\d+\.\d+([.-].+)?$/.test(tag);
  if (exact && LOCKED_REGISTRIES.some(({ prefix }) => image.startsWith(prefix))) return undefined;
  return { severity: "warning", message: `tag ${tag} can be pushed anew` };
}

function isExact(version: unknown): boolean {
  return typeof version === "string" && /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(version);
}
