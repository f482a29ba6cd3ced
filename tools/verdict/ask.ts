import type { Problem } from "../../components/config/problems";
import { factsCommand, packedFactsScript, renderReachabilityScript, type ReachabilityPair } from "../../components/hosts/plain";
import { SshError, type SshPool, type SshTarget } from "../ssh";

export interface LiveAnswers {
  /** Host name → its clock, and this machine's clock at that moment; seconds since the epoch. */
  readonly clocks: ReadonlyMap<string, { readonly host: number; readonly here: number }>;
  /** Host name → stdout of its reachability test. */
  readonly paths: ReadonlyMap<string, string>;
  readonly warnings: readonly Problem[];
}

/** Asks all hosts at once; the pool bounds how many are dialled at a time. Changes nothing on them. */
export async function askHosts(
  pool: SshPool,
  hosts: readonly { readonly name: string; readonly target: SshTarget }[],
  pairs: readonly ReachabilityPair[],
): Promise<LiveAnswers> {
  const clocks = new Map<string, { host: number; here: number }>();
  const paths = new Map<string, string>();
  const warnings: Problem[] = [];
  await Promise.all(
    hosts.map(async ({ name, target }) => {
      try {
        await pool.connection(target);
        const clock = await askClock(pool, target);
        if (clock) clocks.set(name, clock);
        const own = pairs.filter(({ from }) => from === name);
        if (own.length > 0) paths.set(name, await testPaths(pool, target, own));
      } catch (error) {
        if (!(error instanceof SshError)) throw error;
        warnings.push({
          path: connectionOf(name),
          message: `did not answer just now: ${error.what}`,
          fix: error.remedy ?? "see whether the host is up",
        });
      }
    }),
  );
  return { clocks, paths, warnings: warnings.sort((a, b) => a.path.localeCompare(b.path)) };
}

/** Where a warning about a host that does not answer stands. */
export const connectionOf = (host: string): string => `${host}: connection`;

/** Facts of now, by host name; a host that does not answer is left out. */
export async function askFacts(
  pool: SshPool,
  hosts: readonly { readonly name: string; readonly target: SshTarget }[],
): Promise<Record<string, string>> {
  const stdin = packedFactsScript();
  const answers = await Promise.all(
    hosts.map(async ({ name, target }): Promise<[string, string][]> => {
      try {
        const { stdout } = await pool.exec(target, factsCommand({ name, generation: 0 }), { stdin, timeout: 60 });
        return [[name, stdout]];
      } catch (error) {
        if (error instanceof SshError) return [];
        throw error;
      }
    }),
  );
  return Object.fromEntries(answers.flat());
}

/** `date`, not the shell's own clock, so that a person who types it sees the same. */
async function askClock(pool: SshPool, target: SshTarget): Promise<{ host: number; here: number } | undefined> {
  const before = Date.now();
  const { stdout } = await pool.exec(target, "date +%s", { timeout: 30 });
  const here = (before + Date.now()) / 2000;
  const host = Number(/^\d{6,}$/m.exec(stdout)?.[0]);
  return Number.isFinite(host) ? { host, here } : undefined;
}

async function testPaths(pool: SshPool, target: SshTarget, pairs: readonly ReachabilityPair[]): Promise<string> {
  const { stdout } = await pool.exec(target, "bash -s", { stdin: renderReachabilityScript(pairs), timeout: 120 });
  return stdout;
}
