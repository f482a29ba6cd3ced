import { UnreachableError, type ApiClient } from "./client";

/** A Node, as far as gates look at it. */
export interface LiveNode {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
  };
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

/** Every object of a list, page by page. @throws UnreachableError when the credentials may not list it. */
export async function listAll<T>(client: ApiClient, path: string, what: string): Promise<T[]> {
  const items: T[] = [];
  let next = "";
  do {
    const { status, body } = await client.call("GET", `${path}?limit=500${next && `&continue=${encodeURIComponent(next)}`}`);
    if (status === 401 || status === 403)
      throw new UnreachableError(`the API server does not let these credentials list ${what} (${status})`);
    if (status !== 200) throw new Error(`listing ${what}: ${status} ${String(body.message ?? "")}`);
    const list = body as unknown as { items: T[]; metadata?: { continue?: string } };
    items.push(...list.items);
    next = list.metadata?.continue ?? "";
  } while (next);
  return items;
}

/** Taints that keep pods without a toleration off a node. */
export function hardTaints(node: LiveNode): Taint[] {
  return (node.spec?.taints ?? []).filter(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
}

/** Set by Kubernetes itself while something is wrong; gone when it is well. */
export function isPassing({ key }: Taint): boolean {
  return key.startsWith("node.kubernetes.io/") || key.startsWith("node.cloudprovider.kubernetes.io/");
}
