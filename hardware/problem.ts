/**
 * What is wrong with something the user wrote. The same shape as `Problem` of components/config/problems.ts, which this
 * layer may not import; TypeScript lets one stand for the other.
 */
export interface HardwareProblem {
  /** A path in the user's words, e.g. `cluster.topology.spines.s1`. */
  readonly path: string;
  readonly value?: unknown;
  readonly message: string;
  readonly allowed?: string;
  readonly fix: string;
}
