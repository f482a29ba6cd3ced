/** What rules see and say. A graph may come from `turducken plan` or from a Pulumi policy pack; rules cannot tell. */

/** A property: JSON, or a wrapper with a `kind`. Rules may look inside a secret but never repeat what they saw. */
export type PolicyValue =
  | null
  | boolean
  | number
  | string
  | readonly PolicyValue[]
  | { readonly [key: string]: PolicyValue }
  | { readonly kind: "secret"; readonly value: PolicyValue }
  | { readonly kind: "unknown" }
  | { readonly kind: "asset" | "archive"; readonly hash: string; readonly path?: string }
  | { readonly kind: "reference"; readonly urn: string };

export interface PolicyResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent?: string;
  readonly dependsOn: readonly string[];
  readonly provider?: string;
  readonly inputs: Readonly<Record<string, PolicyValue>>;
  readonly options: {
    readonly protect: boolean;
    readonly deleteBeforeReplace: boolean;
    readonly retainOnDelete: boolean;
    readonly additionalSecretOutputs: readonly string[];
  };
  readonly source?: { readonly file: string; readonly line: number };
}

export interface PolicyGraph {
  readonly project: string;
  readonly stack: string;
  readonly resources: readonly PolicyResource[];
  readonly outputs: Readonly<Record<string, PolicyValue>>;
}

export interface Finding {
  /** Id of the rule. */
  readonly policy: string;
  /** `error`: the stack is wrong. `warning`: somebody should look. */
  readonly severity: "error" | "warning";
  readonly urn?: string;
  /** One sentence; never a secret. */
  readonly message: string;
  /** What the user should do now. */
  readonly fix?: string;
}

export interface Policy {
  readonly id: string;
  readonly title: string;
  /** What happens to those who do otherwise. */
  readonly why: string;
  /** `owner/repo:path@commit`, a vendor page, or an issue. */
  readonly source: string;
  /**
   * Only meaningful where secrets are told from plain values. A policy pack gets everything in plain, so it leaves such a rule out.
   * @default false
   */
  readonly seesSecrets?: boolean;
  check(graph: PolicyGraph): Finding[];
}
