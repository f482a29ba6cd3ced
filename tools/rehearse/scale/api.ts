import { Agent, request } from "node:https";
import { parse } from "yaml";

/** One object of a watch. */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/**
 * JSON over few connections that stay open, with the token of a lab's kubeconfig: thousands of objects are made with it, and a
 * handshake for each would be most of the work.
 */
export class BulkClient {
  private readonly agent: Agent;
  private readonly server: URL;
  private readonly token: string;

  constructor(
    kubeconfig: string,
    private readonly connections = 8,
  ) {
    const config = parse(kubeconfig) as {
      clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
      users: { user: { token: string } }[];
    };
    const { cluster } = config.clusters[0]!;
    this.server = new URL(cluster.server);
    this.token = config.users[0]!.user.token;
    const ca = Buffer.from(cluster["certificate-authority-data"], "base64");
    this.agent = new Agent({ keepAlive: true, maxSockets: this.connections, ca });
  }

  /** @throws Error with the API server's message for any status of 300 and above */
  call<T>(method: "GET" | "POST" | "PATCH", path: string, body?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = this.request(method, path, body, (status, text) => {
        if (status < 300) return resolve(JSON.parse(text) as T);
        reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`));
      });
      call.setTimeout(60_000, () => call.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
      call.on("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Does the work for every item, as many at a time as there are connections. */
  async all<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
    const queue = items.values();
    const worker = async () => {
      for (const item of queue) await work(item);
    };
    await Promise.all(Array.from({ length: this.connections }, worker));
  }

  /**
   * Tells every change of a collection since a resource version, over a connection of its own.
   *
   * @param ended called once, with the reason, when the watch ends before `stop`
   * @returns stop
   */
  watch<T>(path: string, since: string, see: (event: WatchEvent<T>) => void, ended: (reason: Error) => void): () => void {
    let stopped = false;
    const end = (error: Error) => {
      if (stopped) return;
      stopped = true;
      ended(error);
    };
    const query = `${path}?watch=1&resourceVersion=${since}`;
    const call = request({ ...this.options("GET", query), agent: false, ca: this.agent.options.ca }, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          const event = JSON.parse(line) as WatchEvent<T>;
          if (event.type === "ERROR") return end(new Error(`watching ${path}: ${line.slice(0, 500)}`));
          if (!stopped) see(event);
        }
      });
      response.on("error", end);
      response.on("end", () => end(new Error(`watching ${path}: the API server ended it (${response.statusCode})`)));
    });
    call.on("error", end);
    call.end();
    return () => {
      stopped = true;
      call.destroy();
    };
  }

  close(): void {
    this.agent.destroy();
  }

  private request(method: string, path: string, body: unknown, done: (status: number, text: string) => void) {
    const type = method === "PATCH" ? "application/json-patch+json" : "application/json";
    const options = this.options(method, path, body === undefined ? {} : { "content-type": type });
    return request({ ...options, agent: this.agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => done(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8")));
    });
  }

  private options(method: string, path: string, headers: Record<string, string> = {}) {
    const { hostname: host, port } = this.server;
    return {
      method,
      host,
      port,
      path,
      headers: { accept: "application/json", authorization: `Bearer ${this.token}`, ...headers },
    };
  }
}
