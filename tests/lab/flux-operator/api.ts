import { request } from "node:https";
import { parse } from "yaml";

export interface Answer {
  readonly status: number;
  readonly body: { message?: string; [field: string]: unknown };
  readonly warnings: readonly string[];
}

export interface Ask {
  readonly body?: object;
  /** Whom to be, instead of the administrator. */
  readonly as?: string;
  readonly contentType?: string;
}

interface Kubeconfig {
  clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
  users: [{ user: { token: string } }];
}

/** Plain requests to an API server: a hundred of them take a second, with kubectl a minute. */
export function apiOf(kubeconfig: string) {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const { server, ...authority } = clusters[0].cluster;
  const ca = Buffer.from(authority["certificate-authority-data"], "base64");
  return (method: string, path: string, { body, as, contentType = "application/json" }: Ask = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${users[0].user.token}`,
        ...(body ? { "content-type": contentType } : {}),
        ...(as ? { "impersonate-user": as } : {}),
      };
      const sent = request(server + path, { method, ca, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const text = Buffer.concat(parts).toString("utf8");
          resolve({
            status: response.statusCode ?? 0,
            body: (text.startsWith("{") ? JSON.parse(text) : { message: text }) as Answer["body"],
            warnings: [response.headers.warning ?? []].flat(),
          });
        });
      });
      sent.on("error", reject);
      sent.end(body ? JSON.stringify(body) : undefined);
    });
}

export type Api = ReturnType<typeof apiOf>;

export async function until<T>(seconds: number, ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (done(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
