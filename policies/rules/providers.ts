import type { Policy } from "../types";
import { isKubernetes } from "../walk";
import { finding } from "./commands";

export const explicitProviders: Policy = {
  id: "explicit-providers",
  title: "Every Kubernetes resource says which cluster it is in",
  why: "Without a provider it goes wherever the kubeconfig of the person who types happens to point.",
  source: "pulumi/pulumi-awsx:REVIEW.md@e60adf3c; https://www.pulumi.com/docs/iac/concepts/resources/providers/",
  check: ({ resources }) =>
    resources
      .filter(isKubernetes)
      .filter(({ provider }) => provider === undefined || provider === "" || isDefault(provider))
      .map((resource) =>
        finding("explicit-providers", resource, "it has no provider of its own", "pass `provider` to it or to its component"),
      ),
};

/** The engine names default providers `default` or `default_<version>`; a reference is `urn::id`. */
function isDefault(provider: string): boolean {
  return /::default(_[\w]+)?(::|$)/.test(provider);
}
