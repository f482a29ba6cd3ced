import type { FluenceHideRequest } from "../../components/fluence/gate";
import { HIDDEN_TAINT } from "../../components/fluence/nodes";
import { pollUntil, realClock, UnreachableError, type ApiClient, type Clock } from "./client";
import { hardTaints, isPassing, listAll, type LiveNode, type Taint } from "./cluster";
import { policyLines } from "./fluence";
import type { Verdict } from "./run";

/**
 * Hides nodes from Fluence by a taint, or shows them again. First the policies must be in effect: without them the taint would
 * keep everybody off. Other taints stay as they are, and a node that another one hides for good gets none.
 *
 * @param off take the taint away everywhere
 */
export async function hideFromFluence(
  request: FluenceHideRequest,
  off: boolean,
  client: ApiClient,
  clock: Clock = realClock,
): Promise<Verdict> {
  const ask = async (): Promise<string[]> => {
    const missing = off ? [] : await policyLines(client);
    return missing.length > 0 ? missing : turn(request, off, client);
  };
  const { answer, failure } = await pollUntil(request.timeoutSeconds, ask, (lines) => lines.length === 0, clock);
  if (!answer)
    throw new UnreachableError(`the API server did not answer within ${request.timeoutSeconds} s: ${failure ?? "no reason"}`);
  if (answer.length > 0) return { passed: false, lines: answer };
  return {
    passed: true,
    lines: [off ? "no node is hidden from Fluence any more" : "all nodes that are not Fluence's are hidden"],
  };
}

/** One round over the nodes; a line for each that could not be changed. */
async function turn({ hide, show }: FluenceHideRequest, off: boolean, client: ApiClient): Promise<string[]> {
  const hidden = new Set(off ? [] : hide);
  const shown = new Set(off ? [...hide, ...show] : show);
  const nodes = await listAll<LiveNode>(client, "/api/v1/nodes", "nodes");
  const lines: string[] = [];
  for (const node of nodes) {
    const taints = taintsAfter(node, hidden.has(node.metadata.name), shown.has(node.metadata.name));
    if (taints) lines.push(...(await write(node, taints, client)));
  }
  return lines;
}

/** What a node's taints should be; undefined when they are. */
export function taintsAfter(node: LiveNode, hide: boolean, show: boolean): Taint[] | undefined {
  const taints = [...(node.spec?.taints ?? [])];
  const others = taints.filter(({ key }) => key !== HIDDEN_TAINT.key);
  if (hide) return hardTaints(node).every(isPassing) ? [...others, HIDDEN_TAINT] : undefined;
  return show && others.length < taints.length ? others : undefined;
}

/** Only on what was read: a taint that came meanwhile must not be lost. A node that went meanwhile needs nothing. */
async function write(node: LiveNode, taints: readonly Taint[], client: ApiClient): Promise<string[]> {
  const { name, resourceVersion } = node.metadata;
  const patch = [
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    { op: "add", path: "/spec/taints", value: taints },
  ];
  const { status, body } = await client.call("PATCH", `/api/v1/nodes/${name}`, patch);
  if (status === 401 || status === 403)
    throw new UnreachableError(`the API server does not let these credentials change nodes (${status})`);
  return status === 200 || status === 404 ? [] : [`${name}: ${status} ${String(body.message ?? "")}`];
}
