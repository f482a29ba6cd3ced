import type { HardwareProblem } from "../../problem";
import type { FabricTree } from "../../types";

/** What every source gives: a tree, and all that is wrong or doubtful with what it was read from. No source throws. */
export interface SourceTree {
  /** Right only when there are no problems; else as much as could be understood. */
  readonly tree: FabricTree;
  /** For text, `path` is `line 17`; for JSON a path such as `Instances[3].NetworkNodes`. */
  readonly problems: readonly HardwareProblem[];
  readonly warnings: readonly HardwareProblem[];
}
