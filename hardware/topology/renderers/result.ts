import type { HardwareProblem } from "../../problem";

/** What every renderer of a file gives. No renderer throws for what a user can get wrong. */
export interface Rendered<T> {
  /** Right only when there are no problems; else as much as could be written. */
  readonly output: T;
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}
