import { request as httpRequest } from "http";
import type { Agent } from "http";
import { request as httpsRequest } from "https";
import type { RequestOptions } from "https";
import type { KubeConfig } from "@kubernetes/client-node";
import { ApiError, UnreachableError, reasonOf } from "./errors";
import type { KubernetesObject } from "./objects";

export interface ApiRequest {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** Where objects of a kind live: `/api/v1` or `/apis/<group>/<version>`, the plural, and whether they have a namespace. */
export interface ApiResource {
  readonly base: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Seconds one request may take before the API server counts as unreachable; client-go has no bound, a rehearsal needs one. */
const requestTimeout = 60;

/** A thin client of one API server: plain HTTPS, discovery on demand, errors sorted into answers and no answer. */
export class KubernetesClient {
  readonly server: string;
  readonly defaultNamespace: string;
  private readonly resources = new Map<string, Promise<Map<string, ApiResource>>>();
  private agent: Agent | undefined;

  private constructor(private readonly config: KubeConfig) {
    this.server = config.getCurrentCluster()?.server ?? "";
    this.defaultNamespace = config.getContextObject(config.currentContext)?.namespace ?? "default";
  }

  /**
   * @param kubeconfig the file's content, YAML or JSON; a path is refused
   * @throws Error saying what is wrong with the kubeconfig, never quoting it
   */
  static async from(kubeconfig: string, context?: string): Promise<KubernetesClient> {
    // Loading the package takes half a second; only runs that reach a cluster pay for it.
    const { KubeConfig: Config } = await import("@kubernetes/client-node");
    const config = new Config();
    try {
      config.loadFromString(kubeconfig);
    } catch {
      throw new Error("the provider's kubeconfig cannot be read; give the file's content, not its path");
    }
    if (context) config.setCurrentContext(context);
    if (!config.getCurrentCluster()?.server)
      throw new Error(
        `the provider's kubeconfig has no cluster for context "${config.currentContext}"; give the file's content, not its path`,
      );
    return new KubernetesClient(config);
  }

  /**
   * @throws ApiError what the server answered with a status of 400 or more; UnreachableError when there was no answer
   */
  async call<T = KubernetesObject>(method: string, path: string, options: ApiRequest = {}): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.once(method, path, options)) as T;
      } catch (error) {
        // The server's own throttling (API priority and fairness) asks for another try.
        if (!(error instanceof ApiError) || error.code !== 429 || tries >= 10) throw error;
        await new Promise((resolve) => setTimeout(resolve, (error.retryAfterSeconds ?? 1) * 1000));
      }
    }
  }

  /** @throws ApiError with reason `NoMatch` when the server does not serve the kind (a CRD that is not there yet) */
  async resourceOf(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ApiResource> {
    const found = (await this.served(apiVersion, signal)).get(kind);
    if (found) return found;
    this.resources.delete(apiVersion);
    const again = (await this.served(apiVersion, signal)).get(kind);
    if (again) return again;
    throw new ApiError(
      404,
      "NoMatch",
      `no matches for kind "${kind}" in version "${apiVersion}"; is the API enabled and its CRD installed?`,
    );
  }

  close(): void {
    this.agent?.destroy();
    this.agent = undefined;
  }

  private served(apiVersion: string, signal?: AbortSignal): Promise<Map<string, ApiResource>> {
    const cached = this.resources.get(apiVersion);
    if (cached) return cached;
    const asked = this.discover(apiVersion, signal);
    this.resources.set(apiVersion, asked);
    asked.catch(() => this.resources.delete(apiVersion));
    return asked;
  }

  private async discover(apiVersion: string, signal?: AbortSignal): Promise<Map<string, ApiResource>> {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const list = await this.call<{ resources: { name: string; kind: string; namespaced: boolean }[] }>(
        "GET",
        base,
        signal ? { signal } : {},
      );
      const main = list.resources.filter((resource) => !resource.name.includes("/"));
      return new Map(main.map((resource) => [resource.kind, { base, plural: resource.name, namespaced: resource.namespaced }]));
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return new Map();
      throw error;
    }
  }

  private async once(method: string, path: string, options: ApiRequest): Promise<unknown> {
    const url = new URL(this.server.replace(/\/$/, "") + path);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    const payload = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const request = await this.requestOptions(method, options.contentType ?? "application/json", payload, options.signal);
    const { status, text, retryAfter } = await send(url, request, payload).catch((error: NodeJS.ErrnoException) => {
      if (options.signal?.aborted) throw new Error("cancelled");
      throw new UnreachableError(this.server, reasonOf(error));
    });
    if (status < 400) return text === "" ? {} : JSON.parse(text);
    throw ApiError.from(status, text, retryAfter);
  }

  private async requestOptions(
    method: string,
    contentType: string,
    payload?: Buffer,
    signal?: AbortSignal,
  ): Promise<RequestOptions> {
    const options: RequestOptions = { method, headers: {}, timeout: requestTimeout * 1000 };
    try {
      await this.config.applyToHTTPSOptions(options);
    } catch {
      throw new UnreachableError(this.server, "the credentials of the kubeconfig cannot be used");
    }
    // One agent for all requests; the credentials above may be renewed for each (exec plugins).
    this.agent ??= keepAlive(options.agent as Agent);
    return {
      ...options,
      agent: this.agent,
      ...(signal ? { signal } : {}),
      headers: {
        ...options.headers,
        accept: "application/json",
        "user-agent": "turducken",
        ...(payload ? { "content-type": contentType, "content-length": payload.length } : {}),
      },
    };
  }
}

function keepAlive(agent: Agent): Agent {
  const kept = agent as Agent & { keepAlive: boolean; options: { keepAlive?: boolean } };
  kept.keepAlive = true;
  kept.options.keepAlive = true;
  return kept;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter?: string;
}

function send(url: URL, options: RequestOptions, payload?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === "http:" ? httpRequest : httpsRequest;
    const request = start(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const retryAfter = response.headers["retry-after"];
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
          ...(retryAfter ? { retryAfter } : {}),
        });
      });
    });
    request.on("timeout", () => request.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })));
    request.on("error", reject);
    request.end(payload);
  });
}
