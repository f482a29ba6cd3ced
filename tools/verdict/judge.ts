import type { Problem } from "../../components/config/problems";
import {
  judgeReachability,
  parseFacts,
  reachabilityPairs,
  validateFacts,
  type HostFacts,
  type Inventory,
  type ReachabilityPair,
  type Verdict,
  type VerdictInput,
} from "../../components/hosts/plain";
import type { LiveAnswers } from "./ask";

/**
 * Facts whose clock is this near to this machine's now are from this run, and their clock is right: such a host is not asked again.
 * Less than half of what clocks may differ (`CLOCK_SECONDS`), so that the age of the facts cannot hide a clock that is off.
 */
const FRESH_SECONDS = 10;

/**
 * The verdict over all hosts: their facts, and with keys also what only asking now can tell: clocks, unless the facts are from
 * just now, and whether hosts reach each other. A host that gave facts but does not answer now is a warning: adding a host must not depend on all others being up.
 *
 * Facts lie in the stack's state from the first run on. Where they show something wrong, the hosts are asked anew: what was
 * repaired since then holds nobody up.
 */
export async function judge(input: VerdictInput): Promise<Verdict> {
  const { keys } = input;
  const known = readFacts(input, input.facts);
  if (!keys) return judgeAll(input, known, NOBODY_ASKED);
  const fresh = freshClocks(known.facts, Date.now() / 1000);
  const pairs = reachabilityPairs(input.hosts, input.reachability ?? []);
  const asking = new Set(pairs.map(({ from }) => from));
  const unsure = input.hosts.filter(({ name }) => known.facts.has(name) && (!fresh.has(name) || asking.has(name)));
  if (unsure.length === 0 && known.problems.length === 0) {
    const verdict = judgeAll(input, known, { ...NOBODY_ASKED, clocks: fresh });
    if (verdict.problems.length === 0) return verdict;
  }
  return judgeLive(input, known, { keys, pairs, unsure: new Set(unsure.map(({ name }) => name)), fresh });
}

interface Live {
  readonly keys: Readonly<Record<string, string>>;
  readonly pairs: readonly ReachabilityPair[];
  readonly unsure: ReadonlySet<string>;
  readonly fresh: LiveAnswers["clocks"];
}

/** SSH is loaded only here: the first run of a stack without reachability rules asks nobody twice. */
async function judgeLive(input: VerdictInput, known: ReadFacts, { keys, pairs, unsure, fresh }: Live): Promise<Verdict> {
  const [{ SshPool }, { askFacts, askHosts, connectionOf }, { targetOf }] = await Promise.all([
    import("../ssh"),
    import("./ask"),
    import("./target"),
  ]);
  const pool = new SshPool();
  const targets = input.hosts.map((host) => ({ name: host.name, target: targetOf(host, keys) }));
  try {
    const asked = await askHosts(
      pool,
      targets.filter(({ name }) => unsure.has(name)),
      pairs,
    );
    const live = { ...asked, clocks: new Map([...fresh, ...asked.clocks]) };
    const verdict = judgeAll(input, known, live);
    if (verdict.problems.length === 0) return verdict;
    const unanswered = new Set(live.warnings.map(({ path }) => path));
    const facts = await askFacts(
      pool,
      targets.filter(({ name }) => !unanswered.has(connectionOf(name))),
    );
    return judgeAll(input, readFacts(input, { ...input.facts, ...facts }), live);
  } finally {
    await pool.close();
  }
}

/** Clocks that need no asking: as if asked at the moment they themselves say. */
function freshClocks(facts: ReadonlyMap<string, HostFacts>, now: number): Map<string, { host: number; here: number }> {
  return new Map(
    [...facts].flatMap(([name, { clock }]) =>
      Math.abs(clock - now) <= FRESH_SECONDS ? [[name, { host: clock, here: clock }] as const] : [],
    ),
  );
}

const NOBODY_ASKED: LiveAnswers = { clocks: new Map(), paths: new Map(), warnings: [] };

function judgeAll(input: VerdictInput, { facts, problems: unreadable }: ReadFacts, live: LiveAnswers): Verdict {
  const clocks = new Map(facts);
  for (const [host, clock] of live.clocks) {
    const own = facts.get(host);
    if (own) clocks.set(host, { ...own, clock: clock.host });
  }
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

interface ReadFacts {
  readonly facts: ReadonlyMap<string, HostFacts>;
  readonly problems: readonly Problem[];
}

function readFacts({ hosts }: Inventory, texts: Readonly<Record<string, string>>): ReadFacts {
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

/** Facts from a state file may be old; only a clock that was read now is compared. */
function askedAt(input: VerdictInput, live: LiveAnswers): Map<string, number> {
  if (live.clocks.size > 0 || input.now === undefined)
    return new Map([...live.clocks].map(([host, clock]) => [host, clock.here]));
  return new Map(input.hosts.map(({ name }) => [name, input.now!]));
}
