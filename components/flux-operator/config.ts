import { z } from "zod";
import { field } from "../config/fields";
import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { digestCommand, OPERATOR_IMAGE, type Arch } from "./versions";
import type { OperatorSettings } from "./objects";

const toleration = z.strictObject({
  key: field(z.string().optional(), "Key of the taint.", "node-role.kubernetes.io/control-plane"),
  operator: field(z.enum(["Equal", "Exists"]).optional(), "How it is compared.", "Exists"),
  value: field(z.string().optional(), "Value of the taint, with Equal."),
  effect: field(z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(), "Which effect it bears.", "NoSchedule"),
});

const manifest = z.strictObject({
  path: field(
    z.string().min(1).optional(),
    "File with the manifest; the path starts at the folder of the stack file. This or `url`.",
    "flux-operator.yaml",
  ),
  url: field(
    z
      .string()
      .regex(/^https:\/\/\S+$/, { error: "It is not an https URL." })
      .optional(),
    "Where the manifest is. This or `path`.",
    "https://raw.githubusercontent.com/flux-framework/flux-operator/0d75cef855dee5351d68e32ec139a70e892b5268/examples/dist/flux-operator.yaml",
  ),
  sha256: field(
    z.string().regex(/^[0-9a-fA-F]{64}$/, { error: "It is not a SHA-256 checksum: 64 hexadecimal digits." }),
    "SHA-256 checksum of the file; another file is refused.",
  ),
});

/** The Flux Operator on a cluster. Either `image` or `manifest`. */
export const fluxOperatorConfig = z.strictObject({
  image: field(
    z
      .string()
      .regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, { error: "It has no digest, so it may be another image tomorrow: name@sha256:…" })
      .optional(),
    "The operator's image with its digest, for the architecture of `arch`. Its tags are pushed anew with each change, so there is no default.",
    `${OPERATOR_IMAGE}@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
  ),
  arch: field(
    z.enum(["amd64", "arm64"]).optional(),
    "What the image is built for; the operator runs on such nodes. Needed where pools differ.",
    "amd64",
  ),
  nodeSelector: field(z.record(z.string(), z.string()).default({}), "Labels of the nodes that may run the operator."),
  tolerations: field(z.array(toleration).default([]), "Taints that the operator bears."),
  manifest: field(manifest.optional(), "A manifest of your own instead of ours."),
});

export type FluxOperatorConfig = z.infer<typeof fluxOperatorConfig>;

/** The architecture to run on: the one given, or that of all pools. Undefined where pools differ. */
export function operatorArch(
  config: Pick<FluxOperatorConfig, "arch">,
  contract: Pick<ClusterContract, "pools">,
): Arch | undefined {
  const arches = [...new Set(contract.pools.map(({ arch }) => arch))];
  return config.arch ?? (arches.length === 1 ? arches[0] : undefined);
}

/** What the schema cannot say; all of it. */
export function fluxOperatorProblems(
  config: FluxOperatorConfig,
  contract: Pick<ClusterContract, "name" | "pools">,
  path = "layers.fluxOperator",
): Problem[] {
  const { image, manifest: own, arch } = config;
  const arches = [...new Set(contract.pools.map((pool) => pool.arch))].sort();
  const wanted = operatorArch(config, contract);
  const problems: Problem[] = [];
  if (image === undefined && own === undefined) {
    problems.push({
      path: `${path}.image`,
      message: "It is missing. The operator has no release with a fixed image, and its tags are pushed anew.",
      allowed: `${OPERATOR_IMAGE}@sha256:…`,
      fix: `\`${digestCommand(wanted ?? "amd64")}\` prints the digest of today's; write the name with it.`,
    });
  }
  if (own !== undefined) {
    const unused = [
      ...(image === undefined ? [] : ["image"]),
      ...(arch === undefined ? [] : ["arch"]),
      ...(Object.keys(config.nodeSelector).length === 0 ? [] : ["nodeSelector"]),
      ...(config.tolerations.length === 0 ? [] : ["tolerations"]),
    ];
    const message = "The manifest is installed as it is, and this would have no effect.";
    if ((own.path === undefined) === (own.url === undefined)) {
      const both = own.path === undefined ? "It is not said where the manifest is." : "It is said twice where the manifest is.";
      problems.push({ path: `${path}.manifest`, message: both, allowed: "`path` or `url`", fix: "Give one of them." });
    }
    for (const name of unused) problems.push({ path: `${path}.${name}`, message, fix: "Take it out, or take `manifest` out." });
    return problems;
  }
  if (wanted === undefined || !arches.includes(wanted)) {
    problems.push({
      path: `${path}.arch`,
      value: arch,
      message:
        arch === undefined
          ? "Pools differ in their architecture, and the image is built for one."
          : `Cluster ${contract.name} has no such nodes.`,
      allowed: arches.join(", "),
      fix: "Say for which architecture the image is built.",
    });
  }
  return problems;
}

/** What the component wants, of a configuration without problems and without `manifest`. */
export function operatorSettings(config: FluxOperatorConfig, contract: Pick<ClusterContract, "pools">): OperatorSettings {
  const { image, nodeSelector, tolerations } = config;
  const arch = operatorArch(config, contract);
  if (image === undefined || arch === undefined) throw new Error("the configuration of the Flux Operator was not checked");
  return { image, arch, nodeSelector, tolerations };
}
