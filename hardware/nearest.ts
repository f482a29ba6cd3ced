/**
 * The known names that look most like `name`, best first, for "did you mean" lines. Names further away than a third of
 * their length (at least 2 edits) are left out; case does not count. A known name that contains `name`, or is contained
 * in it, is near as well (`h100` finds `dgx-h100`).
 *
 * @param limit how many to return at most
 */
export function nearestNames(name: string, known: Iterable<string>, limit = 3): string[] {
  const wanted = name.toLowerCase();
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of new Set(known)) {
    const other = candidate.toLowerCase();
    const distance = editDistance(wanted, other);
    const near = Math.max(2, Math.floor(Math.max(wanted.length, other.length) / 3));
    const contained = Math.min(wanted.length, other.length) >= 3 && (other.includes(wanted) || wanted.includes(other));
    if (distance <= near || contained) scored.push({ candidate, score: contained ? Math.min(distance, near) : distance });
  }
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, limit).map(({ candidate }) => candidate);
}

/** Levenshtein's distance: the fewest insertions, deletions and replacements of one character that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replace, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
