/**
 * Sets of ranks and of core or GPU ids as Flux writes them: `0-3,7`
 * (flux-framework/rfc:spec_22.rst@4b15e2a16bfe22f0cae2b4b718f95e7a18bc2c16).
 */

/** More ids than this in one text is taken for a typing error. */
const IDSET_LIMIT = 1_000_000;

/**
 * Ascending, each id once, neighbours folded into ranges. No ids give the empty text.
 *
 * @throws RangeError for an id that is no integer of at least 0
 */
export function encodeIdset(ids: Iterable<number>): string {
  const sorted = [...new Set(ids)].sort((a, b) => a - b);
  const wrong = sorted.find((id) => !Number.isSafeInteger(id) || id < 0);
  if (wrong !== undefined) throw new RangeError(`${wrong} cannot be in an idset; allowed: integers of at least 0`);
  const ranges: string[] = [];
  for (let from = 0; from < sorted.length;) {
    let to = from;
    while (sorted[to + 1] === sorted[to]! + 1) to++;
    ranges.push(to === from ? `${sorted[from]!}` : `${sorted[from]!}-${sorted[to]!}`);
    from = to + 1;
  }
  return ranges.join(",");
}

/**
 * The ids of an idset in ascending order; brackets around the whole are allowed, leading zeros are not.
 *
 * @throws RangeError for a text that is no idset
 */
export function decodeIdset(text: string): number[] {
  const inner = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const ids: number[] = [];
  for (const item of inner === "" ? [] : inner.split(",")) {
    const match = /^(0|[1-9]\d{0,14})(?:-(0|[1-9]\d{0,14}))?$/.exec(item);
    if (!match) throw refused(text, `\`${item}\` is no id and no range`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) throw refused(text, `\`${item}\` runs backwards`);
    if (ids.length > 0 && first <= ids[ids.length - 1]!) throw refused(text, `\`${item}\` is not above what stands before it`);
    if (ids.length + last - first >= IDSET_LIMIT) throw refused(text, `it has more than ${IDSET_LIMIT} ids`);
    for (let id = first; id <= last; id++) ids.push(id);
  }
  return ids;
}

function refused(text: string, reason: string): RangeError {
  return new RangeError(
    `idset ${JSON.stringify(text.slice(0, 120))}: ${reason}; allowed: ascending ids and ranges such as 0-3,7`,
  );
}
