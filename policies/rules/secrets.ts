import type { Finding, Policy, PolicyValue } from "../types";
import { leaves, type Leaf } from "../walk";

/** What a secret looks like by itself, whatever the property is called. */
const LOOKS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a private key", pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/ },
  { what: "a kubeconfig with credentials", pattern: /\b(client-key-data|client-key)\\?["']?\s*:/ },
  // kubernetes/kubernetes:cmd/kubeadm/app/apis/bootstraptoken/v1: [a-z0-9]{6}.[a-z0-9]{16}; a letter and a digit, else any long word would do
  {
    what: "a bootstrap token",
    pattern: /(?<![\w./-])(?=[a-z0-9.]*\d)[a-z0-9]{6}\.(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{16}(?![\w./-])/,
  },
  { what: "a JSON web token", pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/ },
  { what: "a password in a URL", pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/ },
];

/** Properties that hold nothing but secrets. */
const NAMES =
  /^(password|passwd|passphrase|private_?key(_?password)?|token|bearer_?token|secret_?key|secret_?access_?key|client_?secret|api_?key|kubeconfig)$/i;

export const noPlainSecrets: Policy = {
  id: "no-plain-secrets",
  title: "Keys, tokens, kubeconfigs and passwords are secrets",
  why: "What is not marked as a secret stands readable in the state, in every preview and in CI logs.",
  source: "pulumi/pulumi#15912; https://www.pulumi.com/docs/iac/concepts/secrets/",
  seesSecrets: true,
  check: ({ resources, outputs }) => [
    ...resources.flatMap((resource) => [
      ...plainSecrets(resource.inputs, resource.urn),
      ...(resource.type === "kubernetes:core/v1:Secret" ? plainData(resource.inputs, resource.urn) : []),
    ]),
    ...plainSecrets(outputs, undefined, "stack output "),
  ],
};

function plainSecrets(bag: Readonly<Record<string, PolicyValue>>, urn: string | undefined, prefix = ""): Finding[] {
  return [...leaves(bag)].flatMap((leaf) => {
    const what = leaf.secret ? undefined : secretKind(leaf);
    if (what === undefined) return [];
    return [plain(`${prefix}\`${leaf.path}\` holds ${what} in plain text`, urn)];
  });
}

function secretKind({ key, value }: Leaf): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const look = LOOKS.find(({ pattern }) => pattern.test(value));
  if (look) return look.what;
  return NAMES.test(key) ? `what its name says (${key})` : undefined;
}

function plainData(inputs: Readonly<Record<string, PolicyValue>>, urn: string): Finding[] {
  const data = [...leaves({ data: inputs.data ?? null, stringData: inputs.stringData ?? null })];
  return data.filter(({ secret }) => !secret).map(({ path }) => plain(`\`${path}\` of a Secret is in plain text`, urn));
}

function plain(message: string, urn: string | undefined): Finding {
  return {
    policy: "no-plain-secrets",
    severity: "error",
    ...(urn ? { urn } : {}),
    message,
    fix: "wrap it with `pulumi.secret`, and take what was in plain text out of use",
  };
}
