import type { Problem } from "../../components/config/problems";
import {
  judgeReachability,
  parseFacts,
  reachabilityPairs,
  validateFacts,
  type HostFacts,
  type Inventory,
  type Verdict,
  type VerdictInput,
} from "../../components/hosts/plain";
import { SshPool } from "../ssh";
import { askHosts, type LiveAnswers } from "./ask";
import { targetOf } from "./target";

/**
 * The verdict over all hosts: their facts, and with keys also what only asking now can tell: clocks, and whether hosts reach each
 * other. A host that gave facts but does not answer now is a warning: adding a host must not depend on all others being up.
 */
export async function judge(input: VerdictInput): Promise<Verdict> {
  const { facts, problems: unreadable } = readFacts(input, input.facts);
  const live = await ask(input, facts);
  const clocks = new Map(facts);
  for (const [host, clock] of live.clocks) clocks.set(host, { ...facts.get(host)!, clock: clock.host });
  const { problems, warnings } = validateFacts({ ...input, facts: clocks, asked: askedAt(input, live) });
  const paths = judgeReachability(reachabilityPairs(input.hosts, input.reachability ?? []), live.paths, facts);
  return { problems: [...unreadable, ...problems, ...paths], warnings: [...warnings, ...live.warnings] };
}

/**
 * The same for facts that were taken just now.
 *
 * @param stdout host name → stdout of its facts script
 * @param asked host name → this machine's clock when it ran, seconds since the epoch
 */
export function judgeFacts(
  inventory: Inventory,
  stdout: Readonly<Record<string, string>>,
  asked: ReadonlyMap<string, number>,
): Verdict {
  const { facts, problems: unreadable } = readFacts(inventory, stdout);
  const { problems, warnings } = validateFacts({ ...inventory, facts, asked });
  return { problems: [...unreadable, ...problems], warnings };
}

function readFacts(
  { hosts }: Inventory,
  texts: Readonly<Record<string, string>>,
): { facts: Map<string, HostFacts>; problems: Problem[] } {
  const facts = new Map<string, HostFacts>();
  const problems: Problem[] = [];
  for (const { name } of hosts) {
    const stdout = texts[name];
    try {
      if (stdout === undefined) throw new Error("the host was not asked");
      facts.set(name, parseFacts(stdout));
    } catch (error) {
      problems.push({
        path: `${name}: facts`,
        message: (error as Error).message,
        fix: `log in to ${name} and see what the shell prints at login; bash must be there`,
      });
    }
  }
  return { facts, problems };
}

async function ask(input: VerdictInput, facts: ReadonlyMap<string, HostFacts>): Promise<LiveAnswers> {
  const { keys } = input;
  if (!keys) return { clocks: new Map(), paths: new Map(), warnings: [] };
  const pool = new SshPool();
  try {
    const hosts = input.hosts
      .filter(({ name }) => facts.has(name))
      .map((host) => ({ name: host.name, target: targetOf(host, keys) }));
    return await askHosts(pool, hosts, reachabilityPairs(input.hosts, input.reachability ?? []));
  } finally {
    await pool.close();
  }
}

/** Facts from a state file may be old; only a clock that was read now is compared. */
function askedAt(input: VerdictInput, live: LiveAnswers): Map<string, number> {
  if (live.clocks.size > 0 || input.now === undefined)
    return new Map([...live.clocks].map(([host, clock]) => [host, clock.here]));
  return new Map(input.hosts.map(({ name }) => [name, input.now!]));
}
