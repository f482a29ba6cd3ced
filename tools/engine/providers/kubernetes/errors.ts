interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly causes?: readonly { reason?: string; message?: string; field?: string }[];
    readonly retryAfterSeconds?: number;
  };
}

/** What the API server answered instead of an object: a `Status` (k8s.io/apimachinery/pkg/apis/meta/v1). */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly causes: readonly { reason?: string; message?: string; field?: string }[] = [],
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = "ApiError";
  }

  static from(code: number, text: string, retryAfter?: string): ApiError {
    const status = parse(text);
    const wait = status?.details?.retryAfterSeconds ?? (retryAfter === undefined ? undefined : Number(retryAfter));
    const message = status?.message ?? `HTTP ${code}: ${text.slice(0, 200)}`;
    return new ApiError(code, status?.reason ?? String(code), message, status?.details?.causes ?? [], wait);
  }

  get notFound(): boolean {
    return this.code === 404;
  }
}

/** No answer at all; the words of pulumi-kubernetes, which users find when they search. */
export class UnreachableError extends Error {
  constructor(server: string, reason: string) {
    super(`configured Kubernetes cluster is unreachable: ${server}: ${reason}`);
    this.name = "UnreachableError";
  }
}

/** provider/pkg/await/await.go:Creation. */
export function alreadyExists(error: ApiError): Error {
  return new Error(
    `${error.message}\n\nThe resource already exists in the cluster. This can happen when:\n\n` +
      "  - Renaming a Pulumi resource: use an alias to preserve the identity,\n    or use deleteBeforeReplace if the resource needs replacement.\n" +
      "  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)\n    to manage specific fields without owning the resource lifecycle.\n" +
      "  - Intentional upsert: set upsertExistingObjects on the provider.",
    { cause: error },
  );
}

/** provider/pkg/await/await.go:handleSSAErr: conflicts are wrapped, all else passes. */
export function applyError(error: unknown, manager: string): unknown {
  if (!(error instanceof ApiError) || error.code !== 409) return error;
  return new Error(
    "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help\n" +
      `The resource managed by field manager "${manager}" had an apply conflict: ${error.message}`,
    { cause: error },
  );
}

export function reasonOf(error: NodeJS.ErrnoException): string {
  const known: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ETIMEDOUT: "timed out",
    EHOSTUNREACH: "no route to host",
    ENOTFOUND: "host name not found",
    ECONNRESET: "connection reset",
  };
  return known[error.code ?? ""] ?? error.message;
}

function parse(text: string): Status | undefined {
  try {
    return JSON.parse(text) as Status;
  } catch {
    return undefined;
  }
}
