import { request, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";

/** The question could not be asked at all: no request, no cluster, no answer. Exit code 2. */
export class UnreachableError extends Error {}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What the gates ask an API server; the seam for tests of their waiting. */
export interface ApiClient {
  /** The body of a PATCH is a JSON patch. */
  call(method: Method, path: string, body?: unknown): Promise<Answer>;
}

export type Method = "GET" | "POST" | "PATCH";

/**
 * Plain JSON over HTTPS with a kubeconfig's credentials. The generated clients drop every field they do not know, and
 * `spec.schedulingGroup` is just such a field.
 */
export class GateClient implements ApiClient {
  private readonly config = new KubeConfig();
  private readonly server: URL;

  /** @throws UnreachableError when the kubeconfig has no usable context; nothing of it is in the message. */
  constructor(kubeconfig: string) {
    try {
      this.config.loadFromString(kubeconfig);
      this.server = new URL(this.config.getCurrentCluster()!.server);
    } catch {
      throw new UnreachableError("the kubeconfig of the request cannot be read, or its current context names no server");
    }
  }

  /** @throws Error with the reason when there is no answer within 10 s */
  async call(method: Method, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = method === "PATCH" ? "application/json-patch+json" : "application/json";
    const headers = {
      accept: "application/json",
      ...(text ? { "content-type": type, "content-length": Buffer.byteLength(text) } : {}),
    };
    const prefix = this.server.pathname.replace(/\/$/, "");
    const options: RequestOptions = {
      method,
      host: this.server.hostname,
      port: this.server.port || 443,
      path: `${prefix}${path}`,
      headers,
      timeout: 10_000,
    };
    await this.config.applyToHTTPSOptions(options);
    return exchange(options, text);
  }
}

function exchange(options: RequestOptions, text: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: decode(Buffer.concat(chunks).toString("utf8")) }),
      );
    });
    call.on("timeout", () => call.destroy(new Error("no answer within 10 s")));
    call.on("error", reject);
    call.end(text);
  });
}

function decode(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return { message: text.slice(0, 200) };
  }
}

/** Asks until `settled` or the time is over. A question that fails is asked again: an API server may be restarting. */
export async function pollUntil<T>(
  seconds: number,
  ask: () => Promise<T>,
  settled: (answer: T) => boolean,
  clock: Clock = realClock,
): Promise<{ answer?: T; failure?: string }> {
  const end = clock.now() + seconds * 1000;
  let answer: T | undefined;
  let failure: string | undefined;
  for (;;) {
    try {
      answer = await ask();
      failure = undefined;
      if (settled(answer)) return { answer };
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      failure = (error as Error).message;
    }
    if (clock.now() >= end) return { answer, failure };
    await clock.sleep(Math.min(1000, Math.max(1, end - clock.now())));
  }
}

export interface Clock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};
