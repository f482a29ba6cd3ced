/** The shapes of the small engine: one program run, a graph of resources, and somebody who answers for each resource. */

/** A property value after gRPC decoding: JSON, or one of these wrappers. */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | PropertyValue[]
  | { [key: string]: PropertyValue }
  | Unknown
  | Secret
  | Asset
  | Archive
  | Reference;
export type PropertyMap = { [key: string]: PropertyValue };

/** Not known yet (plan, or a resource whose create failed). */
export class Unknown {
  readonly kind = "unknown" as const;
}
export class Secret {
  readonly kind = "secret" as const;
  constructor(readonly value: PropertyValue) {}
}
/** Content is read at decode time only for its hash; `path` is relative to the program's folder. */
export class Asset {
  readonly kind = "asset" as const;
  constructor(
    readonly hash: string,
    readonly path?: string,
    readonly text?: string,
  ) {}
}
export class Archive {
  readonly kind = "archive" as const;
  constructor(
    readonly hash: string,
    readonly path?: string,
    readonly assets?: Readonly<Record<string, Asset | Archive>>,
  ) {}
}
export class Reference {
  readonly kind = "reference" as const;
  constructor(
    readonly urn: string,
    readonly id?: string,
  ) {}
}

/** One registered resource. */
export interface GraphResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent?: string;
  readonly dependsOn: readonly string[];
  /** property → urns */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly provider?: string;
  readonly inputs: PropertyMap;
  readonly options: {
    readonly protect: boolean;
    readonly deleteBeforeReplace: boolean;
    readonly retainOnDelete: boolean;
    readonly ignoreChanges: readonly string[];
    readonly replaceOnChanges: readonly string[];
    readonly additionalSecretOutputs: readonly string[];
    readonly aliases: readonly string[];
    readonly deletedWith?: string;
    readonly customTimeouts?: { readonly create?: number; readonly update?: number; readonly delete?: number };
  };
  readonly source?: { readonly file: string; readonly line: number };
}

export interface ProgramRun {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** Folder of the program (Pulumi.yaml `main`), absolute. */
  readonly directory: string;
  /** `turducken:key` → value; structured values as JSON text, like the real CLI hands them over. */
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  readonly dryRun: boolean;
}

export interface Diagnostic {
  readonly severity: "debug" | "info" | "warning" | "error";
  readonly message: string;
  readonly urn?: string;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly resources: readonly GraphResource[];
  /** Stack outputs, wrapped values inside. */
  readonly outputs: PropertyMap;
  readonly diagnostics: readonly Diagnostic[];
}

/** What was done (or would be) to one resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "same" | "read" | "refused";

/** A resource type's real work. One provider instance serves one run; `close` ends its connections and processes. */
export interface ResourceProvider {
  /** Which `type` tokens it answers, e.g. /^command:remote:/. */
  readonly handles: (type: string) => boolean;
  /**
   * `none`: inputs equal; `update`; `replace` names the properties that force it. Inputs are fully known and unwrapped.
   * `deleteBeforeReplace`: the old one must go first whatever the program says (Kubernetes: two objects of one name).
   */
  diff(
    type: string,
    olds: PlainState,
    news: PlainInputs,
  ): Promise<{ kind: "none" | "update" | "replace"; properties: string[]; deleteBeforeReplace?: boolean }>;
  create(
    type: string,
    urn: string,
    inputs: PlainInputs,
    context: OperationContext,
  ): Promise<{ id: string; outputs: Record<string, unknown>; secretOutputs?: string[] }>;
  update(
    type: string,
    urn: string,
    olds: PlainState,
    news: PlainInputs,
    context: OperationContext,
  ): Promise<{ outputs: Record<string, unknown>; secretOutputs?: string[] }>;
  delete(type: string, urn: string, olds: PlainState, context: OperationContext): Promise<void>;
  invoke?(token: string, args: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Secrets unwrapped; assets as {path?, text?, hash}. `provider` is the state of the explicit provider resource, e.g. its kubeconfig. */
export type PlainInputs = Record<string, unknown>;
export interface PlainState {
  readonly id: string;
  readonly inputs: PlainInputs;
  readonly outputs: Record<string, unknown>;
  readonly provider?: PlainInputs;
}
export interface OperationContext {
  /** Resource name, for messages. */
  readonly name: string;
  /** Folder that relative asset paths and local commands start from (the program's folder). */
  readonly directory: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Inputs of the explicit provider resource (kubernetes: kubeconfig, clusterIdentifier…). */
  readonly provider?: PlainInputs;
  /** Strings that must never be printed; providers add to errors and logs through `redact`. */
  readonly redact: (text: string) => string;
  readonly log: (message: string) => void;
}

/**
 * Thrown by a provider whose create or update went halfway: the object exists but is not right (Kubernetes: created, never became
 * ready). The engine keeps `state` and tries an update next time, as the real engine does with ErrorResourceInitFailed.
 */
export class PartialFailure extends Error {
  constructor(
    message: string,
    readonly state: {
      readonly id: string;
      readonly outputs: Record<string, unknown>;
      readonly secretOutputs?: readonly string[];
    },
  ) {
    super(message);
    this.name = "PartialFailure";
  }
}

/** One thing that happened to one resource while a stack was brought up or down. */
export interface EngineEvent {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly operation: Operation;
  readonly state: "started" | "done" | "failed" | "skipped";
  readonly seconds: number;
  /** Redacted. */
  readonly error?: string;
}
