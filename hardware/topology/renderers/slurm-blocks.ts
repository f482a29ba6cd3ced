import { showNames } from "../../hostlist";
import type { HardwareProblem } from "../../problem";

/** A block as it stands in topology.conf. */
export interface Block {
  readonly name: string;
  readonly nodes: number;
}

/** Slurm knows 16 sizes, each twice the one before (`MAX_BLOCK_LEVELS`). */
const MAX_LEVELS = 16;

/**
 * `BlockSizes`, by the rules of SchedMD/slurm:src/plugins/topology/block/block_record.c@01cec7faa194990bc95b8a18adc1c29ac7f8733b:
 * - the first is the base size; a block with fewer nodes is fatal, so it is the size of the smallest block, and what larger
 *   ones have beyond it is a warning here;
 * - each further one is the base size times a power of two, and joins that many blocks that follow each other in the file. So a
 *   tier above the blocks gives a size only where each of its domains has the same power of two of blocks (the last may have
 *   fewer, because nothing follows it); else domains would be joined across their borders.
 *
 * @param above for each tier above the blocks, nearest first: blocks in each domain, in the order of the file
 */
export function blockSizes(blocks: readonly Block[], above: readonly (readonly number[])[]) {
  const base = Math.min(...blocks.map(({ nodes }) => nodes));
  const larger = blocks.filter(({ nodes }) => nodes > base);
  const warnings: HardwareProblem[] = larger.length > 0 ? [uneven(base, larger)] : [];
  const sizes = [base];
  for (const counts of above) {
    const each = counts[0] ?? 0;
    const whole = counts.every((count, index) => count === each || (index === counts.length - 1 && count < each));
    const fits = whole && Number.isInteger(Math.log2(each)) && Math.log2(each) < MAX_LEVELS;
    if (!fits) warnings.push(notJoined(counts));
    else if (!sizes.includes(base * each)) sizes.push(base * each);
  }
  return { sizes, warnings };
}

function uneven(base: number, larger: readonly Block[]): HardwareProblem {
  return {
    path: "BlockSizes",
    value: showNames(larger.map(({ name }) => name)),
    message: `${larger.length === 1 ? "A block has" : `${larger.length} blocks have`} more nodes than the smallest, which has ${base}; Slurm plans with ${base} nodes in each.`,
    fix: "Nothing has to be done when sizes differ little; else take the smallest blocks out of the tree.",
  };
}

function notJoined(counts: readonly number[]): HardwareProblem {
  return {
    path: "BlockSizes",
    value: counts.length > 20 ? `${counts.slice(0, 20).join(", ")}, ...` : counts.join(", "),
    message:
      "The domains above the blocks have no size in common that is a power of two of blocks, so they are not told to Slurm.",
    allowed: "1, 2, 4, 8, ... blocks in each domain",
    fix: "Use the tree plugin where domains above the blocks matter.",
  };
}
